namespace Veltrix.Hosting;

/// <summary>What holds at one moment: values that are not the built-in ones, for all and for each hunt that has layers of its own. The dictionaries are never changed once they are here.</summary>
/// <param name="Hunts">Whole sets: what is for all is in them already.</param>
sealed record EffectiveValues(Dictionary<Key, object?> General, Dictionary<string, Dictionary<Key, object?>> Hunts)
{
    public static EffectiveValues Empty { get; } = new([], new(StringComparer.Ordinal));

    public Dictionary<Key, object?> Of(string hunt) => Hunts.TryGetValue(hunt, out var own) ? own : General;

    public bool DiffersFrom(EffectiveValues before) =>
        !Same(before.General, General) || before.Hunts.Keys.Union(Hunts.Keys).Any(hunt => !Same(before.Of(hunt), Of(hunt)));

    /// <summary>What is different, in words: for all, then for hunts where it is not the same as for all.</summary>
    public IEnumerable<string> Since(EffectiveValues before)
    {
        foreach (var key in Keys.All)
            if (Moved(key, before.General, General) is { } text) yield return $"{key.Name} {text}";
        foreach (var hunt in before.Hunts.Keys.Union(Hunts.Keys).Order(StringComparer.Ordinal))
            foreach (var key in Keys.All.Where(key => key.Reach == Reach.Hunt))
                if (Moved(key, before.Of(hunt), Of(hunt)) is { } text && text != Moved(key, before.General, General)) yield return $"{hunt}: {key.Name} {text}";
    }

    public static bool Same(Dictionary<Key, object?> one, Dictionary<Key, object?> other) =>
        one.Count == other.Count && one.All(entry => other.TryGetValue(entry.Key, out var value) && Equals(entry.Value, value));

    static string? Moved(Key key, Dictionary<Key, object?> before, Dictionary<Key, object?> after)
    {
        var (old, fresh) = (key.Write(before.GetValueOrDefault(key, key.DefaultValue)), key.Write(after.GetValueOrDefault(key, key.DefaultValue)));
        return old == fresh ? null : $"{old} → {fresh}{(key.Acts == Acts.AtStart ? " (acts at the next start)" : "")}";
    }
}
