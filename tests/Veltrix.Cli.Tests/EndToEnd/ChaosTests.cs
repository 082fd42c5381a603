using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Veltrix.Cli.Chaos;
using Veltrix.Cli.Clusters;
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

    [Fact]
    public async Task Told_to_end_it_ends_soon_and_leaves_nothing_behind()
    {
        Assert.SkipWhen(KafkaBroker.Scripts is null, "This needs ../shared/kafka beside the repository.");
        var port = KafkaBroker.FreePorts();
        using var chaos = VeltrixProcess.Start("chaos", "--kafka-scripts", KafkaBroker.Scripts!, "--kafka-port", $"{port}", "--hunters", "50", "--minutes", "2.2", "--json");
        for (var since = Stopwatch.StartNew(); !chaos.Said.Contains(" scores", StringComparison.Ordinal); await Task.Delay(100, Cancel))
            Assert.True(since.Elapsed < TimeSpan.FromMinutes(3), chaos.Said);
        var folder = Directory.GetDirectories(Path.GetTempPath(), "veltrix-chaos-*")
            .Single(folder => ClusterState.FileOf(folder) is var file && File.Exists(file) && File.ReadAllText(file).Contains($"\"Keeper\": {chaos.Id},", StringComparison.OrdinalIgnoreCase));
        var roles = ClusterState.Read(folder).Roles;

        chaos.Signal("TERM");
        var asked = Stopwatch.StartNew();
        Assert.Equal(ExitCode.Terminated, (await chaos.End()).Code);
        Assert.True(asked.Elapsed < TimeSpan.FromSeconds(6), $"{asked.Elapsed}; alone on a machine it takes one");
        Assert.False(Directory.Exists(folder), folder);
        Assert.All(roles, role => Assert.False(role.Pid is { } pid && ProcessSignal.IsAlive(pid), role.Name));
        using var client = new TcpClient();
        await Assert.ThrowsAsync<SocketException>(() => client.ConnectAsync(IPAddress.Loopback, port, Cancel).AsTask());
    }

    static CancellationToken Cancel => TestContext.Current.CancellationToken;
}
