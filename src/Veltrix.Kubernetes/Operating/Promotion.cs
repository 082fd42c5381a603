using System.Text.Json;
using k8s.Models;
using Veltrix.Hosting;

namespace Veltrix.Kubernetes.Operating;

/// <summary>
/// Somebody changed the chart's map of defaults by hand, in the middle of an incident perhaps. The next upgrade of the chart would take that back. Pure: which settings are to be copied into the
/// map that no chart has.
/// </summary>
/// <param name="Baseline">The text as the chart last wrote it, to be remembered; null: as before.</param>
/// <param name="Settings">By key; empty: nothing to do.</param>
public sealed record Promotion(string? Baseline, IReadOnlyDictionary<string, string> Settings)
{
    /// <summary>Kept on the map of runtime overrides.</summary>
    public const string BaselineKey = "veltrix.dev/chart-defaults";

    /// <param name="defaults">The chart's map.</param>
    /// <param name="baseline">The text of <c>hunt-config.yml</c> as the chart last wrote it; null: never seen.</param>
    public static Promotion Of(V1ConfigMap defaults, string? baseline)
    {
        var text = defaults.Data?.TryGetValue(ConfigFile.DefaultName, out var found) == true ? found : "";
        var byHand = defaults.Data?.Keys.Where(key => !IsOfChart(defaults, key)).ToHashSet(StringComparer.Ordinal) ?? [];
        var settings = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (byHand.Contains(ConfigFile.DefaultName) && Read(text) is { } now)
        {
            var before = Read(baseline ?? "") ?? new Settings();
            foreach (var key in Keys.All.Where(key => key.Reach == Reach.Hunt))
                if (now.Explain(key) is { Origin: not Origin.BuiltIn } told && (baseline is null || before.Explain(key).Value != told.Value)) settings[key.Name] = told.Value;
        }

        // Or a key of its own, as in the other maps.
        foreach (var key in byHand)
            if (Keys.Find(key) is { Reach: Reach.Hunt } known && known.TryRead(defaults.Data![key], out _, out _)) settings[key] = defaults.Data[key];
        return new Promotion(byHand.Contains(ConfigFile.DefaultName) || text == baseline ? null : text, settings);
    }

    static Settings? Read(string yaml)
    {
        var read = ConfigFile.Read(ConfigFile.DefaultName, yaml);
        if (!read.Faults.IsEmpty) return null;
        var settings = new Settings();
        settings.Load(read);
        return settings;
    }

    /// <summary>Whoever last wrote a key owns it; with helm's own apply both may, and then nobody differs.</summary>
    static bool IsOfChart(V1ConfigMap map, string key)
    {
        var owners = (map.Metadata.ManagedFields ?? []).Where(owner => Owns(owner, key)).Select(owner => owner.Manager).ToList();
        return owners.Count == 0 || owners.Exists(owner => owner.StartsWith("helm", StringComparison.OrdinalIgnoreCase) || owner.Contains("argocd", StringComparison.OrdinalIgnoreCase) || owner.Contains("kustomize", StringComparison.OrdinalIgnoreCase));
    }

    static bool Owns(V1ManagedFieldsEntry owner, string key) =>
        owner.FieldsV1 is JsonElement { ValueKind: JsonValueKind.Object } fields && fields.TryGetProperty("f:data", out var data) && data.TryGetProperty($"f:{key}", out _);
}
