using System.Text.Json.Nodes;
using Veltrix.Cli.Chaos;
using Veltrix.EventLog.Tests;

namespace Veltrix.Cli.Tests.EndToEnd;

/// <summary>A short run on a fixed seed; <c>bench/RESULTS.md</c> tells of long ones.</summary>
[Trait("speed", "slow")]
public sealed class ChaosTests
{
    [Fact]
    public async Task Whatever_dies_nothing_is_lost_doubled_given_away_or_taken_from_anybody()
    {
        Assert.SkipWhen(KafkaBroker.Scripts is null, "This needs ../shared/kafka beside the repository.");
        using var chaos = VeltrixProcess.Start(
            "chaos", "--kafka-scripts", KafkaBroker.Scripts!, "--kafka-port", $"{KafkaBroker.FreePorts()}", "--hunters", "150", "--minutes", "2.2", "--seed", "1", "--json");
        var last = JsonNode.Parse((await chaos.End(TimeSpan.FromMinutes(6))).Out.Trim().Split('\n')[^1])!;

        Assert.True((bool)last["passed"]!, last.ToJsonString() + chaos.Said);
        Assert.True((long)last["acknowledged"]! > 500, last.ToJsonString());
        foreach (var kind in FaultKind.All) Assert.True((int)last["faults"]![kind]! > 0, kind);
    }
}
