using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Veltrix.Cli.Chaos;
using Veltrix.Cli.Clusters;
using Veltrix.EventLog.Tests;
using Veltrix.Gate;
using Veltrix.Gate.Tests;

namespace Veltrix.Cli.Tests.EndToEnd;

/// <summary>Real servers over a real Kafka and a real Redis die or hang, and what becomes of their hunters at the others.</summary>
[Trait("speed", "slow")]
public sealed partial class ServersThatGoTests(SharedKafka kafka) : IAsyncLifetime
{
    const string Hunt = "gone";

    /// <summary>An installation on a busy machine.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    readonly TempFolder folder = new();
    readonly List<Server> servers = [];
    RedisServer? redis;
    GateStore? store;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await kafka.Start();
        redis = await RedisServer.Start();
        Assert.SkipWhen(redis is null, "redis-server is not installed");
        store = await GateStore.Open(new GateStoreOptions { Endpoint = redis!.Endpoint }, Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in servers) server.Process.Dispose();
        if (store is not null) await store.DisposeAsync();
        redis?.Dispose();
        folder.Dispose();
    }

    /// <summary>24 hunters on three servers that carry ten each: when one dies, four of its eight have to wait until it is back, without losing their seats.</summary>
    [Fact]
    public async Task Hunters_of_a_server_that_was_killed_go_where_there_is_room_and_no_server_takes_more_than_it_carries()
    {
        const int Hunters = 24, Cap = 10;
        await StartServers(3, $"max_connections_per_server: {Cap}\nseat.grace: 5m\n");
        var loading = Load(Hunters, seconds: 60);
        await Until("all play", async () => await Playing() == "8 8 8");

        servers[2].Process.Kill();
        await Until("the others are full", Watched(async () => await Playing() == "10 10 0"));
        // Those beyond ask again after the time they were told, and are told the same.
        for (var since = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(12); await Task.Delay(500, Cancel)) Assert.True(await Watched(async () => await Playing() == "10 10 0")());
        await servers[2].Start();
        await Until("all play again", Watched(async () => await Playing() == "10 10 4"));

        var report = await loading;
        Assert.Equal((0, 0), ((int)report["lost"]!, (int)report["doubled"]!));
        Assert.Equal(Hunters, (int)report["connected"]!);
        // Told why, again and again, and nothing worse than that: nobody had to queue for a seat.
        Assert.True((int?)report["errors"]!["ServerFull"] >= 4, report.ToJsonString());
        Assert.Null(report["errors"]!["SeatLost"]);
        Assert.Null(report["errors"]!["NotSeated"]);

        Func<Task<bool>> Watched(Func<Task<bool>> holds) => async () =>
        {
            Assert.All((await Playing()).Split(' '), playing => Assert.InRange(int.Parse(playing), 0, Cap));
            Assert.Equal(Hunters, (await store!.Hunt(Hunt).Counts(Cancel)).Seated);
            return await holds();
        };
    }

    /// <summary>A server that hangs keeps its sockets open and says nothing.</summary>
    [Fact]
    public async Task Hunters_leave_a_server_that_hangs_for_the_one_that_it_named_before()
    {
        const int Hunters = 20;
        await StartServers(2, "");
        // They are told of the first one only.
        var loading = Load(Hunters, seconds: 60, among: 1);
        await Until("all play at the first", async () => await Playing() == "20 0");
        servers[0].Process.Signal("STOP");
        try
        {
            var since = Stopwatch.GetTimestamp();
            await Until("all play at the second", async () => await servers[1].Playing() == Hunters);
            // 10 s of silence, 5 s for an answer, and what it takes to come back; a machine that runs everything else meanwhile is slower.
            Assert.InRange(Stopwatch.GetElapsedTime(since).TotalSeconds, 10, 45);
            Assert.Equal(Hunters, (await store!.Hunt(Hunt).Counts(Cancel)).Seated);
        }
        finally
        {
            servers[0].Process.Signal("CONT");
        }

        var report = await loading;
        Assert.Equal((0, 0), ((int)report["lost"]!, (int)report["doubled"]!));
        Assert.True((int?)report["errors"]!["Silent"] >= Hunters, report.ToJsonString());
        Assert.Null(report["errors"]!["SeatLost"]);
    }

    /// <summary>Appends that nobody answers are waited for longer than a server may take to end.</summary>
    [Fact]
    public async Task A_server_whose_logs_are_silent_is_gone_after_ten_seconds_and_says_what_it_waited_for()
    {
        await using var wire = TcpRelay.ToBroker(kafka.Plaintext);
        await StartServers(1, "", wire.Endpoint);
        wire.Delay = TimeSpan.FromMinutes(5);
        // Time for a sign of life of its scorer, which is not acknowledged any more.
        await Task.Delay(TimeSpan.FromSeconds(3), Cancel);
        servers[0].Process.Signal("TERM");
        var since = Stopwatch.GetTimestamp();
        var ran = await servers[0].Process.End(TimeSpan.FromSeconds(60));
        Assert.InRange(Stopwatch.GetElapsedTime(since).TotalSeconds, 9, 25);
        Assert.Equal(128 + ProcessSignal.Kill, ran.Code);
        Assert.Contains("veltrix: not ended 10 s after it was told to, still waiting for logs to be closed: ended now as by a crash.", ran.Error);
    }

    /// <summary>Each knows of all others and of the hunt when this returns.</summary>
    async Task StartServers(int count, string settings, string? brokers = null)
    {
        var config = folder.Write("hunt-config.yml", $$"""
            kafka.bootstrap_servers: {{brokers ?? kafka.Plaintext}}
            kafka.topic_prefix: t{{Guid.NewGuid():N}}
            server.public_url: "http://127.0.0.1:{port}"
            join.guard: "off"
            {{settings}}
            """);
        for (var i = 1; i <= count; i++)
        {
            var data = Directory.CreateDirectory(folder.File($"server-{i}")).FullName;
            if (i > 1) File.Copy(Path.Combine(servers[0].Data, "token.key"), Path.Combine(data, "token.key"));
            var server = new Server(data, config, redis!.Endpoint);
            servers.Add(server);
            await server.Start();
        }

        var yaml = (await Shell.Run("hunt", "new", Hunt, "--output", "-")).Out;
        var key = File.ReadAllText(Path.Combine(servers[0].Data, "admin.key")).Trim();
        using var organiser = new Remote(servers[0].Url, key, "the test");
        await Verbs.HuntPublish.Publish(organiser, yaml, open: true, Cancel);
        AnswersFile.Write(new DataHome(folder.Path), Hunts.HuntFile.Read(yaml).Definition!, key);
        foreach (var server in servers) await Until("every server has the hunt", server.HasHunt);
        await Until("all servers have met", async () => (await store!.Hunt(Hunt).Renew("nobody", TimeSpan.FromSeconds(3), null, Cancel)).Elsewhere.Count == count);
    }

    /// <param name="among">How many servers the crowd is told of; null: all.</param>
    async Task<JsonNode> Load(int hunters, int seconds, int? among = null)
    {
        var told = servers.Take(among ?? servers.Count).ToList();
        var ran = await Shell.Run(
        [
            "load", "--url", $"{told[0].Url}", .. told.Skip(1).SelectMany(server => new[] { "--more-url", $"{server.Url}" }), "--hunt", Hunt, "--answers", folder.File($"answers/{Hunt}.json"),
            "--hunters", $"{hunters}", "--ramp", "2s", "--duration", $"{seconds}s", "--rate", "0.5", "--json",
        ]);
        var last = ran.Out.Trim().Split('\n')[^1];
        Assert.True(last.StartsWith('{'), ran.Out + ran.Error);
        return JsonNode.Parse(last)!;
    }

    /// <summary>Hunters with a seat that are connected, server by server.</summary>
    async Task<string> Playing() => string.Join(' ', await Task.WhenAll(servers.Select(server => server.Playing())));

    static Task Until(string what, Func<Task<bool>> holds) => Fleet.Until(what, holds, Patience);

    [GeneratedRegex(@"^veltrix_server_seated\{.*\} (\d+)", RegexOptions.Multiline)]
    private static partial Regex SeatedLine();

    /// <summary>One server: its process may end and begin again on the same folder and port.</summary>
    sealed class Server(string data, string config, string redis)
    {
        static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(5) };

        readonly int port = Fleet.FreePort();
        Uri? ops;

        public string Data => data;

        public Uri Url => new($"http://127.0.0.1:{port}");

        public VeltrixProcess Process { get; private set; } = null!;

        public async Task Start()
        {
            Process = VeltrixProcess.Start("server", "--port", $"{port}", "--ops-port", "0", "--data", data, "--config", config, "--redis", redis, "--json");
            ops = new Uri((string)(await Process.NextJson())["ops"]!);
        }

        public async Task<bool> HasHunt() => (await Http.GetFromJsonAsync<JsonNode>(new Uri(Url, "/v1/hunts"), Cancel))!["hunts"]!.AsArray().Any(hunt => (string)hunt!["id"]! == Hunt);

        /// <summary>Hunters with a seat that are connected here; 0 while it is away.</summary>
        public async Task<int> Playing()
        {
            try
            {
                return SeatedLine().Match(await Http.GetStringAsync(new Uri(ops!, "/metrics"), Cancel)) is { Success: true } line ? int.Parse(line.Groups[1].Value) : 0;
            }
            catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !Cancel.IsCancellationRequested))
            {
                return 0;
            }
        }
    }
}
