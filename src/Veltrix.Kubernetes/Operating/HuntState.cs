using System.Globalization;
using k8s.Models;

namespace Veltrix.Kubernetes.Operating;

/// <summary>What the operator sees of a hunt when it writes its status.</summary>
/// <param name="Refused">Null: it was accepted.</param>
/// <param name="Deployment">As the API has it; null: not yet.</param>
/// <param name="Pods">Of this hunt.</param>
/// <param name="PolicyUnenforced">Why the API does not keep pods without a governor out by itself; null: it does.</param>
public sealed record Observed(Refusal? Refused, V1Deployment? Deployment, IReadOnlyCollection<V1Pod> Pods, Overrides Overrides, string? PolicyUnenforced, string Image);

/// <summary>From what is seen to the status of a Hunt. Pure. The members that the orchestrator writes are left null.</summary>
public static class HuntState
{
    /// <summary>On the Deployment of a hunt that servers have served and nobody has closed: whoever deletes the Hunt closes it first.</summary>
    public const string Open = "veltrix.dev/open";

    public static bool IsOpen(V1Deployment deployment) => deployment.Metadata.Annotations?.ContainsKey(Open) == true;

    public static HuntStatus Of(Hunt hunt, Observed seen, DateTimeOffset now)
    {
        var ready = seen.Deployment?.Status?.ReadyReplicas ?? 0;
        var wanted = seen.Deployment?.Spec?.Replicas ?? 0;
        var governors = seen.Pods.Count(IsGoverned);
        var conditions = Conditions(hunt, seen, ready, wanted, governors);
        var before = hunt.Status?.EffectiveConfig;
        var (hash, sources) = (seen.Overrides.Hash, seen.Overrides.Sources);
        return new HuntStatus
        {
            Phase = Phase(hunt, seen, ready, wanted),
            ObservedGeneration = hunt.Metadata.Generation ?? 0,
            Servers = new ServersStatus(ready),
            Governor = new GovernorStatus(governors, seen.Image),
            EffectiveConfig = new EffectiveConfig(before is null ? 1 : before.Hash == hash ? before.Revision : before.Revision + 1, hash, sources),
            Selector = string.Join(',', HuntNames.PodSelector(hunt.Name).Select(label => $"{label.Key}={label.Value}")),
            Conditions = [.. conditions.Select(condition => Stamped(hunt, condition, now))],
        };
    }

    static string Phase(Hunt hunt, Observed seen, int ready, int wanted) =>
        hunt.IsEnding ? "Ending"
        : seen.Refused is not null && seen.Deployment is null ? "Refused"
        : hunt.Spec.Suspend == true ? "Suspended"
        : ready == 0 ? "Starting"
        : ready < wanted ? "Degraded"
        : "Live";

    static IEnumerable<(string Type, bool Holds, string Reason, string Message)> Conditions(Hunt hunt, Observed seen, int ready, int wanted, int governors)
    {
        yield return seen.Refused is { } refused
            ? ("Accepted", false, refused.Reason, refused.Message + (seen.Deployment is null ? "" : " What ran before goes on."))
            : ("Accepted", true, "Accepted", "The definition and the spec can be made true.");
        yield return ("GovernorReady", governors > 0 && governors == seen.Pods.Count, governors == 0 ? "NoGovernor" : governors < seen.Pods.Count ? "SomeAreNot" : "AllAreReady",
            Text($"{governors} of {seen.Pods.Count} hunt pods have a governor that is ready."));
        var faults = seen.Overrides.Faults;
        yield return faults.Count > 0
            ? ("ConfigApplied", false, "SomeAreNoSettings", Text($"{faults.Count} left out, the others hold: {string.Join(' ', faults.Take(5))}"))
            : ("ConfigApplied", true, "Applied", Text($"{seen.Overrides.Entries.Count} overrides are handed to the governors."));
        if (hunt.IsEnding && ready == 0 && seen.Deployment is { } open && IsOpen(open))
            yield return ("Live", false, "Closing", Text($"{ready} of {wanted} servers are ready. One is needed to close the hunt in its ledger; if none gets ready within minutes, look at its pod and at Kafka: the Hunt then goes and is not closed."));
        else yield return ("Live", ready > 0 && !hunt.IsEnding, hunt.IsEnding ? "Ending" : hunt.Spec.Suspend == true ? "Suspended" : ready > 0 ? "ServersReady" : "NoServerReady", Text($"{ready} of {wanted} servers are ready."));
        yield return seen.PolicyUnenforced is { } why
            ? ("PolicyUnenforced", true, "NoAdmissionPolicy", why)
            : ("PolicyUnenforced", false, "Enforced", "A pod without a governor was tried on this API, and denied.");
    }

    static bool IsGoverned(V1Pod pod) =>
        (pod.Status?.ContainerStatuses ?? []).Concat(pod.Status?.InitContainerStatuses ?? []).Any(container => container.Name == HuntNames.Governor && container is { Ready: true });

    static Condition Stamped(Hunt hunt, (string Type, bool Holds, string Reason, string Message) condition, DateTimeOffset now)
    {
        var status = condition.Holds ? "True" : "False";
        var before = hunt.Status?.Conditions?.FirstOrDefault(known => known.Type == condition.Type);
        var since = before?.Status == status ? before.LastTransitionTime : now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return new Condition(condition.Type, status, hunt.Metadata.Generation ?? 0, since, condition.Reason, condition.Message);
    }

    static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
