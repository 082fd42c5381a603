using Veltrix.Gate;
using Veltrix.Governor.Sidecar;
using Veltrix.Wire.Governor;

namespace Veltrix.Cli.Tests;

public class GovernorVerbTests
{
    const string Hunt = "capitals";

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A governor on a folder, of a hunt that was told 40,000, decided to cut, and was told 35,000.</summary>
    static async Task<GovernorHost> Start(string folder)
    {
        var memory = 0.5;
        var clock = TimeProvider.System;
        var store = new StoreProbe(
            _ => Task.FromResult(new StoreMemory((long)(memory * 1_000), 1_000, null, false, null, default, "redis", clock.GetTimestamp())),
            (_, _) => Task.FromResult(new GateCounts(1, false, 20_000, 0, 0, 0, ["server"], null, clock.GetTimestamp())));
        var host = await GovernorHost.Start(new GovernorOptions { Folder = folder, Store = store, TicksByItself = false }, Cancel);
        var stamp = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - 1_000;
        for (var i = 0; i < 5; i++)
        {
            var load = new HuntLoad { Hunt = Hunt, LogLagRecords = 10 };
            load.Settings["governor.policy"] = "linear";
            load.Settings["governor.shadows"] = "static";
            host.Sidecar.Take(new ReportRequest { Server = "server", AtMs = stamp + i, Hunts = { load } });
            if (i == 1) Apply(host, 40_000);
            if (i == 4) memory = 0.83;
            await host.Tick(Cancel);
            // Two samples of one moment are one.
            while (DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() < stamp + 1_001 + i) await Task.Yield();
        }
        host.Sidecar.Vote();
        Apply(host, 35_000);
        return host;
    }

    static void Apply(GovernorHost host, long limit) =>
        host.Sidecar.Apply(1, [new Applied { Hunt = Hunt, Limit = limit, AtMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), Reason = "one governor" }]);

    [Fact]
    public async Task The_log_says_what_changed_and_why_with_and_without_a_governor()
    {
        using var folder = new TempFolder();
        string[] line = ["governor", "log", "--hunt", Hunt, "--data", folder.Path];
        Ran live, json;
        await using (await Start(folder.Path))
        {
            live = await Shell.Run(line);
            json = await Shell.Run([.. line, "--json", "--last", "1"]);
        }
        var written = await Shell.Run(line);

        Assert.Equal(ExitCode.Done, live.Code);
        Assert.Contains("40,000 → 35,000: ", live.Out);
        Assert.Contains("0.83", live.Out);
        Assert.Contains("40,000 → 35,000: one governor  [applied]", live.Out);
        Assert.DoesNotContain("static", live.Out);
        Assert.Equal(live.Out, written.Out);
        Assert.Equal(("applied", 40_000, 35_000), ((string)json.Json["policy"]!, (int)json.Json["from_limit"]!, (int)json.Json["to_limit"]!));
        Assert.Null(json.Json["joins_per_second"]);
    }

    [Fact]
    public async Task Explain_has_the_newest_word_of_everybody()
    {
        using var folder = new TempFolder();
        await using var host = await Start(folder.Path);

        var ran = await Shell.Run("governor", "explain", "--hunt", Hunt, "--data", folder.Path);
        var json = await Shell.Run("governor", "explain", "--hunt", Hunt, "--json", "--governor", host.GrpcUrl.ToString());

        var lines = ran.Out.Trim().Split('\n');
        Assert.Equal(["applied", "linear", "static"], lines.Select(line => line.Split(' ')[0]));
        Assert.Contains("(in shadow)", lines[2]);
        Assert.Equal(3, json.Json["now"]!.AsArray().Count);
    }

    [Fact]
    public async Task Replay_says_whether_the_decisions_are_the_same()
    {
        using var folder = new TempFolder();
        await using (await Start(folder.Path))
        {
        }
        var file = Path.Combine(folder.Path, "governor", $"{Hunt}.decisions.ndjson");

        var equal = await Shell.Run("governor", "replay", file);
        Assert.Equal((ExitCode.Done, true), (equal.Code, equal.Out.EndsWith("decisions: all the same.\n", StringComparison.Ordinal)));

        var text = File.ReadAllText(file).Replace("\"limit\":35000,\"joins_per_second\":\"Infinity\"", "\"limit\":35001,\"joins_per_second\":\"Infinity\"", StringComparison.Ordinal);
        var differs = await Shell.Run(["governor", "replay", "-", "--json"], text);
        Assert.Equal((ExitCode.Failed, false), (differs.Code, (bool)differs.Json["equal"]!));
        Assert.Contains("recorded 35001", (string?)differs.Json["difference"]);

        Assert.Equal(ExitCode.NotFound, (await Shell.Run("governor", "replay", file + "x")).Code);
        Assert.Equal(ExitCode.Failed, (await Shell.Run(["governor", "replay", "-"], "no line of a log")).Code);
    }

    [Fact]
    public async Task A_policy_and_a_pin_are_set_with_a_reason_and_the_token()
    {
        using var folder = new TempFolder();
        await using var host = await Start(folder.Path);
        string[] to = ["--data", folder.Path, "--who", "anna", "--why", "a test"];

        var policy = await Shell.Run(["governor", "policy", Hunt, "static", "--shadow", "linear", .. to]);
        var pin = await Shell.Run(["governor", "pin", Hunt, "12000", "--until", "30m", .. to]);

        Assert.Equal((0, $"{Hunt}: static decides.\n"), (policy.Code, policy.Error));
        Assert.StartsWith($"{Hunt}: pinned at 12,000 until 20", pin.Error);
        Assert.Contains("of several governors that is one vote", pin.Error);
        Assert.Contains($"veltrix config set pin_limit 12000 --hunt {Hunt} --why \"a test\" --until 30m", pin.Error);
        Assert.StartsWith("anna: a test, until 20", host.Sidecar.Of(Hunt).Snapshot.PinOrigin);
        Assert.Equal($"{Hunt}: the governor decides again.\n", (await Shell.Run(["governor", "pin", Hunt, "none", .. to])).Error);
        Assert.Contains("policy static by anna: a test", (await Shell.Run("governor", "log", "--hunt", Hunt, "--data", folder.Path)).Out);

        Assert.Equal(ExitCode.NotFound, (await Shell.Run(["governor", "pin", "nowhere", "1", .. to])).Code);
        folder.Write("wrong.token", "0123456789abcdef0123456789abcdef");
        var refused = await Shell.Run(["governor", "pin", Hunt, "1", "--token-file", folder.File("wrong.token"), .. to]);
        Assert.Equal(ExitCode.Refused, refused.Code);
        Assert.Contains("not this governor's control token", refused.Error);
    }

    [Theory]
    [InlineData("governor policy capitals magic --why x", "There is no policy 'magic'; there are forecast")]
    [InlineData("governor pin capitals 1.5 --why x", "'1.5' is no limit")]
    [InlineData("governor pin capitals 5", "--why")]
    [InlineData("governor pin capitals 5 --why x --until soon", "--until soon: a moment is written with")]
    [InlineData("governor --redis r:1 --listen nowhere", "--listen nowhere: an IP address of this machine and a port are needed")]
    [InlineData("governor", "--redis")]
    [InlineData("governor log --hunt x --governor here", "--governor here: an address begins with")]
    [InlineData("governor lag --hunt x", "Did you mean 'log'?")]
    public async Task Usage_errors_say_what_is_wrong(string line, string message)
    {
        var ran = await Shell.Run(line.Split(' '));

        Assert.Equal(ExitCode.Usage, ran.Code);
        Assert.Contains(message, ran.Error);
    }

    [Fact]
    public async Task Without_a_governor_there_is_a_sentence()
    {
        using var folder = new TempFolder();

        var none = await Shell.Run("governor", "explain", "--hunt", Hunt, "--data", folder.Path);
        var silent = await Shell.Run("governor", "log", "--hunt", Hunt, "--governor", "http://127.0.0.1:9");

        Assert.Equal((ExitCode.Failed, ExitCode.Failed), (none.Code, silent.Code));
        Assert.Contains($"No governor is running on {folder.Path}.", none.Error);
        Assert.Contains("The governor at http://127.0.0.1:9 does not answer.", silent.Error);
    }
}
