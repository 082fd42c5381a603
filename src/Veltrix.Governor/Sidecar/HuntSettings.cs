using System.Collections.Frozen;
using Veltrix.Hosting;

namespace Veltrix.Governor.Sidecar;

/// <summary>
/// The settings of one hunt: what its server reports that people have set, above this process' own. A governor in a process of its own never sees a hunt's definition or ledger; its server does.
/// Thread-safe.
/// </summary>
/// <param name="adopt">Told when what people have set changes; null where the process knows it anyway.</param>
public sealed class HuntSettings(Settings settings, string hunt, Action<string, IReadOnlyDictionary<string, string>>? adopt = null)
{
    volatile Reported reported = new(FrozenDictionary<string, string>.Empty, FrozenDictionary<string, string>.Empty);

    public T Get<T>(Key<T> key) => reported.Values.TryGetValue(key.Name, out var text) && key.TryRead(text, out var value, out _) ? (T)value! : settings.Get(key, hunt);

    /// <summary>Who set a key, in the words of the server; empty where nobody did.</summary>
    public string Origin(Key key) => reported.Origins.GetValueOrDefault(key.Name, "");

    public Settings Process => settings;

    /// <summary>A server has said what people have set, be it nothing.</summary>
    public bool IsReported { get; private set; }

    public void Take(IDictionary<string, string> values, IDictionary<string, string> origins)
    {
        IsReported = true;
        if (Same(values, reported.Values) && Same(origins, reported.Origins)) return;
        reported = new(values.ToFrozenDictionary(), origins.ToFrozenDictionary());
        adopt?.Invoke(hunt, reported.Values);
    }

    static bool Same(IDictionary<string, string> one, FrozenDictionary<string, string> other) =>
        one.Count == other.Count && one.All(pair => other.TryGetValue(pair.Key, out var value) && value == pair.Value);

    sealed record Reported(FrozenDictionary<string, string> Values, FrozenDictionary<string, string> Origins);
}
