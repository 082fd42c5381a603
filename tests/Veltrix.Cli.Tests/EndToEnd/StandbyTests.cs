using System.Diagnostics;

namespace Veltrix.Cli.Tests.EndToEnd;

[Trait("speed", "slow")]
public class StandbyTests
{
    const int Ceiling = 400;
    const int Opening = 120; // Three tenths of the ceiling.
    const int FarEnough = Opening + (2 * Step);

    /// <summary>More than the limit moves while as many play as before, less than a start from anywhere but the last limit would move it.</summary>
    const int Step = 20;

    /// <summary>The dead leader's lease (10 s), the standby's next round (5 s), and a busy machine.</summary>
    static readonly TimeSpan TakesOverWithin = TimeSpan.FromSeconds(10 + 5 + 4);

    [Fact]
    public async Task A_standby_takes_over_within_the_lease_of_a_killed_leader_and_the_limit_does_not_jump()
    {
        await using var fleet = await Fleet.Open();
        await fleet.StartGovernor();
        await fleet.AddServer($"max_concurrent_hunters: {Ceiling}\n", governed: true);
        await using var watch = LimitsSeen.Begin(fleet);
        var leader = await fleet.StartOrchestrator();
        await Fleet.Until("the first one leads", async () => (bool)(await leader.Now())["is_leader"]!);
        var standby = await fleet.StartOrchestrator();
        var players = await fleet.Seat(40);
        await Fleet.Until("the second one stands by, and is warm", async () => await standby.Now() is var now && !(bool)now["is_leader"]! && now["hunts"]!.AsArray().Count == 1);
        // As far ahead of those who play as the policy goes. Away from where a hunt begins, so that a start from there would show, as one from the ceiling does.
        await Fleet.Until("the limit has grown", () => Task.FromResult(watch.All.Any(counts => counts.Limits!.Limit >= FarEnough)));
        var grown = watch.All.Select(counts => counts.Limits!).First(limits => limits.Limit >= FarEnough);
        Assert.Contains($" → {grown.Limit}: ", grown.Reason);
        Assert.DoesNotContain("too small a change", grown.Reason); // The reason is that of the change, not of the tick after it.
        var term = (long)(await leader.Now())["term"]!;

        leader.Process.Kill();
        var dead = Stopwatch.StartNew();
        var last = (await fleet.Counts()).Limits!;
        await Fleet.Until("the standby leads", async () => (bool)(await standby.Now())["is_leader"]!, TakesOverWithin);
        await Fleet.Until("the standby publishes", async () => (await fleet.Counts()).Limits!.AtMs > last.AtMs, TakesOverWithin - dead.Elapsed);
        await Fleet.Until("another round", async () => (await fleet.Counts()).Limits!.AtMs > last.AtMs + 4_000);

        Assert.True((long)(await standby.Now())["term"]! > term);
        Assert.InRange(last.Limit, FarEnough, Ceiling * 3 / 4);
        Assert.All(watch.All.SkipWhile(counts => counts.Limits!.AtMs < last.AtMs), counts => Assert.InRange(counts.Limits!.Limit, last.Limit - Step, last.Limit + Step));
        Assert.All(players, player => Assert.Equal((1, 0), (player.Welcomes, player.Waited)));
        foreach (var player in players) await player.DisposeAsync();
    }
}
