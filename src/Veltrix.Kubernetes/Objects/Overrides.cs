using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Veltrix.Hosting;

namespace Veltrix.Kubernetes;

/// <summary>A setting of a hunt by somebody's hand in the API, and where.</summary>
public sealed record OverrideEntry(string Key, string Value, string Source);

/// <summary>
/// What people set for a hunt in the API, as operator and governors both reckon it. Pure. Later wins: the map for all hunts, <c>spec.limit</c> and <c>spec.servers</c>, <c>spec.overrides</c>, the hunt's own map.
/// </summary>
/// <param name="Entries">By key.</param>
/// <param name="Faults">What cannot be a setting of a hunt, as sentences; it is left out.</param>
/// <param name="Sources">That set something, the one that wins over others first.</param>
public sealed record Overrides(IReadOnlyList<OverrideEntry> Entries, IReadOnlyList<string> Faults, IReadOnlyList<string> Sources)
{
    /// <summary>Of all entries: the same here and there means that the same holds.</summary>
    public string Hash { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', Entries.Select(entry => $"{entry.Key}={entry.Value}")))))[..12];

    /// <param name="runtimeName">What the map for all hunts is called.</param>
    /// <param name="runtime">Of the map for all hunts; null: there is none.</param>
    /// <param name="own">Of the hunt's own map; null: there is none.</param>
    public static Overrides Of(string hunt, HuntSpec spec, string runtimeName, IDictionary<string, string>? runtime, IDictionary<string, string>? own)
    {
        (string Source, IEnumerable<KeyValuePair<string, string>> Values)[] layers =
        [
            ($"ConfigMap {runtimeName}", runtime ?? Nothing),
            ($"spec.limit of Hunt {hunt}", Limit(spec.Limit)),
            ($"spec.servers of Hunt {hunt}", Servers(spec.Servers)),
            ($"spec.overrides of Hunt {hunt}", spec.Overrides ?? Nothing),
            ($"ConfigMap {HuntNames.Overrides(hunt)}", own ?? Nothing),
        ];
        var entries = new SortedDictionary<string, OverrideEntry>(StringComparer.Ordinal);
        var faults = new List<string>();
        foreach (var (source, values) in layers)
            foreach (var (key, value) in values.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                if (key.StartsWith(HuntNames.LivePrefix, StringComparison.Ordinal)) continue;
                if (Fault(hunt, key, value) is { } fault) faults.Add($"{source}: {fault}");
                else entries[key] = new OverrideEntry(key, value, source);
            }

        var sources = layers.Select(layer => layer.Source).Reverse().Where(source => entries.Values.Any(entry => entry.Source == source)).ToList();
        return new Overrides([.. entries.Values], faults, sources);
    }

    static readonly Dictionary<string, string> Nothing = [];

    /// <summary>Of the value alone: rules between two keys are kept where all layers are known.</summary>
    static string? Fault(string hunt, string key, string value)
    {
        if (Keys.Find(key) is { Reach: Reach.Hunt } known && known.TryRead(value, out _, out _)) return null;
        var fault = Settings.Defaults.CheckDefinition(hunt, [new Written(key, value, 0, 0)])[0];
        return $"{fault.Message} {fault.Remedy}";
    }

    static IEnumerable<KeyValuePair<string, string>> Limit(LimitSpec? limit)
    {
        if (limit?.Ceiling is { } ceiling) yield return new(Keys.MaxConcurrentHunters.Name, ceiling.ToString(CultureInfo.InvariantCulture));
        if (limit?.FloorRatio is { } floor) yield return new(Keys.LimitFloorRatio.Name, floor.ToString(CultureInfo.InvariantCulture));
        if (limit?.Policy is { } policy) yield return new(Keys.Policy.Name, policy);
    }

    static IEnumerable<KeyValuePair<string, string>> Servers(ServersSpec servers)
    {
        if (servers.HuntersPerServer is { } hunters) yield return new(Keys.HuntersPerServer.Name, hunters.ToString(CultureInfo.InvariantCulture));
    }
}
