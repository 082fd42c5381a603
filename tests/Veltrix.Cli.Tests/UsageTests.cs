using System.CommandLine;
using System.CommandLine.Parsing;
using Veltrix.Hosting;

namespace Veltrix.Cli.Tests;

public class UsageTests
{
    static readonly RootCommand Root = Cli.Verbs.Tree.Make(new Terminal(TextReader.Null, TextWriter.Null, TextWriter.Null));

    static IEnumerable<Command> Leaves(Command command) => command.Subcommands.Count == 0 ? [command] : command.Subcommands.SelectMany(Leaves);

    static string PathOf(Command command) => command is RootCommand ? "veltrix" : $"{PathOf(command.Parents.OfType<Command>().Single())} {command.Name}";

    public static TheoryData<string> Verbs => [.. Leaves(Root).Where(verb => !verb.Hidden).Select(PathOf)];

    internal static Command Find(string path) => Leaves(Root).Single(leaf => PathOf(leaf) == path);

    [Theory, MemberData(nameof(Verbs))]
    public async Task Help_shows_what_a_verb_is_for_and_examples_of_it(string path)
    {
        var ran = await Shell.Run([.. path.Split(' ').Skip(1), "--help"]);

        Assert.Equal(ExitCode.Done, ran.Code);
        Assert.Contains("Examples:", ran.Out);
        Assert.Contains($"  {path} ", ran.Out.Split("Examples:")[1] + " ");
        Assert.Empty(ran.Error);
    }

    [Theory, MemberData(nameof(Verbs))]
    public void Every_example_can_be_typed_as_it_stands(string path)
    {
        var verb = Assert.IsType<Verb>(Find(path));

        Assert.NotEmpty(verb.Examples);
        foreach (var example in verb.Examples)
        {
            Assert.StartsWith(path, example);
            // What a shell keeps for itself: pipes and redirections.
            var words = CommandLineParser.SplitCommandLine(example).Skip(1).TakeWhile(word => word is not ("|" or ">" or "<"));
            Assert.Empty(Root.Parse([.. words]).Errors);
        }
    }

    [Fact]
    public async Task Without_a_verb_there_is_help()
    {
        var ran = await Shell.Run();

        Assert.Equal(ExitCode.Done, ran.Code);
        Assert.Contains("veltrix up --bots 200", ran.Out);
        Assert.Contains("Exit codes: 0 done", ran.Out);
    }

    [Fact]
    public async Task A_group_without_a_verb_is_a_usage_error_that_lists_them()
    {
        var ran = await Shell.Run("hunt");

        Assert.Equal(ExitCode.Usage, ran.Code);
        Assert.Empty(ran.Out);
        Assert.Contains("validate", ran.Error);
    }

    [Theory]
    [InlineData("hunt pubish riddles.yml", "'pubish' is not known to 'veltrix hunt'. Did you mean 'publish'?")]
    [InlineData("upp", "'upp' is not known to 'veltrix'. Did you mean 'up'?")]
    [InlineData("up --bots --port 0", "--bots needs a value, and the next word is '--port'.")]
    [InlineData("up --exit-afer 5s", "'--exit-afer' is not known to 'veltrix up'. Did you mean '--exit-after'?")]
    [InlineData("dance", "'dance' is not known to 'veltrix'.")]
    [InlineData("hunt open --hwy rain", "'--hwy' is not known to 'veltrix hunt open'. Did you mean '--why'?")]
    [InlineData("up --exit-after 5", "--exit-after 5: a length of time is a number and its unit, such as 20s, 5m or 1h30m.")]
    [InlineData("up --port 65536", "--port 65536: a whole number from 0 to 65535 is needed.")]
    [InlineData("up --bots -1", "--bots -1: a whole number from 0 to 10000 is needed.")]
    [InlineData("up --host example.org", "--host example.org: an IP address of this machine is needed")]
    [InlineData("hunt list --url 127.0.0.1:8080", "an address begins with http:// or https://")]
    [InlineData("hunt extend riddles", "Give either --closes or --by.")]
    [InlineData("hunt extend riddles --by 5m --closes 2026-12-01T20:00:00Z", "Give either --closes or --by.")]
    [InlineData("hunt adjust riddles --team 1", "--points")]
    [InlineData("hunt export riddles --format xml", "xml")]
    [InlineData("hunt validate", "Required argument 'FILE' missing")]
    [InlineData("load --hunt capitals --rate 1000", "--rate 1000: 0 to 100 submissions per second and hunter.")]
    public async Task A_usage_error_says_what_is_wrong_on_stderr_and_exits_with_2(string line, string message)
    {
        var ran = await Shell.Run([.. line.Split(' '), .. line.StartsWith("load") ? new[] { "--url", "http://127.0.0.1:9", "--answers", "none.json" } : []]);

        Assert.Equal(ExitCode.Usage, ran.Code);
        Assert.Contains(message, ran.Error);
        Assert.Empty(ran.Out);
    }

    [Fact]
    public async Task A_key_is_never_taken_from_the_command_line()
    {
        var ran = await Shell.Run("hunt", "open", "riddles", "--key", "secret");

        Assert.Equal(ExitCode.Usage, ran.Code);
        Assert.DoesNotContain(Leaves(Root).SelectMany(verb => verb.Options), option => option.Name is "--key" or "--token" or "--password");
    }

    [Theory]
    [InlineData("20s", 20_000)]
    [InlineData("5m", 300_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("500ms", 500)]
    [InlineData("1.5s", 1_500)]
    [InlineData("2d", 172_800_000)]
    public void A_length_of_time_is_numbers_with_units(string text, double milliseconds)
    {
        Assert.True(Duration.TryParse(text, out var duration));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), duration);
    }

    [Theory]
    [InlineData("20")]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("-5s")]
    [InlineData("5 s")]
    [InlineData("5S")]
    [InlineData("1,5s")]
    [InlineData("999999999999d")]
    public void Anything_else_is_none(string text) => Assert.False(Duration.TryParse(text, out _));

    [Fact]
    public async Task Where_an_error_came_from_is_shown_only_with_debug()
    {
        string[] line = ["hunt", "list", "--url", "http://127.0.0.1:9"];

        var quiet = await Shell.Run(line);
        var loud = await Shell.Run([.. line, "--debug"]);

        Assert.DoesNotContain("   at ", quiet.Error);
        Assert.Contains("   at ", loud.Error);
    }

    [Fact]
    public async Task The_version_is_the_programs_own()
    {
        var said = (string)(await Shell.Run("version", "--json")).Json["version"]!;

        Assert.Equal(typeof(Entry).Assembly.GetName().Version!.ToString(3), said);
        Assert.StartsWith($"veltrix {said}", (await Shell.Run("version")).Out);
    }
}
