using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text;

namespace Veltrix.Hosting;

/// <summary><c>hunt-config.yml</c> as it was read: settings for all and for single hunts, or every fault at once. Immutable. Format: <c>docs/reference/config.md</c>.</summary>
public sealed class ConfigFile
{
    /// <summary>Largest file, in bytes.</summary>
    public const int BytesMax = 1_000_000;

    public const string DefaultName = "hunt-config.yml";

    readonly FrozenDictionary<string, Layer> hunts;

    ConfigFile(string? path, Layer general, IEnumerable<KeyValuePair<string, Layer>> hunts, ImmutableArray<ConfigFault> faults)
    {
        Path = path;
        General = general;
        this.hunts = hunts.ToFrozenDictionary(StringComparer.Ordinal);
        Faults = faults;
    }

    /// <summary>No file: nothing is set.</summary>
    public static ConfigFile None { get; } = new(null, Layer.Empty, [], []);

    /// <summary>Null where there is no file.</summary>
    public string? Path { get; }

    /// <summary>In the order of the file; at most 101, the last of which then counts the rest. A file with any sets nothing.</summary>
    public ImmutableArray<ConfigFault> Faults { get; }

    internal Layer General { get; }

    internal IEnumerable<string> Hunts => hunts.Keys;

    internal Layer For(string hunt) => hunts.GetValueOrDefault(hunt, Layer.Empty);

    /// <summary>Never throws, whatever the bytes.</summary>
    /// <param name="path">For messages and origins.</param>
    public static ConfigFile Read(string path, ReadOnlySpan<byte> bytes)
    {
        var faults = new ConfigFaults();
        if (bytes.Length > BytesMax)
            faults.Add(1, 1, "", "", FormattableString.Invariant($"The file has more than {BytesMax:N0} bytes, which is the most."), "Is this the right file? All keys for a thousand hunts take less.");
        else if (Utf8(bytes) is not { } text)
            faults.Add(1, 1, "", "", "The file is not UTF-8.", "Save it as UTF-8.");
        else
            return Read(path, text, faults);
        return new ConfigFile(path, Layer.Empty, [], faults.InFileOrder());
    }

    /// <summary>The same of a text.</summary>
    public static ConfigFile Read(string path, string yaml) => Read(path, Encoding.UTF8.GetBytes(yaml));

    static ConfigFile Read(string path, string yaml, ConfigFaults faults)
    {
        var tree = new ConfigYaml(faults);
        tree.Read(yaml);
        var general = Layer.Read(tree.General, null, written => new Origin.File(path, written.Line, null), faults);
        var hunts = tree.Hunts.ToDictionary(hunt => hunt.Key, hunt => Layer.Read(hunt.Value, hunt.Key, written => new Origin.File(path, written.Line, hunt.Key), faults));

        RefuseBroken(new Composition([general]), tree.General, "", faults);
        var brokenForAll = new Composition([general]).Broken;
        foreach (var (hunt, layer) in hunts)
            RefuseBroken(new Composition([general, layer]), tree.Hunts[hunt], $" for the hunt {hunt}", faults, except: brokenForAll);
        return faults.Any ? new ConfigFile(path, Layer.Empty, [], faults.InFileOrder()) : new ConfigFile(path, general, hunts, []);
    }

    /// <summary>A rule is broken by whichever of its two keys is written here, and by the later one if both are.</summary>
    static void RefuseBroken(Composition composed, List<Written> entries, string where, ConfigFaults faults, IReadOnlyList<Rule>? except = null)
    {
        foreach (var rule in composed.Broken.Except(except ?? []))
        {
            var at = entries.Last(written => written.Name == rule.Lower.Name || written.Name == rule.Upper.Name);
            var other = at.Name == rule.Lower.Name ? rule.Upper : rule.Lower;
            var said = composed.Highest(other);
            faults.Add(at, $"{rule.Sentence}{where}; it is {at.Text}, and {other.Name} is {other.Write(said.Value)} ({said.Origin}).", $"Change one of the two.");
        }
    }

    static string? Utf8(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
            return text.StartsWith('\uFEFF') ? text[1..] : text;
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
