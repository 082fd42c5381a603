using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Veltrix.Gate;
using Veltrix.Hosting;

namespace Veltrix.Governor.Orchestration;

/// <summary>A running orchestrator: its loop, and an address for metrics, health and <c>/v1/hunts</c>.</summary>
public sealed class OrchestratorHost : IAsyncDisposable
{
    readonly WebApplication app;
    readonly GateStore store;
    readonly bool ownsStore;
    readonly Governors governors;
    readonly Faults faults;
    readonly OrchestratorMetrics metrics;
    readonly Orchestrator orchestrator;
    readonly Settings settings;
    readonly CancellationTokenSource stop = new();
    Task running = Task.CompletedTask;
    int disposed;

    OrchestratorHost(WebApplication app, GateStore store, Settings settings, OrchestratorOptions options, IReadOnlyList<GovernorAddress> addresses, ILogger logger)
    {
        this.app = app;
        this.store = store;
        this.settings = settings;
        ownsStore = options.OpenStore is null;
        faults = new Faults(logger);
        governors = new Governors(addresses, () => Token(options.TokenFile), options.Within, options.Clock, faults);
        orchestrator = new Orchestrator(store, governors, options, faults, logger);
        metrics = new OrchestratorMetrics(() => orchestrator.Now);
    }

    /// <summary>Where metrics are to be had.</summary>
    public Uri Url { get; private set; } = new("http://127.0.0.1");

    /// <summary>As of the last round.</summary>
    public Snapshot Now => orchestrator.Now;

    /// <exception cref="ArgumentException">An address of a governor cannot be understood.</exception>
    /// <exception cref="ConfigException">The configuration has faults, or is not there.</exception>
    /// <exception cref="GateException">The store cannot be reached, or evicts keys.</exception>
    /// <exception cref="IOException">The address is in use, or the token's file cannot be read.</exception>
    public static async Task<OrchestratorHost> Start(OrchestratorOptions options, CancellationToken cancel)
    {
        var addresses = options.Governors.Select(text =>
            GovernorAddress.TryParse(text, out var address, out var fault) ? address : throw new ArgumentException($"{text}: {fault}", nameof(options))).ToList();
        // What is wrong now would be wrong every five seconds.
        if (options.TokenFile is { } file) await File.ReadAllTextAsync(file, cancel);
        var app = Builder(options).Build();
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Veltrix.Orchestrator");
        var settings = new Settings(options.Clock);
        OrchestratorHost? host = null;
        try
        {
            var config = options.ConfigFile is { } path ? new ConfigWatch(path, settings, options.Clock, logger) : null;
            config?.ReadFirst(required: true);
            SecretFile.Warn(settings, logger);
            var store = options.OpenStore ?? await GateStore.Open(options.Store.With(settings), cancel);
            if (config is not null) settings.Changed += () => store.MemoryBudget = settings.Get(Keys.RedisBudget);
            host = new OrchestratorHost(app, store, settings, options, addresses, logger);
            host.Map();
            await app.StartAsync(cancel);
            host.Url = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
            host.running = Task.WhenAll(Task.Run(() => host.orchestrator.Run(host.stop.Token), CancellationToken.None), config?.Run(host.stop.Token) ?? Task.CompletedTask);
            return host;
        }
        catch
        {
            await (host?.DisposeAsync() ?? app.DisposeAsync());
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0) return;
        await stop.CancelAsync();
        await running;
        await app.DisposeAsync();
        metrics.Dispose();
        governors.Dispose();
        settings.Dispose();
        if (ownsStore) await store.DisposeAsync();
        stop.Dispose();
    }

    void Map()
    {
        app.MapMetrics();
        // A standby is as ready as a leader: it is there to take over.
        app.MapHealth(() => faults.Present.GetValueOrDefault("leadership") ?? (Now.Rounds > 0 ? null : "the first round is not over"));
        app.MapGet("/v1/hunts", () => TypedResults.Json(OrchestratorView.Of(Now, faults.Present), OrchestratorJson.Default.OrchestratorView));
    }

    // Read again each time, because mounted secrets change; Apply says it if the token is gone or wrong.
    string? Token(string? file)
    {
        if (file is null) return null;
        try
        {
            var token = File.ReadAllText(file).Trim();
            faults.Gone("token");
            return token;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            faults.Seen("token", error.GetType().Name, error.Message);
            return null;
        }
    }

    static WebApplicationBuilder Builder(OrchestratorOptions options)
    {
        var builder = RoleHost.Builder(options.Logging, LogLevel.Information, TimeSpan.FromSeconds(5));
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Parse(options.Host), options.Port, listen => listen.Protocols = HttpProtocols.Http1));
        Telemetry.Add(builder.Services, "veltrix-orchestrator", OrchestratorMetrics.MeterName);
        return builder;
    }
}
