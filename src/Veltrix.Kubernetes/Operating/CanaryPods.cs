using System.Text.Json.Nodes;

namespace Veltrix.Kubernetes.Operating;

/// <summary>Pods for dry runs: nothing of them is ever stored.</summary>
static class CanaryPods
{
    /// <summary>With a sidecar, to see whether the API knows what that is. It carries no label of a hunt, so that no policy is about it.</summary>
    public static JsonObject WithSidecar(string space, Installation installation)
    {
        var pod = Ungoverned(space, installation);
        pod["metadata"]!.AsObject().Remove("labels");
        pod["spec"]!["initContainers"] = new JsonArray(new JsonObject { ["name"] = HuntNames.Governor, ["image"] = installation.Image, ["restartPolicy"] = "Always", ["securityContext"] = pod["spec"]!["containers"]![0]!["securityContext"]!.DeepClone() });
        return pod;
    }

    /// <summary>What nobody may be able to make: it looks like a hunt pod, and has no governor.</summary>
    public static JsonObject Ungoverned(string space, Installation installation) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Pod",
        ["metadata"] = new JsonObject
        {
            ["generateName"] = "veltrix-canary-",
            ["namespace"] = space,
            ["labels"] = new JsonObject { [HuntNames.NameLabel] = "veltrix", [HuntNames.ComponentLabel] = HuntNames.Component, [HuntNames.HuntLabel] = "canary", ["app.kubernetes.io/instance"] = installation.Instance },
        },
        ["spec"] = new JsonObject
        {
            ["automountServiceAccountToken"] = false,
            ["securityContext"] = new JsonObject { ["runAsNonRoot"] = true, ["runAsUser"] = 1654, ["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" } },
            ["containers"] = new JsonArray(new JsonObject
            {
                ["name"] = HuntNames.Server,
                ["image"] = installation.Image,
                ["securityContext"] = new JsonObject { ["allowPrivilegeEscalation"] = false, ["readOnlyRootFilesystem"] = true, ["capabilities"] = new JsonObject { ["drop"] = new JsonArray("ALL") } },
            }),
        },
    };
}
