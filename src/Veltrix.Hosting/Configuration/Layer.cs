using System.Collections.Frozen;

namespace Veltrix.Hosting;

/// <summary>A key and a value as somebody wrote them.</summary>
/// <param name="Name">The whole dotted name.</param>
/// <param name="Line">Of the key, counted from 1.</param>
/// <param name="IsList">Written as a list; <paramref name="Text"/> has its entries with commas between.</param>
public sealed record Written(string Name, string Text, int Line, int Column, bool IsList = false);

/// <summary>A value and who set it.</summary>
/// <param name="Value">As the program gets it.</param>
public sealed record Said(object? Value, Origin Origin);

/// <summary>What one layer says: values of some keys. Immutable.</summary>
sealed class Layer(IEnumerable<KeyValuePair<Key, Said>> said)
{
    public static Layer Empty { get; } = new([]);

    readonly FrozenDictionary<Key, Said> said = said.ToFrozenDictionary();

    public Said? Find(Key key) => said.GetValueOrDefault(key);

    public IEnumerable<Key> Keys => said.Keys;

    /// <summary>Reads what somebody wrote. What cannot be a setting is a fault, and as if it were not there.</summary>
    /// <param name="hunt">The hunt that it is for; null: for all and for the process.</param>
    public static Layer Read(IEnumerable<Written> entries, string? hunt, Func<Written, Origin> origin, ConfigFaults faults)
    {
        var read = new Dictionary<Key, Said>();
        var lines = new Dictionary<Key, int>();
        foreach (var written in entries)
        {
            if (KeySearch.Find(written, faults) is not { } key) continue;
            if (!lines.TryAdd(key, written.Line))
                faults.Add(written, $"{key.Name} stands twice; it is already in line {lines[key]}.", "Keep one of the two.");
            else if (hunt is not null && key.Reach == Reach.Process)
                faults.Add(written, $"{key.Name} holds for the whole process and cannot be set for the hunt {hunt}.", "Set it at the top level of hunt-config.yml.");
            else if (written.IsList && key.Form is not (SomeOf or SomeNetworks))
                faults.Add(written, $"{key.Name} is a list; {key.RangeText} is allowed.", Example(key));
            else if (!key.TryRead(written.Text, out var value, out var fault))
                faults.Add(key.Form is ConnectionText ? written with { Text = ConnectionText.WithoutPassword(written.Text) } : written, $"{key.Name} {fault}.", Remedy(key, written.Text));
            else
                read.Add(key, new Said(value, origin(written)));
        }

        return new Layer(read);
    }

    static string Remedy(Key key, string text)
    {
        string[] names = key.Form switch { OneOf one => one.Names, SomeOf some => some.Names, _ => [] };
        if (Spelling.Nearest(text, names) is { } meant) return $"Did you mean '{meant}'?";
        return key.Form is Span && key.TryRead(text + "s", out _, out _) ? $"Add the unit: '{key.Name}: {text}s'." : Example(key);
    }

    static string Example(Key key) => $"Write for example '{key.Name}: {key.DefaultText}', or leave the key out: that is its default.";
}
