using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Veltrix.Control;
using Veltrix.EventLog;
using Veltrix.Gate;
using Veltrix.Hosting;
using Veltrix.Hunts;
using Veltrix.Server.Admission;
using Veltrix.Server.Leaderboards;
using Veltrix.Server.Live;
using Veltrix.Server.Organising;
using Veltrix.Server.Submissions;

namespace Veltrix.Server;

/// <summary>A running server: the hunts of a data folder behind one address.</summary>
public sealed partial class VeltrixServer : IAsyncDisposable
{
    const int DefinitionBodyMax = 1_100_000;

    readonly ServerOptions options;
    readonly WebApplication app;
    readonly IEventLogs logs;
    readonly HuntDirectory hunts;
    readonly ControlStore control;
    readonly Keyring keyring;
    readonly Admissions admissions;
    readonly ConfigMetrics configMetrics;
    readonly ControlMetrics controlMetrics;
    readonly CancellationTokenSource stop = new();
    Task running = Task.CompletedTask;
    bool stopped;

    VeltrixServer(ServerOptions options, WebApplication app, IEventLogs logs, HuntDirectory hunts, ControlStore control, Admissions admissions)
    {
        this.options = options;
        this.app = app;
        this.logs = logs;
        this.hunts = hunts;
        this.control = control;
        this.admissions = admissions;
        keyring = admissions.Keyring;
        configMetrics = new ConfigMetrics(hunts.Settings);
        controlMetrics = new ControlMetrics(control);
    }

    /// <summary>Where it listens.</summary>
    public Uri Url { get; private set; } = new("http://127.0.0.1");

    /// <summary>What <see cref="Stop"/> is waiting for, in words; from any thread.</summary>
    public string StopsAt { get; private set; } = "nothing";

    /// <summary>What is set for the process and for each hunt.</summary>
    public Settings Settings => hunts.Settings;

    /// <summary>Whether a hunt's entrance is at work: its limit is known, and the shared store answers.</summary>
    public bool IsAdmitting(string hunt) => admissions.Find(hunt) is { IsOpen: true };

    /// <summary>The first organiser's key; also in <c>admin.key</c> of the data folder.</summary>
    public string AdminKey => keyring.Issue(Scopes.Organiser, "*", "admin");

    /// <summary>A hunt as it runs here, for whoever shares the process; null: there is none of that id.</summary>
    public LiveHunt? Find(string hunt) => hunts.Find(hunt);

    /// <summary>A key that publishes hunts of recorded time and relays their commands.</summary>
    public string ReplayKey() => keyring.Issue(Scopes.Organiser | Scopes.Relay | Scopes.Replay, "*", "replay");

    /// <summary>A key that reads one hunt's ledger.</summary>
    public string AuditKey(string hunt) => keyring.Issue(Scopes.Audit, hunt, "auditor");

    /// <summary>Opens the data folder, catches up with all its hunts, and listens.</summary>
    /// <exception cref="EventLogException">The data folder is in use, full or broken, or the cluster that has its logs cannot be used.</exception>
    /// <exception cref="IOException">The address is in use.</exception>
    /// <exception cref="ControlException">The control database cannot be used.</exception>
    /// <exception cref="ConfigException">The settings have faults, or are not where they must be.</exception>
    public static async Task<VeltrixServer> Start(ServerOptions options, CancellationToken cancel)
    {
        Directory.CreateDirectory(options.DataFolder);
        var app = Builder(options).Build();
        IEventLogs? logs = null;
        HuntDirectory? hunts = null;
        var settings = options.Settings ?? new Settings(options.Clock);
        GateStore? store = null;
        ControlStore? control = null;
        try
        {
            var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Veltrix");
            var config = new ConfigWatch(options.ConfigFile ?? Path.Combine(options.DataFolder, ConfigFile.DefaultName), settings, options.Clock, logger);
            config.ReadFirst(required: options.ConfigFile is not null);
            SecretFile.Warn(settings, logger);
            logs = options.OpenLogs is { } open ? open(options.DataFolder, options.Clock) : await DataFolder.OpenLogs(options.DataFolder, settings, options.Clock, cancel);
            LimitsInForce.Log(LimitsInForce.Of(settings), logger);
            control = await ControlStore.Open(options.DataFolder, settings, options.Clock, logger, cancel);
            store = options.Gate ?? await GateStore.Open(new GateStoreOptions { Clock = options.Clock, MemoryBudget = settings.Get(Keys.RedisBudget) }, cancel);
            var admissions = new Admissions(store, settings, new Keyring(() => control.Now, options.Clock), options.Governor is not null, options.Clock, logger);
            hunts = new HuntDirectory(logs, options.DataFolder, hunt => admissions.Service(hunt), options.Clock, settings, logger, options.Hunt is { } own ? HuntFile.Read(own).Definition!.Id : null);
            await hunts.OpenAll(cancel);
            settings.Start();
            hunts.NameStrangers();
            settings.Changed += hunts.NameStrangers;
            var server = new VeltrixServer(options, app, logs, hunts, control, admissions);
            server.MapPipeline();
            await app.StartAsync(cancel);
            server.Url = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
            admissions.Address = PublicAddress.Of(settings.Get(Keys.PublicUrl), server.Url.Port);
            server.WriteAdminKey();
            DataFolder.WriteAddress(options.DataFolder, server.Url);
            server.Run(config, logger);
            return server;
        }
        catch
        {
            settings.Dispose();
            await app.DisposeAsync();
            if (hunts is not null) await hunts.DisposeAsync();
            if (logs is not null) await logs.DisposeAsync();
            if (control is not null) await control.DisposeAsync();
            if (store is not null && options.Gate is null) await store.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends everybody away with a word when to come back and, where another server has said so, where to; then closes the logs.</summary>
    public async Task Stop(CancellationToken cancel)
    {
        if (stopped) return;
        stopped = true;
        admissions.Leave();
        StopsAt = "the store, to learn where hunters are to go";
        await Task.WhenAll(hunts.All.Select(async hunt => hunt.Sockets.Close(CloseCodes.Restart, await admissions.Of(hunt).Elsewhere())));
        StopsAt = "its own rounds";
        await stop.CancelAsync();
        await running;
        StopsAt = "connections to be closed";
        await app.StopAsync(cancel);
        StopsAt = "hunts to be handed over";
        await hunts.DisposeAsync();
        admissions.Dispose();
        if (options.Gate is null) await admissions.Store.DisposeAsync();
        StopsAt = "logs to be closed";
        await logs.DisposeAsync();
        StopsAt = "the control database";
        await control.DisposeAsync();
        StopsAt = "its metrics and settings";
        controlMetrics.Dispose();
        configMetrics.Dispose();
        Settings.Dispose();
        StopsAt = "the data folder";
        DataFolder.RemoveAddress(options.DataFolder);
    }

    public async ValueTask DisposeAsync()
    {
        await Stop(CancellationToken.None);
        StopsAt = "the web host to be taken down";
        await app.DisposeAsync();
        stop.Dispose();
    }

    void Run(ConfigWatch config, ILogger logger)
    {
        var pacer = new Pacer(() => hunts.All, options.Clock, logger);
        var tasks = new List<Task> { Task.Run(() => pacer.Run(stop.Token)), Task.Run(() => admissions.Run(() => hunts.All, stop.Token)), Task.Run(() => config.Run(stop.Token)), Task.Run(() => hunts.Follow(stop.Token)), Task.Run(() => control.Run(stop.Token)) };
        if (options.Hunt is { } text) tasks.Add(Task.Run(() => new OwnHunt(text, hunts, options.Clock, logger).Publish(stop.Token)));
        if (options.Governor is { } governor) tasks.Add(Task.Run(() => new GovernorLink(governor, admissions, () => hunts.All, () => NotReady, logger).Run(stop.Token)));
        running = Task.WhenAll(tasks);
        // Signed with a key that will be retired some day, and ends with it.
        control.Changed += () =>
        {
            try
            {
                WriteAdminKey();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                LogKeyUnwritten(logger, e.Message);
            }
        };
    }

    void WriteAdminKey() => SecretFile.Write(Path.Combine(options.DataFolder, "admin.key"), AdminKey);

    /// <summary>The pipeline, in its order: Admission → Submissions → (Scoring) → Leaderboards → Live.</summary>
    void MapPipeline()
    {
        app.UsePageHeaders(() => admissions.Others);
        app.UseProblems();
        app.UseWebSockets();
        app.MapJoin(hunts, admissions);
        app.Map("/v1/hunts/{hunt}/live", (string hunt, HttpContext context) => Live(hunt, context)).DisableHttpMetrics().ExcludeFromDescription();
        app.MapBoard(hunts);
        app.MapOrganising(hunts, keyring, options.DataFolder, options.Clock);
        app.MapSettings(hunts, keyring);
        app.MapKeys(control, keyring, options.Clock);
        app.MapPages(options.WebFolder);
        app.MapOpenApi("/openapi/{documentName}.json");
        app.MapGet("/livez", () => "ok").ExcludeFromDescription();
        app.MapGet("/readyz", IResult () => NotReady is { } why ? Problems.Of(StatusCodes.Status503ServiceUnavailable, "Unavailable", why) : TypedResults.Text("ok")).ExcludeFromDescription();
    }

    /// <summary>Null: it can do its work. Else why nobody should be sent here, for <c>/readyz</c> and for the governor beside it.</summary>
    string? NotReady => admissions.IsLeaving ? "this server goes away" : hunts.NotReady;

    async Task Live(string hunt, HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            await Problems.Of(StatusCodes.Status426UpgradeRequired, "UpgradeRequired", "this is a WebSocket; see docs/reference/protocol.md").ExecuteAsync(context);
            return;
        }

        if (!MayConnect(context.Request))
        {
            await Problems.Of(
                StatusCodes.Status403Forbidden, "OriginNotAllowed", $"pages of {context.Request.Headers.Origin} may not connect here; the server's allowed origins name those that may")
                .ExecuteAsync(context);
            return;
        }

        await Gateway.Serve(context, hunts.Find(hunt), admissions);
    }

    // Programs send no Origin; a browser always does, and a page of another site must not play in its visitor's name.
    bool MayConnect(HttpRequest request)
    {
        var origin = request.Headers.Origin.ToString();
        return origin.Length == 0
            || options.AllowedOrigins.Contains(origin, StringComparer.OrdinalIgnoreCase)
            // Sent here by a server of this installation.
            || admissions.Others.Any(other => string.Equals(new Uri(other).GetLeftPart(UriPartial.Authority), origin, StringComparison.OrdinalIgnoreCase))
            || (Uri.TryCreate(origin, UriKind.Absolute, out var uri) && string.Equals(uri.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase));
    }

    static WebApplicationBuilder Builder(ServerOptions options)
    {
        var builder = RoleHost.Builder(logging: null, options.LogLevel, TimeSpan.FromSeconds(5));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = DefinitionBodyMax;
            kestrel.Limits.MaxRequestLineSize = 4096;
            kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
            kestrel.Listen(IPAddress.Parse(options.Host), options.Port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                ConnectionCap.CountOut(listen);
                listen.EndVanishedPeers();
            });
        });
        ConnectionCap.Add(builder.Services);
        // A crowd arrives within a minute; the system's somaxconn bounds it too.
        builder.Services.Configure<SocketTransportOptions>(sockets => (sockets.Backlog, sockets.UnsafePreferInlineScheduling) = (4096, true));
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Default));
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower);
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull);
        builder.Services.AddProblemDetails();
        builder.Services.AddOpenApi();
        return builder;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "admin.key could not be written after the keys changed, and ends with the key that signed it: {Message}")]
    static partial void LogKeyUnwritten(ILogger logger, string message);
}
