using System.Text.Json.Nodes;

namespace Veltrix.Kubernetes.Operating;

/// <summary>Finds out what an API can do by asking and by dry runs, never by its version: distributions backport, feature gates are shut, and builds may name no version at all.</summary>
static class ClusterProbe
{
    public static async Task<ClusterFacts> Ask(ClusterApi api, string space, Installation installation, CancellationToken cancel)
    {
        var policies = await api.Find<JsonObject>("apis/policy/v1", cancel) is not null;
        var admission = await api.Find<JsonObject>("apis/admissionregistration.k8s.io/v1", cancel);
        var hasPolicies = admission?["resources"]?.AsArray().Any(resource => (string?)resource?["name"] == "validatingadmissionpolicies") == true;
        return new ClusterFacts(await KeepsSidecars(api, space, installation, cancel), policies ? "policy/v1" : "policy/v1beta1", hasPolicies, await KeepsRules(api, cancel));
    }

    /// <summary>An API that knows no sidecars drops the field, and one that has them switched off refuses or drops it.</summary>
    static async Task<bool> KeepsSidecars(ClusterApi api, string space, Installation installation, CancellationToken cancel)
    {
        try
        {
            var pod = await api.Create($"{Resource.Pods.Path(space)}?dryRun=All", CanaryPods.WithSidecar(space, installation), cancel);
            return (string?)pod["spec"]?["initContainers"]?[0]?["restartPolicy"] == "Always";
        }
        catch (ClusterApiException error) when (error.Code is 400 or 403 or 422)
        {
            return false;
        }
    }

    static async Task<bool> KeepsRules(ClusterApi api, CancellationToken cancel)
    {
        try
        {
            await Crds.Apply(api, cel: true, cancel);
            return true;
        }
        catch (ClusterApiException error) when (error.Code is 400 or 422 or 500 && error.Message.Contains("x-kubernetes-validations", StringComparison.Ordinal))
        {
            await Crds.Apply(api, cel: false, cancel);
            return false;
        }
    }
}
