using System.Diagnostics;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Veltrix.Control;
using Veltrix.EventLog;
using Veltrix.Gate;
using Veltrix.Governor;
using Veltrix.Governor.Orchestration;
using Veltrix.Governor.Sidecar;
using Veltrix.Hosting;
using Veltrix.Server;

namespace Veltrix.Cli;

/// <summary>
/// A server in this process, and whatever else is to run with it. Fails to start with sentences that say what to do, and stops in time.
/// <list type="number">
/// <item>The logs, and with them the data folder, which belongs to one process: whoever else holds it must not be disturbed by what follows.</item>
/// <item><see cref="OpenStore"/>: the shared store, or one of our own.</item>
/// <item><see cref="StartGovernor"/>, before the server that reports to it.</item>
/// <item>The server.</item>
/// <item><see cref="StartOrchestrator"/>, which publishes the first limits.</item>
/// </list>
/// They stop the other way round.
/// </summary>
sealed class LocalServer : IAsyncDisposable
{
    // Long enough to say goodbye to every socket, short enough for whoever pressed Ctrl-C.
    static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(4);

    static readonly TimeSpan AdmittingEvery = TimeSpan.FromMilliseconds(50);

    /// <summary>What counts as full in the store of this process, which has no limit of its own: room for two million seats, and little beside everything else that a process takes.</summary>
    const long EmbeddedBudget = 512L << 20;

    readonly LocalOptions options;
    readonly Settings settings = new();
    IEventLogs? logs;
    GateStore? store;
    GovernorHost? governor;
    VeltrixServer? server;
    OrchestratorHost? orchestrator;

    LocalServer(LocalOptions options) => this.options = options;

    public Uri Url => server!.Url;

    /// <summary>The page that shows limits and reasons; null where nobody governs in this process.</summary>
    public Uri? OpsUrl => governor is null ? null : new Uri(governor.HttpUrl, "/ops");

    public VeltrixServer Server => server!;

    public GateStore Store => store!;

    public Settings Settings => settings;

    public static async Task<LocalServer> Start(LocalOptions options, CancellationToken cancel)
    {
        var local = new LocalServer(options);
        try
        {
            await local.Begin(cancel);
            return local;
        }
        catch (Exception error)
        {
            await local.DisposeAsync();
            if (local.Explain(error) is { } known) throw known;
            throw;
        }
    }

    async Task Begin(CancellationToken cancel)
    {
        Directory.CreateDirectory(options.Folder.Path);
        // The budget, and where the logs are, are wanted before the server reads the settings and watches them.
        new ConfigWatch(options.Config ?? Path.Combine(options.Folder.Path, ConfigFile.DefaultName), settings, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance)
            .ReadFirst(required: options.Config is not null);
        logs = options.OpenLogs is { } open ? open(options.Folder.Path, TimeProvider.System) : await DataFolder.OpenLogs(options.Folder.Path, settings, TimeProvider.System, cancel);
        await OpenStore(cancel);
        if (options.GovernedBy is GovernedBy.ThisProcess here) await StartGovernor(here, cancel);
        server = await VeltrixServer.Start(
            new ServerOptions
            {
                DataFolder = options.Folder.Path, Host = options.Host, Port = options.Port, WebFolder = WebFolder, AllowedOrigins = options.Origins, ConfigFile = options.Config, Gate = store,
                Settings = settings, OpenLogs = (_, _) => logs, Hunt = options.Hunt,
                Governor = options.GovernedBy switch { GovernedBy.Sidecar sidecar => sidecar.Url, GovernedBy.ThisProcess => governor!.GrpcUrl, _ => null },
            }, cancel);
        if (governor is not null) await StartOrchestrator(governor, cancel);
    }

    async Task OpenStore(CancellationToken cancel)
    {
        var asked = new GateStoreOptions { Endpoint = options.Redis, Prefix = options.RedisPrefix };
        asked = options.Redis is not null ? asked.With(settings) : asked with { MemoryBudget = settings.Get(Keys.RedisBudget) is > 0 and var budget ? budget : EmbeddedBudget };
        store = await GateStore.Open(asked, cancel);
        settings.Changed += () => store.MemoryBudget = settings.Get(Keys.RedisBudget) is > 0 and var set ? set : options.Redis is null ? EmbeddedBudget : 0;
    }

    async Task StartGovernor(GovernedBy.ThisProcess here, CancellationToken cancel) => governor = await GovernorHost.Start(
        new GovernorOptions
        {
            Folder = options.Folder.Path, Store = StoreProbe.Of(store!), Settings = settings, Address = here.Address.Address, HttpPort = here.Address.Port, ConfigIsGood = () => settings.LastReload.Ok,
            MoreMeters = [.. OpsListener.ServerMeters, OrchestratorMetrics.MeterName],
        }, cancel);

    async Task StartOrchestrator(GovernorHost beside, CancellationToken cancel) => orchestrator = await OrchestratorHost.Start(
        new OrchestratorOptions { Governors = [beside.GrpcUrl.ToString()], OpenStore = store, TokenFile = beside.TokenFile, Port = 0 }, cancel);

    CliException? Explain(Exception error) => error switch
    {
        IOException { InnerException: AddressInUseException } when governor is null && options.GovernedBy is GovernedBy.ThisProcess here => OpsListener.InUse(here.Address, error),
        IOException { InnerException: AddressInUseException } => new CliException(
            ExitCode.Refused, $"Port {options.Port} on {options.Host} is in use by another program.", "Choose another with --port, or let --port 0 take any free one.", error),
        SocketException => new CliException(
            ExitCode.Failed, $"Cannot listen on {options.Host}:{options.Port}: {error.Message}.", "Choose an address of this machine with --host, and a port above 1023 with --port.", error),
        ConfigException => new CliException(
            ExitCode.Failed, $"The settings cannot be taken:\n{error.Message}", "Repair them and start again; 'veltrix config validate FILE' reads them without a server.", error),
        ControlException control => new CliException(control.Fault == ControlFault.ControlUnavailable ? ExitCode.Failed : ExitCode.Refused, control.Message, control.Remedy, error),
        InvalidDataException => new CliException(ExitCode.Failed, error.Message, null, error),
        GateException gate => new CliException(
            gate.Fault == GateFault.Misconfigured ? ExitCode.Refused : ExitCode.Failed, gate.Message, options.Redis is null ? null : "Name another store with --redis, or none for the embedded one.", error),
        UnauthorizedAccessException => new CliException(ExitCode.Failed, $"The data folder {options.Folder.Path} cannot be written: {error.Message}", "Choose another with --data.", error),
        _ => null,
    };

    /// <summary>The web pages beside the program; null where they were not built.</summary>
    public static string? WebFolder
    {
        get
        {
            var path = Path.Combine(AppContext.BaseDirectory, "web");
            return Directory.Exists(path) ? path : null;
        }
    }

    /// <summary>An organiser's way in, over the same interface that everybody uses.</summary>
    public Remote AsOrganiser() => new(Url, server!.AdminKey, "in this process");

    /// <summary>Waits until hunters can get into all these hunts, though not for ever: a hunt's first limit takes a second or two.</summary>
    public async Task UntilAdmitting(IReadOnlyList<string> hunts, TimeSpan patience, CancellationToken cancel)
    {
        for (var since = Stopwatch.StartNew(); since.Elapsed < patience && !hunts.All(server!.IsAdmitting);) await Task.Delay(AdmittingEvery, cancel);
    }

    public string AuditKey(string hunt) => server!.AuditKey(hunt);

    public string ReplayKey() => server!.ReplayKey();

    public async ValueTask DisposeAsync()
    {
        if (orchestrator is not null) await orchestrator.DisposeAsync();
        if (server is not null)
        {
            using var patience = new CancellationTokenSource(StopWithin);
            try
            {
                await server.Stop(patience.Token);
            }
            catch (OperationCanceledException)
            {
                // What was acknowledged is durable already: ending now loses nothing.
            }

            await server.DisposeAsync();
        }
        else if (logs is not null)
        {
            await logs.DisposeAsync();
        }

        if (governor is not null) await governor.DisposeAsync();
        if (store is not null) await store.DisposeAsync();
        settings.Dispose();
    }
}
