using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using StackExchange.Redis;
using Veltrix.Gate;
using Veltrix.Gate.Tests;

namespace Veltrix.Cli.Tests.EndToEnd;

/// <summary>The roles as an operator runs them, each in a process of its own, around one real Redis.</summary>
sealed class Fleet : IAsyncDisposable
{
    public const string Hunt = "quiz";

    const string Definition = """
        hunt: quiz
        title: A small quiz
        challenges:
          - { id: a, points: 1, answers: [one] }
          - { id: b, points: 2, answers: [two] }
        """;

    /// <summary>
    /// Ticks are as short as they may be, so that what takes five ticks takes five seconds; nobody has to work for a join; and how busy the machine of the tests is lets no limit move.
    /// </summary>
    const string Config = """
        governor.tick: 1s
        governor.cpu.soft: 1
        governor.outcome_seconds.soft: 50
        governor.outcome_seconds.critical: 500
        governor.log_lag_seconds.soft: 500
        governor.log_lag_seconds.critical: 3000
        join.guard: "off"

        """;

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    readonly TempFolder folder = new();
    readonly List<VeltrixProcess> processes = [];
    readonly int governorPort = FreePort();
    GateStore? store;
    ConnectionMultiplexer? redisConnection;

    Fleet(RedisServer redis) => Redis = redis;

    public RedisServer Redis { get; }

    public VeltrixProcess? Governor { get; private set; }

    public List<ServerRole> Servers { get; } = [];

    public Uri Url => Servers[0].Url;

    /// <summary>The hunt's gate, as anybody sees it in the store.</summary>
    public HuntGate Gate => store!.Hunt(Hunt);

    public IDatabase Store => redisConnection!.GetDatabase();

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A Redis and nothing else; a test adds roles.</summary>
    public static async Task<Fleet> Open(params string[] redisOptions)
    {
        var redis = await RedisServer.Start(redisOptions);
        if (redis is null) Assert.Skip("redis-server is not installed");
        var fleet = new Fleet(redis!);
        fleet.store = await GateStore.Open(new GateStoreOptions { Endpoint = redis!.Endpoint }, Cancel);
        fleet.redisConnection = await ConnectionMultiplexer.ConnectAsync($"{redis.Endpoint},allowAdmin=true");
        return fleet;
    }

    /// <summary>Governor, orchestrator and one server with the hunt, which is open for joins when this returns.</summary>
    public static async Task<Fleet> Governed(string settings, params string[] redisOptions)
    {
        var fleet = await Open(redisOptions);
        await fleet.StartGovernor();
        await fleet.AddServer(settings, governed: true);
        await fleet.StartOrchestrator();
        await fleet.UntilOpen();
        return fleet;
    }

    public async Task StartGovernor()
    {
        Directory.CreateDirectory(folder.File("governor"));
        folder.Write("governor/hunt-config.yml", Config);
        Governor = Run("governor", "--redis", Redis.Endpoint, "--listen", $"127.0.0.1:{governorPort}", "--http-port", "0", "--data", folder.File("governor"), "--json");
        GovernorOps = new Uri((string)(await Governor.NextJson())["http"]!);
    }

    public async Task<OrchestratorRole> StartOrchestrator()
    {
        var process = Run(
            "orchestrator", "--redis", Redis.Endpoint, "--governor", GovernorUrl, "--token-file", folder.File("governor/control.token"), "--listen", "127.0.0.1:0", "--json");
        return new OrchestratorRole(process, new Uri((string)(await process.NextJson())["url"]!));
    }

    public string GovernorUrl => $"http://127.0.0.1:{governorPort}";

    /// <summary>The governor's page and metrics.</summary>
    public Uri GovernorOps { get; private set; } = null!;

    /// <summary>A server on a folder of its own with the hunt published there.</summary>
    public async Task<ServerRole> AddServer(string settings, bool governed = false)
    {
        var data = folder.File($"server-{Servers.Count + 1}");
        Directory.CreateDirectory(data);
        var server = new ServerRole(this, data, governed);
        Servers.Add(server);
        server.Configure(settings);
        await server.Start();
        using var organiser = new Remote(server.Url, File.ReadAllText(Path.Combine(data, "admin.key")).Trim(), "the test");
        await Verbs.HuntPublish.Publish(organiser, Definition, open: true, Cancel);
        return server;
    }

    /// <summary>Seats so many hunters at a server as the limit allows, each playing.</summary>
    public async Task<List<Player>> Seat(int count, Uri? at = null, TimeSpan? pace = null)
    {
        var players = new List<Player>();
        foreach (var some in Enumerable.Range(1, count).Chunk(20)) players.AddRange(await Task.WhenAll(some.Select(_ => SeatOne(at ?? Url, pace))));
        return players;
    }

    static async Task<Player> SeatOne(Uri at, TimeSpan? pace)
    {
        var nickname = $"P {Guid.NewGuid():N}"[..20];
        var knock = await Player.Ask(at, Hunt, nickname);
        await Until($"{nickname} is let in, last heard: {knock}", async () =>
        {
            if (!knock.IsIn) knock = await Player.Ask(at, Hunt, nickname, knock.Ticket);
            return knock.IsIn;
        });
        return await Player.Begin(at, Hunt, knock, pace: pace);
    }

    public Task<GateCounts> Counts() => Gate.Counts(Cancel);

    public Task<Knock> Ask(string nickname = "Late", string? ticket = null) => Player.Ask(Url, Hunt, nickname, ticket);

    Task UntilOpen() => Until("a limit is published", async () => (await Counts()).Limits is not null && (await Counts()).Epoch != 0);

    public static async Task Until(string what, Func<Task<bool>> holds, TimeSpan? within = null)
    {
        var patience = DateTime.UtcNow + (within ?? Patience);
        while (!await holds())
        {
            Assert.True(DateTime.UtcNow < patience, $"not within {(within ?? Patience).TotalSeconds} s: {what}");
            await Task.Delay(100, Cancel);
        }
    }

    internal VeltrixProcess Run(params IEnumerable<string> args)
    {
        var process = VeltrixProcess.Start(args);
        processes.Add(process);
        return process;
    }

    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in processes) process.Dispose();
        if (store is not null) await store.DisposeAsync();
        if (redisConnection is not null) await redisConnection.DisposeAsync();
        Redis.Dispose();
        folder.Dispose();
    }

    /// <summary>One orchestrator.</summary>
    public sealed record OrchestratorRole(VeltrixProcess Process, Uri Url)
    {
        static readonly HttpClient Http = new();

        public async Task<JsonNode> Now() => JsonNode.Parse(await Http.GetStringAsync(new Uri(Url, "/v1/hunts"), Cancel))!;
    }

    /// <summary>One server: its process may end and begin again on the same folder and port.</summary>
    public sealed class ServerRole(Fleet fleet, string data, bool governed)
    {
        readonly int port = FreePort();

        public VeltrixProcess Process { get; private set; } = null!;

        public Uri Url => new($"http://127.0.0.1:{port}");

        public Uri Ops { get; private set; } = null!;

        public string Data => data;

        /// <summary>Writes its hunt-config.yml, which it reads again while it runs.</summary>
        public void Configure(string settings) => WriteRaw(Config + settings);

        /// <summary>Writes whatever it is given.</summary>
        public void WriteRaw(string text)
        {
            var file = Path.Combine(data, "hunt-config.yml");
            File.WriteAllText(file + ".new", text);
            File.Move(file + ".new", file, overwrite: true);
        }

        public async Task Start()
        {
            Process = fleet.Run(
                ["server", "--port", $"{port}", "--ops-port", "0", "--data", data, "--redis", fleet.Redis.Endpoint, .. governed ? (string[])["--governor", fleet.GovernorUrl] : [], "--json"]);
            Ops = new Uri((string)(await Process.NextJson())["ops"]!);
        }

        /// <summary>A verb as an operator types it, about this server.</summary>
        public Task<Ran> Veltrix(params string[] line) => Shell.Run([.. line, "--data", data]);
    }
}
