using System.Net;
using System.Text.Json.Nodes;
using k8s.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Veltrix.Hosting;

namespace Veltrix.Kubernetes.Operating;

/// <summary>How an operator runs.</summary>
public sealed record OperatorOptions
{
    /// <summary>Null: by <c>KUBECONFIG</c>, or as a pod.</summary>
    public string? KubeConfig { get; init; }

    /// <summary>Whose Hunts are made true; null: the one that this process is in.</summary>
    public string? Namespace { get; init; }

    public required Installation Installation { get; init; }

    /// <summary>Where <c>/livez</c>, <c>/readyz</c> and <c>/metrics</c> are to be had; port 0: any free one.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 9361);

    /// <summary>This operator among its standbys.</summary>
    public string Name { get; init; } = $"{Environment.MachineName}-{Environment.ProcessId}";

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Null: to standard error.</summary>
    public ILoggerFactory? Logging { get; init; }
}

/// <summary>
/// A running operator. Of several one leads; when it does:
/// <list type="number">
/// <item>It finds out what the API can do, and brings the CRD up to date.</item>
/// <item>It watches Hunts and what it made of them, and puts every Hunt that something happened to into a queue; eight at a time are looked at, and all of them every ten minutes.</item>
/// <item>It tries every minute whether a pod without a governor can be made, and deletes those that were.</item>
/// <item>It copies what somebody wrote into the chart's map of settings to where no upgrade takes it back.</item>
/// </list>
/// </summary>
public sealed partial class OperatorHost : IAsyncDisposable
{
    public const string FieldManager = "veltrix-operator";

    const string LeaseName = "veltrix-operator";
    const int Workers = 8;

    static readonly TimeSpan ResyncEvery = TimeSpan.FromMinutes(10);
    static readonly TimeSpan TryPolicyEvery = TimeSpan.FromMinutes(1);
    static readonly TimeSpan TryPolicySoon = TimeSpan.FromSeconds(2);

    readonly OperatorOptions options;
    readonly ClusterApi api;
    readonly string space;
    readonly WebApplication app;
    readonly ILogger logger;
    readonly OperatorMetrics metrics;
    readonly Events events;
    readonly Leadership leadership;
    readonly CancellationTokenSource stop = new();
    volatile Leading? leads;
    Task running = Task.CompletedTask;
    int disposed;

    OperatorHost(OperatorOptions options, ClusterApi api, WebApplication app)
    {
        (this.options, this.api, this.app) = (options, api, app);
        space = options.Namespace ?? api.Namespace;
        logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Veltrix.Operator");
        metrics = new OperatorMetrics(() => Sight);
        events = new Events(api, space, FieldManager, options.Clock);
        leadership = new Leadership(api, space, LeaseName, options.Name, options.Clock, logger);
    }

    public Uri Url { get; private set; } = new("http://127.0.0.1");

    public bool IsLeader => leadership.IsLeader;

    /// <summary>Requests made to the API so far.</summary>
    public long Calls => api.Calls;

    /// <exception cref="k8s.Exceptions.KubeConfigException">No API is named anywhere.</exception>
    /// <exception cref="IOException">The address is in use.</exception>
    public static async Task<OperatorHost> Start(OperatorOptions options, CancellationToken cancel)
    {
        var api = ClusterApi.Open(options.KubeConfig);
        var host = new OperatorHost(options, api, Builder(options).Build());
        try
        {
            host.app.MapMetrics();
            host.app.MapHealth(() => host.NotReady);
            await host.app.StartAsync(cancel);
            host.Url = new Uri(host.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
            host.running = Task.Run(() => host.leadership.Run(host.Lead, host.stop.Token), CancellationToken.None);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Null: it can work, or stands by for one that can.</summary>
    string? NotReady => leads is not { } now
        ? leadership.Leader.Length > 0 && !leadership.IsLeader ? null : "nobody leads yet"
        : now.View.Trouble ?? (!now.View.Synced.IsCompleted ? "the first list of objects is not there yet" : now.Facts.AdmissionPolicies ? now.Controller.PolicyUnenforced : null);

    OperatorSight Sight
    {
        get
        {
            var now = leads;
            return new OperatorSight(
                IsLeader, now?.Queue.Length ?? 0, api.Calls, now?.View.Trouble, now is { Controller.PolicyUnenforced: null },
                now?.View.Hunts.All.GroupBy(hunt => hunt.Status?.Phase ?? "New").ToDictionary(phase => phase.Key, phase => phase.Count()) ?? []);
        }
    }

    async Task Lead(CancellationToken cancel)
    {
        var facts = await Insist("what the API can do", () => ClusterProbe.Ask(api, space, options.Installation, cancel), cancel);
        if (facts is null) return;
        LogFacts(facts);
        using var queue = new WorkQueue(options.Clock);
        var auditor = new Auditor(api, space, events, metrics, logger);
        var defaultsChanged = new SemaphoreSlim(0, 1);
        ClusterView? view = null;
        view = new ClusterView(api, space, options.Installation, options.Clock, Enqueue, auditor.Look, () =>
        {
            if (defaultsChanged.CurrentCount == 0) defaultsChanged.Release();
        });
        void Enqueue(string hunt)
        {
            if (hunt != "*") queue.Add(hunt);
            else foreach (var each in view?.Hunts.All ?? []) queue.Add(each.Name);
        }

        var controller = new HuntController(api, space, options.Installation, facts, view, events, options.Clock, logger);
        leads = new Leading(view, queue, controller, facts);
        // None of these ends by itself; one that fails ends all, and leading begins anew.
        using var all = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        List<Task> tasks = [view.Run(all.Token)];
        try
        {
            // What is not known yet is not missing.
            await Task.WhenAny(view.Synced, tasks[0]).WaitAsync(cancel);
            Enqueue("*");
            tasks.AddRange(
            [
                .. Enumerable.Range(0, Workers).Select(_ => queue.Run(hunt => Look(controller, hunt, all.Token), (hunt, error) => Failed(hunt, error), all.Token)),
                auditor.Run(all.Token),
                Every(ResyncEvery, all.Token, () =>
                {
                    Enqueue("*");
                    return Task.FromResult(ResyncEvery);
                }),
                Every(TimeSpan.Zero, all.Token, () => TryPolicy(controller, facts, Enqueue, all.Token)),
                Promote(view, defaultsChanged, all.Token),
            ]);
            await await Task.WhenAny(tasks);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
        }
        finally
        {
            leads = null;
            await all.CancelAsync();
            await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    void Failed(string hunt, Exception error)
    {
        if (error is ClusterApiException) LogFailed(hunt, error.Message);
        else LogFault(hunt, error);
    }

    async Task<TimeSpan?> Look(HuntController controller, string hunt, CancellationToken cancel)
    {
        var began = options.Clock.GetTimestamp();
        var result = "error";
        try
        {
            var again = await controller.Reconcile(hunt, cancel);
            result = "ok";
            return again;
        }
        finally
        {
            metrics.Reconciles.Add(1, new KeyValuePair<string, object?>("result", result));
            metrics.Duration.Record(options.Clock.GetElapsedTime(began).TotalSeconds);
        }
    }

    async Task<TimeSpan> TryPolicy(HuntController controller, ClusterFacts facts, Action<string> enqueue, CancellationToken cancel)
    {
        var before = controller.PolicyUnenforced;
        try
        {
            controller.PolicyUnenforced = await PolicyGuard.Try(api, space, options.Installation, facts, cancel);
        }
        catch (ClusterApiException error)
        {
            LogPolicyUntried(error.Message);
            return TryPolicySoon;
        }

        if (controller.PolicyUnenforced != before)
        {
            if (controller.PolicyUnenforced is { } why) LogUnenforced(why);
            enqueue("*");
        }

        // A policy takes about a second to be in force.
        return controller.PolicyUnenforced is null || !facts.AdmissionPolicies ? TryPolicyEvery : TryPolicySoon;
    }

    /// <summary>Makes the map of runtime overrides, and copies into it what somebody wrote into the chart's.</summary>
    async Task Promote(ClusterView view, SemaphoreSlim changed, CancellationToken cancel)
    {
        const string PromotedFrom = "veltrix.dev/promoted-from";
        var wait = new Backoff();
        var installation = options.Installation;
        var path = Resource.ConfigMaps.Path(space, installation.Runtime);
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                // From the API, since what was just written may not have come round yet.
                if (await api.Find<V1ConfigMap>(path, cancel) is not { } runtime)
                {
                    await api.Apply(path, new JsonObject
                    {
                        ["apiVersion"] = "v1",
                        ["kind"] = "ConfigMap",
                        ["metadata"] = new JsonObject { ["name"] = installation.Runtime, ["labels"] = new JsonObject { [HuntNames.NameLabel] = "veltrix", ["app.kubernetes.io/part-of"] = "veltrix" } },
                    }, FieldManager, cancel);
                    continue;
                }

                if (view.ConfigMaps.Find(installation.Defaults) is { } defaults && Annotation(runtime, PromotedFrom) != defaults.Metadata.ResourceVersion)
                {
                    var promotion = Promotion.Of(defaults, Annotation(runtime, Promotion.BaselineKey));
                    var annotations = new JsonObject { [PromotedFrom] = defaults.Metadata.ResourceVersion };
                    if (promotion.Baseline is { } baseline) annotations[Promotion.BaselineKey] = baseline;
                    await api.Merge(path, new JsonObject
                    {
                        ["metadata"] = new JsonObject { ["annotations"] = annotations },
                        ["data"] = new JsonObject([.. promotion.Settings.Select(set => new KeyValuePair<string, JsonNode?>(set.Key, set.Value))]),
                    }, cancel);
                    if (promotion.Settings.Count > 0)
                    {
                        metrics.Promoted.Add(promotion.Settings.Count);
                        var keys = string.Join(", ", promotion.Settings.Keys);
                        LogPromoted(installation.Defaults, installation.Runtime, keys);
                        (defaults.ApiVersion, defaults.Kind) = ("v1", "ConfigMap");
                        await events.Tell(defaults, "Promoted", $"{keys} were changed by hand in a map that the chart owns; they are copied to ConfigMap {installation.Runtime}, which no upgrade takes back.", isWarning: true, cancel);
                    }
                }

                wait.Reset();
                await changed.WaitAsync(cancel);
            }
            catch (ClusterApiException error)
            {
                LogNotPromoted(error.Message);
                await Task.Delay(wait.Next(error.RetryAfter), options.Clock, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    static string? Annotation(V1ConfigMap map, string name) => map.Metadata.Annotations?.TryGetValue(name, out var value) == true ? value : null;

    async Task Every(TimeSpan first, CancellationToken cancel, Func<Task<TimeSpan>> act)
    {
        for (var wait = first; !cancel.IsCancellationRequested;)
        {
            await Task.Delay(wait, options.Clock, cancel);
            wait = await act();
        }
    }

    async Task<T?> Insist<T>(string what, Func<Task<T>> ask, CancellationToken cancel) where T : class
    {
        for (var wait = new Backoff(); !cancel.IsCancellationRequested;)
        {
            try
            {
                return await ask();
            }
            catch (ClusterApiException error)
            {
                LogUnknown(what, error.Message);
                await Task.Delay(wait.Next(error.RetryAfter), options.Clock, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
            }
        }

        return null;
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0) return;
        await stop.CancelAsync();
        await running;
        await app.StopAsync();
        await app.DisposeAsync();
        metrics.Dispose();
        api.Dispose();
        stop.Dispose();
    }

    static WebApplicationBuilder Builder(OperatorOptions options)
    {
        var builder = RoleHost.Builder(options.Logging, LogLevel.Information, TimeSpan.FromSeconds(3));
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(options.Listen, listen => listen.Protocols = HttpProtocols.Http1));
        Telemetry.Add(builder.Services, "veltrix-operator", OperatorMetrics.MeterName);
        return builder;
    }

    sealed record Leading(ClusterView View, WorkQueue Queue, HuntController Controller, ClusterFacts Facts);

    [LoggerMessage(LogLevel.Information, "this API: {Facts}")]
    partial void LogFacts(ClusterFacts facts);

    [LoggerMessage(LogLevel.Warning, "cannot find out {What}: {Reason}")]
    partial void LogUnknown(string what, string reason);

    [LoggerMessage(LogLevel.Warning, "hunt {Hunt} is looked at again soon: {Reason}")]
    partial void LogFailed(string hunt, string reason);

    [LoggerMessage(LogLevel.Error, "a fault of the operator at hunt {Hunt}, which is looked at again")]
    partial void LogFault(string hunt, Exception error);

    [LoggerMessage(LogLevel.Warning, "hunt pods without a governor are not denied by this API: {Why}")]
    partial void LogUnenforced(string why);

    [LoggerMessage(LogLevel.Warning, "whether pods without a governor are denied could not be tried: {Reason}")]
    partial void LogPolicyUntried(string reason);

    [LoggerMessage(LogLevel.Warning, "ConfigMap {Defaults} was changed by hand; copied to {Runtime}: {Keys}")]
    partial void LogPromoted(string defaults, string runtime, string keys);

    [LoggerMessage(LogLevel.Warning, "settings changed by hand cannot be copied now: {Reason}")]
    partial void LogNotPromoted(string reason);
}
