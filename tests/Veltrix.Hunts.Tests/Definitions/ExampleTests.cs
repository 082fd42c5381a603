namespace Veltrix.Hunts.Tests.Definitions;

public sealed class ExampleTests
{
    static readonly string[] keypad = ["", "", "abc", "def", "ghi", "jkl", "mno", "pqrs", "tuv", "wxyz"];

    public static TheoryData<string> Examples => [.. Directory.GetFiles(Path.Combine(Repository.Root, "examples"), "*.yml").Select(path => Path.GetFileNameWithoutExtension(path)!)];

    [Theory, MemberData(nameof(Examples))]
    public void An_example_reads_without_faults_and_is_opened_by_hand(string name)
    {
        var hunt = Example(name);
        Assert.Equal(name, hunt.Id);
        Assert.Null(hunt.OpensMs);
        Assert.Null(hunt.ClosesMs);
    }

    [Theory, MemberData(nameof(Examples))]
    public void A_team_that_gives_the_first_accepted_answer_to_whatever_is_open_solves_everything(string name)
    {
        var challenges = Example(name).Challenges;
        var solved = new HashSet<int>();
        while (Enumerable.Range(0, challenges.Length).Where(i => !solved.Contains(i) && challenges[i].Requires.All(solved.Contains)).ToList() is { Count: > 0 } open)
            foreach (var i in open.Where(i => challenges[i].Answer.Accepts(challenges[i].Answer.Accepted[0]))) solved.Add(i);
        Assert.Equal(challenges.Length, solved.Count);
    }

    [Fact]
    public void The_capitals_are_many_and_most_are_open_at_the_start()
    {
        var challenges = Example("capitals").Challenges;
        Assert.InRange(challenges.Length, 200, 300);
        Assert.InRange(challenges.Count(challenge => challenge.Requires.IsEmpty), challenges.Length * 3 / 4, challenges.Length - 1);
        Assert.All(challenges, challenge => Assert.NotEqual("", challenge.Category));
    }

    [Fact]
    public void The_doors_of_the_capitals_spell_the_last_answer()
    {
        var challenges = Example("capitals").Challenges;
        var last = challenges.Single(challenge => challenge.Final);
        var initials = last.Requires.Select(i => char.ToLowerInvariant(challenges[i].Answer.Accepted[0][0])).Order();
        Assert.Equal("world".Order(), initials);
        Assert.True(last.Answer.Accepts("World"));
    }

    [Fact]
    public void The_capitals_take_the_spellings_that_people_use()
    {
        var challenges = Example("capitals").Challenges.ToDictionary(challenge => challenge.Id);
        Assert.True(challenges["usa"].Answer.Accepts("washington dc"));
        Assert.True(challenges["zaf"].Answer.Accepts("cape town"));
        Assert.True(challenges["stp"].Answer.Accepts("sao tome"));
        Assert.True(challenges["atg"].Answer.Accepts("St. Johns"));
        Assert.True(challenges["ton"].Answer.Accepts("nukualofa"));
        Assert.False(challenges["nor"].Answer.Accepts("bergen"));
    }

    [Fact]
    public void The_stair_of_the_lighthouse_leads_to_its_last_answer()
    {
        var challenges = Example("lighthouse").Challenges;
        var last = challenges.Single(challenge => challenge.Final);
        var stair = last.Requires.Select(i => challenges[i].Answer.Accepted[0]).OrderBy(word => word.Length).ToList();
        Assert.Equal(challenges.Length - 1, stair.Count);
        Assert.Equal(Enumerable.Range(3, 9), stair.Select(word => word.Length));
        Assert.True(last.Answer.Accepts(string.Concat(stair.Select((word, step) => word[step]))));
    }

    [Fact]
    public void The_ciphers_of_the_lighthouse_say_their_answers()
    {
        var challenges = Example("lighthouse").Challenges.ToDictionary(challenge => challenge.Id);

        var tide = Lines("tide", "o'clock   ").Select((line, hour) => (char)('A' + (line[^1] - 'A' - hour - 1 + 26) % 26));
        Assert.True(challenges["tide"].Answer.Accepts(string.Concat(tide)));

        var stops = Lines("telegram", " STOP").Select(line => line[^(" STOP".Length + 1)]);
        Assert.True(challenges["telegram"].Answer.Accepts(string.Concat(stops)));

        var digits = Lines("engineer", "ENGINEER: ").Single().Where(char.IsAsciiDigit).Select(digit => digit - '0');
        var word = challenges["engineer"].Answer.Accepted[0];
        Assert.Equal(word.Length, digits.Count());
        Assert.All(digits.Zip(word), pair => Assert.Contains(pair.Second, keypad[pair.First]));

        var rows = new[] { "crests  ", "middle  ", "troughs  " }.Select(row => new Queue<char>(Lines("waves", row).Single().Split(' ')[^1])).ToArray();
        var swell = new[] { 0, 1, 2, 1 };
        var sentence = string.Concat(Enumerable.Range(0, rows.Sum(row => row.Count)).Select(i => rows[swell[i % 4]].Dequeue()));
        Assert.True(challenges["waves"].Answer.Accepts(sentence.AsSpan()[^9..]));

        var names = Lines("ships", " night: ").Select(line => string.Concat(line.Split(": ")[1].Split(", ").Where(ship => !ship.StartsWith("and", StringComparison.Ordinal)).Select(ship => ship.TrimEnd('.').Length - 2 > 3 ? '-' : '.')));
        Assert.Equal(["-...", ".", ".-..", ".-.."], names);

        IEnumerable<string> Lines(string id, string with) => challenges[id].Text.Split('\n').Where(line => line.Contains(with, StringComparison.Ordinal));
    }

    static HuntDefinition Example(string name)
    {
        var result = HuntFile.Read(File.ReadAllText(Path.Combine(Repository.Root, "examples", name + ".yml")));
        Assert.Empty(result.Faults);
        return result.Definition!;
    }
}
