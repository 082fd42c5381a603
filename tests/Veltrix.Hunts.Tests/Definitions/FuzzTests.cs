using System.Diagnostics;
using System.Text;

namespace Veltrix.Hunts.Tests.Definitions;

/// <summary>Hunt files come from strangers too: whatever the text, reading ends soon, with a definition or with faults that can be shown.</summary>
public sealed class FuzzTests
{
    /// <summary>Far above what a megabyte takes (at most 1.5 s), far below a hang. Machines that run tests are busy.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>What YAML and hunts are made of, and what they trip over.</summary>
    static readonly string[] Crumbs =
    [
        "\n", "  ", "\t", ": ", "- ", "[", "]", "{", "}", ",", "#", "'", "\"", "|", ">", "|2-\n", "? ", "& ", "&a ", "*a", "!", "!!map ", "!<x> ", "%YAML 1.2\n", "---\n", "...\n", "<<: ", "@", "`",
        "\\", "\\x41", "\\u202E", "\\UFFFFFFFF", "\\ud800", "\0", "\a", "\u0085", "\u2028", "\uFEFF", "\uD83D", "\uDE00", "😀", "e\u0301", "\r\n", "\r", "~", "null", "-1", "99999999999999999999",
        "id: a\n", "all_of: [a]", "unlock: ", "final: true\n", "challenges:\n", "answers: []\n",
    ];

    [Fact]
    public void Mutated_hunt_files_are_read_or_refused_with_a_place_and_a_remedy()
    {
        const int seed = 20_261_201, files = 6_000;
        var random = new Random(seed);
        var goldens = Directory.GetFiles(Repository.Golden, "*.yml").Order(StringComparer.Ordinal).Select(File.ReadAllText).Where(text => text.Length < 4_000).ToArray();
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < files; i++)
        {
            var text = Mutated(goldens, random);
            try
            {
                CheckShape(HuntFile.Read(text));
            }
            catch (Exception error)
            {
                Assert.Fail($"File {i} of seed {seed}: {error}\n{text}");
            }
        }
        Assert.True(Stopwatch.GetElapsedTime(started) < Patience);
    }

    /// <summary>A megabyte of one thing: what a parser with a quadratic or recursive corner would hang or die of.</summary>
    [Theory]
    [InlineData("", "[", "")]
    [InlineData("", "{", "")]
    [InlineData("", "[]", "")]
    [InlineData("a: ", "[a, ", "")]
    [InlineData("a: [", "a, ", "")]
    [InlineData("a: {", "a: b, ", "")]
    [InlineData("a: [", "{a: b}, ", "]")]
    [InlineData("", "- ", "")]
    [InlineData("", "? ", "")]
    [InlineData("", "? a\n", "")]
    [InlineData("", "- a\n", "")]
    [InlineData("", "a: b\n", "")]
    [InlineData("", "a:\n", "")]
    [InlineData("", "#\n", "")]
    [InlineData("", "\n", "")]
    [InlineData("", " ", "")]
    [InlineData("", "a ", "")]
    [InlineData("", "a\n", "")]
    [InlineData("a: '", "b\n ", "")]
    [InlineData("a: \"", "\\u0041", "\"")]
    [InlineData("a: |\n", " b\n", "")]
    [InlineData("a: |\n", "\n", "")]
    [InlineData("", "&a ", "")]
    [InlineData("", "!a ", "")]
    [InlineData("", "*a ", "")]
    [InlineData("", "%A\n", "")]
    [InlineData("", "---\n", "")]
    [InlineData("challenges:\n", "- \n", "")]
    [InlineData("challenges:\n", "- {}\n", "")]
    [InlineData("challenges:\n", "- id: a\n", "")]
    [InlineData("challenges: [{id: a, unlock: {all_of: [", "a,", "]}}]")]
    public void A_megabyte_of_one_thing_is_refused_soon(string before, string again, string after)
    {
        var text = new StringBuilder(before);
        while (text.Length < HuntFile.BytesMax - again.Length - after.Length) text.Append(again);
        var started = Stopwatch.GetTimestamp();
        var result = HuntFile.Read(text.Append(after).ToString());
        CheckShape(result);
        Assert.Null(result.Definition);
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, Patience);
    }

    static void CheckShape(HuntFileResult result)
    {
        Assert.Equal(result.Definition is null, result.Faults.Length > 0);
        Assert.True(result.Faults.Length <= 101);
        foreach (var fault in result.Faults)
        {
            Assert.True(fault.Line >= 1 && fault.Column >= 1, fault.ToString());
            Assert.True(fault.Message.Length is > 0 and < 1_000 && fault.Remedy.Length is > 0 and < 1_000, fault.ToString());
        }
    }

    static string Mutated(string[] goldens, Random random)
    {
        var text = new StringBuilder(goldens[random.Next(goldens.Length)]);
        for (var changes = random.Next(1, 6); changes > 0; changes--)
        {
            var at = random.Next(text.Length + 1);
            var length = Math.Min(random.Next(1, 12), text.Length - at);
            switch (random.Next(5))
            {
                case 0: text.Remove(at, length); break;
                case 1: text.Insert(at, Crumbs[random.Next(Crumbs.Length)]); break;
                case 2: text.Insert(random.Next(text.Length + 1), text.ToString(at, length)); break;
                case 3: text.Length = at; break;
                default:
                    var other = goldens[random.Next(goldens.Length)];
                    var from = random.Next(other.Length + 1);
                    text.Insert(at, other.AsSpan(from, Math.Min(random.Next(200), other.Length - from)));
                    break;
            }
        }
        return text.ToString();
    }
}
