using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Veltrix.Cli.Tests.EndToEnd;

/// <summary>What the first page of the documentation promises: one command, and the limit is seen to move, with reasons, wherever one looks.</summary>
[Trait("speed", "slow")]
public partial class ScarceTests
{
    const int Bots = 300;

    [Fact]
    public async Task Up_scarce_shows_the_limit_moving_with_reasons_in_the_terminal_on_the_page_and_to_every_verb()
    {
        using var folder = new TempFolder();
        var data = folder.File("data");
        var riddles = folder.Write("riddles.yml", (await Shell.Run("hunt", "new", "riddles", "--output", "-")).Out);
        using var up = VeltrixProcess.Start("up", "--port", "0", "--ops-port", "0", "--data", data, "--hunt", riddles, "--bots", $"{Bots}", "--scarce", "--exit-after", "55s");
        Task<Ran> Veltrix(params string[] line) => Shell.Run([.. line, "--data", data]);

        var ops = "";
        while (ops.Length == 0) ops = OpsLine().Match(await up.NextLine()).Groups[1].Value;
        using var http = new HttpClient { BaseAddress = new Uri(new Uri(ops), "/") };

        await Fleet.Until("the limit has moved twice, each time with a reason", () => Task.FromResult(Moves(up.Said).Count >= 2), TimeSpan.FromSeconds(40));
        Assert.Matches(@"riddles: limit [\d,]+: \S", up.Said);
        Assert.All(Moves(up.Said), line => Assert.Matches(@"\d → [\d,]+: \S", line));

        // The page, and metrics of all roles on the same port.
        var page = JsonNode.Parse(await http.GetStringAsync("ops/hunts", TestContext.Current.CancellationToken))!;
        var hunt = Assert.Single(page["hunts"]!.AsArray())!;
        Assert.Equal("riddles", (string)hunt["hunt"]!);
        Assert.Contains("<html", await http.GetStringAsync("ops", TestContext.Current.CancellationToken));
        var metrics = await http.GetStringAsync("metrics", TestContext.Current.CancellationToken);
        Assert.Contains("veltrix_hunt_throttle_ratio{hunt_id=\"riddles\"}", metrics);
        Assert.Contains("veltrix_hunt_admissions_total{hunt_id=\"riddles\",result=\"admitted\"}", metrics);
        Assert.Contains("veltrix_orchestrator_votes{hunt_id=\"riddles\",state=\"fresh\"} 1", metrics);

        // As somebody types it who wants to know why.
        var log = await Veltrix("governor", "log", "--hunt", "riddles");
        Assert.Equal(ExitCode.Done, log.Code);
        Assert.Contains(" → ", log.Out);
        var explained = await Veltrix("governor", "explain", "--hunt", "riddles");
        Assert.Matches(@"(?m)^applied\s", explained.Out);
        Assert.Matches(@"(?m)^forecast\s", explained.Out);
        Assert.Matches(@"(?m)^headroom \(in shadow\)\s", explained.Out);
        var ceiling = await Veltrix("config", "explain", "max_concurrent_hunters", "--hunt", "riddles");
        Assert.Contains($"max_concurrent_hunters = {Bots}", ceiling.Out);
        Assert.Contains("scarce.yml", ceiling.Out);

        // And as somebody who wants it otherwise.
        var set = await Veltrix("config", "set", "max_concurrent_hunters", "20", "--hunt", "riddles", "--why", "the venue holds no more");
        Assert.True(set.Code == ExitCode.Done, set.Error);
        await Fleet.Until("the terminal says that the limit is the new ceiling", () => Task.FromResult(Moves(up.Said).Exists(line => Limit().Match(line).Groups[1].Value == "20")), TimeSpan.FromSeconds(20));
        ceiling = await Veltrix("config", "explain", "max_concurrent_hunters", "--hunt", "riddles");
        Assert.Contains("max_concurrent_hunters = 20", ceiling.Out);
        Assert.Contains("the venue holds no more", ceiling.Out);
        Assert.Contains($"{Bots}", ceiling.Out);

        var ended = await up.End();
        Assert.Equal(ExitCode.Done, ended.Code);
        Assert.Contains("hunters came", ended.Out);
        Assert.DoesNotContain("   at ", ended.Error);
    }

    static List<string> Moves(string said) => [.. said.Split('\n').Where(line => line.Contains(": limit ", StringComparison.Ordinal) && line.Contains('→'))];

    [GeneratedRegex(@"^\s+ops\s+(http\S+)$")]
    private static partial Regex OpsLine();

    [GeneratedRegex(@"→ ([\d,]+):")]
    private static partial Regex Limit();
}
