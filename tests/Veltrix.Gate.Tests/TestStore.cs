using StackExchange.Redis;

namespace Veltrix.Gate.Tests;

/// <summary>A store that the tests of one class share. Each test has a hunt of its own in it.</summary>
public abstract class TestStore : IAsyncLifetime
{
    readonly List<GateStore> _connections = [];

    public GateStore Store { get; private set; } = null!;

    /// <summary>Why there is no store on this machine, in a sentence; only looked at where there is none.</summary>
    public virtual string? Missing => null;

    public abstract ValueTask InitializeAsync();

    /// <summary>As another process does: a connection of its own.</summary>
    public async Task<GateStore> Connect()
    {
        var store = await GateStore.Open(new GateStoreOptions { Endpoint = Store.Endpoint }, TestContext.Current.CancellationToken);
        lock (_connections) _connections.Add(store);
        return store;
    }

    /// <summary>Straight to the store, past the gate.</summary>
    public async Task<RedisResult> Command(string command, params object[] arguments)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"{Store.Endpoint},allowAdmin=true");
        return await connection.GetDatabase().ExecuteAsync(command, arguments);
    }

    public virtual async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections) await connection.DisposeAsync();
        if (Store is not null) await Store.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected async Task Open(string? endpoint) => Store = await GateStore.Open(new GateStoreOptions { Endpoint = endpoint }, default);
}

/// <summary>A server of its own for the tests of one class. Where this machine has none, <see cref="TestStore.Store"/> is null and the tests say so.</summary>
public abstract class ServerStore(string program) : TestStore
{
    RedisServer? _server;

    public override string? Missing => RedisServer.Missing(program);

    public override async ValueTask InitializeAsync()
    {
        _server = await RedisServer.StartAs(program);
        if (_server is not null) await Open(_server.Endpoint);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _server?.Dispose();
    }
}

public sealed class RedisStore() : ServerStore(RedisServer.Redis);

public sealed class ValkeyStore() : ServerStore(RedisServer.Valkey);

public sealed class GarnetStore : TestStore
{
    public override async ValueTask InitializeAsync() => await Open(null);
}
