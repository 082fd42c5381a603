using System.Text.Json.Nodes;
using k8s;
using k8s.Models;

namespace Veltrix.Kubernetes.Operating;

/// <summary>Events, as <c>kubectl describe</c> shows them. One that cannot be told is not told: nothing depends on it.</summary>
public sealed class Events(ClusterApi api, string space, string component, TimeProvider clock)
{
    const int MessageMax = 1_000;

    public async Task Tell(IKubernetesObject<V1ObjectMeta> about, string reason, string message, bool isWarning, CancellationToken cancel)
    {
        var now = clock.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
        try
        {
            await api.Create(Resource.Events.Path(space), new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Event",
                ["metadata"] = new JsonObject { ["generateName"] = $"{about.Metadata.Name}.", ["namespace"] = space },
                ["involvedObject"] = new JsonObject
                {
                    ["apiVersion"] = about.ApiVersion, ["kind"] = about.Kind, ["name"] = about.Metadata.Name, ["namespace"] = space, ["uid"] = about.Metadata.Uid,
                },
                ["reason"] = reason,
                ["message"] = message.Length > MessageMax ? message[..(MessageMax - 1)] + "…" : message,
                ["type"] = isWarning ? "Warning" : "Normal",
                ["source"] = new JsonObject { ["component"] = component },
                ["firstTimestamp"] = now,
                ["lastTimestamp"] = now,
                ["count"] = 1,
            }, cancel);
        }
        catch (ClusterApiException)
        {
        }
    }
}
