using System.Text.Json.Nodes;

namespace Veltrix.Cli.Tests.EndToEnd;

[Trait("speed", "slow")]
public class CrashTests
{
    const int Kills = 20;
    const int Seed = 20;

    static readonly TimeSpan DecidedWithin = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Twenty times: start on the same data folder, load it, kill -9 at a moment of chance. Then, and after every start: what was acknowledged is in the ledger,
    /// once, and the ledger's fold is what the server has.
    /// </summary>
    [Fact]
    public async Task Everything_acknowledged_survives_kill_9_twenty_times()
    {
        using var folder = new TempFolder();
        var data = folder.File("data");
        var chance = new Random(Seed);
        var receipts = new HashSet<string>();
        for (var round = 1; round <= Kills; round++)
        {
            var killAfter = TimeSpan.FromMilliseconds(chance.Next(300, 2_000));
            using var up = VeltrixProcess.Start("up", "--port", "0", "--ops-port", "0", "--data", data, "--json");
            var hunt = (await up.NextJson())["hunts"]!.AsArray().Single(hunt => (string)hunt!["id"]! == "capitals")!;
            await AssertHolds(data, receipts, round);

            var file = folder.File($"receipts-{round}");
            using var load = VeltrixProcess.Start(
                "load", "--data", data, "--hunt", "capitals", "--answers", (string)hunt["answers"]!, "--hunters", "150", "--ramp", "500ms", "--duration", "60s", "--rate", "4",
                "--receipts", file, "--json");
            await UntilFirstReceipt(file);
            await Task.Delay(killAfter, TestContext.Current.CancellationToken);
            up.Signal("KILL");
            await up.End();
            await Task.Delay(300, TestContext.Current.CancellationToken); // Receipts reach their file within 100 ms.
            load.Signal("KILL");
            await load.End();

            var before = receipts.Count;
            receipts.UnionWith(WholeLines(file));
            Assert.True(receipts.Count > before, $"round {round}: nothing was acknowledged before the kill, so nothing was tested");
            var offline = await Shell.Run("hunt", "verify", "capitals", "--data", data);
            Assert.True(offline.Code == ExitCode.Done, $"round {round}, seed {Seed}: {offline.Out}{offline.Error}");
        }

        using var last = VeltrixProcess.Start("up", "--port", "0", "--ops-port", "0", "--data", data, "--json");
        await last.NextJson();
        await AssertHolds(data, receipts, Kills + 1);
        last.Signal("TERM");
        Assert.Equal(ExitCode.Terminated, (await last.End()).Code);
    }

    static async Task AssertHolds(string data, HashSet<string> receipts, int round)
    {
        // What was acknowledged but not decided is decided by the scorer that has just started.
        var patience = DateTime.UtcNow + DecidedWithin;
        while (true)
        {
            var commands = await Decided(data);
            Assert.True(commands.Count == commands.Distinct().Count(), $"round {round}, seed {Seed}: a command is in the ledger twice");
            var lost = receipts.Except(commands).ToList();
            if (lost.Count == 0) break;
            Assert.True(DateTime.UtcNow < patience, $"round {round}, seed {Seed}: {lost.Count} of {receipts.Count} acknowledged commands are lost, {lost[0]} among them");
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }

        var verified = await Shell.Run("hunt", "verify", "capitals", "--data", data);
        Assert.True(verified.Code == ExitCode.Done, $"round {round}, seed {Seed}: {verified.Out}{verified.Error}");
    }

    /// <summary>The ids of all submissions in the ledger, as often as they are there.</summary>
    static async Task<List<string>> Decided(string data)
    {
        var exported = await Shell.Run("ledger", "export", "capitals", "--data", data);
        Assert.True(exported.Code == ExitCode.Done, exported.Error);
        return [.. exported.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => (string?)JsonNode.Parse(line)!["command"]!["id"]).OfType<string>()];
    }

    static async Task UntilFirstReceipt(string file)
    {
        var patience = DateTime.UtcNow + TimeSpan.FromSeconds(30);
        while (!File.Exists(file) || new FileInfo(file).Length == 0)
        {
            Assert.True(DateTime.UtcNow < patience, "no submission was acknowledged within 30 s");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    // The load was killed as well: its last line may be a part of one.
    static IEnumerable<string> WholeLines(string file)
    {
        var text = File.ReadAllText(file);
        return text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
