using System.Diagnostics;
using System.Net;
using Veltrix.Hosting;

namespace Veltrix.Cli.Tests.EndToEnd;

/// <summary>Those who move the limit are killed under load. Nobody who plays may feel it.</summary>
[Trait("speed", "slow")]
public class GovernorsGoneTests
{
    const int Seated = 60;

    // Of the ceiling a new hunt opens with three tenths, so that the limit has room to rise and every wrong rise would show.
    const string Settings = "max_concurrent_hunters: 400\n";

    /// <summary>The last word of a governor holds for 30 s; the turnstile looks at the clock about once a second, and machines that run tests are busy.</summary>
    static readonly TimeSpan ClosesAfter = TimeSpan.FromSeconds(30);
    static readonly TimeSpan ClosesWithin = TimeSpan.FromSeconds(36);

    /// <summary>Longer than every lease, grace and patience that could run out meanwhile.</summary>
    static readonly TimeSpan GoneFor = TimeSpan.FromSeconds(125);

    [Fact]
    public async Task A_governor_is_killed_under_load_for_minutes_and_comes_back()
    {
        await using var fleet = await Fleet.Governed(Settings);
        var players = await fleet.Seat(Seated);
        await UntilVoted(fleet);

        fleet.Governor!.Kill();
        var gone = Stopwatch.StartNew();
        var before = (await fleet.Counts()).Limits!;
        await using var watch = LimitsSeen.Begin(fleet);
        await AssertOpenThenCloses(fleet);
        await AssertNothingMoves(fleet, players, watch, gone, "while no governor spoke");

        // The orchestrator lowers it towards those who play, and no further.
        var after = await fleet.Counts();
        Assert.True(after.Limits!.Limit >= Seated && after.Limits.Limit < before.Limit, $"{before.Limit}, and then {after}");
        await fleet.StartGovernor();
        await Fleet.Until("joins are open again", async () => (await fleet.Ask("Back")).Status is HttpStatusCode.Created or HttpStatusCode.Accepted, TimeSpan.FromSeconds(30));
        await AssertLostNothing(fleet, players);
    }

    [Fact]
    public async Task An_orchestrator_and_then_its_governor_are_killed_for_minutes_and_a_new_one_goes_on_from_the_last_limit()
    {
        await using var fleet = await Fleet.Open();
        await fleet.StartGovernor();
        await fleet.AddServer(Settings, governed: true);
        var orchestrator = await fleet.StartOrchestrator();
        var players = await fleet.Seat(Seated);
        await UntilVoted(fleet);

        orchestrator.Process.Kill();
        await using var watch = LimitsSeen.Begin(fleet);
        await Task.Delay(TimeSpan.FromSeconds(12), TestContext.Current.CancellationToken); // As long as three rounds, in which a limit could move.
        watch.AssertNeverRose("while no orchestrator decided");
        Assert.True((await fleet.Ask("Between")).IsIn, "a governor alone keeps the door open, under the last limit");
        await AssertPlayOn(fleet, players);

        fleet.Governor!.Kill();
        var gone = Stopwatch.StartNew();
        await AssertOpenThenCloses(fleet);
        await AssertNothingMoves(fleet, players, watch, gone, "while neither governor nor orchestrator was there");

        var last = (await fleet.Counts()).Limits!;
        await fleet.StartGovernor();
        await Fleet.Until("joins are open again", async () => (await fleet.Ask("Back")).Status is HttpStatusCode.Created or HttpStatusCode.Accepted, TimeSpan.FromSeconds(30));
        Assert.Equal(last, (await fleet.Counts()).Limits);
        await fleet.StartOrchestrator();
        await Fleet.Until("the new orchestrator publishes", async () => (await fleet.Counts()).Limits!.AtMs > last.AtMs, TimeSpan.FromSeconds(30));
        var next = (await fleet.Counts()).Limits!;
        Assert.True(next.Limit < last.Limit + 400 * 0.2, $"it went on from {last.Limit}, not from the ceiling: {next.Limit} ({next.Reason})");
        await AssertLostNothing(fleet, players);
    }

    /// <summary>The first limit is the server's own, and neither rises nor falls whatever an orchestrator would do.</summary>
    static Task UntilVoted(Fleet fleet) =>
        Fleet.Until("a limit was voted", async () => !(await fleet.Counts()).Limits!.Reason.Contains("before anything is measured"));

    static async Task AssertOpenThenCloses(Fleet fleet)
    {
        var silent = Stopwatch.StartNew();
        var knock = await fleet.Ask("Early");
        Assert.True(knock.IsIn || knock.Waits, $"the last limit holds at first: {knock}");
        while (knock.Status != HttpStatusCode.ServiceUnavailable)
        {
            Assert.True(knock.IsIn || knock.Waits, $"{knock}");
            Assert.True(silent.Elapsed < ClosesWithin, $"joins are open still, {silent.Elapsed.TotalSeconds:0.0} s after the last word of a governor");
            await Task.Delay(500, TestContext.Current.CancellationToken);
            knock = await fleet.Ask("Early");
        }

        // The word that counts came up to two seconds before the kill.
        Assert.True(silent.Elapsed > ClosesAfter - TimeSpan.FromSeconds(4), $"closed after only {silent.Elapsed.TotalSeconds:0.0} s");
        Assert.Equal("AdmissionClosed", knock.Code);
        Assert.Contains("the governor is silent", knock.Detail);
        Assert.Contains("Those who play go on", knock.Detail);

        // Which setting the last limit came from is the governor's affair: the ceiling, or what it measured on a busy machine.
        var key = (string)knock.Body["key"]!;
        Assert.Contains(Keys.All, declared => declared.Name == key);
        Assert.EndsWith("#" + key, (string)knock.Body["page"]!);
    }

    static async Task AssertNothingMoves(Fleet fleet, List<Player> players, LimitsSeen watch, Stopwatch gone, string when)
    {
        while (gone.Elapsed < GoneFor)
        {
            await AssertPlayOn(fleet, players);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await fleet.Ask()).Status);
            watch.AssertNeverRose(when);
            await Task.Delay(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        }
    }

    static async Task AssertPlayOn(Fleet fleet, List<Player> players)
    {
        var before = players.Select(player => player.Decided).ToList();
        await Fleet.Until("everybody who plays has an outcome more", () => Task.FromResult(players.Zip(before).All(pair => pair.First.Decided > pair.Second)), TimeSpan.FromSeconds(10));
        Assert.True((await fleet.Counts()).Seated >= players.Count);
    }

    static async Task AssertLostNothing(Fleet fleet, List<Player> players)
    {
        await AssertPlayOn(fleet, players);
        var seated = await fleet.Gate.Seated([.. players.Select(player => player.Hunter)], TestContext.Current.CancellationToken);
        Assert.Equal(players.Count, seated.Count);
        await Task.WhenAll(players.Select(player => player.Finish()));
        foreach (var player in players)
        {
            Assert.Empty(player.Undecided);
            Assert.Empty(player.Errors);
            Assert.Equal((1, 0), (player.Welcomes, player.Waited));
            Assert.All(player.Verdicts, verdict => Assert.Equal("incorrect", verdict));
        }

        foreach (var player in players) await player.DisposeAsync();
    }
}
