using System.Globalization;
using Veltrix.Hosting;
using Veltrix.Hunts;

namespace Veltrix.Kubernetes.Operating;

/// <summary>Why a Hunt cannot be made true.</summary>
/// <param name="Reason">One word, for the condition.</param>
/// <param name="Message">What, where, and what to do.</param>
public sealed record Refusal(string Reason, string Message);

/// <summary>
/// Whether a Hunt can be made true. Pure. What the rules of the CRD refuse is refused here too, since an API without CEL drops them.
/// </summary>
public static class Acceptance
{
    static readonly string[] Reserved = [HuntNames.Governor, HuntNames.Server];

    // What a container beside ours could read over our shoulder.
    static readonly string[] OwnVolumes = ["config", "hunt", "server-data", "governor-data", "control", "api-token", "postgresql", "redis", "kafka"];

    /// <param name="definition">The text that the definition names; null: it is not there.</param>
    /// <param name="published">The hash of the text that hunt pods were made with; null: there are none yet.</param>
    /// <param name="defaults">hunt-config.yml of the installation; null: the map is not there.</param>
    /// <returns>Null: it can.</returns>
    public static Refusal? Of(Hunt hunt, string? definition, string? published, string? defaults) =>
        Shape(hunt) ?? Installed(defaults) ?? Published(hunt, definition, published) ?? Definition(hunt, definition!);

    static Refusal? Shape(Hunt hunt)
    {
        var spec = hunt.Spec;
        if (hunt.Name.Length > 48 || !char.IsAsciiLetterLower(hunt.Name[0]) || hunt.Name.Any(letter => !char.IsAsciiLetterLower(letter) && !char.IsAsciiDigit(letter) && letter != '-'))
            return new("BadName", $"{hunt.Name} cannot be a hunt's name: it begins with a small letter, and has at most 48 small letters, digits and '-'.");
        if (spec.Governor?.Enabled == false) return new("GovernorOff", "spec.governor.enabled is false. A hunt pod without a governor has no measured limit, and Veltrix does not run one; take the field out.");
        if (spec.Definition.Inline is null == spec.Definition.ConfigMap is null) return new("NoDefinition", "spec.definition is either inline or a key of a ConfigMap: name one of the two.");
        if (spec.Servers.Min > spec.Servers.Max)
            return new("BadServers", string.Create(CultureInfo.InvariantCulture, $"spec.servers.min is {spec.Servers.Min} and max is {spec.Servers.Max}; min is at most max."));
        if (spec.Servers.PodTemplate?.Spec is not { } pod) return null;
        if (pod.Others is { Count: > 0 } others)
            return new("BadPodTemplate", $"spec.servers.podTemplate.spec may not have {string.Join(", ", others.Keys.Order())}; it may have affinity, containers, env, imagePullSecrets, nodeSelector, priorityClassName, runtimeClassName, schedulerName, terminationGracePeriodSeconds, tolerations, topologySpreadConstraints and volumes.");
        if (pod.Containers?.FirstOrDefault(container => Reserved.Contains(container.Name)) is { } container)
            return new("ReservedName", $"spec.servers.podTemplate.spec.containers has one named {container.Name}, which is the name of Veltrix' own; call it something else.");
        if (pod.Containers?.FirstOrDefault(container => container.VolumeMounts?.Any(mount => OwnVolumes.Contains(mount.Name)) == true) is { } reader)
            return new("ReservedName", $"spec.servers.podTemplate.spec.containers has {reader.Name}, which mounts a volume of Veltrix' own ({string.Join(", ", OwnVolumes)}); give it volumes of its own.");
        if (pod.Volumes?.FirstOrDefault(volume => OwnVolumes.Contains(volume.Name)) is { } taken)
            return new("ReservedName", $"spec.servers.podTemplate.spec.volumes has {taken.Name}, which is the name of a volume of Veltrix' own; call it something else.");
        if (pod.Env?.FirstOrDefault(variable => variable.Name.StartsWith("VELTRIX_", StringComparison.Ordinal)) is { } variable)
            return new("ReservedName", $"spec.servers.podTemplate.spec.env sets {variable.Name}; variables that begin with VELTRIX_ are Veltrix' own.");
        // The token of the API is the governor's alone.
        return pod.Volumes?.FirstOrDefault(volume => volume.HostPath is not null || volume.Projected?.Sources?.Any(source => source.ServiceAccountToken is not null) == true) is { } volume
            ? new("BadPodTemplate", $"spec.servers.podTemplate.spec.volumes has {volume.Name}, which mounts a folder of the node or a service account's token; hunt pods get neither.")
            : null;
    }

    static Refusal? Installed(string? defaults)
    {
        if (defaults is null) return new("NoDefaults", "The installation's ConfigMap with hunt-config.yml is not there; is the chart installed in this namespace?");
        var read = ConfigFile.Read(ConfigFile.DefaultName, defaults);
        if (!read.Faults.IsEmpty) return new("BadDefaults", $"The installation's {read.Faults[0].In(ConfigFile.DefaultName)}");
        var settings = new Settings();
        settings.Load(read);
        return settings.Get(Keys.KafkaServers).Length > 0
            ? null
            : new("NoSharedLog", "The installation names no kafka.bootstrap_servers in hunt-config.yml. Hunt pods come and go, and a log in a pod would go with it; name a cluster in the chart's values.");
    }

    static Refusal? Published(Hunt hunt, string? definition, string? published) =>
        definition is null ? new("DefinitionMissing", $"ConfigMap {hunt.Spec.Definition.ConfigMap!.Name} has no key {hunt.Spec.Definition.ConfigMap.Key} in this namespace, or is not there.")
        : published is not null && published != Hash(definition)
            ? new("DefinitionChanged", "The definition is not the one that was published, and a hunt keeps what was published. Put the old one back; settings may change in spec.overrides, and another Hunt may have another definition.")
            : null;

    static Refusal? Definition(Hunt hunt, string text)
    {
        var read = HuntFile.Read(text);
        if (read.Definition is not { } definition)
            return new("BadDefinition", $"The definition has {read.Faults.Length} fault(s): {string.Join(" ", read.Faults.Take(5).Select(fault => $"line {fault.Line}: {fault.Message} {fault.Remedy}"))}");
        return definition.Id == hunt.Name ? null : new("BadDefinition", $"The definition is of the hunt '{definition.Id}' and this object is called '{hunt.Name}'; give both one name.");
    }

    public static string Hash(string definition) =>
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(definition)))[..16];
}
