using System.Collections.Immutable;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Veltrix.Hunts;

/// <summary>
/// The part of YAML that hunts are written in: one document of texts, lists and maps, each knowing where it stands. Every scalar is text (so the answer
/// <c>No</c> stays an answer), and there is nothing that makes one place of the file mean another: no anchors, aliases, tags or merge keys.
/// </summary>
abstract record YamlNode(int Line, int Column)
{
    /// <summary>Lists and maps in one another, the document's own map included. Hunts need four.</summary>
    public const int DepthMax = 16;

    /// <summary>The document's root; null if there is none or the file is not YAML. Whatever is wrong goes to <paramref name="faults"/>.</summary>
    public static YamlNode? Parse(string yaml, Faults faults)
    {
        if (!IsPrintable(yaml, faults)) return null;
        try
        {
            return new YamlTreeBuilder(new EventSource(yaml), faults).Document();
        }
        catch (YamlException error)
        {
            var (line, column) = (YamlTreeBuilder.Place(error.Start.Line), YamlTreeBuilder.Place(error.Start.Column));
            if (error.Message.Contains("tab as indentation", StringComparison.Ordinal)) (line, column) = FirstTab(yaml, line) ?? (line, column);
            faults.Add(line, column, $"This is not YAML: {error.Message.TrimEnd('.', ' ')}.",
                "Look here and in the lines above at the indentation (spaces, never tabs) and for brackets and quotes that are not closed; put texts that hold ': ' or ' #', or begin with a sign, in 'single quotes', or below '|'.");
            return null;
        }
    }

    // The parser names the place where the indented block began, which may be the top of the file.
    static (int Line, int Column)? FirstTab(string yaml, int from)
    {
        foreach (var (index, line) in yaml.Split('\n').Index().Skip(from - 1))
        {
            var tab = line.AsSpan().IndexOfAnyExcept(' ');
            if (tab >= 0 && line[tab] == '\t') return (index + 1, tab + 1);
        }
        return null;
    }

    // YAML allows no control characters, and the parser would take NUL for the end of the file and leave out the rest in silence.
    static bool IsPrintable(string yaml, Faults faults)
    {
        var (line, column) = (1, 1);
        for (var i = 0; i < yaml.Length; i++, column++)
        {
            var c = yaml[i];
            if (c == '\n') (line, column) = (line + 1, 0);
            if (char.IsControl(c) && c is not ('\n' or '\r' or '\t' or '\u0085'))
            {
                faults.Add(line, column, $"The control character U+{(int)c:X4} cannot be in a hunt file.", "Delete it; editors often show it as a box or not at all.");
                return false;
            }
        }
        return true;
    }
}

// Plain: written without quotes or '|'. Plain and empty means that there is no value; '' is the empty text.
sealed record YamlText(int Line, int Column, string Value, bool Plain) : YamlNode(Line, Column);

/// <summary>Stands where a fault has already been noted; nobody need complain again.</summary>
sealed record YamlUnread(int Line, int Column) : YamlNode(Line, Column);

sealed record YamlList(int Line, int Column, ImmutableArray<YamlNode> Items) : YamlNode(Line, Column);

sealed record YamlMap(int Line, int Column, ImmutableArray<KeyValuePair<YamlText, YamlNode>> Entries) : YamlNode(Line, Column);

/// <summary>The parser's events. What the parser throws becomes a <see cref="YamlException"/> with a place: it meets some malformed texts with other exceptions.</summary>
sealed class EventSource : IParser
{
    readonly Scanner scanner;
    readonly Parser parser;

    public EventSource(string yaml)
    {
        scanner = new Scanner(new StringReader(yaml));
        parser = new Parser(scanner);
    }

    public ParsingEvent? Current => parser.Current;

    public bool MoveNext()
    {
        try
        {
            return parser.MoveNext();
        }
        catch (Exception error) when (error is not YamlException)
        {
            throw new YamlException(scanner.CurrentPosition, scanner.CurrentPosition, "While scanning for the next value, found something that cannot stand here", error);
        }
    }
}

/// <summary>Turns the parser's events into the tree. Recursion is bounded by <see cref="YamlNode.DepthMax"/>.</summary>
sealed class YamlTreeBuilder(IParser parser, Faults faults)
{
    public static int Place(long counted) => (int)Math.Clamp(counted, 1, int.MaxValue);

    public YamlNode? Document()
    {
        parser.Consume<StreamStart>();
        if (parser.Accept<StreamEnd>(out _)) return null;
        parser.Consume<DocumentStart>();
        var root = Node(1);
        if (root is null) return null;
        parser.Consume<DocumentEnd>();
        if (parser.Accept<DocumentStart>(out var second))
            faults.Add(Place(second.Start.Line), Place(second.Start.Column), "A second document begins here; a hunt file holds one hunt.",
                "Delete the line '---', or put the second hunt into a file of its own.");
        return root;
    }

    /// <summary>Null once the nesting is too deep: there is no going on then.</summary>
    YamlNode? Node(int depth)
    {
        if (parser.TryConsume<AnchorAlias>(out var alias)) return Refuse(alias);
        parser.Require<NodeEvent>();
        var node = (NodeEvent)parser.Current!;
        var (line, column) = (Place(node.Start.Line), Place(node.Start.Column));
        RefuseShortcuts(node, line, column);
        if (depth > YamlNode.DepthMax)
        {
            faults.Add(line, column, $"Lists and maps are nested more than {YamlNode.DepthMax} deep.", "A hunt needs four levels: look for brackets that are not closed.");
            return null;
        }
        if (parser.TryConsume<Scalar>(out var scalar)) return new YamlText(line, column, scalar.Value, scalar.Style == ScalarStyle.Plain);
        return node is SequenceStart ? List(line, column, depth) : Map(line, column, depth);
    }

    YamlList? List(int line, int column, int depth)
    {
        parser.Consume<SequenceStart>();
        var items = ImmutableArray.CreateBuilder<YamlNode>();
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            if (Node(depth + 1) is not { } item) return null;
            items.Add(item);
        }
        return new YamlList(line, column, items.DrainToImmutable());
    }

    YamlMap? Map(int line, int column, int depth)
    {
        parser.Consume<MappingStart>();
        var entries = ImmutableArray.CreateBuilder<KeyValuePair<YamlText, YamlNode>>();
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            if (Node(depth + 1) is not { } key || Node(depth + 1) is not { } value) return null;
            if (key is YamlText name) entries.Add(new(name, value));
            else if (key is not YamlUnread) faults.Add(key, "A key must be a plain word.", "Write 'key: value'; a text that begins with [ or { needs quotes.");
        }
        return new YamlMap(line, column, entries.DrainToImmutable());
    }

    YamlUnread Refuse(AnchorAlias alias)
    {
        var at = new YamlUnread(Place(alias.Start.Line), Place(alias.Start.Column));
        faults.Add(at, $"{PlainText.Shown("*" + alias.Value)} is a YAML alias; hunt files have none.", "Write the value out; if the * belongs to the text, put the text in 'single quotes' or below '|'.");
        return at;
    }

    void RefuseShortcuts(NodeEvent node, int line, int column)
    {
        if (!node.Anchor.IsEmpty)
            faults.Add(line, column, $"{PlainText.Shown("&" + node.Anchor.Value)} is a YAML anchor; hunt files have none.", "Delete it; if the & belongs to the text, put the text in 'single quotes'.");
        if (!node.Tag.IsEmpty)
            faults.Add(line, column, $"{PlainText.Shown(node.Tag.ToString())} is a YAML tag; hunt files have none: every value is text, and read as what its key wants.",
                "Delete it; if the ! belongs to the text, put the text in 'single quotes'.");
    }
}
