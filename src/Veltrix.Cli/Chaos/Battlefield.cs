using Veltrix.Cli.Clusters;
using Veltrix.Control;
using Veltrix.Gate;
using Veltrix.Hosting;
using Veltrix.Server;

namespace Veltrix.Cli.Chaos;

/// <summary>
/// All that chaos may break, and how each kind of fault is done and healed:
/// a broker, a Redis and a PostgreSQL of its own, a cluster whose servers reach Redis over a wire of their own, one more server in this process whose clock may be set wrong, and a disk that may be filled.
/// </summary>
sealed class Battlefield : IAsyncDisposable
{
    static readonly TimeSpan ClockSkew = TimeSpan.FromHours(1);
    static readonly TimeSpan WireDelay = TimeSpan.FromMilliseconds(150);
    const long RedisBytes = 256 << 20;

    readonly List<TcpRelay> wires = [];
    readonly SkewedClock clock = new();
    KafkaScript kafka = null!;
    RedisProcess redis = null!;
    PostgresProcess postgres = null!;
    SmallDisk disk = null!;
    GateStore? store;
    GateStore? storeOfSkewed;
    VeltrixServer? skewed;

    Battlefield()
    {
    }

    public Cluster Cluster { get; private set; } = null!;

    /// <summary>Redis as it is, over no wire.</summary>
    public GateStore Store => store!;

    /// <summary>All servers: those of the cluster, and the one of this process.</summary>
    public IReadOnlyList<Uri> Urls => [.. Cluster.Urls, skewed!.Url];

    /// <param name="settings">More lines for the settings of all roles.</param>
    /// <exception cref="CliException">Something did not start; the message says what and why.</exception>
    public static async Task<Battlefield> Prepare(ChaosOptions options, string folder, string settings, CancellationToken cancel)
    {
        var field = new Battlefield();
        try
        {
            await field.Start(options, folder, settings, cancel);
            return field;
        }
        catch
        {
            await field.DisposeAsync();
            throw;
        }
    }

    async Task Start(ChaosOptions options, string folder, string settings, CancellationToken cancel)
    {
        kafka = await KafkaScript.Start(options.KafkaScripts, options.KafkaPort, cancel);
        redis = await RedisProcess.Start(RedisBytes, cancel);
        postgres = await PostgresProcess.Start(cancel);
        for (var i = 0; i < options.Servers; i++) wires.Add(new TcpRelay(redis.Endpoint));
        disk = SmallDisk.Mount(Path.Combine(folder, "server-1"));
        await File.WriteAllTextAsync(Path.Combine(folder, ConfigFile.DefaultName), $"{Keys.KafkaServers.Name}: {kafka.Bootstrap}\n{Keys.ControlDatabase.Name}: {postgres.Connection}\n{settings}", cancel);
        Cluster = await Cluster.Start(new ClusterOptions { Folder = folder, Servers = options.Servers, Redis = redis.Endpoint, RedisOfServer = i => wires[i - 1].Endpoint }, cancel);
        store = await GateStore.Open(new GateStoreOptions { Endpoint = redis.Endpoint }, cancel);
        await StartSkewed(Path.Combine(folder, "server-skewed"), cancel);
    }

    async Task StartSkewed(string folder, CancellationToken cancel)
    {
        Directory.CreateDirectory(folder);
        SigningKey.Share(Cluster.Folder, folder);
        storeOfSkewed = await GateStore.Open(new GateStoreOptions { Endpoint = redis.Endpoint, Clock = clock }, cancel);
        skewed = await VeltrixServer.Start(
            new ServerOptions
            {
                DataFolder = folder, Port = 0, Clock = clock, ConfigFile = Cluster.Config, Gate = storeOfSkewed, Governor = new Uri((string)Cluster.Governors[0].Said!["grpc"]!),
                LogLevel = Microsoft.Extensions.Logging.LogLevel.None,
            }, cancel);
    }

    /// <summary>Does it, and heals what does not heal by itself. Completes when it is healed.</summary>
    public Task Do(PlannedFault fault, CancellationToken cancel) => fault.Kind switch
    {
        FaultKind.KillServer => Signal(Victim(Cluster.Servers, fault), ProcessSignal.Kill),
        FaultKind.StopServer => Hang(Victim(Cluster.Servers, fault).Pid, fault.Lasts, cancel),
        FaultKind.DrainServer => Signal(Victim(Cluster.Servers, fault), ProcessSignal.Terminate),
        FaultKind.KillGovernor => Signal(Victim(Cluster.Governors, fault), ProcessSignal.Kill),
        FaultKind.StopGovernor => Hang(Victim(Cluster.Governors, fault).Pid, fault.Lasts, cancel),
        FaultKind.KillOrchestrator => Signal(Victim(Cluster.Orchestrators, fault), ProcessSignal.Kill),
        FaultKind.StopOrchestrator => Hang(Victim(Cluster.Orchestrators, fault).Pid, fault.Lasts, cancel),
        FaultKind.KillRedis => redis.Crash(fault.Lasts, cancel),
        FaultKind.StopRedis => Hang(redis.Pid, fault.Lasts, cancel),
        FaultKind.Flush => redis.FlushAll(cancel),
        FaultKind.CutRedis => Cut(Victim(wires, fault), fault.Lasts, cancel),
        FaultKind.DelayRedis => Delay(Victim(wires, fault), fault.Lasts, cancel),
        FaultKind.KillKafka => kafka.Crash(fault.Lasts, cancel),
        FaultKind.StopKafka => Hang(kafka.Pid, fault.Lasts, cancel),
        FaultKind.KillPostgres => postgres.Crash(fault.Lasts, cancel),
        FaultKind.StopPostgres => Hang(postgres.Pid, fault.Lasts, cancel),
        FaultKind.FullDisk => FillDisk(fault.Lasts, cancel),
        FaultKind.SkewClock => Skew(fault.Draw < 0.5 ? ClockSkew : -ClockSkew, fault.Lasts, cancel),
        _ => throw new ArgumentOutOfRangeException(nameof(fault), fault.Kind, "a fault that nobody knows how to do"),
    };

    static T Victim<T>(IReadOnlyList<T> all, PlannedFault fault) => all[(int)(fault.Draw * all.Count)];

    static Task Signal(Role role, int signal)
    {
        if (role.Pid is { } pid) ProcessSignal.Send(pid, signal);
        return Task.CompletedTask;
    }

    static async Task Hang(int? pid, TimeSpan time, CancellationToken cancel)
    {
        if (pid is not { } victim) return;
        ProcessSignal.Send(victim, ProcessSignal.Stop);
        try
        {
            await Task.Delay(time, cancel);
        }
        finally
        {
            ProcessSignal.Send(victim, ProcessSignal.Continue);
        }
    }

    static async Task Cut(TcpRelay wire, TimeSpan time, CancellationToken cancel)
    {
        wire.Cut();
        try
        {
            await Task.Delay(time, cancel);
        }
        finally
        {
            wire.Mend();
        }
    }

    static async Task Delay(TcpRelay wire, TimeSpan time, CancellationToken cancel)
    {
        wire.Delay = WireDelay;
        try
        {
            await Task.Delay(time, cancel);
        }
        finally
        {
            wire.Delay = TimeSpan.Zero;
        }
    }

    // A server that merely runs hardly notices. One that was killed cannot write its files when it starts again, and has to be there when there is room.
    async Task FillDisk(TimeSpan time, CancellationToken cancel)
    {
        disk.Fill();
        try
        {
            await Signal(Cluster.Servers[0], ProcessSignal.Kill);
            await Task.Delay(time, cancel);
        }
        finally
        {
            disk.Free();
        }
    }

    async Task Skew(TimeSpan skew, TimeSpan time, CancellationToken cancel)
    {
        clock.Skew = skew;
        try
        {
            await Task.Delay(time, cancel);
        }
        finally
        {
            clock.Skew = TimeSpan.Zero;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (skewed is not null) await skewed.DisposeAsync();
        if (Cluster is not null) await Cluster.DisposeAsync();
        if (storeOfSkewed is not null) await storeOfSkewed.DisposeAsync();
        if (store is not null) await store.DisposeAsync();
        foreach (var wire in wires) await wire.DisposeAsync();
        if (redis is not null) await redis.DisposeAsync();
        if (postgres is not null) await postgres.DisposeAsync();
        if (kafka is not null) await kafka.DisposeAsync();
        disk?.Dispose();
    }
}
