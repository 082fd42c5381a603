using System.Text.Json.Nodes;
using k8s;

namespace Veltrix.Kubernetes.Operating;

/// <summary>The CRDs that this program was built with; charts install them once and never again.</summary>
public static class Crds
{
    const string Rules = "x-kubernetes-validations";

    /// <summary>As the file <c>charts/veltrix/crds/hunt.yaml</c> has it.</summary>
    public static string Hunt { get; } = Read("crds/hunt.yaml");

    /// <summary>Brings the API's up to date. An API without CEL refuses rules in an apply, though it drops them from what is created; there they are left out.</summary>
    public static async Task Apply(ClusterApi api, bool cel, CancellationToken cancel)
    {
        var crd = AsApplied(cel);
        await api.Apply(Resource.Crds.Path(null, (string)crd["metadata"]!["name"]!), crd, OperatorHost.FieldManager, cancel);
    }

    public static JsonObject AsApplied(bool cel)
    {
        var crd = JsonNode.Parse(KubernetesJson.Serialize(KubernetesYaml.Deserialize<k8s.Models.V1CustomResourceDefinition>(Hunt)))!.AsObject();
        if (!cel) WithoutRules(crd);
        return crd;
    }

    internal static void WithoutRules(JsonNode? node)
    {
        if (node is JsonObject map)
        {
            map.Remove(Rules);
            foreach (var (_, child) in map) WithoutRules(child);
        }
        else if (node is JsonArray list)
        {
            foreach (var child in list) WithoutRules(child);
        }
    }

    static string Read(string name)
    {
        using var text = new StreamReader(typeof(Crds).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not in this program"));
        return text.ReadToEnd();
    }
}
