using System.Diagnostics;
using System.Globalization;
using System.Net;
using StackExchange.Redis;
using Veltrix.Cli.Verbs;
using Veltrix.Cli.Clusters;
using Veltrix.Crowd;
using Veltrix.Gate;
using Veltrix.Governor.Simulation;
using Veltrix.Server;

namespace Veltrix.Cli.Stories;

/// <summary>
/// The night that Veltrix was made for, played on this machine at a smaller scale: a crowd of hunters within a minute, a real Redis that they would fill, a scorer that cannot keep up with
/// all of them.
/// <list type="number">
/// <item>A <see cref="RedisProcess"/>, in which the whole crowd with what it costs (<see cref="Sessions"/>) makes 95 % of <c>maxmemory</c>.</item>
/// <item>A server whose ledger takes fewer records a second than the whole crowd makes (<see cref="SlowLogs"/>); in <c>hunt-002</c> with governor and orchestrator.</item>
/// <item>The crowd, in processes of its own, while the <see cref="Sample"/>s are taken once a second.</item>
/// <item>The <see cref="StoryReport"/>.</item>
/// </list>
/// </summary>
sealed class Story
{
    /// <summary>The stories by name, with what the old engine's reports say of each.</summary>
    public static readonly IReadOnlyDictionary<string, StoryPlan> Plans = new Dictionary<string, StoryPlan>
    {
        ["hunt-001"] = new(IsGoverned: false, new Reported("95 %", "3,000, never shrank", "30", "–", "280–500")),
        ["hunt-002"] = new(IsGoverned: true, new Reported("82 %", "under 2,000, gone in 3 min", "under 2", "98 ms", "280")),
    };

    // Of the plant of the incident, per hunter, at a scale that fits on a laptop.
    const double SubmissionsPerSecond = 0.0415;
    const int SessionBytes = 16 * 1024;
    /// <summary>Redis' own share with nobody there.</summary>
    const double BaseShare = 0.27;
    const double FullShare = 0.953;
    /// <summary>The scorer can take so much of what the whole crowd sends.</summary>
    const double CapacityShare = 0.95;
    readonly StoryPlan plan;
    readonly int hunters;
    readonly TimeSpan ramp;
    readonly TimeSpan duration;
    readonly List<TraceSecond> samples = [];

    Story(StoryPlan plan, int hunters, TimeSpan ramp, TimeSpan duration) => (this.plan, this.hunters, this.ramp, this.duration) = (plan, hunters, ramp, duration);

    /// <summary>Plays a story to its end.</summary>
    /// <param name="ramp">How long the crowd takes to come.</param>
    /// <param name="duration">How long it plays then.</param>
    /// <param name="worker">The command that starts a process of the crowd.</param>
    public static Task<StoryReport> Play(
        string name, int hunters, TimeSpan ramp, TimeSpan duration, IReadOnlyList<string> worker, Terminal terminal, CancellationToken cancel) =>
        new Story(Plans[name], hunters, ramp, duration).Play(name, worker, terminal, cancel);

    async Task<StoryReport> Play(string name, IReadOnlyList<string> worker, Terminal terminal, CancellationToken cancel)
    {
        var folder = Directory.CreateTempSubdirectory("veltrix-story-");
        try
        {
            var crowdBytes = hunters * SessionBytes * Sessions.Overhead;
            var maxMemory = (long)(crowdBytes / (FullShare - BaseShare));
            await using var redis = await RedisProcess.Start(maxMemory, cancel);
            var capacity = CapacityShare * hunters * SubmissionsPerSecond;
            await using var server = await LocalServer.Start(
                new LocalOptions
                {
                    Folder = new DataHome(folder.FullName),
                    Config = WriteSettings(folder.FullName),
                    Redis = redis.Endpoint,
                    GovernedBy = plan.IsGoverned ? new GovernedBy.ThisProcess(new IPEndPoint(IPAddress.Loopback, 0)) : GovernedBy.Nobody,
                    OpenLogs = (path, clock) => new SlowLogs(DataFolder.OpenLogs(path, clock), capacity, clock),
                }, cancel);
            using var organiser = server.AsOrganiser();
            var hunt = HuntText.Read(Path.Combine(AppContext.BaseDirectory, "examples", "capitals.yml"), terminal);
            var definition = hunt.Result.Definition!;
            await HuntPublish.Publish(organiser, hunt.Yaml, open: true, cancel);
            AnswersFile.Write(new DataHome(folder.FullName), definition, server.AuditKey(definition.Id));
            await using var sessions = new Sessions(server.Store, [definition.Id], SessionBytes, (long)(BaseShare * maxMemory));
            sessions.Begin();

            using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            var connections = await Connections.Open(redis.Endpoint);
            var sampling = Sample(server, definition.Id, connections, terminal, over.Token);
            var load = await Load.Run(
                new LoadOptions
                {
                    Url = server.Url, Hunt = definition.Id, AnswersFile = new DataHome(folder.FullName).AnswersFile(definition.Id), Hunters = hunters, Ramp = ramp, Duration = duration,
                    PlayWhileArriving = true, Settle = TimeSpan.FromMinutes(3), Rate = SubmissionsPerSecond, Processes = 2, WorkerCommand = worker,
                }, null, cancel);
            await over.CancelAsync();
            await sampling;
            await connections.DisposeAsync();
            return StoryReport.Of(name, plan, hunters, ramp + duration, maxMemory, capacity, samples, load, sessions.Refused, connections.Most);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // Thresholds in records belong to a hunt of 50,000, and a tenth of the crowd is as late at a tenth of the lag. One machine plays the whole crowd, so a pace for each range of
    // addresses would meet one range.
    string WriteSettings(string folder)
    {
        var file = Path.Combine(folder, "hunt-config.yml");
        var scale = hunters / 50_000.0;
        File.WriteAllText(file, string.Create(CultureInfo.InvariantCulture, $"""
            max_concurrent_hunters: {hunters}
            join.guard: off
            forecast.lag_target: {Math.Clamp(500 * scale, 100, 800):0}
            governor.log_lag.soft: {Math.Max(1, 1_000 * scale):0}
            governor.log_lag.critical: {Math.Max(2, 5_000 * scale):0}

            """));
        return file;
    }

    async Task Sample(LocalServer server, string hunt, Connections connections, Terminal terminal, CancellationToken over)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        var began = Stopwatch.GetTimestamp();
        long joins = 0, leaves = 0, arrived = 0, limit = -1;
        try
        {
            while (await timer.WaitForNextTickAsync(over))
            {
                try
                {
                    await One();
                }
                catch (Exception error) when (error is GateException or RedisException)
                {
                    // A Redis that is full may be slow to answer; the next second is another sample.
                }
            }
        }
        catch (OperationCanceledException)
        {
        }

        async Task One()
        {
            var second = (int)Math.Round(Stopwatch.GetElapsedTime(began).TotalSeconds);
            var memory = (await server.Store.Memory(over)).Ratio ?? 0;
            var counts = await server.Store.Hunt(hunt).Counts(over);
            await connections.Count();
            var lag = server.Server.Find(hunt)!.Backlog.Look().Records;
            var here = counts.Joins + counts.Waiting;
            samples.Add(new TraceSecond(
                second, here - arrived, counts.Seated, counts.Waiting, counts.Limits?.Limit ?? 0, memory, lag, counts.Joins - joins, counts.Leaves - leaves,
                counts.Limits?.Limit == limit ? null : counts.Limits?.Cause, counts.Limits?.Limit == limit ? null : counts.Limits?.Reason));
            (joins, leaves, arrived) = (counts.Joins, counts.Leaves, here);
            if (counts.Limits is { } limits && limits.Limit != limit) terminal.Say($"{second,4} s  limit {limits.Reason}");
            limit = counts.Limits?.Limit ?? limit;
            if (second % 15 == 0) terminal.Say(FormattableString.Invariant($"{second,4} s  {counts.Seated:N0} play, {counts.Waiting:N0} wait; memory {memory:P1}; lag {lag:N0}"));
        }
    }

    /// <summary>How many connections the engine has to Redis, by their name.</summary>
    sealed class Connections : IAsyncDisposable
    {
        readonly ConnectionMultiplexer connection;

        Connections(ConnectionMultiplexer connection) => this.connection = connection;

        public int Most { get; private set; }

        public static async Task<Connections> Open(string endpoint)
        {
            var options = ConfigurationOptions.Parse(endpoint);
            (options.ClientName, options.AllowAdmin) = ("story", true);
            return new Connections(await ConnectionMultiplexer.ConnectAsync(options));
        }

        public async Task Count() => Most = Math.Max(Most, (await connection.GetServers()[0].ClientListAsync()).Count(client => client.Name == "veltrix"));

        public ValueTask DisposeAsync() => connection.DisposeAsync();
    }
}

/// <param name="Reported">What the old engine's reports say.</param>
sealed record StoryPlan(bool IsGoverned, Reported Reported);

sealed record Reported(string Memory, string Lag, string Stalls, string P95, string Connections);
