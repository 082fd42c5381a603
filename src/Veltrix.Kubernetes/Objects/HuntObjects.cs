using k8s;
using k8s.Models;

namespace Veltrix.Kubernetes;

/// <summary>
/// What a Hunt is on a cluster. Pure: the Hunt, the installation, what the API can do and the number of servers go in; the objects that shall be come out, the same every time. The operator
/// applies them and owns every field that stands here; golden files in the tests show them.
/// </summary>
public static class HuntObjects
{
    /// <summary>Of an inline definition in its map.</summary>
    public const string DefinitionKey = "hunt.yml";

    public const string RbacApi = "rbac.authorization.k8s.io/v1";

    /// <param name="replicas">How many hunt pods there shall be; <see cref="Scale"/> says it.</param>
    /// <returns>The Deployment last: what its pods need comes before it.</returns>
    public static IReadOnlyList<IKubernetesObject<V1ObjectMeta>> Of(Hunt hunt, Installation installation, ClusterFacts facts, int replicas)
    {
        var selector = HuntNames.PodSelector(hunt.Name);
        V1ObjectMeta Named(string name) => new()
        {
            Name = name,
            NamespaceProperty = hunt.Metadata.NamespaceProperty,
            Labels = new Dictionary<string, string>(selector)
            {
                ["app.kubernetes.io/instance"] = installation.Instance, ["app.kubernetes.io/part-of"] = "veltrix", ["app.kubernetes.io/managed-by"] = "veltrix-operator",
            },
            OwnerReferences =
            [
                new V1OwnerReference { ApiVersion = hunt.ApiVersion, Kind = hunt.Kind, Name = hunt.Name, Uid = hunt.Metadata.Uid, Controller = true, BlockOwnerDeletion = true },
            ],
        };

        var own = HuntNames.Of(hunt.Name);
        var overrides = HuntNames.Overrides(hunt.Name);
        List<IKubernetesObject<V1ObjectMeta>> objects =
        [
            new V1ServiceAccount { ApiVersion = "v1", Kind = "ServiceAccount", Metadata = Named(own), AutomountServiceAccountToken = false },
            // Without data: the keys are other people's.
            new V1ConfigMap { ApiVersion = "v1", Kind = "ConfigMap", Metadata = Named(overrides) },
            Role(Named(own),
                Rule(Hunt.Group, "hunts", [hunt.Name], "get", "list", "watch"),
                Rule("", "configmaps", [overrides, installation.Runtime], "get", "list", "watch")),
            Binding(Named(own), own, own, hunt.Metadata.NamespaceProperty),
            Role(Named(HuntNames.Live(hunt.Name)),
                Rule(Hunt.Group, "hunts/status", [hunt.Name], "patch"),
                Rule("", "configmaps", [overrides], "patch")),
            Binding(Named(HuntNames.Live(hunt.Name)), HuntNames.Live(hunt.Name), installation.Orchestrator, hunt.Metadata.NamespaceProperty),
            Service(Named(own), selector, isHeadless: false, new V1ServicePort { Name = "http", Port = 80, TargetPort = "http", Protocol = "TCP" }),
            Service(Named(HuntNames.Governors(hunt.Name)), selector, isHeadless: true, new V1ServicePort { Name = "grpc", Port = HuntPod.GovernorPort, TargetPort = "grpc", Protocol = "TCP" }),
            Budget(Named(own), selector, facts.PolicyApi),
        ];
        if (hunt.Spec.Definition.Inline is { } text)
            objects.Add(new V1ConfigMap { ApiVersion = "v1", Kind = "ConfigMap", Metadata = Named(HuntNames.Definition(hunt.Name)), Data = new Dictionary<string, string> { [DefinitionKey] = text } });
        objects.Add(new V1Deployment
        {
            ApiVersion = "apps/v1",
            Kind = "Deployment",
            Metadata = Named(own),
            Spec = new V1DeploymentSpec
            {
                Replicas = replicas,
                Selector = new V1LabelSelector { MatchLabels = selector },
                // One more before one less: hunters who are sent away find another server.
                Strategy = new V1DeploymentStrategy { Type = "RollingUpdate", RollingUpdate = new V1RollingUpdateDeployment { MaxSurge = 1, MaxUnavailable = 0 } },
                RevisionHistoryLimit = 3,
                Template = HuntPod.Of(hunt, installation, facts),
            },
        });
        return objects;
    }

    static V1Role Role(V1ObjectMeta metadata, params IList<V1PolicyRule> rules) => new() { ApiVersion = RbacApi, Kind = "Role", Metadata = metadata, Rules = rules };

    static V1PolicyRule Rule(string group, string resource, IList<string> names, params IList<string> verbs) => new() { ApiGroups = [group], Resources = [resource], ResourceNames = names, Verbs = verbs };

    static V1RoleBinding Binding(V1ObjectMeta metadata, string role, string account, string space) => new()
    {
        ApiVersion = RbacApi,
        Kind = "RoleBinding",
        Metadata = metadata,
        RoleRef = new V1RoleRef { ApiGroup = "rbac.authorization.k8s.io", Kind = "Role", Name = role },
        Subjects = [new Rbacv1Subject { Kind = "ServiceAccount", Name = account, NamespaceProperty = space }],
    };

    static V1Service Service(V1ObjectMeta metadata, IDictionary<string, string> selector, bool isHeadless, V1ServicePort port) => new()
    {
        ApiVersion = "v1",
        Kind = "Service",
        Metadata = metadata,
        Spec = new V1ServiceSpec { Selector = selector, Ports = [port], ClusterIP = isHeadless ? "None" : null, PublishNotReadyAddresses = isHeadless ? true : null },
    };

    static V1PodDisruptionBudget Budget(V1ObjectMeta metadata, IDictionary<string, string> selector, string api) => new()
    {
        ApiVersion = api,
        Kind = "PodDisruptionBudget",
        Metadata = metadata,
        Spec = new V1PodDisruptionBudgetSpec { MaxUnavailable = 1, Selector = new V1LabelSelector { MatchLabels = selector } },
    };
}
