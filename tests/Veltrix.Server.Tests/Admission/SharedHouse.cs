using System.Net;
using System.Net.Http.Json;
using StackExchange.Redis;
using Veltrix.Cli.Chaos;
using Veltrix.EventLog;
using Veltrix.EventLog.Embedded;
using Veltrix.Gate;
using Veltrix.Gate.Tests;
using Veltrix.Hosting;

namespace Veltrix.Server.Tests.Admission;

/// <summary>
/// Two servers on one log, each with a wire of its own to a real Redis: two hunters play at each of them, the house is full, and one waits with a ticket. Judged is by what the gate's script wrote
/// down of every seat it gave, in whatever store.
/// </summary>
sealed class SharedHouse : IAsyncDisposable
{
    public const string Hunt = "quiz";

    const int Playing = 4;

    /// <summary>So many challenges that everybody has an answer left for every look at it.</summary>
    static readonly string Quiz = "hunt: quiz\ntitle: A small quiz\nchallenges:\n" + string.Concat(Enumerable.Range(1, 30).Select(n => $"  - {{ id: c{n}, points: 1, answers: [one] }}\n"));

    readonly string folder = Directory.CreateTempSubdirectory("veltrix-shared-").FullName;
    readonly List<RedisServer> stores = [];
    readonly List<TcpRelay> wires = [];
    readonly List<GateStore> gates = [];
    readonly List<Settings> settings = [];
    readonly Dictionary<LiveClient, long> players = [];
    readonly List<string> hunters = [];
    readonly HashSet<GrantRecord> grants = [];
    IEventLogs logs = null!;

    public List<TestServer> Servers { get; } = [];

    /// <summary>The one that servers reach now.</summary>
    public RedisServer Redis { get; private set; } = null!;

    public IReadOnlyList<TcpRelay> Wires => wires;

    /// <summary>Of the one who waits.</summary>
    public string Ticket { get; private set; } = "";

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<SharedHouse> Open(params string[] redisOptions)
    {
        var house = new SharedHouse();
        house.Redis = await house.StartRedis(redisOptions);
        house.logs = EmbeddedLogs.Open(house.folder, TimeProvider.System);
        for (var i = 0; i < 2; i++) await house.AddServer();
        await house.Servers[0].Publish(Quiz);
        foreach (var server in house.Servers) await SmallHouse.Until(() => Task.FromResult(server.Server.IsAdmitting(Hunt)));
        for (var i = 0; i < Playing; i++) await house.Seat($"P{i}", house.Servers[i % 2]);
        var waits = await house.Servers[0].Join(Hunt, "Waits");
        Assert.Equal(202, (int)waits["http"]!);
        house.Ticket = (string)waits["ticket"]!;
        await house.Look();
        return house;
    }

    public async Task<RedisServer> StartRedis(params string[] options)
    {
        var redis = await RedisServer.Start(options);
        if (redis is null) Assert.Skip(RedisServer.Missing(RedisServer.Redis));
        stores.Add(redis);
        return redis;
    }

    public void SetLimit(int limit) => Assert.All(settings, each => Assert.True(each.Load(Config(limit)).Ok));

    /// <summary>Somebody more, who plays at this server.</summary>
    public async Task Seat(string name, TestServer server)
    {
        var joined = await server.Join(Hunt, name);
        Assert.True((int)joined["http"]! == 201, joined.ToJsonString());
        hunters.Add((string)joined["hunter"]!);
        players.Add(await server.Connect(Hunt, (string)joined["token"]!), 0);
    }

    /// <summary>The address of the store is another one's from now on.</summary>
    public void Move(RedisServer to)
    {
        Redis = to;
        foreach (var wire in wires) wire.Move(to.Endpoint);
    }

    /// <summary>Straight to a store, past the gate and its wires.</summary>
    public static async Task<RedisResult> Command(RedisServer redis, string command, params object[] arguments)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"{redis.Endpoint},allowAdmin=true");
        return await connection.GetDatabase().ExecuteAsync(command, arguments);
    }

    public async Task<GateCounts> Counts()
    {
        await using var store = await GateStore.Open(new GateStoreOptions { Endpoint = Redis.Endpoint }, Cancel);
        return await store.Hunt(Hunt).Counts(Cancel);
    }

    /// <summary>Waits until the store knows the seat of everybody who plays.</summary>
    public async Task EverybodyIsSeated()
    {
        await using var store = await GateStore.Open(new GateStoreOptions { Endpoint = Redis.Endpoint }, Cancel);
        await SmallHouse.Until(async () =>
        {
            try
            {
                return (await store.Hunt(Hunt).Seated([.. hunters], Cancel)).Count == hunters.Count;
            }
            catch (GateException e) when (e.Fault == GateFault.Rebuilding)
            {
                return false;
            }
        });
    }

    /// <summary>By what the script wrote down: nobody was let in at a full house, and nobody twice.</summary>
    public async Task NobodyTooMany()
    {
        await Look();
        Assert.All(grants, grant => Assert.True(grant.Count < grant.Limit, $"{grant} is beyond the limit"));
        Assert.All(grants.Where(grant => hunters.Contains(grant.Hunter)).GroupBy(grant => grant.Hunter), one => Assert.Single(one));
    }

    /// <summary>Of those who play.</summary>
    public async Task NobodyWasPutOut()
    {
        foreach (var player in players.Keys)
        {
            await player.Ping();
            Assert.Empty(player.Kept("waiting"));
            Assert.Empty(player.Kept("error"));
        }
    }

    /// <summary>Everybody answers one challenge more, and each is told the outcome.</summary>
    public async Task EverybodyPlaysOn()
    {
        foreach (var player in players.Keys)
        {
            var seq = ++players[player];
            Assert.Equal("correct", (string)(await player.Submit(seq, $"c{seq}", "one"))["verdict"]!);
        }
    }

    /// <summary>Both doors are closed, and say why to operators and to hunters.</summary>
    public async Task AdmissionCloses(string why)
    {
        foreach (var server in Servers)
        {
            await SmallHouse.Until(() => Task.FromResult(!server.Server.IsAdmitting(Hunt)));
            using var refused = await server.SendRaw(new HttpRequestMessage(HttpMethod.Post, $"/v1/hunts/{Hunt}/join") { Content = JsonContent.Create(new { nickname = "Late" }) });
            var said = await refused.Content.ReadAsStringAsync(Cancel);
            Assert.True(refused.StatusCode == HttpStatusCode.ServiceUnavailable, said);
            Assert.Contains("AdmissionClosed", said, StringComparison.Ordinal);
            Assert.Matches(why, said);
        }
    }

    /// <summary>Both doors are open, every seat is counted again, nobody more is let in, and who waited is the first who is once there is room.</summary>
    public async Task Heals()
    {
        foreach (var server in Servers) await SmallHouse.Until(() => Task.FromResult(server.Server.IsAdmitting(Hunt)));
        await EverybodyIsSeated();
        Assert.Equal(players.Count, (await Counts()).Seated);
        foreach (var (server, name) in Servers.Zip(["Late", "Later"])) await SmallHouse.Until(async () => (int)(await server.Join(Hunt, name))["http"]! == 202);
        await EverybodyPlaysOn();
        // Whoever waited shows the ticket and stands before all who came after.
        await SmallHouse.Until(async () => (int?)(await Servers[1].Get($"/v1/hunts/{Hunt}/place", Ticket))["place"] == 1);
        await Look();
        SetLimit(players.Count + 1);
        await SmallHouse.Until(async () => (string?)(await Servers[1].Get($"/v1/hunts/{Hunt}/place", Ticket))["state"] == "admitted");
        await Look();

        await NobodyTooMany();
        Assert.Equal(players.Count + 1, grants.Count);
        await NobodyWasPutOut();
        // And the boards of both are the ledger's.
        foreach (var server in Servers) Assert.True((bool)(await server.Post($"/v1/hunts/{Hunt}/verify", new { }, server.Server.AdminKey))["equal"]!);
    }

    /// <summary>Keeps what the script has written down so far: a store that loses its keys loses that too.</summary>
    public async Task Look()
    {
        await using var store = await GateStore.Open(new GateStoreOptions { Endpoint = Redis.Endpoint }, Cancel);
        grants.UnionWith(await store.Hunt(Hunt).Audit(Cancel));
    }

    static ConfigFile Config(int limit) => ConfigFile.Read("settings", $"max_concurrent_hunters: {limit}\ngate.audit: on\nseat.grace: 10s\njoin.guard: \"off\"\nwaiting.frames: 1s\n");

    async Task AddServer()
    {
        var wire = new TcpRelay(Redis.Endpoint);
        wires.Add(wire);
        var gate = await GateStore.Open(new GateStoreOptions { Endpoint = wire.Endpoint }, Cancel);
        gates.Add(gate);
        var own = new Settings();
        Assert.True(own.Load(Config(Playing)).Ok);
        settings.Add(own);
        var connection = new SharedLogs(logs);
        Servers.Add(await TestServer.Start(options =>
        {
            if (Servers.Count > 0) File.Copy(Path.Combine(Servers[0].Folder, "token.key"), Path.Combine(options.DataFolder, "token.key"));
            return options with { Gate = gate, Settings = own, OpenLogs = (_, _) => connection };
        }));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var player in players.Keys) await player.DisposeAsync();
        foreach (var server in Servers) await server.DisposeAsync();
        foreach (var gate in gates) await gate.DisposeAsync();
        foreach (var wire in wires) await wire.DisposeAsync();
        foreach (var store in stores) store.Dispose();
        if (logs is not null) await logs.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
