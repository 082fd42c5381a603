namespace Veltrix.Gate;

/// <summary>How to reach the shared store.</summary>
public sealed record GateStoreOptions
{
    /// <summary>host:port of Redis, Valkey or Dragonfly, with the options StackExchange.Redis understands; null: Garnet in this process, kept nowhere.</summary>
    public string? Endpoint { get; init; }

    /// <summary>Put before the name of every key, so that several deployments (or tests) can share a store.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>What counts as full where the store has no maxmemory of its own, in bytes; 0: unknown.</summary>
    public long MemoryBudget { get; init; }

    public TimeProvider Clock { get; init; } = TimeProvider.System;
}

/// <summary>The shared store of live state: the gates of all hunts, and how full it is. Thread-safe; at most 4 connections a process.</summary>
public sealed class GateStore : IAsyncDisposable
{
    /// <exception cref="GateException">It cannot be reached, or evicts keys (any policy but <c>noeviction</c>), which would let in a second full house.</exception>
    public static Task<GateStore> Open(GateStoreOptions options, CancellationToken cancel) => throw new NotSupportedException();

    /// <summary>host:port where other processes of this machine reach it too.</summary>
    public string Endpoint => throw new NotSupportedException();

    public HuntGate Hunt(string id) => throw new NotSupportedException();

    /// <summary>How full it is, measured now.</summary>
    /// <exception cref="GateException">It does not answer.</exception>
    public Task<StoreMemory> Memory(CancellationToken cancel) => throw new NotSupportedException();

    /// <summary>Takes, renews or loses the leadership of orchestrators. One at a time holds it; <see cref="Leadership.Term"/> grows with every new holder.</summary>
    public Task<Leadership> Lead(string candidate, TimeSpan lease, CancellationToken cancel) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => throw new NotSupportedException();
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
