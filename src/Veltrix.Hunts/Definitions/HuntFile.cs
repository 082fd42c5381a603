using System.Collections.Immutable;
using System.Text;

namespace Veltrix.Hunts;

/// <summary>A hunt as its author writes it: YAML, described by example in <c>docs/author/hunt-file.md</c>.</summary>
public static class HuntFile
{
    /// <summary>Largest hunt file, in bytes of UTF-8.</summary>
    public const int BytesMax = 1_000_000;

    public const int ChallengesMax = 10_000;

    public const int AnswersMax = 1_000;

    public const int PointsMax = 1_000_000;

    /// <summary>All challenges of a hunt together, so that scores fit 32 bits with room for adjustments.</summary>
    public const int PointsSumMax = 1_000_000_000;

    public const int AttemptsMax = 1_000;

    public const int TeamSizeMax = 100;

    /// <summary>Settings of one hunt: far more than there are keys.</summary>
    public const int SettingsMax = 500;

    /// <summary>Longest title of a hunt and name of a challenge, in UTF-16 units.</summary>
    public const int TitleMax = 200;

    /// <summary>Longest category, in UTF-16 units.</summary>
    public const int CategoryMax = 100;

    /// <summary>Longest description of a hunt and text of a challenge, in UTF-16 units.</summary>
    public const int TextMax = 20_000;

    /// <summary>Every key that a hunt file may have, with its path, such as <c>challenges[].unlock.all_of</c>.</summary>
    public static ImmutableArray<string> Keys { get; } =
    [
        .. HuntReader.HuntKeys,
        .. HuntReader.DefaultsKeys.Select(key => "defaults." + key),
        .. HuntReader.ChallengeKeys.Select(key => "challenges[]." + key),
        .. HuntReader.UnlockKeys.Select(key => "challenges[].unlock." + key),
    ];

    /// <summary>The definition, or all faults at once. Never throws, whatever the text.</summary>
    public static HuntFileResult Read(string yaml)
    {
        var faults = new Faults();
        if (Encoding.UTF8.GetByteCount(yaml) is > BytesMax and var bytes)
            faults.Add(1, 1, FormattableString.Invariant($"The file has {bytes:N0} bytes; the most is {BytesMax:N0}."), "Shorten the texts, or split the hunt.");
        else
            return YamlNode.Parse(yaml.StartsWith('\uFEFF') ? yaml[1..] : yaml, faults) switch
            {
                YamlMap root => new HuntFileResult(new HuntReader(faults).Read(root), faults.InFileOrder()),
                var other => NoHunt(other, faults),
            };
        return new HuntFileResult(null, faults.InFileOrder());
    }

    /// <summary>The same hunt under another id; everything else stays as its author wrote it.</summary>
    /// <exception cref="ArgumentException">The id is none, or stands in the file in a way that cannot be changed; the message says why.</exception>
    public static string Rename(string yaml, string id)
    {
        if (Read(yaml).Definition is { } definition && definition.Id == id) return yaml;
        var bom = yaml.StartsWith('\uFEFF') ? 1 : 0;
        if (YamlNode.Parse(yaml[bom..], new Faults()) is YamlMap root && root.Entries.FirstOrDefault(entry => entry.Key.Value == "hunt").Value is YamlText old)
        {
            var start = bom;
            for (var line = 1; line < old.Line; line++) start = yaml.IndexOf('\n', start) + 1;
            start += old.Column - 1;
            // An id has no quote in it, so the next one ends it.
            var end = old.Plain ? start + old.Value.Length : yaml.IndexOf(yaml[start], start + 1) + 1;
            if (end > start && yaml[start..end].Contains(old.Value, StringComparison.Ordinal))
            {
                var renamed = $"{yaml[..start]}{(old.Plain ? id : $"\"{id}\"")}{yaml[end..]}";
                var read = Read(renamed);
                if (read.Definition?.Id == id) return renamed;
                if (!read.Faults.IsEmpty) throw new ArgumentException($"{read.Faults[0].Message} {read.Faults[0].Remedy}");
            }
        }

        throw new ArgumentException("the id stands in the hunt file in a way that cannot be changed.");
    }

    /// <summary>A small hunt to start from, commented for authors. It reads without faults.</summary>
    /// <exception cref="ArgumentException">The id or the title is none; the message says why.</exception>
    public static string Template(string id, string title)
    {
        var text = $"""
            # A hunt. Every key is explained in docs/author/hunt-file.md; 'veltrix hunt validate FILE' names all faults at once.
            hunt: {Quoted(id)}
            title: {Quoted(title)}
            description: What hunters read before they join.

            # Without times an organiser opens and closes the hunt. With them it does so by itself; the offset (Z is UTC) is needed.
            # opens: 2026-12-01T18:00:00Z
            # closes: 2026-12-01T20:00:00+00:00

            team_size: solo              # or the most hunters in a team: 4
            ranking: score-then-time     # or finish-first: whoever solves the final challenge first

            # What holds for every challenge that does not say otherwise.
            defaults:
              points: 10
              attempts: unlimited        # or how many wrong answers a team may give: 5
              normalise: all             # differences that do not matter: [case, space, accents, punctuation], all, or none

            challenges:
              - id: first-steps
                name: First steps        # without one, the id is shown
                category: Warming up
                text: How many legs has a spider?
                answers: [8, eight]      # any of these is right

              - id: mirror
                name: In the mirror
                text: |
                  Below a bar like the one above, a text may have many lines
                  and hold : and # as it likes.

                  What is KNIRD, seen in a mirror?
                answers: [drink]
                points: 20
                attempts: 5

              - id: treasure
                name: The treasure
                text: What do you get when you drink eight cups of tea? (Any answer will do, as long as it is "wide awake".)
                answers: [wide awake]
                points: 50
                final: true              # ends the hunt where the ranking is finish-first
                unlock:
                  all_of: [first-steps, mirror]   # hidden until both are solved

            """;
        var faults = Read(text).Faults;
        return faults.IsEmpty ? text : throw new ArgumentException($"{faults[0].Message} {faults[0].Remedy}");

        // A quoted YAML text cannot end inside itself; a line break in it would be folded to a space, and is left for the reader to refuse.
        static string Quoted(string value) => $"\"{value.Replace("\\", @"\\").Replace("\"", "\\\"").Replace("\n", "\\n").Replace("\r", "\\r")}\"";
    }

    static HuntFileResult NoHunt(YamlNode? root, Faults faults)
    {
        const string remedy = "Begin with 'hunt: my-first-hunt'; 'veltrix hunt new' writes a file to start from.";
        if (root is not null and not YamlText { Value: "" }) faults.Add(root, "This is YAML, but no map of keys and values, so it is no hunt.", remedy);
        else if (!faults.Any) faults.Add(1, 1, "The file is empty.", remedy);
        return new HuntFileResult(null, faults.InFileOrder());
    }
}

/// <param name="Definition">Null exactly when there are faults.</param>
/// <param name="Faults">In the order of the file; at most 101, the last of which then counts the rest.</param>
public sealed record HuntFileResult(HuntDefinition? Definition, ImmutableArray<Fault> Faults);
