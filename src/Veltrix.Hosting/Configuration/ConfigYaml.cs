using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Veltrix.Hosting;

/// <summary>
/// <c>hunt-config.yml</c> as a flat list: nested maps and dotted names both become dotted names, and what is below <c>hunts:</c> is kept apart by hunt. Values stay text.
/// No anchors, aliases or tags: what a place of the file means can be read in that place.
/// </summary>
sealed partial class ConfigYaml(ConfigFaults faults)
{
    /// <summary>Maps in one another, the document's own included. Settings need five.</summary>
    const int DepthMax = 16;

    /// <summary>What is said for all hunts and for the process.</summary>
    public List<Written> General { get; } = [];

    /// <summary>What is said for single hunts, by their id.</summary>
    public Dictionary<string, List<Written>> Hunts { get; } = new(StringComparer.Ordinal);

    /// <summary>Never throws, whatever the text.</summary>
    public void Read(string yaml)
    {
        if (string.IsNullOrWhiteSpace(yaml))
        {
            faults.Add(1, 1, "", "", "The file is empty.", "Write a setting, such as 'max_concurrent_hunters: 20000'; a comment alone (# …) says that nothing is set.");
            return;
        }

        if (Intruder(yaml) is not null and var place)
        {
            faults.Add(place.Value.Line, place.Value.Column, "", "", $"The control character U+{(int)place.Value.Character:X4} cannot be in a settings file.", "Delete it; editors often show it as a box or not at all.");
            return;
        }

        var scanner = new Scanner(new StringReader(yaml));
        try
        {
            Document(new Parser(scanner));
        }
        catch (YamlException error)
        {
            NotYaml(yaml, error.Start, error.Message);
        }
        catch (Exception)
        {
            // The parser meets some malformed texts with other exceptions, or with a silent end.
            NotYaml(yaml, scanner.CurrentPosition, "While scanning for the next value, found something that cannot stand here");
        }
    }

    void Document(IParser parser)
    {
        parser.Consume<StreamStart>();
        if (parser.Accept<StreamEnd>(out _)) return;
        parser.Consume<DocumentStart>();
        switch (parser.Current)
        {
            case MappingStart:
                if (!Map(parser, "", General, 1)) return;
                break;
            // A document of comments only.
            case Scalar { Value: "", Style: ScalarStyle.Plain }:
                parser.MoveNext();
                break;
            case NodeEvent node:
                Add(node, "", "", "This is YAML, but no map of keys and values.", "Write 'key: value', such as 'max_concurrent_hunters: 20000'.");
                return;
        }

        parser.Consume<DocumentEnd>();
        if (parser.Accept<DocumentStart>(out var second)) Add(second, "", "", "A second document begins here; settings are one document.", "Delete the line '---'.");
    }

    /// <summary>False once the nesting is too deep: there is no going on then.</summary>
    bool Map(IParser parser, string prefix, List<Written> to, int depth)
    {
        var start = parser.Consume<MappingStart>();
        RefuseShortcuts(start, prefix);
        if (depth > DepthMax)
        {
            Add(start, prefix, "", $"Maps are nested more than {DepthMax} deep.", "Look for brackets that are not closed.");
            return false;
        }

        var lines = new Dictionary<string, long>(StringComparer.Ordinal);
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            if (parser.Current is not Scalar key)
            {
                Add(parser.Current!, prefix, "", "A key must be a plain word.", "Write 'key: value'.");
                parser.SkipThisAndNestedEvents();
                parser.SkipThisAndNestedEvents();
                continue;
            }

            parser.MoveNext();
            RefuseShortcuts(key, prefix + key.Value);
            var name = prefix + key.Value;
            if (!lines.TryAdd(key.Value, key.Start.Line))
            {
                Add(key, name, "", $"'{Shown(name)}' stands twice; it is already in line {lines[key.Value]}.", "Keep one of the two.");
                parser.SkipThisAndNestedEvents();
            }
            else if (name == "hunts" && ReferenceEquals(to, General))
            {
                if (!HuntSections(parser, depth + 1)) return false;
            }
            else if (!Value(parser, key, name, to, depth)) return false;
        }

        return true;
    }

    bool HuntSections(IParser parser, int depth)
    {
        if (parser.Current is not MappingStart)
        {
            Add(parser.Current!, "hunts", Text(parser.Current), "'hunts' is no map of hunts.", "Write below it 'hunt-id:', and below that the keys of the hunt.");
            parser.SkipThisAndNestedEvents();
            return true;
        }

        RefuseShortcuts(parser.Consume<MappingStart>(), "hunts");
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = parser.Current as Scalar;
            var id = key?.Value ?? "";
            if (key is null || !HuntIdForm.IsMatch(id))
                Add(parser.Current!, "hunts", id, $"'{Shown(id)}' is no hunt's id: 1 to 48 of a-z, 0-9 and '-', beginning with a letter.", "Write the id as it is in the hunt file.");
            else if (Hunts.ContainsKey(id))
                Add(key, "hunts", id, $"The hunt '{id}' stands twice.", "Put its keys together.");
            parser.SkipThisAndNestedEvents();
            var section = new List<Written>();
            if (parser.Current is MappingStart)
            {
                if (!Map(parser, "", section, depth + 1)) return false;
            }
            else
            {
                Add(parser.Current!, $"hunts.{id}", Text(parser.Current), $"The hunt '{Shown(id)}' is no map of keys and values.", "Write its keys below it, such as 'max_concurrent_hunters: 20000'.");
                parser.SkipThisAndNestedEvents();
            }

            Hunts.TryAdd(id, section);
        }

        return true;
    }

    bool Value(IParser parser, Scalar key, string name, List<Written> to, int depth)
    {
        var (line, column) = (Place(key.Start.Line), Place(key.Start.Column));
        switch (parser.Current)
        {
            case Scalar { Value: "", Style: ScalarStyle.Plain } nothing:
                RefuseShortcuts(nothing, name);
                Add(key, name, "", $"'{Shown(name)}' has no value.", "Write one behind the colon, or leave the key out.");
                break;
            case Scalar text:
                RefuseShortcuts(text, name);
                to.Add(new Written(name, text.Value, line, column));
                break;
            case SequenceStart:
                return List(parser, name, line, column, to);
            case MappingStart when Keys.Find(name) is { } whole && !KeySearch.IsGroup(name):
                Add(key, name, "", $"{name} is a map; {whole.RangeText} is allowed.", $"Write for example '{name}: {whole.DefaultText}'.");
                break;
            case MappingStart:
                return Map(parser, name + ".", to, depth + 1);
            case AnchorAlias alias:
                Add(alias, name, "", $"'*{Shown(alias.Value.ToString())}' is a YAML alias; settings have none.", "Write the value out.");
                break;
        }

        parser.SkipThisAndNestedEvents();
        return true;
    }

    bool List(IParser parser, string name, int line, int column, List<Written> to)
    {
        RefuseShortcuts(parser.Consume<SequenceStart>(), name);
        var items = new List<string>();
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            if (parser.Current is Scalar item)
            {
                RefuseShortcuts(item, name);
                items.Add(item.Value);
            }
            else Add(parser.Current!, name, "", $"'{Shown(name)}' has an entry that is no text.", "Write '[one, another]'.");
            parser.SkipThisAndNestedEvents();
        }

        to.Add(new Written(name, items.Count == 0 ? "none" : string.Join(", ", items), line, column, IsList: true));
        return true;
    }

    void RefuseShortcuts(NodeEvent node, string name)
    {
        if (!node.Anchor.IsEmpty) Add(node, name, "", $"'&{Shown(node.Anchor.Value)}' is a YAML anchor; settings have none.", "Delete it, and write the value where it is needed.");
        if (!node.Tag.IsEmpty) Add(node, name, "", $"'{Shown(node.Tag.ToString())}' is a YAML tag; settings have none: every value is read as what its key wants.", "Delete it.");
    }

    void NotYaml(string yaml, Mark at, string message)
    {
        var (line, column) = (Place(at.Line), Place(at.Column));
        // The parser names the place where the block began, which may be the top of the file.
        if (message.Contains("tab as indentation", StringComparison.Ordinal)) (line, column) = FirstTab(yaml, line) ?? (line, column);
        faults.Add(line, column, "", "", $"This is not YAML: {message.TrimEnd('.', ' ')}.",
            "Look here and in the lines above at the indentation (spaces, never tabs), and for brackets and quotes that are not closed.");
    }

    static (int Line, int Column)? FirstTab(string yaml, int from)
    {
        foreach (var (index, line) in yaml.Split('\n').Index().Skip(from - 1))
        {
            var tab = line.AsSpan().IndexOfAnyExcept(' ');
            if (tab >= 0 && line[tab] == '\t') return (index + 1, tab + 1);
        }

        return null;
    }

    // The parser would take NUL for the end of the file and leave out the rest in silence.
    static (int Line, int Column, char Character)? Intruder(string yaml)
    {
        var (line, column) = (1, 1);
        foreach (var c in yaml)
        {
            if (char.IsControl(c) && c is not ('\n' or '\r' or '\t' or '\u0085')) return (line, column, c);
            (line, column) = c == '\n' ? (line + 1, 1) : (line, column + 1);
        }

        return null;
    }

    void Add(ParsingEvent at, string key, string value, string message, string remedy) =>
        faults.Add(Place(at.Start.Line), Place(at.Start.Column), key.TrimEnd('.'), value, message, remedy);

    static string Text(ParsingEvent? value) => (value as Scalar)?.Value ?? "";

    /// <summary>As a message quotes it: on one line, and not too long.</summary>
    static string Shown(string text)
    {
        var line = text.ReplaceLineEndings(" ");
        return line.Length > 60 ? line[..60] + "…" : line;
    }

    static int Place(long counted) => (int)Math.Clamp(counted, 1, int.MaxValue);

    [GeneratedRegex(@"^[a-z][a-z0-9-]{0,47}\z")]
    private static partial Regex HuntIdForm { get; }
}
