namespace Veltrix.Kubernetes;

/// <summary>A kind of object, and where the API has it.</summary>
/// <param name="Prefix">Of its path: <c>api/v1</c>, <c>apis/apps/v1</c>.</param>
public sealed record Resource(string Prefix, string Plural, string Kind)
{
    public static readonly Resource Hunts = new("apis/veltrix.dev/v1alpha1", "hunts", "Hunt");
    public static readonly Resource Deployments = new("apis/apps/v1", "deployments", "Deployment");
    public static readonly Resource ConfigMaps = new("api/v1", "configmaps", "ConfigMap");
    public static readonly Resource Pods = new("api/v1", "pods", "Pod");
    public static readonly Resource Events = new("api/v1", "events", "Event");
    public static readonly Resource Leases = new("apis/coordination.k8s.io/v1", "leases", "Lease");
    public static readonly Resource Crds = new("apis/apiextensions.k8s.io/v1", "customresourcedefinitions", "CustomResourceDefinition");

    static readonly Resource[] Others =
    [
        new("api/v1", "services", "Service"),
        new("api/v1", "serviceaccounts", "ServiceAccount"),
        new("apis/rbac.authorization.k8s.io/v1", "roles", "Role"),
        new("apis/rbac.authorization.k8s.io/v1", "rolebindings", "RoleBinding"),
        new("apis/policy/v1", "poddisruptionbudgets", "PodDisruptionBudget"),
        new("apis/policy/v1beta1", "poddisruptionbudgets", "PodDisruptionBudget"),
    ];

    public string ApiVersion => Prefix[(Prefix.IndexOf('/', StringComparison.Ordinal) + 1)..];

    /// <summary>The kind of an object that says what it is.</summary>
    public static Resource Of(string apiVersion, string kind) =>
        ((Resource[])[Hunts, Deployments, ConfigMaps, Pods, Events, Leases, Crds, .. Others]).First(known => known.Kind == kind && known.ApiVersion == apiVersion);

    /// <param name="space">The namespace; null: of the whole cluster.</param>
    /// <param name="part">A subresource, such as <c>status</c>.</param>
    public string Path(string? space, string? name = null, string? part = null) =>
        string.Join('/', ((string?[])[Prefix, space is null ? null : $"namespaces/{space}", Plural, name, part]).Where(step => step is not null));
}
