using System.Text.RegularExpressions;

namespace Veltrix.Cli.Tests;

/// <summary>What can be known of <c>deploy/systemd</c> without systemd: units are whole, and start what the program and the page about them know.</summary>
public partial class SystemdTests
{
    const string Program = "/opt/veltrix/veltrix";

    static readonly Dictionary<string, string> Variables = DocumentTests.Read("deploy/systemd/veltrix.env").Split('\n')
        .Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);

    static readonly string Page = DocumentTests.Read("docs/operate/install.md");

    public static TheoryData<string> Units => [.. Directory.EnumerateFiles(Path.Combine(DocumentTests.Root, "deploy/systemd"), "*.service").Select(file => Path.GetFileName(file)).Order()];

    [Fact]
    public void There_is_a_unit_for_every_role_of_such_an_installation() =>
        Assert.Equal(["veltrix-governor.service", "veltrix-orchestrator.service", "veltrix-server.service"], Units.Select(unit => unit.Data));

    [Theory, MemberData(nameof(Units))]
    public void Its_command_line_is_one_that_the_program_takes(string unit)
    {
        var words = Words(Section(unit, "Service")["ExecStart"]);
        Assert.Equal([Program, unit["veltrix-".Length..^".service".Length]], words[..2]);
        var parsed = Verbs.Tree.Make(new Terminal(TextReader.Null, TextWriter.Null, TextWriter.Null)).Parse(words[1..]);
        Assert.True(parsed.Errors.Count == 0 && parsed.CommandResult.Command is Verb, $"{unit}: {string.Join(' ', words)}: {string.Join("; ", parsed.Errors)}");
    }

    [Theory, MemberData(nameof(Units))]
    public void It_may_write_where_it_writes_comes_back_and_has_time_to_end(string unit)
    {
        var service = Section(unit, "Service");
        Assert.Equal(("always", "veltrix", "/etc/veltrix/veltrix.env"), (service["Restart"], service["User"], service["EnvironmentFile"]));
        Assert.True(int.Parse(service["TimeoutStopSec"]) > 10);
        // All else is read-only.
        var words = Words(service["ExecStart"]);
        if (Array.IndexOf(words, "--data") is >= 0 and var data) Assert.StartsWith($"/var/lib/{service["StateDirectory"]}/", words[data + 1]);
        Assert.Contains("WantedBy", Section(unit, "Install").Keys);
        Assert.Contains("After", Section(unit, "Unit").Keys);
    }

    [Fact]
    public void The_page_has_every_unit_variable_and_port()
    {
        Assert.All(Units, unit => Assert.Contains(unit.Data[..^".service".Length], Page));
        var used = Units.SelectMany(unit => Variable().Matches(Section(unit.Data, "Service")["ExecStart"])).Select(match => match.Groups[1].Value).ToHashSet();
        Assert.Equal(Variables.Keys.Order(), used.Order());
        foreach (var unit in Units)
            foreach (Match port in Port().Matches(string.Join(' ', Words(Section(unit.Data, "Service")["ExecStart"])))) Assert.Contains(port.Groups[1].Value, Page);
    }

    [Fact]
    public async Task The_settings_on_the_page_are_settings()
    {
        using var folder = new TempFolder();
        var file = folder.File("hunt-config.yml");
        await File.WriteAllTextAsync(file, Page.Split("```yaml\n")[1].Split("```")[0].Replace("# server.public_url", "server.public_url"), TestContext.Current.CancellationToken);
        var said = await Shell.Run("config", "validate", file);
        Assert.True(said.Code == ExitCode.Done, said.Out + said.Error);
    }

    // As systemd does: ${NAME} is one word, $NAME as many as it has.
    static string[] Words(string command) => [.. command.Split(' ').SelectMany(word => word.StartsWith('$') && word[1] != '{'
        ? Variables[word[1..]].Split(' ') : [Variable().Replace(word, match => Variables[match.Groups[1].Value])])];

    static Dictionary<string, string> Section(string unit, string name) => DocumentTests.Read($"deploy/systemd/{unit}").Split($"[{name}]\n")[1].Split("\n[")[0].Split('\n')
        .Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);

    [GeneratedRegex(@"\$\{?([A-Z_]+)\}?")]
    private static partial Regex Variable();

    [GeneratedRegex(@"(?::|--port )(\d{4,5})\b")]
    private static partial Regex Port();
}
