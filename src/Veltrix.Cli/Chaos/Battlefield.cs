using Veltrix.Cli.Clusters;
using Veltrix.Control;
using Veltrix.EventLog.Kafka;
using Veltrix.Gate;
using Veltrix.Hosting;
using Veltrix.Server;
using Veltrix.Server.Scoring;

namespace Veltrix.Cli.Chaos;

/// <summary>
/// All that chaos may break, and how each kind of fault is done and healed:
/// a broker, a Redis and a PostgreSQL of its own, a cluster whose servers reach Redis and the broker, and are reached by hunters, over wires of their own, one more server in this process whose clock may be set
/// wrong, and a disk that may be filled.
/// </summary>
sealed class Battlefield : IAsyncDisposable
{
    static readonly TimeSpan ClockSkew = TimeSpan.FromHours(1);
    static readonly TimeSpan WireDelay = TimeSpan.FromMilliseconds(150);
    const long RedisBytes = 256 << 20;

    /// <summary>Each waits for two seconds.</summary>
    const int OpenAttempts = 10;

    /// <summary>What others in this process may take to end, which cannot be killed.</summary>
    static readonly TimeSpan EndWithin = TimeSpan.FromSeconds(1);

    // Of the servers of the cluster, in their order.
    readonly List<Wires> wires = [];
    readonly SkewedClock clock = new();
    readonly SemaphoreSlim redisTurn = new(1), kafkaTurn = new(1), postgresTurn = new(1);
    KafkaScript kafka = null!;
    RedisProcess redis = null!;
    PostgresProcess postgres = null!;
    SmallDisk disk = null!;
    TcpRelay kafkaOfSkewed = null!;
    ScorerWatch? scorers;
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

    /// <summary>Where hunters find the servers of the cluster, over their wires.</summary>
    public IReadOnlyList<Uri> HunterUrls => [.. wires.Select(each => each.Url)];

    /// <summary>What one server reaches others over, and hunters it.</summary>
    sealed record Wires(TcpRelay Redis, TcpRelay Kafka, TcpRelay Hunters) : IAsyncDisposable
    {
        public Uri Url => new($"http://{Hunters.Endpoint}");

        public async ValueTask DisposeAsync()
        {
            await Redis.DisposeAsync();
            await Kafka.DisposeAsync();
            await Hunters.DisposeAsync();
        }
    }

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
        RefuseOtherAddress(options, kafka.Bootstrap);
        for (var i = 0; i < options.Servers; i++) wires.Add(new Wires(new TcpRelay(redis.Endpoint), TcpRelay.ToBroker(kafka.Bootstrap), new TcpRelay()));
        kafkaOfSkewed = TcpRelay.ToBroker(kafka.Bootstrap);
        disk = SmallDisk.Mount(Path.Combine(folder, "server-1"));
        await WriteSettings(Path.Combine(folder, ConfigFile.DefaultName), kafka.Bootstrap, "none");
        for (var i = 1; i <= options.Servers; i++) await WriteSettings(ConfigOf(i), wires[i - 1].Kafka.Endpoint, wires[i - 1].Url.OriginalString);
        await WriteSettings(ConfigOf(0), kafkaOfSkewed.Endpoint, "none");
        Cluster = await Cluster.Start(
            new ClusterOptions
            {
                Folder = folder, Servers = options.Servers, Redis = redis.Endpoint, RedisOfServer = i => wires[i - 1].Redis.Endpoint, ConfigOfServer = ConfigOf, IsThrownAway = true,
            }, cancel);
        foreach (var (each, url) in wires.Zip(Cluster.Urls)) each.Hunters.Move(url.Authority);
        store = await Open(new GateStoreOptions { Endpoint = redis.Endpoint }, cancel);
        await StartSkewed(Path.Combine(folder, "server-skewed"), ConfigOf(0), cancel);
        if (KafkaWires.Any(wire => wire.Renamed == 0)) throw OtherAddress(options, kafka.Bootstrap);

        // By number from 1; 0: of the one in this process. Settings of the process come from a file alone, so each server has its own.
        string ConfigOf(int server) => Path.Combine(folder, $"server-{server}.yml");

        Task WriteSettings(string file, string brokers, string publicUrl) => File.WriteAllTextAsync(
            file, $"{Keys.KafkaServers.Name}: {brokers}\n{Keys.PublicUrl.Name}: \"{publicUrl}\"\n{Keys.ControlDatabase.Name}: {postgres.Connection}\n{settings}", cancel);
    }

    // Otherwise servers would go to it past their wires, and nothing would be cut.
    static void RefuseOtherAddress(ChaosOptions options, string bootstrap)
    {
        if (bootstrap != $"127.0.0.1:{options.KafkaPort}") throw OtherAddress(options, bootstrap);
    }

    static CliException OtherAddress(ChaosOptions options, string bootstrap) => new(
        ExitCode.Refused, $"The broker at {bootstrap} does not tell its clients to come to 127.0.0.1:{options.KafkaPort}, so no wire to it can be cut.",
        $"See that {Path.Combine(options.KafkaScripts, "up")} advertises 127.0.0.1:$KAFKA_PORT and nothing else.");

    IReadOnlyList<TcpRelay> KafkaWires => [.. wires.Select(each => each.Kafka), kafkaOfSkewed];

    IReadOnlyList<TcpRelay> RedisWires => [.. wires.Select(each => each.Redis)];

    IReadOnlyList<TcpRelay> HunterWires => [.. wires.Select(each => each.Hunters)];

    async Task StartSkewed(string folder, string config, CancellationToken cancel)
    {
        Directory.CreateDirectory(folder);
        SigningKey.Share(Cluster.Folder, folder);
        storeOfSkewed = await Open(new GateStoreOptions { Endpoint = redis.Endpoint, Clock = clock }, cancel);
        skewed = await VeltrixServer.Start(
            new ServerOptions
            {
                DataFolder = folder, Port = 0, Clock = clock, ConfigFile = config, Gate = storeOfSkewed, Governor = new Uri((string)Cluster.Governors[0].Said!["grpc"]!),
                LogLevel = Microsoft.Extensions.Logging.LogLevel.None,
            }, cancel);
    }

    // It runs. But while servers, governors and orchestrators compile their beginnings at once, an answer of it may take longer than a connection waits.
    static async Task<GateStore> Open(GateStoreOptions options, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
            try
            {
                return await GateStore.Open(options, cancel);
            }
            catch (GateException e) when (e.Fault == GateFault.Away && attempt < OpenAttempts)
            {
            }
    }

    /// <summary>From now on it is known who scores this hunt.</summary>
    /// <param name="took">Called with the name of every server that takes it.</param>
    public void WatchScorers(string hunt, Action<string> took)
    {
        scorers = new ScorerWatch(new KafkaOptions { BootstrapServers = kafka.Bootstrap }, hunt);
        scorers.Begin(pid => took(pid == Environment.ProcessId ? "the server in this process" : Cluster.Servers.FirstOrDefault(server => server.Pid == pid)?.Name ?? $"process {pid}, which is gone"));
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
        FaultKind.KillRedis => InTurn(redisTurn, () => redis.Crash(fault.Lasts, cancel), cancel),
        FaultKind.StopRedis => InTurn(redisTurn, () => Hang(redis.Pid, fault.Lasts, cancel), cancel),
        FaultKind.Flush => InTurn(redisTurn, () => redis.FlushAll(cancel), cancel),
        FaultKind.CutRedis => Cut(Victim(RedisWires, fault), fault.Lasts, cancel),
        FaultKind.DelayRedis => Delay(Victim(RedisWires, fault), fault.Lasts, cancel),
        FaultKind.KillKafka => InTurn(kafkaTurn, () => kafka.Crash(fault.Lasts, cancel), cancel),
        FaultKind.StopKafka => InTurn(kafkaTurn, () => Hang(kafka.Pid, fault.Lasts, cancel), cancel),
        // So long that others see the scorer's silence and take over, while it does not know.
        FaultKind.CutKafka => Cut(KafkaOfScorer(fault), Scorer.TakeOverAfter + fault.Lasts, cancel),
        FaultKind.DelayKafka => Delay(KafkaOfScorer(fault), fault.Lasts, cancel),
        FaultKind.CutHunters => Cut(Victim(HunterWires, fault), fault.Lasts, cancel),
        FaultKind.DelayHunters => Delay(Victim(HunterWires, fault), fault.Lasts, cancel),
        FaultKind.KillPostgres => InTurn(postgresTurn, () => postgres.Crash(fault.Lasts, cancel), cancel),
        FaultKind.StopPostgres => InTurn(postgresTurn, () => Hang(postgres.Pid, fault.Lasts, cancel), cancel),
        FaultKind.FullDisk => FillDisk(fault.Lasts, cancel),
        FaultKind.SkewClock => Skew(fault.Draw < 0.5 ? ClockSkew : -ClockSkew, fault.Lasts, cancel),
        _ => throw new ArgumentOutOfRangeException(nameof(fault), fault.Kind, "a fault that nobody knows how to do"),
    };

    // What is away can be neither hung nor emptied: a store's next fault begins when it is back.
    static async Task InTurn(SemaphoreSlim turn, Func<Task> fault, CancellationToken cancel)
    {
        await turn.WaitAsync(cancel);
        try
        {
            await fault();
        }
        finally
        {
            turn.Release();
        }
    }

    static T Victim<T>(IReadOnlyList<T> all, PlannedFault fault) => all[(int)(fault.Draw * all.Count)];

    // Nobody else's wire matters as much. Where nobody scores at the moment, the seed draws.
    TcpRelay KafkaOfScorer(PlannedFault fault)
    {
        if (scorers?.Pid == Environment.ProcessId) return kafkaOfSkewed;
        var scores = Cluster.Servers.Zip(wires).FirstOrDefault(pair => pair.First.Pid is { } pid && pid == scorers?.Pid).Second;
        return (scores ?? Victim(wires, fault)).Kafka;
    }

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

    /// <summary>All of it is thrown away, so nobody is asked to end well.</summary>
    public async ValueTask DisposeAsync()
    {
        // While the broker is there, which those in this process would wait for.
        await Task.WhenAll(End(Cluster), Task.WhenAny(Task.WhenAll(End(scorers), End(skewed)), Task.Delay(EndWithin)));
        await Task.WhenAll([End(storeOfSkewed), End(store), End(kafkaOfSkewed), .. wires.Select(End)]);
        await Task.WhenAll(End(redis), End(postgres), End(kafka));
        disk?.Dispose();

        static Task End(IAsyncDisposable? one) => one is null ? Task.CompletedTask : one.DisposeAsync().AsTask();
    }
}
