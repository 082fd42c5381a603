using System.Text.RegularExpressions;

namespace Veltrix.Cli.Tests.EndToEnd;

/// <summary>Somebody takes governor and orchestrator away for good, and forgets that the store remembers them.</summary>
[Trait("speed", "slow")]
public partial class UngovernedTests
{
    [Fact]
    public async Task A_server_alone_at_a_gate_that_was_governed_says_once_that_its_limit_does_not_hold_and_what_to_do()
    {
        await using var fleet = await Fleet.Open();
        await fleet.StartGovernor();
        await fleet.AddServer("max_concurrent_hunters: 10\ngovernor.policy: static\nstatic.limit_ratio: 0.2\n", governed: true);
        var orchestrator = await fleet.StartOrchestrator();
        await Fleet.Until("the hunt is governed", async () => (await fleet.Counts()).Limits?.Limit == 2);
        foreach (var process in new[] { orchestrator.Process, fleet.Governor!, fleet.Servers[0].Process }) process.Kill();

        var alone = await fleet.AddServer("max_concurrent_hunters: 40\n");
        await Fleet.Until("the log says it", () => Task.FromResult(Said().IsMatch(alone.Process.Said)));
        await Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken); // Some more rounds, in which it says nothing.

        Assert.Single(Said().Matches(alone.Process.Said));
        Assert.DoesNotContain("nobody governs this hunt", alone.Process.Said);
        Assert.Contains($"The store at {fleet.Redis.Endpoint} keeps 2", alone.Process.Said);
        Assert.Contains($"give it back: {fleet.Gate.EndOfTerms}", alone.Process.Said);
        Assert.Equal(2, (await fleet.Counts()).Limits!.Limit);
    }

    [GeneratedRegex("the limit 40 that is set here does not hold")]
    private static partial Regex Said();
}
