using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;

namespace Veltrix.Kubernetes.Operating;

/// <summary>
/// Makes one Hunt true, and says in its status what is. <see cref="Reconcile"/> may be called at any time and be ended at any step: it looks at what is there and goes on.
/// <list type="number">
/// <item><see cref="End"/>, where the Hunt is being deleted: <see cref="Close"/>, then its pods go, then it may.</item>
/// <item><see cref="Hold"/>: the finalizer, before anything is made.</item>
/// <item><see cref="Definition"/>: the text that it names.</item>
/// <item><see cref="Acceptance.Of"/>: what cannot be made true leaves what runs as it is.</item>
/// <item><see cref="Make"/>: apply <see cref="HuntObjects.Of"/>, those that are not as they were applied last.</item>
/// <item><see cref="Tell"/>: <see cref="HuntState.Of"/> into the status, and an event for every condition that changed.</item>
/// </list>
/// </summary>
public sealed partial class HuntController(ClusterApi api, string space, Installation installation, ClusterFacts facts, ClusterView view, Events events, TimeProvider clock, ILogger logger)
{
    /// <summary>Servers close the hunt and tell everybody meanwhile; then their pods go.</summary>
    static readonly TimeSpan FarewellFor = TimeSpan.FromSeconds(5);

    /// <summary>A pod on a node that is gone never ends; the Hunt does not wait for it longer than this.</summary>
    static readonly TimeSpan EndWithin = TimeSpan.FromMinutes(3);

    /// <summary>Without a server nobody can close a hunt in its ledger; that one does not come up keeps no Hunt for ever.</summary>
    static readonly TimeSpan CloseWithin = TimeSpan.FromMinutes(5);

    static readonly TimeSpan LookAgainAtRefused = TimeSpan.FromSeconds(30);

    const string DefinitionHash = "veltrix.dev/definition";

    readonly ConcurrentDictionary<string, Applied> applied = new(StringComparer.Ordinal);

    /// <summary>When a step of an end began, by the Hunt's uid. An operator that starts begins them anew.</summary>
    readonly ConcurrentDictionary<(string Hunt, string Step), long> began = new();

    /// <summary>Why the API does not enforce governors by itself; null: it does.</summary>
    public string? PolicyUnenforced { get; set; } = "This API has not been tried yet.";

    /// <returns>When to look again, if nothing happens before; null: when something happens.</returns>
    public async Task<TimeSpan?> Reconcile(string name, CancellationToken cancel)
    {
        if (view.Hunts.Find(name) is not { } hunt)
        {
            Forget(name);
            return null;
        }

        if (hunt.IsEnding) return await End(hunt, cancel);
        await Hold(hunt, cancel);
        var definition = await Definition(hunt, cancel);
        var deployment = view.Deployments.Find(HuntNames.Of(name));
        var published = deployment?.Metadata.Annotations?.TryGetValue(DefinitionHash, out var hash) == true ? hash : null;
        var refused = Acceptance.Of(hunt, definition, published, view.ConfigMaps.Find(installation.Defaults)?.Data?.TryGetValue(Hosting.ConfigFile.DefaultName, out var text) == true ? text : null);
        if (refused is null) refused = await Make(hunt, Acceptance.Hash(definition!), Scale.Of(hunt.Spec, hunt.Status?.Servers?.Wanted), cancel);
        await Tell(hunt, refused, cancel);
        return refused is null ? null : LookAgainAtRefused;
    }

    async Task Hold(Hunt hunt, CancellationToken cancel)
    {
        if (hunt.Metadata.Finalizers?.Contains(Hunt.Finalizer) == true) return;
        await api.Apply(Resource.Hunts.Path(space, hunt.Name), new JsonObject
        {
            ["apiVersion"] = hunt.ApiVersion,
            ["kind"] = hunt.Kind,
            ["metadata"] = new JsonObject { ["name"] = hunt.Name, ["uid"] = hunt.Metadata.Uid, ["finalizers"] = new JsonArray(Hunt.Finalizer) },
        }, OperatorHost.FieldManager, cancel);
    }

    async Task<string?> Definition(Hunt hunt, CancellationToken cancel)
    {
        if (hunt.Spec.Definition.ConfigMap is not { } source) return hunt.Spec.Definition.Inline;
        // Somebody's own map, without our labels: read when it is wanted. What it says once is what is published.
        var map = view.ConfigMaps.Find(source.Name) ?? await api.Find<V1ConfigMap>(Resource.ConfigMaps.Path(space, source.Name), cancel);
        return map?.Data?.TryGetValue(source.Key, out var text) == true ? text : null;
    }

    /// <returns>Null: it is made. Else what the API itself refuses, such as a quantity that is none.</returns>
    async Task<Refusal?> Make(Hunt hunt, string definitionHash, int servers, CancellationToken cancel)
    {
        var objects = HuntObjects.Of(hunt, installation, facts, servers);
        var deployment = objects.OfType<V1Deployment>().Single();
        deployment.Metadata.Annotations = new Dictionary<string, string> { [DefinitionHash] = definitionHash };
        if (view.Deployments.Find(deployment.Metadata.Name) is { } there && (HuntState.IsOpen(there) || there.Status?.ReadyReplicas > 0)) deployment.Metadata.Annotations[HuntState.Open] = "true";
        try
        {
            // What its pods need comes first. The API looks at the Role that a binding gives away, in a copy of its own that comes a little late: roles go before all else, bindings after it.
            foreach (var wave in objects.GroupBy(desired => desired switch { V1Role => 0, V1RoleBinding => 2, V1Deployment => 3, _ => 1 }).OrderBy(wave => wave.Key))
                await Task.WhenAll(wave.Select(desired => Apply(hunt.Metadata.Uid, desired, cancel)));
            return null;
        }
        catch (ClusterApiException error) when (error.Code is 400 or 403 or 422)
        {
            return new Refusal("RefusedByTheApi", error.Message);
        }
    }

    /// <summary>Applies what differs from what was applied last, and what somebody has changed since.</summary>
    async Task Apply(string owner, IKubernetesObject<V1ObjectMeta> desired, CancellationToken cancel)
    {
        var path = Resource.Of(desired.ApiVersion, desired.Kind).Path(space, desired.Metadata.Name);
        var body = KubernetesJson.Serialize(desired);
        var hash = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(owner + body)));
        var there = desired switch
        {
            V1Deployment => view.Deployments.Find(desired.Metadata.Name)?.Metadata.Generation,
            // Its data are other people's, and change all the time; gone is what matters.
            V1ConfigMap => view.ConfigMaps.Find(desired.Metadata.Name) is null ? null : 0,
            _ => 0,
        };
        if (applied.TryGetValue(path, out var last) && last.Hash == hash && (there ?? -1) == last.Generation) return;
        var stored = await api.Apply(path, body, OperatorHost.FieldManager, cancel);
        applied[path] = new Applied(hash, desired is V1Deployment ? (long?)stored["metadata"]!["generation"] ?? 0 : 0);
    }

    async Task Tell(Hunt hunt, Refusal? refused, CancellationToken cancel)
    {
        var overrides = Overrides.Of(
            hunt.Name, hunt.Spec, installation.Runtime, view.ConfigMaps.Find(installation.Runtime)?.Data, view.ConfigMaps.Find(HuntNames.Overrides(hunt.Name))?.Data);
        var seen = new Observed(refused, view.Deployments.Find(HuntNames.Of(hunt.Name)), view.PodsOf(hunt.Name), overrides, PolicyUnenforced, installation.Image);
        var status = HuntState.Of(hunt, seen, clock.GetUtcNow());
        if (Same(hunt.Status, status)) return;
        await api.Apply(Resource.Hunts.Path(space, hunt.Name, "status"), new StatusBody(hunt.ApiVersion, hunt.Kind, new NameOnly(hunt.Name), status), OperatorHost.FieldManager, cancel);
        foreach (var condition in status.Conditions!)
            // What a Hunt begins with is no news, but whether it is accepted.
            if (hunt.Status?.Conditions?.FirstOrDefault(before => before.Type == condition.Type) is var before && (before is null ? condition.Type == "Accepted" : before.Status != condition.Status || before.Reason != condition.Reason))
                await events.Tell(hunt, condition.Reason, $"{condition.Type} is {condition.Status}: {condition.Message}", isWarning: condition.Status == (condition.Type == "PolicyUnenforced" ? "True" : "False"), cancel);
    }

    /// <summary>Whether what the operator writes is there already. The other members are the orchestrator's.</summary>
    static bool Same(HuntStatus? there, HuntStatus told) =>
        there is not null
        && Text(there with { Limit = null, Ceiling = null, ThrottleRatio = null, Seated = null, Waiting = null, Paused = null, Reason = null, Servers = new ServersStatus(there.Servers?.Ready) }) == Text(told);

    static string Text(HuntStatus status) => KubernetesJson.Serialize(status);

    /// <summary>The hunt is closed, its pods drain and end, and when they have, the Hunt may go; its objects are garbage that the API collects.</summary>
    async Task<TimeSpan?> End(Hunt hunt, CancellationToken cancel)
    {
        if (hunt.Metadata.Finalizers?.Contains(Hunt.Finalizer) != true) return null;
        var deployment = view.Deployments.Find(HuntNames.Of(hunt.Name));
        if (deployment is not null && HuntState.IsOpen(deployment) && await Close(hunt, deployment, cancel) is { } again) return again;
        if (deployment is not null && (deployment.Spec.Replicas > 0 || HuntState.IsOpen(deployment)))
        {
            await api.Merge(Resource.Deployments.Path(space, deployment.Metadata.Name), new JsonObject
            {
                ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [HuntState.Open] = null } }, ["spec"] = new JsonObject { ["replicas"] = 0 },
            }, cancel);
            await events.Tell(hunt, "Ending", "Its servers drain and end.", isWarning: false, cancel);
            return TimeSpan.FromSeconds(1);
        }

        var left = view.PodsOf(hunt.Name).Count;
        if (left > 0 && Since(hunt, nameof(End)) < EndWithin) return TimeSpan.FromSeconds(2);
        if (left > 0) LogLeftBehind(hunt.Name, left);
        // The version goes with it, so that another's finalizer which came meanwhile is not taken away.
        var others = hunt.Metadata.Finalizers.Where(one => one != Hunt.Finalizer).Select(one => (JsonNode)one).ToArray();
        await api.Merge(Resource.Hunts.Path(space, hunt.Name), new JsonObject
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = hunt.Metadata.ResourceVersion, ["finalizers"] = new JsonArray(others) },
        }, cancel);
        LogEnded(hunt.Name);
        foreach (var step in began.Keys.Where(step => step.Hunt == hunt.Metadata.Uid)) began.TryRemove(step, out _);
        return null;
    }

    /// <summary>
    /// Governors hear that the Hunt goes, and their servers close it in the ledger: what is won is won, and everybody is told. Where no server is there, since the Hunt is suspended, one is brought
    /// up for it.
    /// </summary>
    /// <returns>When to look again; null: it is closed, or nobody can close it.</returns>
    async Task<TimeSpan?> Close(Hunt hunt, V1Deployment deployment, CancellationToken cancel)
    {
        if (deployment.Status?.ReadyReplicas > 0)
        {
            var left = FarewellFor - Since(hunt, "Farewell");
            if (left <= TimeSpan.Zero) return null;
            await Tell(hunt, null, cancel);
            return left;
        }

        if (Since(hunt, nameof(Close)) > CloseWithin)
        {
            await events.Tell(
                hunt, "NotClosed", $"No server got ready within {CloseWithin.TotalMinutes:0} minutes, so the hunt is not closed in its ledger. Find out why (Kafka, the definition's ConfigMap, the nodes), apply the Hunt again, and delete it once it is Live.",
                isWarning: true, cancel);
            LogNotClosed(hunt.Name);
            return null;
        }

        var refused = deployment.Spec.Replicas > 0 ? null : await Make(hunt, deployment.Metadata.Annotations[DefinitionHash], servers: 1, cancel);
        await Tell(hunt, refused, cancel);
        return TimeSpan.FromSeconds(5);
    }

    /// <summary>How long ago this was asked first.</summary>
    TimeSpan Since(Hunt hunt, string step) => clock.GetElapsedTime(began.GetOrAdd((hunt.Metadata.Uid, step), _ => clock.GetTimestamp()));

    void Forget(string name)
    {
        foreach (var desired in applied.Keys)
            if (desired.Split('/')[^1] is var last && (last == HuntNames.Of(name) || last.StartsWith(HuntNames.Of(name) + "-", StringComparison.Ordinal))) applied.TryRemove(desired, out _);
    }

    /// <param name="Generation">Of the Deployment after it was applied.</param>
    sealed record Applied(string Hash, long Generation);

    sealed record NameOnly(string Name);

    sealed record StatusBody(string ApiVersion, string Kind, NameOnly Metadata, HuntStatus Status);

    [LoggerMessage(LogLevel.Information, "hunt {Hunt} has ended")]
    partial void LogEnded(string hunt);

    [LoggerMessage(LogLevel.Warning, "hunt {Hunt} goes and is not closed in its ledger, since no server got ready")]
    partial void LogNotClosed(string hunt);

    [LoggerMessage(LogLevel.Warning, "hunt {Hunt} goes though {Pods} of its pods have not ended; is their node gone?")]
    partial void LogLeftBehind(string hunt, int pods);
}
