using System.Collections.Concurrent;
using StackExchange.Redis;

namespace Veltrix.Gate;

/// <summary>How to reach the shared store.</summary>
public sealed record GateStoreOptions
{
    /// <summary>
    /// host:port of Redis, Valkey or Dragonfly, with the options StackExchange.Redis understands, or <c>redis://user@host:port</c>, <c>rediss://</c> for TLS; null: Garnet in this process, kept nowhere.
    /// </summary>
    public string? Endpoint { get; init; }

    /// <summary>For an endpoint without one; null: none.</summary>
    public string? Password { get; init; }

    /// <summary>The PEM file of the authority that signed the store's certificate; null: those that the machine trusts.</summary>
    public string? CaFile { get; init; }

    /// <summary>Put before the name of every key, so that several deployments (or tests) can share a store.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>What counts as full where the store has no maxmemory of its own, in bytes; 0: unknown.</summary>
    public long MemoryBudget { get; init; }

    public TimeProvider Clock { get; init; } = TimeProvider.System;
}

/// <summary>The shared store of live state: the gates of all hunts, and how full it is. Thread-safe; at most 4 connections a process (it is one).</summary>
public sealed class GateStore : IAsyncDisposable
{
    /// <summary>Milliseconds after which an answer counts as not given. Nobody stands in front of a gate that does not answer for longer.</summary>
    const int TimeoutMs = 2_000;

    readonly GateStoreOptions _options;
    readonly EmbeddedStore? _embedded;
    readonly ConnectionMultiplexer _connection;
    readonly IDatabase _database;
    readonly Pings _pings = new();
    readonly ConcurrentDictionary<string, HuntGate> _hunts = [];
    bool _allowsOutOfMemory;
    long _memoryBudget;
    volatile string? _run;
    int _succession;

    GateStore(GateStoreOptions options, EmbeddedStore? embedded, ConnectionMultiplexer connection, string endpoint)
    {
        (_options, _embedded, _connection, Endpoint) = (options, embedded, connection, endpoint);
        _memoryBudget = options.MemoryBudget;
        _database = connection.GetDatabase();
    }

    /// <exception cref="GateException">It cannot be reached, or evicts keys (any policy but <c>noeviction</c>), which would let in a second full house.</exception>
    public static async Task<GateStore> Open(GateStoreOptions options, CancellationToken cancel)
    {
        var embedded = options.Endpoint is null ? EmbeddedStore.Start() : null;
        var settings = embedded is null ? Settings(options) : Settings(new GateStoreOptions { Endpoint = embedded.Endpoint });
        var endpoint = string.Join(',', settings.EndPoints.Select(EndPointCollection.ToString));
        GateStore? store = null;
        try
        {
            var connection = await ConnectionMultiplexer.ConnectAsync(settings).WaitAsync(cancel);
            store = new GateStore(options, embedded, connection, endpoint);
            var info = await store.Info(cancel);
            store.Check(info);
            store._run = info.Run;
            connection.ConnectionRestored += (_, _) => _ = store.Recognise();
            store._allowsOutOfMemory = await store.KnowsOutOfMemoryFlag(cancel);
            return store;
        }
        catch (Exception e)
        {
            if (store is not null) await store.DisposeAsync();
            else embedded?.Dispose();
            if (StoreFault.IsKnown(e)) throw StoreFault.Of(e, endpoint, StoreFault.Connecting);
            throw;
        }
    }

    /// <summary>As in the options; may be changed while running.</summary>
    public long MemoryBudget
    {
        get => Volatile.Read(ref _memoryBudget);
        set => Volatile.Write(ref _memoryBudget, value);
    }

    /// <summary>host:port where other processes of this machine reach it too.</summary>
    public string Endpoint { get; }

    /// <summary>Whether scripts may write at its memory limit, so that those who play go on in a full store.</summary>
    public bool GoesOnWhenFull => _embedded is not null || _allowsOutOfMemory;

    /// <summary>Counts stores behind the address: one more whenever another one, or one that was started again, was found there, and whenever one could not be written for a while. What it holds may then lack
    /// the last that was written.</summary>
    public int Succession => Volatile.Read(ref _succession);

    public HuntGate Hunt(string id) => _hunts.GetOrAdd(id, static (id, store) => new HuntGate(store, id, store._options.Prefix), this);

    /// <summary>How full it is, measured now.</summary>
    /// <exception cref="GateException">It does not answer, or has been set to evict keys.</exception>
    public async Task<StoreMemory> Memory(CancellationToken cancel)
    {
        var at = Clock.GetTimestamp();
        _pings.Add(await Call(database => database.PingAsync(), "measuring its memory", cancel));
        var info = await Info(cancel);
        Check(info);
        return info.Memory(MemoryBudget, _pings.Percentile99, at) ?? throw new GateException(GateFault.Misconfigured,
            $"{info.Product} at {Endpoint} does not say how much memory it uses. Let our user read INFO, or name another store.");
    }

    /// <summary>Takes, renews or loses the leadership of orchestrators. One at a time holds it; <see cref="Leadership.Term"/> grows with every new holder.</summary>
    /// <remarks>The lease counts from before the store was asked, so a holder stops believing before anybody else may begin.</remarks>
    public async Task<Leadership> Lead(string candidate, TimeSpan lease, CancellationToken cancel)
    {
        var asked = Clock.GetUtcNow();
        var answer = await Run(GateScript.Lead, LeaderKeys, [candidate, (long)lease.TotalMilliseconds], "asking who leads", cancel);
        return new Leadership((int)answer[1] == 1, (long)answer[2], (string)answer[3]!, asked + TimeSpan.FromMilliseconds((long)answer[4]));
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        _embedded?.Dispose();
    }

    internal TimeProvider Clock => _options.Clock;

    RedisKey[] LeaderKeys => [$"{{{_options.Prefix}veltrix}}:leader", $"{{{_options.Prefix}veltrix}}:term"];

    /// <summary>Runs a script; its answer is an array that begins with 0.</summary>
    internal async Task<RedisResult[]> Run(GateScript script, RedisKey[] keys, RedisValue[] arguments, string what, CancellationToken cancel) =>
        (RedisResult[])(await Call(database => database.ScriptEvaluateAsync(script.Text(_allowsOutOfMemory), keys, arguments), what, cancel))!;

    /// <summary>Does something in the store, with failures in our words.</summary>
    internal async Task<T> Call<T>(Func<IDatabase, Task<T>> call, string what, CancellationToken cancel)
    {
        try
        {
            return await call(_database).WaitAsync(cancel);
        }
        catch (Exception e) when (StoreFault.IsKnown(e))
        {
            var fault = StoreFault.Of(e, Endpoint, what);
            if (fault.Fault == GateFault.ReadOnly) Interlocked.Increment(ref _succession);
            throw fault;
        }
    }

    /// <summary>A new connection may lead to another store: a replica that was promoted has everything but the last that was written, and looks as if nothing had happened.</summary>
    async Task Recognise()
    {
        string? run = null;
        try
        {
            run = (await Info(default)).Run;
        }
        catch (GateException)
        {
            // Not known, so not the same.
        }

        if (run is not null && run == _run) return;
        _run = run;
        Interlocked.Increment(ref _succession);
    }

    async Task<StoreInfo> Info(CancellationToken cancel)
    {
        var info = new StoreInfo((string)(await Call(database => database.ExecuteAsync("INFO"), "asking how it is", cancel))!);
        if (!info.IsGarnet) return info;
        // Garnet tells of its memory only when asked for it by name.
        var parts = await Task.WhenAll(GarnetSections.Select(section => Call(database => database.ExecuteAsync("INFO", section), "asking how it is", cancel)));
        return new StoreInfo([.. parts.Select(part => (string)part!)]);
    }

    static readonly string[] GarnetSections = ["SERVER", "REPLICATION", "STORE"];

    void Check(StoreInfo info)
    {
        if (info.Evicts is { } policy)
            throw new GateException(GateFault.Misconfigured, $"{info.Product} at {Endpoint} has maxmemory-policy {policy}: at its limit it would throw seats away and let in a second full house. "
                + "Set it to noeviction (CONFIG SET maxmemory-policy noeviction, and in its configuration file), or name another store.");
        if (info.IsReplica)
            throw new GateException(GateFault.Misconfigured, $"{info.Product} at {Endpoint} is a replica and cannot be written. Name the primary, or an address that follows it.");
    }

    async Task<bool> KnowsOutOfMemoryFlag(CancellationToken cancel)
    {
        try
        {
            return (int)await _database.ScriptEvaluateAsync(GateScript.Probe).WaitAsync(cancel) == 1;
        }
        catch (RedisServerException)
        {
            return false;
        }
    }

    static ConfigurationOptions Settings(GateStoreOptions options)
    {
        var settings = StoreAddress.Read(options.Endpoint!, options.Password);
        if (options.CaFile is { } authority) StoreAddress.Trust(settings, authority);
        settings.ClientName ??= "veltrix";
        settings.AbortOnConnectFail = true;
        // The library counts INFO among an administrator's commands.
        settings.AllowAdmin = true;
        settings.ConnectRetry = 1;
        settings.ConnectTimeout = settings.SyncTimeout = settings.AsyncTimeout = TimeoutMs;
        // While it is away every call fails at once instead of waiting for it to come back.
        settings.BacklogPolicy = BacklogPolicy.FailFast;
        settings.ReconnectRetryPolicy = new ExponentialRetry(100, 2_000);
        settings.HeartbeatInterval = TimeSpan.FromMilliseconds(500);
        // Its counters would go into what hunters and operators read.
        settings.IncludeDetailInExceptions = false;
        // No messages are subscribed to, which saves the second connection. Only Sentinel needs one, to tell who the primary is.
        if (settings.ServiceName is null) settings.CommandMap = CommandMap.Create(["SUBSCRIBE", "PSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE"], available: false);
        return settings;
    }
}

/// <param name="Used">Bytes in use: <c>used_memory</c>, or what Garnet calls it.</param>
/// <param name="Max">Bytes that are full: <c>maxmemory</c>, else the budget; null: neither is known.</param>
/// <param name="Resident">RSS, where told.</param>
/// <param name="Saving">A save, rewrite or fork is in progress.</param>
/// <param name="LastFork">How long the last fork took.</param>
/// <param name="Ping">99th percentile of the last pings.</param>
/// <param name="At">Timestamp of the store's clock handed in (<see cref="TimeProvider.GetTimestamp"/>), taken when the answer was asked for.</param>
public sealed record StoreMemory(long Used, long? Max, long? Resident, bool Saving, TimeSpan? LastFork, TimeSpan Ping, string Product, long At)
{
    /// <summary>Used over full, never 0/0: null where nothing says what full is.</summary>
    public double? Ratio => Max is > 0 ? (double)Used / Max : null;

    public double? Fragmentation => Resident is { } resident && Used > 0 ? (double)resident / Used : null;
}

/// <param name="IsLeader">Until <paramref name="Until"/>, if it is not renewed.</param>
/// <param name="Leader">Who leads now.</param>
public readonly record struct Leadership(bool IsLeader, long Term, string Leader, DateTimeOffset Until);

/// <summary>Why the gate did not do something. Those who play go on; joins are closed until it heals.</summary>
public enum GateFault
{
    /// <summary>It does not answer.</summary>
    Away,
    /// <summary>Its keys were lost; servers register anew, then it opens again.</summary>
    Rebuilding,
    /// <summary>It refuses writes although the scripts may run out of memory, or is a replica.</summary>
    ReadOnly,
    /// <summary>It is set up in a way that cannot work; the message says how to mend it.</summary>
    Misconfigured,
}

/// <summary>The message says what, where and the remedy.</summary>
public sealed class GateException(GateFault fault, string message, Exception? inner = null) : IOException(message, inner)
{
    public GateFault Fault { get; } = fault;
}
