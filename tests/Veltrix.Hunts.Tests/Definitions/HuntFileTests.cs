using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using CsCheck;

namespace Veltrix.Hunts.Tests.Definitions;

public sealed partial class HuntFileTests
{
    [Fact]
    public void The_template_reads_without_faults_and_shows_what_it_was_given()
    {
        var result = HuntFile.Read(HuntFile.Template("spring-2027", "Our \"first\" hunt: a \\ try"));
        Assert.Empty(result.Faults);
        Assert.Equal("spring-2027", result.Definition!.Id);
        Assert.Equal("Our \"first\" hunt: a \\ try", result.Definition.Title);
        Assert.Contains(result.Definition.Challenges, challenge => !challenge.Requires.IsEmpty);
    }

    [Fact]
    public void Whatever_the_title_the_template_keeps_it_or_says_what_is_wrong() =>
        Gen.String[1, 30].Sample(title =>
        {
            try
            {
                return HuntFile.Read(HuntFile.Template("any", title)).Definition!.Title == title.Trim();
            }
            catch (ArgumentException refusal)
            {
                return refusal.Message.Length > 0;
            }
        }, iter: 500);

    [Theory]
    [InlineData("Not An Id", "Title", "not-an-id")]
    [InlineData("id", "", "empty")]
    [InlineData("id", "two\nlines", "line break")]
    [InlineData("id", "a\0b", "U+0000")]
    public void The_template_refuses_what_a_hunt_cannot_be_called(string id, string title, string named) =>
        Assert.Contains(named, Assert.Throws<ArgumentException>(() => HuntFile.Template(id, title)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_file_above_the_limit_is_refused_by_its_bytes_and_not_its_characters()
    {
        const string head = "hunt: big\ntitle: Big\nchallenges: [{ id: a, answers: [a] }]\n#";
        var fits = head + new string('é', (HuntFile.BytesMax - head.Length) / 2);
        Assert.Empty(HuntFile.Read(fits).Faults);
        var fault = Assert.Single(HuntFile.Read(fits + "éé").Faults);
        Assert.Contains("1,000,000", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Ten_thousand_challenges_in_one_chain_are_read_and_one_more_is_refused()
    {
        Assert.Equal(HuntFile.ChallengesMax, HuntFile.Read(Chain(HuntFile.ChallengesMax)).Definition!.Challenges.Length);
        var fault = Assert.Single(HuntFile.Read(Chain(HuntFile.ChallengesMax + 1)).Faults);
        Assert.Contains("10,001", fault.Message, StringComparison.Ordinal);

        // Each is opened by the next one in the file, so that nothing is open before the last has been seen.
        static string Chain(int length)
        {
            var yaml = new StringBuilder("hunt: chain\ntitle: Chain\nchallenges:\n");
            for (var i = 0; i < length; i++) yaml.Append($"- {{ id: c{i}, answers: [a]{(i + 1 < Math.Min(length, HuntFile.ChallengesMax) ? $", unlock: {{ all_of: [c{i + 1}] }}" : "")} }}\n");
            return yaml.ToString();
        }
    }

    [Fact]
    public void Thousands_of_circles_and_misspelt_ids_are_named_soon()
    {
        var yaml = new StringBuilder("hunt: circles\ntitle: Circles\nchallenges:\n");
        for (var i = 0; i < HuntFile.ChallengesMax; i += 2)
            yaml.Append($"- {{ id: c{i}, answers: [a], unlock: {{ all_of: [c{i + 1}] }} }}\n- {{ id: c{i + 1}, answers: [a], unlock: {{ all_of: [c{i}, cc{i}] }} }}\n");
        var started = Stopwatch.GetTimestamp();
        var faults = HuntFile.Read(yaml.ToString()).Faults;
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(30));
        Assert.Equal(101, faults.Length);
        Assert.StartsWith("These are 100 faults of ", faults[^1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_and_columns_are_those_of_an_editor_whatever_the_line_ends()
    {
        const string yaml = "hunt: place\ntitle: 'Where? 山'\nchallenges:\n  - id: a\n    answers: [山, '']\n";
        var expected = Assert.Single(HuntFile.Read(yaml).Faults);
        Assert.Equal((5, 18), (expected.Line, expected.Column));
        Assert.Equal(expected, Assert.Single(HuntFile.Read(yaml.Replace("\n", "\r\n")).Faults));
        Assert.Equal(expected, Assert.Single(HuntFile.Read("\uFEFF" + yaml).Faults));
    }

    [Fact]
    public void The_author_s_page_names_every_key_and_every_limit()
    {
        var page = AuthorsPage();
        Assert.All(HuntFile.Keys, key => Assert.Contains($"| `{key}` |", page, StringComparison.Ordinal));
        int[] limits =
        [
            HuntFile.BytesMax, HuntFile.ChallengesMax, HuntFile.AnswersMax, HuntFile.PointsMax, HuntFile.PointsSumMax, HuntFile.AttemptsMax, HuntFile.TeamSizeMax,
            HuntFile.TitleMax, HuntFile.CategoryMax, HuntFile.TextMax, AnswerRule.LengthMax,
        ];
        Assert.All(limits, limit => Assert.Matches($@"(?<![\d,]){limit.ToString("N0", System.Globalization.CultureInfo.InvariantCulture)}(?![\d,]\d)", page));
    }

    [Fact]
    public void The_author_s_page_names_no_key_that_the_reader_does_not_know()
    {
        var named = KeyCell.Matches(AuthorsPage()).Select(match => match.Groups["key"].Value).Where(key => key is not ("case" or "space" or "accents" or "punctuation"));
        Assert.All(named, key => Assert.Contains(key, HuntFile.Keys));
    }

    [Fact]
    public void The_hunts_of_the_author_s_page_read_without_faults()
    {
        var hunts = YamlBlock.Matches(AuthorsPage()).Select(match => match.Groups["yaml"].Value).ToList();
        Assert.Equal(4, hunts.Count);
        Assert.All(hunts, yaml => Assert.Empty(HuntFile.Read(yaml).Faults));
    }

    [Theory]
    [InlineData("hunt: old\ntitle: T\n", "hunt: new\ntitle: T\n")]
    [InlineData("# hunt: old\r\ntitle: T\r\nhunt: 'old' # old\r\n", "# hunt: old\r\ntitle: T\r\nhunt: \"new\" # old\r\n")]
    [InlineData("\uFEFF\"hunt\":   \"old\"\ntitle: old\n", "\uFEFF\"hunt\":   \"new\"\ntitle: old\n")]
    public void Renaming_changes_the_id_and_nothing_else(string old, string renamed)
    {
        const string Rest = "challenges: [{ id: old, points: 1, answers: [old] }]\n";
        Assert.Equal(renamed + Rest, HuntFile.Rename(old + Rest, "new"));
        Assert.Equal(old + Rest, HuntFile.Rename(old + Rest, "old"));
        Assert.Throws<ArgumentException>(() => HuntFile.Rename(old + Rest, "No Id"));
        Assert.Throws<ArgumentException>(() => HuntFile.Rename("title: T\n" + Rest, "new"));
    }

    static string AuthorsPage() => File.ReadAllText(Path.Combine(Repository.Root, "docs", "author", "hunt-file.md"));

    [GeneratedRegex(@"^\| `(?<key>[^`]+)` \|", RegexOptions.Multiline)]
    private static partial Regex KeyCell { get; }

    [GeneratedRegex(@"^```yaml\n(?<yaml>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex YamlBlock { get; }
}
