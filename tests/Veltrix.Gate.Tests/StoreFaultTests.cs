using System.Diagnostics;
using StackExchange.Redis;

namespace Veltrix.Gate.Tests;

public sealed class RedisFaultTests() : StoreFaultTests(RedisServer.Redis, "redis 7.");

public sealed class ValkeyFaultTests() : StoreFaultTests(RedisServer.Valkey, "valkey 8.");

/// <summary>A real store that is full, gone, back, a replica, or set up in a way that cannot work.</summary>
public abstract class StoreFaultTests(string program, string product) : IAsyncLifetime
{
    static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    static readonly GateLimits Limits = new(3, 0, false, 0, 0, false, "", "", false, 10, true, 0);

    readonly List<IAsyncDisposable> _stores = [];
    readonly List<RedisServer> _servers = [];

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task At_its_memory_limit_those_who_play_go_on()
    {
        var redis = await Start("--maxmemory", "4mb");
        var gate = (await Open(redis)).Hunt("h");
        await gate.Reopen(1, Cancel);
        await gate.Publish(1, Limits, Cancel);
        await gate.Renew("s1", Minute, [], Cancel);
        foreach (var hunter in new[] { "ada", "bob" })
        {
            await gate.Ask(hunter, 1, false, Minute, true, true, Cancel);
            await gate.Attach(hunter, "s1", Cancel);
        }
        await Fill(redis);

        await gate.Detach(["ada"], "s1", Minute, Cancel);
        Assert.True(await gate.Attach("ada", "s2", Cancel));
        Assert.False((await gate.Renew("s1", Minute, null, Cancel)).WantsSeats);
        Assert.False((await gate.Renew("s2", Minute, GateContract.Connected("ada"), Cancel)).WantsSeats);
        Assert.True(await gate.Publish(1, Limits with { Limit = 2 }, Cancel));
        Assert.Equal(SeatState.Waiting, (await gate.Ask("cyd", 2, false, Minute, true, true, Cancel)).State);
        await gate.Seen(["cyd"], Cancel);
        await gate.Leave("bob", Cancel);
        Assert.Equal(["cyd"], await gate.Admit(Minute, Minute, Minute, Cancel));
        Assert.Equal(["ada", "cyd"], await gate.Seated(["ada", "bob", "cyd"], Cancel));
        Assert.All(await gate.Audit(Cancel), grant => Assert.True(grant.Count < grant.Limit));
    }

    [Fact]
    public async Task A_store_that_forgot_the_scripts_is_sent_them_again()
    {
        var redis = await Start();
        var gate = (await Open(redis)).Hunt("h");
        await gate.Reopen(1, Cancel);
        await Command(redis, "SCRIPT", "FLUSH");
        await gate.Publish(1, Limits, Cancel);
        await gate.Ask("ada", 1, false, Minute, true, true, Cancel);
        await Command(redis, "SCRIPT", "FLUSH");
        Assert.Equal(SeatState.Seated, (await gate.Ask("ada", 1, false, Minute, true, true, Cancel)).State);
    }

    [Fact]
    public async Task A_store_that_dies_is_away_at_once_and_heals_when_it_is_back_with_its_gate_closed()
    {
        var redis = await Start();
        var store = await Open(redis);
        var gate = store.Hunt("h");
        await gate.Reopen(1, Cancel);
        await gate.Publish(1, Limits, Cancel);
        await gate.Ask("ada", 1, false, Minute, true, true, Cancel);

        redis.Kill();
        for (var attempt = 0; attempt < 3; attempt++)
        {
            var began = Stopwatch.GetTimestamp();
            var away = await Assert.ThrowsAsync<GateException>(() => gate.Ask("bob", 1, false, Minute, true, true, Cancel));
            Assert.Equal(GateFault.Away, away.Fault);
            Assert.Contains(redis.Endpoint, away.Message, StringComparison.Ordinal);
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(4));
        }
        Assert.Equal(GateFault.Away, (await Assert.ThrowsAsync<GateException>(() => store.Memory(Cancel))).Fault);
        Assert.Equal(GateFault.Away, (await Assert.ThrowsAsync<GateException>(() => store.Lead("a", Minute, Cancel))).Fault);

        await redis.Run();
        GateException? fault;
        var patience = Stopwatch.StartNew();
        do
        {
            fault = await Assert.ThrowsAsync<GateException>(() => gate.Ask("bob", 1, false, Minute, true, true, Cancel));
            if (fault.Fault == GateFault.Away) await Task.Delay(20, Cancel);
        }
        while (fault.Fault == GateFault.Away && patience.Elapsed < TimeSpan.FromSeconds(20));
        Assert.Equal(GateFault.Rebuilding, fault.Fault);
        Assert.True((await gate.Renew("s1", Minute, null, Cancel)).WantsSeats);
        await gate.Renew("s1", Minute, GateContract.Connected("ada"), Cancel);
        await gate.Publish(1, Limits, Cancel);
        await gate.Reopen(1, Cancel);
        Assert.Equal(2, (await gate.Ask("bob", HuntGate.Returns, false, Minute, true, true, Cancel)).Seated);
    }

    [Fact]
    public async Task A_store_that_throws_keys_away_is_refused_with_the_remedy()
    {
        var redis = await Start("--maxmemory-policy", "allkeys-lru");
        var refused = await Assert.ThrowsAsync<GateException>(() => Open(redis));
        Assert.Equal(GateFault.Misconfigured, refused.Fault);
        Assert.Contains("allkeys-lru", refused.Message, StringComparison.Ordinal);
        Assert.Contains("CONFIG SET maxmemory-policy noeviction", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_that_starts_to_throw_keys_away_is_noticed_by_the_next_measurement()
    {
        var redis = await Start();
        var store = await Open(redis);
        await store.Memory(Cancel);
        await Command(redis, "CONFIG", "SET", "maxmemory-policy", "volatile-ttl");
        Assert.Equal(GateFault.Misconfigured, (await Assert.ThrowsAsync<GateException>(() => store.Memory(Cancel))).Fault);
    }

    [Fact]
    public async Task Without_a_memory_limit_no_policy_matters_and_the_budget_is_what_is_full()
    {
        var redis = await Start("--maxmemory", "0", "--maxmemory-policy", "allkeys-lru");
        var store = await GateStore.Open(new GateStoreOptions { Endpoint = redis.Endpoint, MemoryBudget = 100_000_000 }, Cancel);
        _stores.Add(store);
        Assert.Equal(100_000_000, (await store.Memory(Cancel)).Max);
        Assert.Null((await (await Open(redis)).Memory(Cancel)).Ratio);
    }

    [Fact]
    public async Task A_replica_is_refused_and_a_primary_that_becomes_one_is_read_only()
    {
        var primary = await Start();
        var redis = await Start();
        var gate = (await Open(redis)).Hunt("h");
        await gate.Reopen(1, Cancel);
        await Command(redis, "REPLICAOF", "127.0.0.1", primary.Port);
        Assert.Equal(GateFault.ReadOnly, (await Assert.ThrowsAsync<GateException>(() => gate.Publish(1, Limits, Cancel))).Fault);
        var refused = await Assert.ThrowsAsync<GateException>(() => Open(redis));
        Assert.Equal(GateFault.Misconfigured, refused.Fault);
        Assert.Contains("replica", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_password_a_wrong_address_and_nonsense_are_told_apart()
    {
        var redis = await Start("--requirepass", "secret");
        Assert.Equal(GateFault.Misconfigured, (await Assert.ThrowsAsync<GateException>(() => Open(redis))).Fault);
        var store = await GateStore.Open(new GateStoreOptions { Endpoint = $"{redis.Endpoint},password=secret" }, Cancel);
        _stores.Add(store);
        Assert.Equal(redis.Endpoint, store.Endpoint);

        redis.Kill();
        Assert.Equal(GateFault.Away, (await Assert.ThrowsAsync<GateException>(() => Open(redis))).Fault);
        Assert.Equal(GateFault.Misconfigured, (await Assert.ThrowsAsync<GateException>(() =>
            GateStore.Open(new GateStoreOptions { Endpoint = "127.0.0.1:1,nonsense=1" }, Cancel))).Fault);
    }

    [Fact]
    public async Task What_it_tells_of_its_memory_is_read()
    {
        var redis = await Start();
        var store = await Open(redis);
        await Command(redis, "SAVE");
        var memory = await store.Memory(Cancel);
        Assert.Equal(64 << 20, memory.Max);
        Assert.InRange(memory.Ratio!.Value, 0.001, 0.2);
        Assert.True(memory.Resident > 1_000_000 && memory.Fragmentation > 0);
        Assert.StartsWith(product, memory.Product, StringComparison.Ordinal);
        Assert.False(memory.Saving);
        Assert.InRange(memory.Ping, TimeSpan.FromTicks(1), TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task One_process_makes_one_connection()
    {
        var redis = await Start();
        var store = await Open(redis);
        await store.Hunt("a").Reopen(1, Cancel);
        await store.Hunt("b").Reopen(1, Cancel);
        var clients = (await Command(redis, "CLIENT", "LIST")).ToString();
        Assert.Equal(1, clients.Split('\n').Count(line => line.Contains("name=veltrix ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Deployments_with_a_prefix_of_their_own_share_a_store()
    {
        var redis = await Start();
        var gates = new List<HuntGate>();
        foreach (var prefix in new[] { "blue:", "green:" })
        {
            var store = await GateStore.Open(new GateStoreOptions { Endpoint = redis.Endpoint, Prefix = prefix }, Cancel);
            _stores.Add(store);
            gates.Add(store.Hunt("h"));
            Assert.True((await store.Lead(prefix, Minute, Cancel)).IsLeader);
            await gates[^1].Reopen(1, Cancel);
            await gates[^1].Publish(1, Limits, Cancel);
        }
        await gates[0].Ask("ada", 1, false, Minute, true, true, Cancel);
        Assert.Empty(await gates[1].Seated(["ada"], Cancel));
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _stores) await store.DisposeAsync();
        foreach (var server in _servers) server.Dispose();
    }

    async Task<RedisServer> Start(params string[] options)
    {
        var server = await RedisServer.StartAs(program, options);
        if (server is null) Assert.Skip(RedisServer.Missing(program));
        _servers.Add(server);
        return server;
    }

    async Task<GateStore> Open(RedisServer redis)
    {
        var store = await GateStore.Open(new GateStoreOptions { Endpoint = redis.Endpoint }, Cancel);
        _stores.Add(store);
        return store;
    }

    /// <summary>With junk, until it refuses to write.</summary>
    static async Task Fill(RedisServer redis)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"{redis.Endpoint},allowAdmin=true");
        var database = connection.GetDatabase();
        foreach (var size in new[] { 10_000, 100, 1 })
        {
            var refused = false;
            for (var n = 0; !refused; n++)
                try
                {
                    await database.ListRightPushAsync("junk", new byte[size]);
                }
                catch (RedisServerException e) when (e.Message.StartsWith("OOM", StringComparison.Ordinal))
                {
                    refused = true;
                }
        }
    }

    static async Task<RedisResult> Command(RedisServer redis, string command, params object[] arguments)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"{redis.Endpoint},allowAdmin=true");
        return await connection.GetDatabase().ExecuteAsync(command, arguments);
    }
}
