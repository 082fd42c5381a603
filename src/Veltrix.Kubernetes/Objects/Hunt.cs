using System.Text.Json;
using System.Text.Json.Serialization;
using k8s;
using k8s.Models;

namespace Veltrix.Kubernetes;

/// <summary>The kind <c>Hunt</c>, as <c>charts/veltrix/crds/hunt.yaml</c> describes every field of it.</summary>
public sealed class Hunt : IKubernetesObject<V1ObjectMeta>
{
    public const string Group = "veltrix.dev";

    /// <summary>Keeps a Hunt until its pods have said goodbye.</summary>
    public const string Finalizer = "veltrix.dev/end";

    public string ApiVersion { get; set; } = Resource.Hunts.ApiVersion;

    public string Kind { get; set; } = Resource.Hunts.Kind;

    public V1ObjectMeta Metadata { get; set; } = new();

    public HuntSpec Spec { get; set; } = new();

    public HuntStatus? Status { get; set; }

    [JsonIgnore]
    public string Name => Metadata.Name;

    [JsonIgnore]
    public bool IsEnding => Metadata.DeletionTimestamp is not null;
}

public sealed record HuntSpec
{
    public HuntSource Definition { get; init; } = new();

    public LimitSpec? Limit { get; init; }

    public GovernorSpec? Governor { get; init; }

    public IReadOnlyDictionary<string, string>? Overrides { get; init; }

    public ServersSpec Servers { get; init; } = new();

    public bool? Suspend { get; init; }
}

public sealed record HuntSource
{
    public string? Inline { get; init; }

    public ConfigMapSource? ConfigMap { get; init; }
}

public sealed record ConfigMapSource
{
    public string Name { get; init; } = "";

    public string Key { get; init; } = "hunt.yml";
}

public sealed record LimitSpec
{
    public long? Ceiling { get; init; }

    public double? FloorRatio { get; init; }

    public string? Policy { get; init; }
}

/// <summary>There is nothing to set; here so that an API without CEL can be told what it may not say.</summary>
public sealed record GovernorSpec
{
    public bool? Enabled { get; init; }
}

public sealed record ServersSpec
{
    public int Min { get; init; } = 1;

    public int Max { get; init; } = 10;

    public long? HuntersPerServer { get; init; }

    public V1ResourceRequirements? Resources { get; init; }

    public PodAdditions? PodTemplate { get; init; }
}

public sealed record PodAdditions
{
    public Labelled? Metadata { get; init; }

    public PodSpecAdditions? Spec { get; init; }
}

public sealed record Labelled
{
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
}

/// <summary>What may be added to a hunt pod. What stands in <see cref="Others"/> is refused.</summary>
public sealed record PodSpecAdditions
{
    public V1Affinity? Affinity { get; init; }

    public IList<V1Container>? Containers { get; init; }

    public IList<V1EnvVar>? Env { get; init; }

    public IList<V1LocalObjectReference>? ImagePullSecrets { get; init; }

    public IDictionary<string, string>? NodeSelector { get; init; }

    public string? PriorityClassName { get; init; }

    public string? RuntimeClassName { get; init; }

    public string? SchedulerName { get; init; }

    public long? TerminationGracePeriodSeconds { get; init; }

    public IList<V1Toleration>? Tolerations { get; init; }

    public IList<V1TopologySpreadConstraint>? TopologySpreadConstraints { get; init; }

    public IList<V1Volume>? Volumes { get; init; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; init; }
}

/// <summary>What is. The operator writes some members and the orchestrator the others; each leaves those of the other null.</summary>
public sealed record HuntStatus
{
    public string? Phase { get; init; }

    public long? ObservedGeneration { get; init; }

    public long? Limit { get; init; }

    public long? Ceiling { get; init; }

    public double? ThrottleRatio { get; init; }

    public long? Seated { get; init; }

    public long? Waiting { get; init; }

    public bool? Paused { get; init; }

    public string? Reason { get; init; }

    public ServersStatus? Servers { get; init; }

    public GovernorStatus? Governor { get; init; }

    public EffectiveConfig? EffectiveConfig { get; init; }

    public string? Selector { get; init; }

    public IReadOnlyList<Condition>? Conditions { get; init; }
}

public sealed record ServersStatus(int? Ready = null, int? Wanted = null);

public sealed record GovernorStatus(int Ready, string Version);

public sealed record EffectiveConfig(long Revision, string Hash, IReadOnlyList<string> Sources);

/// <param name="LastTransitionTime">RFC 3339, in UTC; of the last change of <paramref name="Status"/>.</param>
public sealed record Condition(string Type, string Status, long ObservedGeneration, string LastTransitionTime, string Reason, string Message);
