using System.Text.Json.Nodes;
using Veltrix.Hosting;
using Veltrix.Server;

namespace Veltrix.Cli.Tests;

/// <summary>The verbs of <c>veltrix config</c>, without a server and against a real one.</summary>
public class ConfigVerbTests
{
    [Fact]
    public async Task The_ceiling_that_nobody_could_find_is_found()
    {
        using var folder = new TempFolder();

        var ran = await Shell.Run("config", "explain", "max_concurrent_hunters", "--data", folder.Path);

        Assert.Equal(ExitCode.Done, ran.Code);
        Assert.StartsWith("max_concurrent_hunters = 50000\n", ran.Out);
        Assert.Contains("The ceiling", ran.Out);
        Assert.Contains("→ default    50000  (built-in default)", ran.Out);
        Assert.Contains("built-in defaults", ran.Error);
    }

    [Theory]
    [InlineData("max_players", "max_concurrent_hunters")]
    [InlineData("max_concurent_hunters", "max_concurrent_hunters")]
    [InlineData("redis_memory.soft", "governor.redis_memory.soft")]
    public async Task A_name_that_is_none_leads_to_the_one_that_is_meant(string written, string meant)
    {
        using var folder = new TempFolder();

        var ran = await Shell.Run("config", "explain", written, "--data", folder.Path, "--json");

        Assert.Equal((ExitCode.Done, meant), (ran.Code, (string)ran.Json["key"]!));
        Assert.Contains($"There is no key '{written}'; this is {meant}.", ran.Error);
    }

    [Theory]
    [InlineData("flux_capacitor", "'veltrix config list' shows all there are.")]
    [InlineData("threshold.hunters", "'veltrix config list' shows all there are.")]
    [InlineData("credit", "Did you mean 'waiting.credit_max', 'waiting.clock'?")]
    public async Task A_name_that_means_nothing_is_not_found(string written, string remedy)
    {
        using var folder = new TempFolder();

        var ran = await Shell.Run("config", "explain", written, "--data", folder.Path);

        Assert.Equal(ExitCode.NotFound, ran.Code);
        Assert.Contains(remedy, ran.Error);
    }

    [Fact]
    public async Task A_file_shows_what_it_would_set_and_for_whom()
    {
        using var folder = new TempFolder();
        var file = folder.Write("hunt-config.yml", ConfigPage.Example);

        var all = await Shell.Run("config", "explain", "max_concurrent_hunters", "--file", file);
        var one = await Shell.Run("config", "explain", "max_concurrent_hunters", "--file", file, "--hunt", "night-walk");
        var list = await Shell.Run("config", "list", "--file", file, "--json");

        Assert.Contains($"→ file       20000  ({file}:2)", all.Out);
        Assert.Contains($"→ file       3000  ({file}:14, for the hunt night-walk)", one.Out);
        Assert.Contains($"  file       20000  ({file}:2)", one.Out);
        Assert.Equal(Keys.All.Select(key => key.Name), list.Out.TrimEnd().Split('\n').Select(line => (string)JsonNode.Parse(line)!["key"]!));
        Assert.Empty(all.Error);
    }

    [Fact]
    public async Task A_server_that_was_named_or_is_needed_must_answer_and_another_is_done_without()
    {
        using var folder = new TempFolder();
        folder.Write("server.json", """{"url":"http://127.0.0.1:9","pid":1}""");
        folder.Write("admin.key", "k");

        var without = await Shell.Run("config", "explain", "join.pace", "--data", folder.Path);
        Assert.Equal(ExitCode.Done, without.Code);
        Assert.Contains("No server answers at http://127.0.0.1:9", without.Error);
        Assert.Contains("built-in defaults", without.Error);
        Assert.Equal(ExitCode.Failed, (await Shell.Run("config", "explain", "join.pace", "--data", folder.Path, "--hunt", "riddles")).Code);
        Assert.Equal(ExitCode.Failed, (await Shell.Run("config", "list", "--data", folder.Path, "--url", "http://127.0.0.1:9")).Code);
        Assert.Equal(ExitCode.Failed, (await Shell.Run("config", "status", "--data", folder.Path)).Code);
    }

    [Fact]
    public async Task A_good_file_has_no_faults_and_a_bad_one_all_of_them()
    {
        using var folder = new TempFolder();
        var good = await Shell.Run("config", "validate", folder.Write("good.yml", ConfigPage.Example));
        var bad = await Shell.Run("config", "validate", folder.Write("bad.yml", "max_concurrent_hunter: 5\njoin.pace: 0\n"));
        var piped = await Shell.Run(["config", "validate", "-", "--json"], "join.pace: 0\n");

        Assert.Equal((ExitCode.Done, $"{folder.File("good.yml")}: no faults.\n"), (good.Code, good.Out));
        Assert.Equal(ExitCode.Failed, bad.Code);
        Assert.Equal(
            $"""
            {folder.File("bad.yml")}:1:1: 'max_concurrent_hunter' is no key. (Did you mean 'max_concurrent_hunters'?)
            {folder.File("bad.yml")}:2:1: join.pace is 0; 1 to 1,000,000 is allowed. (Write for example 'join.pace: 120', or leave the key out: that is its default.)

            """, bad.Out);
        Assert.Equal((ExitCode.Failed, "join.pace", "0"), (piped.Code, (string)piped.Json["faults"]![0]!["key"]!, (string)piped.Json["faults"]![0]!["value"]!));
        Assert.Equal(ExitCode.NotFound, (await Shell.Run("config", "validate", folder.File("none.yml"))).Code);
    }

    [Fact]
    public async Task A_hunts_settings_are_checked_with_its_file()
    {
        var ran = await Shell.Run(["hunt", "validate", "-"], "hunt: h\ntitle: H\nsettings:\n  max_players: 5\n  join.pace: 0\n  governor.tick: 2s\nchallenges:\n  - { id: a, answers: [x] }\n");

        Assert.Equal(ExitCode.Failed, ran.Code);
        Assert.Equal(3, ran.Out.TrimEnd().Split('\n').Length);
        Assert.Contains("stdin:4:3: 'max_players' is no key. (Did you mean 'max_concurrent_hunters'?)", ran.Out);
        Assert.Contains("stdin:6:3: governor.tick holds for the whole process", ran.Out);
    }

    [Fact]
    public async Task A_server_does_not_start_with_faulty_settings()
    {
        using var folder = new TempFolder();
        var config = folder.Write("ours.yml", "join.pace: 0\nno_such: 1\n");

        var ran = await Shell.Run("server", "--port", "0", "--data", folder.File("data"), "--config", config);

        Assert.Equal(ExitCode.Failed, ran.Code);
        Assert.Contains($"{config}:1:1: join.pace is 0", ran.Error);
        Assert.Contains($"{config}:2:1: 'no_such' is no key", ran.Error);
    }

    [Fact]
    public async Task Settings_of_a_live_hunt_are_set_explained_and_taken_back()
    {
        using var folder = new TempFolder();
        folder.Write("hunt-config.yml", "join.pace: 60\n");
        await using var server = await VeltrixServer.Start(new ServerOptions { DataFolder = folder.Path, Port = 0 }, TestContext.Current.CancellationToken);
        string[] at = ["--data", folder.Path];
        var hunt = folder.Write("riddles.yml", (await Shell.Run("hunt", "new", "riddles", "--output", "-")).Out);
        Assert.Equal(ExitCode.Done, (await Shell.Run(["hunt", "publish", hunt, .. at])).Code);

        var set = await Shell.Run(["config", "set", "join.pace", "30", "--hunt", "riddles", "--why", "a rush", "--until", "30m", .. at]);
        Assert.Equal(ExitCode.Done, set.Code);
        Assert.Contains("riddles: join.pace = 30 (admin, since ", set.Error);
        var told = await Shell.Run(["config", "explain", "join.pace", "--hunt", "riddles", .. at]);
        Assert.Contains(": a rush)", told.Out);
        Assert.Contains($"  file       60  ({folder.File("hunt-config.yml")}:1)", told.Out);
        Assert.Contains("→ file       60", (await Shell.Run(["config", "explain", "join.pace", .. at])).Out);

        Assert.Equal(ExitCode.Done, (await Shell.Run(["config", "unset", "join.pace", "--hunt", "riddles", "--why", "it is over", .. at])).Code);
        Assert.Equal(ExitCode.Refused, (await Shell.Run(["config", "unset", "join.pace", "--hunt", "riddles", "--why", "it is over", .. at])).Code);
        Assert.Contains("join.pace", (await Shell.Run(["config", "list", "--hunt", "riddles", .. at])).Out);
        Assert.Contains("is in force", (await Shell.Run(["config", "status", .. at])).Out);

        var wrong = await Shell.Run(["config", "set", "join.pase", "30", "--hunt", "riddles", "--why", "x", .. at]);
        Assert.Equal(ExitCode.Failed, wrong.Code);
        Assert.Contains("Did you mean 'join.pace'?", wrong.Error);
        Assert.Equal(ExitCode.Refused, (await Shell.Run(["config", "set", "join.pace", "30", "--hunt", "riddles", "--why", "x", "--until", "2020-01-01T00:00:00Z", .. at])).Code);
        Assert.Equal(ExitCode.NotFound, (await Shell.Run(["config", "set", "join.pace", "30", "--hunt", "nowhere", "--why", "x", .. at])).Code);
    }

    [Theory]
    [InlineData("config set join.pace 5 --why x", "--hunt")]
    [InlineData("config set join.pace 5 --hunt riddles", "--why")]
    [InlineData("config set join.pace 5 --hunt riddles --why x --until 22:00", "--until 22:00: a moment is written with date and offset")]
    [InlineData("config set join.pace 5 --hunt riddles --why x --until soon", "--until soon: a moment is written with")]
    public async Task Setting_needs_a_hunt_a_reason_and_an_end_that_can_be_read(string line, string message)
    {
        var ran = await Shell.Run(line.Split(' '));

        Assert.Equal(ExitCode.Usage, ran.Code);
        Assert.Contains(message, ran.Error);
    }
}
