using System.Text.Json.Nodes;

namespace Veltrix.Kubernetes.Operating;

/// <summary>
/// Tries whether the API keeps pods without a governor out: a dry run of one must be denied. A policy that is there and not in force yet (it takes about a second), bound to nothing, or bypassed
/// by a label, is none.
/// </summary>
public static class PolicyGuard
{
    /// <summary>What every denial of the chart's policies speaks of.</summary>
    public const string Word = "governor";

    /// <returns>Null: it was denied. Else why nothing keeps such a pod out.</returns>
    public static async Task<string?> Try(ClusterApi api, string space, Installation installation, ClusterFacts facts, CancellationToken cancel)
    {
        if (!facts.AdmissionPolicies) return "This API has no ValidatingAdmissionPolicy (it came with Kubernetes 1.30). The chart's guard, the operator and its auditor keep pods without a governor out.";
        try
        {
            await api.Create<JsonObject>($"{Resource.Pods.Path(space)}?dryRun=All", CanaryPods.Ungoverned(space, installation), cancel);
            return "A pod without a governor was tried (in a dry run) and not denied: the chart's admission policies are missing, bound to nothing, or do not select this namespace.";
        }
        catch (ClusterApiException error) when (error.Code is 403 or 422 && error.Message.Contains(Word, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }
        catch (ClusterApiException error) when (error.Code is 400 or 403 or 422)
        {
            return $"A pod without a governor was tried (in a dry run) and denied for another reason, so that nothing is known: {error.Message}";
        }
    }
}
