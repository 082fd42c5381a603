namespace Veltrix.Cli.Tests.EndToEnd;

/// <summary>Policy, thresholds, ceiling and pin are changed under a few hundred hunters who play; and a file that is no configuration is put in the place of one.</summary>
[Trait("speed", "slow")]
public class SwapTests
{
    const int Seated = 220;
    const string Settings = "max_concurrent_hunters: 1000\n";

    /// <summary>Report (1 s), tick (1 s), round (5 s), and a busy machine.</summary>
    static readonly TimeSpan ActsWithin = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Whatever_is_changed_under_load_no_seated_hunter_is_refused_but_for_its_own_pace()
    {
        await using var fleet = await Fleet.Governed(Settings);
        var server = fleet.Servers[0];
        var players = await fleet.Seat(Seated, pace: TimeSpan.FromSeconds(1));
        var hasty = await fleet.Seat(2, pace: TimeSpan.FromMilliseconds(20));

        // The policy, by a person and by the file.
        await Set(server, "governor.policy", "linear");
        await UntilAtWork(fleet, "linear");
        await Done(server.Veltrix("config", "unset", "governor.policy", "--hunt", Fleet.Hunt, "--why", "enough of it"));
        server.Configure(Settings + "governor.policy: headroom\n");
        await UntilAtWork(fleet, "headroom");

        // Thresholds: what is measured is above a soft one of a tenth, and the limit comes down with that as its reason.
        await Set(server, "governor.redis_memory.soft", "0.1");
        await Set(server, "governor.log_lag.soft", "500");
        await Fleet.Until("the governor takes the thresholds", async () => await Metrics(fleet) is var text && text.Contains("""veltrix_governor_signal_threshold{hunt_id="quiz",signal="redis_memory"} 0.1""")
            && text.Contains("""veltrix_governor_signal_threshold{hunt_id="quiz",signal="log_lag"} 500"""), ActsWithin);
        await Done(server.Veltrix("config", "unset", "governor.redis_memory.soft", "--hunt", Fleet.Hunt, "--why", "back"));

        // A ceiling below those who play: nobody is put out, nobody gets in.
        await Set(server, "max_concurrent_hunters", "50");
        await UntilLimit(fleet, "the ceiling is 50", limits => limits.Limit <= 50 && limits.Ceiling == 50);
        for (var i = 0; i < 20; i++) Assert.True((await fleet.Ask($"Late {i}")).Waits, "nobody gets into a hunt above its ceiling");
        Assert.Equal(Seated + hasty.Count, (await fleet.Counts()).Seated);

        // A pin, for a while.
        await Set(server, "pin_limit", "60", "--until", "10s");
        await UntilLimit(fleet, "it is pinned", limits => limits is { Pinned: true, Limit: 60 });
        Assert.True((await fleet.Ask("Later")).Waits);
        await UntilLimit(fleet, "the pin has run out", limits => !limits.Pinned && limits.Limit <= 50);
        await Done(server.Veltrix("config", "unset", "max_concurrent_hunters", "--hunt", Fleet.Hunt, "--why", "the second hall is open"));
        await UntilLimit(fleet, "the ceiling is that of the file", limits => limits.Ceiling == 1000);

        // An edit that is none.
        server.WriteRaw("max_concurrent_hunters: many\ngovernor.policy: guesswork\n");
        await Fleet.Until("the edit is refused", async () => (await server.Veltrix("config", "status", "--json")) is { Code: ExitCode.Failed }, ActsWithin);
        Assert.Contains("max_concurrent_hunters", (await server.Veltrix("config", "status")).Out);
        Assert.Equal("1000", (string)(await server.Veltrix("config", "explain", "max_concurrent_hunters", "--hunt", Fleet.Hunt, "--json")).Json["value"]!);
        Assert.Equal("headroom", (string)(await server.Veltrix("config", "explain", "governor.policy", "--hunt", Fleet.Hunt, "--json")).Json["value"]!);
        server.Configure(Settings);
        await Fleet.Until("the next edit is taken", async () => (await server.Veltrix("config", "status", "--json")).Code == ExitCode.Done, ActsWithin);
        await UntilAtWork(fleet, "forecast");

        await Task.WhenAll(players.Concat(hasty).Select(player => player.Finish()));
        foreach (var player in players.Concat(hasty))
        {
            Assert.All(player.Errors, error => Assert.Equal("TooFast", (string)error["code"]!));
            Assert.All(player.Errors, error => Assert.Contains("a second", (string)error["message"]!));
            Assert.All(player.Verdicts, verdict => Assert.Equal("incorrect", verdict));
            Assert.Empty(player.Undecided);
            Assert.Equal((1, 0), (player.Welcomes, player.Waited));
        }

        Assert.All(players, player => Assert.Empty(player.Errors));
        Assert.All(players, player => Assert.True(player.Decided > 20, $"{player.Decided} outcomes"));
        Assert.Contains(hasty, player => !player.Errors.IsEmpty); // Their own pace is what is limited.
        await Task.WhenAll(players.Concat(hasty).Select(player => player.DisposeAsync().AsTask()));
    }

    static Task Set(Fleet.ServerRole server, string key, string value, params string[] more) =>
        Done(server.Veltrix(["config", "set", key, value, "--hunt", Fleet.Hunt, "--why", $"to see {key} change under load", .. more]));

    static async Task Done(Task<Ran> verb)
    {
        var ran = await verb;
        Assert.True(ran.Code == ExitCode.Done, ran.Error);
    }

    static async Task UntilLimit(Fleet fleet, string what, Func<Gate.GateLimits, bool> holds)
    {
        Gate.GateLimits? seen = null;
        try
        {
            await Fleet.Until(what, async () => holds(seen = (await fleet.Counts()).Limits!), ActsWithin + TimeSpan.FromSeconds(40));
        }
        catch (Xunit.Sdk.TrueException) when (seen is not null)
        {
            Assert.Fail($"{what}: not yet, the limit is {seen}");
        }
    }

    static Task UntilAtWork(Fleet fleet, string policy) => Fleet.Until($"{policy} is at work", async () =>
    {
        var told = await Shell.Run("governor", "explain", "--hunt", Fleet.Hunt, "--governor", fleet.GovernorUrl, "--json");
        return told.Code == ExitCode.Done && told.Json["now"]!.AsArray().Any(one => (string)one!["policy"]! == policy && !(bool)one["shadow"]!);
    }, ActsWithin);

    static async Task<string> Metrics(Fleet fleet)
    {
        using var http = new HttpClient();
        return await http.GetStringAsync(new Uri(fleet.GovernorOps, "/metrics"), TestContext.Current.CancellationToken);
    }
}
