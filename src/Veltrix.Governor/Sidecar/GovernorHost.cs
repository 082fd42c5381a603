using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Veltrix.Gate;
using Veltrix.Hosting;

namespace Veltrix.Governor.Sidecar;

/// <summary>How a governor runs.</summary>
public sealed record GovernorOptions
{
    /// <summary>Decisions and the token are kept here.</summary>
    public required string Folder { get; init; }

    /// <summary>The shared store; <see cref="StoreProbe.Of"/> a <see cref="GateStore"/> that whoever starts this has opened, and closes.</summary>
    public required StoreProbe Store { get; init; }

    public Settings Settings { get; init; } = Settings.Defaults;

    /// <summary>Read before anything runs and watched from then on, with what it sets going into <see cref="Settings"/>; null: whoever starts this sees to the settings.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>A <see cref="ConfigFile"/> that is not there stops the start.</summary>
    public bool ConfigIsRequired { get; init; }

    /// <summary>False after an edit of the configuration that was rejected.</summary>
    public Func<bool> ConfigIsGood { get; init; } = () => true;

    /// <summary>
    /// Told what people have set for a hunt, by key, when its server reports a change: a governor in a process of its own puts it into its <see cref="Settings"/>. Null where server and governor share them.
    /// </summary>
    public Action<string, IReadOnlyDictionary<string, string>>? Adopt { get; init; }

    /// <summary>As votes name it.</summary>
    public string Name { get; init; } = Environment.MachineName;

    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>For servers and orchestrators: HTTP/2 in clear text. 0: any free one.</summary>
    public int GrpcPort { get; init; }

    /// <summary>For people and Prometheus. 0: any free one.</summary>
    public int HttpPort { get; init; }

    /// <summary>The control token's file; null: <c>control.token</c> in the folder. Made if it is missing.</summary>
    public string? TokenFile { get; init; }

    /// <summary>Meters of other roles in the same process, exported with its own.</summary>
    public IReadOnlyList<string> MoreMeters { get; init; } = [];

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>False: ticks come from outside, by <see cref="GovernorSidecar.Tick"/>.</summary>
    public bool TicksByItself { get; init; } = true;
}

/// <summary>A running governor: the sidecar with its two listeners.</summary>
public sealed class GovernorHost : IAsyncDisposable
{
    readonly WebApplication app;
    readonly GovernorOptions options;
    readonly GovernorMetrics metrics;
    readonly CancellationTokenSource stop;
    Task ticking = Task.CompletedTask;
    Task watching = Task.CompletedTask;
    bool stopped;

    GovernorHost(WebApplication app, GovernorOptions options, GovernorSidecar sidecar, GovernorMetrics metrics, ControlToken token, CancellationTokenSource stop) =>
        (this.app, this.options, Sidecar, this.metrics, TokenFile, this.stop) = (app, options, sidecar, metrics, token.File, stop);

    public GovernorSidecar Sidecar { get; }

    /// <summary>The gRPC service.</summary>
    public Uri GrpcUrl { get; private init; } = new("http://127.0.0.1");

    /// <summary><c>/metrics</c>, <c>/livez</c>, <c>/readyz</c>, <c>/ops</c>.</summary>
    public Uri HttpUrl { get; private init; } = new("http://127.0.0.1");

    public string TokenFile { get; }

    /// <exception cref="IOException">A port is in use, or the token's file can neither be read nor made.</exception>
    /// <exception cref="ConfigException">The configuration has faults, or is not there though it must be.</exception>
    public static async Task<GovernorHost> Start(GovernorOptions options, CancellationToken cancel)
    {
        var token = ControlToken.Open(options.TokenFile ?? Path.Combine(options.Folder, "control.token"));
        var stop = new CancellationTokenSource();
        Listeners listeners = new();
        var builder = Builder(options, listeners);
        builder.Services.AddSingleton(token).AddSingleton(new StopSignal(stop.Token)).AddSingleton(options.Clock);
        builder.Services.AddSingleton(services => new GovernorSidecar(
            options.Store, options.Settings, options.Clock, options.Folder, services.GetRequiredService<ILoggerFactory>().CreateLogger("Veltrix.Governor"), options.Name, options.Adopt));
        var app = builder.Build();
        var sidecar = app.Services.GetRequiredService<GovernorSidecar>();
        var metrics = new GovernorMetrics(sidecar, options.ConfigIsGood);
        try
        {
            var config = options.ConfigFile is { } file ? new ConfigWatch(file, options.Settings, options.Clock, app.Logger) : null;
            config?.ReadFirst(options.ConfigIsRequired);
            // With a file of its own it is a process of its own.
            if (config is not null) SecretFile.Warn(options.Settings, app.Logger);
            app.MapGrpcService<GovernorRpc>().DisableHttpMetrics();
            app.MapMetrics();
            app.MapHealth(() => sidecar.NotReady);
            app.MapGet("/readyz/server", () => sidecar.NoServer is { } why ? Results.Text($"not ready: {why}", statusCode: StatusCodes.Status503ServiceUnavailable) : Results.Text("ok")).DisableHttpMetrics();
            app.MapOps(sidecar, options.Clock);
            await app.StartAsync(cancel);
            var host = new GovernorHost(app, options, sidecar, metrics, token, stop) { GrpcUrl = listeners.Url(listeners.Grpc), HttpUrl = listeners.Url(listeners.Http) };
            GovernorFile.Write(options.Folder, host.GrpcUrl, host.HttpUrl);
            if (config is not null) host.watching = Task.Run(() => config.Run(stop.Token), CancellationToken.None);
            if (options.TicksByItself) host.ticking = Task.Run(() => host.Loop(stop.Token), CancellationToken.None);
            return host;
        }
        catch
        {
            metrics.Dispose();
            await app.DisposeAsync();
            throw;
        }
    }

    async Task Loop(CancellationToken cancel)
    {
        var clock = options.Clock;
        var due = clock.GetTimestamp();
        while (!cancel.IsCancellationRequested)
        {
            metrics.LoopDelay = Math.Max(0, clock.GetElapsedTime(due).TotalSeconds);
            var began = clock.GetTimestamp();
            await Tick(cancel);
            // From the beginning of this tick, so that slow measurements do not make ticks rare; never two at once, and never a hail of late ones.
            var wait = options.Settings.Get(Keys.Tick) - clock.GetElapsedTime(began);
            if (wait < TimeSpan.FromMilliseconds(100)) wait = TimeSpan.FromMilliseconds(100);
            due = clock.GetTimestamp() + (long)(wait.TotalSeconds * clock.TimestampFrequency);
            using var early = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            await Task.WhenAny(Task.Delay(wait, clock, early.Token), Sidecar.NewHunt);
            await early.CancelAsync();
        }
    }

    /// <summary>One tick, timed. A fault of ours in one must not be the last.</summary>
    public async Task Tick(CancellationToken cancel)
    {
        var began = options.Clock.GetTimestamp();
        try
        {
            await Sidecar.Tick(cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return;
        }
        catch (Exception error) when (options.TicksByItself)
        {
            app.Logger.LogError(error, "A tick failed; the next one comes in time.");
        }

        metrics.Looped(options.Clock.GetElapsedTime(began));
    }

    /// <summary>Ends the streams, then the listeners. What was decided is on disk already.</summary>
    public async ValueTask DisposeAsync()
    {
        if (stopped) return;
        stopped = true;
        GovernorFile.Remove(options.Folder);
        await stop.CancelAsync();
        await Task.WhenAll(ticking, watching);
        await app.StopAsync();
        Sidecar.Dispose();
        metrics.Dispose();
        await app.DisposeAsync();
        stop.Dispose();
    }

    static WebApplicationBuilder Builder(GovernorOptions options, Listeners listeners)
    {
        var builder = RoleHost.Builder(logging: null, LogLevel.Information, TimeSpan.FromSeconds(3));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null; // A report is a request that lasts as long as its server; messages are bounded by the service.
            kestrel.Listen(options.Address, options.GrpcPort, listen => (listen.Protocols, listeners.Grpc) = (HttpProtocols.Http2, listen));
            kestrel.Listen(options.Address, options.HttpPort, listen => (listen.Protocols, listeners.Http) = (HttpProtocols.Http1, listen));
        });
        builder.Services.Configure<KestrelServerOptions>(kestrel => kestrel.Limits.MinRequestBodyDataRate = null);
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = 4 << 20);
        Telemetry.Add(builder.Services, "veltrix-governor", [GovernorMetrics.MeterName, .. options.MoreMeters]);
        return builder;
    }

    /// <summary>Kestrel writes the port it was given into these.</summary>
    sealed class Listeners
    {
        public ListenOptions? Grpc { get; set; }

        public ListenOptions? Http { get; set; }

        public Uri Url(ListenOptions? listen)
        {
            var end = listen!.IPEndPoint!;
            var address = end.Address.Equals(IPAddress.Any) ? IPAddress.Loopback : end.Address;
            return new Uri($"http://{new IPEndPoint(address, end.Port)}");
        }
    }
}
