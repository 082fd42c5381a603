using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text.Json.Nodes;

namespace Veltrix.Cli.Tests.EndToEnd;

// Signals and file modes are those of Unix.
[UnsupportedOSPlatform("windows")]
public class UpTests
{
    static async Task<string> Riddles(TempFolder folder) => folder.Write("riddles.yml", (await Shell.Run("hunt", "new", "riddles", "--output", "-")).Out);

    [Fact]
    public async Task An_organiser_runs_a_hunt_from_the_command_line()
    {
        using var folder = new TempFolder();
        var data = folder.File("data");
        using var up = VeltrixProcess.Start("up", "--port", "0", "--ops-port", "0", "--data", data, "--hunt", await Riddles(folder), "--json");

        var ready = await up.NextJson();
        Assert.True((bool)ready["ready"]!);
        Assert.InRange((long)ready["ready_ms"]!, 1, 60_000);
        var hunt = Assert.Single(ready["hunts"]!.AsArray())!;
        Assert.Equal("riddles", (string)hunt["id"]!);
        Assert.Equal($"{ready["url"]}/play/riddles", (string)hunt["url"]!);

        var answers = JsonNode.Parse(File.ReadAllText((string)hunt["answers"]!))!;
        Assert.Equal(["8", "drink", "wide awake"], answers["challenges"]!.AsArray().Select(challenge => (string)challenge!["answer"]!));
        Assert.Equal(["first-steps", "mirror"], answers["challenges"]![2]!["requires"]!.AsArray().Select(id => (string)id!));
        foreach (var secret in new[] { (string)hunt["answers"]!, Path.Combine(data, "admin.key") })
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(secret));

        using var http = new HttpClient { BaseAddress = new Uri((string)ready["url"]!) };
        (await http.PostAsJsonAsync("/v1/hunts/riddles/join", new { nickname = "Ada" }, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();

        Task<Ran> Veltrix(params string[] line) => Shell.Run([.. line, "--data", data]);
        Assert.Contains("riddles", (await Veltrix("hunt", "list")).Out);
        Assert.Equal("open", (string)(await Veltrix("hunt", "list", "--json")).Json["hunts"]![0]!["phase"]!);
        Assert.Equal(ExitCode.Refused, (await Veltrix("hunt", "open", "riddles")).Code);
        Assert.Equal("HuntPaused", (string)(await Veltrix("hunt", "pause", "riddles", "--why", "rain", "--json")).Json["facts"]![0]!["fact"]!);
        Assert.Equal(ExitCode.Done, (await Veltrix("hunt", "resume", "riddles")).Code);
        Assert.Equal(ExitCode.Refused, (await Veltrix("hunt", "extend", "riddles", "--by", "5m")).Code); // It has no planned end.
        Assert.Equal(ExitCode.Done, (await Veltrix("hunt", "extend", "riddles", "--closes", "2999-12-01T20:00:00Z")).Code);
        Assert.Equal(ExitCode.Done, (await Veltrix("hunt", "extend", "riddles", "--by", "5m")).Code);
        Assert.Equal(ExitCode.Done, (await Veltrix("hunt", "adjust", "riddles", "--team", "0", "--points", "-7", "--why", "a joke")).Code);
        Assert.Equal(ExitCode.Refused, (await Veltrix("hunt", "adjust", "riddles", "--team", "99", "--points", "1")).Code);
        Assert.Equal(ExitCode.Done, (await Shell.Run(["hunt", "announce", "riddles", "-", "--data", data], "Ten minutes left!\n")).Code);
        Assert.Equal(ExitCode.NotFound, (await Veltrix("hunt", "open", "no-such")).Code);
        Assert.Equal(ExitCode.Refused, (await Veltrix("hunt", "publish", folder.File("riddles.yml"))).Code);
        Assert.Equal(ExitCode.Refused, (await Veltrix("hunt", "close", "riddles", "--key-file", folder.Write("other.key", "v1.x.y.z"))).Code);

        var standings = await Veltrix("hunt", "export", "riddles");
        Assert.StartsWith("rank,team,name,score,solved,last_solve\n", standings.Out.ReplaceLineEndings("\n"));
        Assert.Contains("Ada,-7,0", standings.Out);
        var saved = folder.File("feed.json");
        Assert.Equal(ExitCode.Done, (await Veltrix("hunt", "export", "riddles", "--format", "ctftime", "--output", saved)).Code);
        Assert.Equal("Ada", (string)JsonNode.Parse(File.ReadAllText(saved))!["standings"]![0]!["team"]!);

        var ledger = (await Veltrix("ledger", "export", "riddles")).Out.TrimEnd().Split('\n').Select(line => JsonNode.Parse(line)!).ToList();
        var pause = ledger.Single(record => (string)record["facts"]![0]!["fact"]! == "HuntPaused");
        Assert.Equal("rain", (string)pause["command"]!["why"]!);
        Assert.Equal("admin", (string)pause["command"]!["who"]!);
        var tail = (await Veltrix("ledger", "export", "riddles", "--after", $"{pause["position"]}")).Out.TrimEnd().Split('\n');
        Assert.Equal(ledger.Count - ledger.IndexOf(pause) - 1, tail.Length);

        var verified = await Veltrix("hunt", "verify", "riddles", "--json");
        Assert.Equal(ExitCode.Done, verified.Code);
        Assert.True((bool)verified.Json["equal"]!);

        up.Signal("TERM");
        var ended = await up.End();
        Assert.Equal(ExitCode.Terminated, ended.Code);
        Assert.Equal(1, (long)ended.Json["hunters"]!);
        Assert.False(File.Exists(Path.Combine(data, "server.json")));

        var offline = await Veltrix("hunt", "verify", "riddles", "--json");
        Assert.True((bool)offline.Json["equal"]!);
        Assert.Equal((long)verified.Json["records"]!, (long)offline.Json["records"]!);
    }

    [Fact]
    public async Task Bots_play_until_the_time_is_over_and_a_second_start_goes_on_from_there()
    {
        using var folder = new TempFolder();
        string[] line = ["up", "--port", "0", "--ops-port", "0", "--data", folder.File("data"), "--hunt", await Riddles(folder), "--json"];
        using var first = VeltrixProcess.Start([.. line, "--bots", "20", "--exit-after", "4s"]);
        await first.NextJson();
        var ended = await first.End();

        Assert.Equal(ExitCode.Done, ended.Code);
        Assert.InRange((long)ended.Json["hunters"]!, 1, 20);
        Assert.Equal("riddles", (string)ended.Json["hunts"]![0]!["id"]!);
        Assert.Equal((long)ended.Json["submissions"]!, ended.Json["hunts"]!.AsArray().Sum(hunt => (long)hunt!["submissions"]!));

        using var second = VeltrixProcess.Start([.. line, "--exit-after", "1ms"]);
        await second.NextJson();
        var again = await second.End();
        Assert.Contains("riddles is in the data folder already", again.Error);
        Assert.Equal(0, (long)again.Json["hunters"]!); // What was played before does not count as this run's.
    }

    [Fact]
    public async Task A_port_in_use_is_a_sentence_with_a_remedy()
    {
        using var folder = new TempFolder();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        using var up = VeltrixProcess.Start("up", "--port", $"{port}", "--ops-port", "0", "--data", folder.File("data"), "--hunt", await Riddles(folder));
        var ended = await up.End();

        Assert.Equal(ExitCode.Refused, ended.Code);
        Assert.Contains($"Port {port} on 127.0.0.1 is in use by another program.", ended.Error);
        Assert.Contains("--port 0", ended.Error);
        Assert.Empty(ended.Out);
    }

    [Theory]
    [InlineData("up")]
    [InlineData("server")]
    public async Task A_second_port_in_use_is_a_sentence_with_a_remedy_as_well(string verb)
    {
        using var folder = new TempFolder();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        using var started = VeltrixProcess.Start(verb, "--port", "0", "--ops-port", $"{port}", "--data", folder.File("data"));
        var ended = await started.End();

        Assert.Equal(ExitCode.Refused, ended.Code);
        Assert.Contains($"Port {port} on 127.0.0.1, for metrics and health, is in use by another program.", ended.Error);
        Assert.Contains("--ops-port 0", ended.Error);
        Assert.DoesNotContain("   at ", ended.Error);
    }

    [Fact]
    public async Task A_data_folder_belongs_to_one_server_at_a_time()
    {
        using var folder = new TempFolder();
        string[] line = ["server", "--port", "0", "--ops-port", "0", "--data", folder.File("data"), "--json"];
        using var first = VeltrixProcess.Start(line);
        await first.NextJson();

        using var second = VeltrixProcess.Start(line);
        var ended = await second.End();
        Assert.Equal(ExitCode.Refused, ended.Code);
        Assert.DoesNotContain("   at ", ended.Error);

        var asked = Stopwatch.StartNew();
        first.Signal("INT");
        Assert.Equal(ExitCode.Interrupted, (await first.End()).Code);
        Assert.InRange(asked.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_record_of_another_format_is_a_usage_error_and_a_missing_record_a_sentence()
    {
        Assert.Equal(ExitCode.Usage, (await Shell.Run("hunt", "replay", "--format", "csv", "nowhere")).Code);

        var missing = await Shell.Run("hunt", "replay", "--format", "dp2020", "nowhere");
        Assert.Equal(ExitCode.Failed, missing.Code);
        Assert.Contains("nowhere", missing.Error);
        Assert.DoesNotContain("   at ", missing.Error);
    }
}
