using System.Text.Json.Nodes;

namespace Veltrix.Cli.Tests.EndToEnd;

/// <summary>What docs/operate/backup.md says, done.</summary>
[Trait("speed", "slow")]
public class BackupTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>An export under load holds what was acknowledged before it began. Then: everything is lost but the backup, and the hunt is played on where it was.</summary>
    [Fact]
    public async Task A_hunt_is_backed_up_under_load_wiped_restored_and_played_on()
    {
        using var folder = new TempFolder();
        var (data, during, after, receipts) = (folder.File("data"), folder.File("during.ledger"), folder.File("after.ledger"), folder.File("receipts"));
        string board, answers;
        using (var up = await Up(data))
        {
            answers = folder.Write("answers.json", await File.ReadAllTextAsync(up.Answers, Cancel));
            using var load = Load(data, answers, "6s", receipts);
            while (Lines(receipts).Count < 300) await Task.Delay(20, Cancel);
            var acknowledged = Lines(receipts);
            await Does("ledger", "export", "capitals", "--data", data, "--format", "protobuf", "--output", during);
            Assert.Equal(ExitCode.Done, (await load.End()).Code);
            Assert.True(Lines(receipts).Count > acknowledged.Count, "the load was over before the export was");

            board = (await Does("hunt", "export", "capitals", "--data", data)).Out;
            await Does("ledger", "export", "capitals", "--data", data, "--format", "protobuf", "--output", after);
            up.Process.Kill();
            await AssertHolds(folder.File("from-during"), during, acknowledged);
        }

        // After a crash, or a stop, the folder is at rest, and a copy of it is as good.
        Copy(data, folder.File("copy"));
        await Does("hunt", "verify", "capitals", "--data", folder.File("copy"));

        var keys = await File.ReadAllBytesAsync(Path.Combine(data, "token.key"), Cancel);
        Directory.Delete(data, recursive: true);
        Directory.CreateDirectory(data);
        await File.WriteAllBytesAsync(Path.Combine(data, "token.key"), keys, Cancel);
        await Does("ledger", "import", after, "--data", data);

        using (var up = await Up(data))
        {
            Assert.Equal(board, (await Does("hunt", "export", "capitals", "--data", data)).Out);
            Assert.True((bool)(await Does("hunt", "verify", "capitals", "--data", data, "--json")).Json["equal"]!);
            using var load = Load(data, answers, "3s", folder.File("more-receipts"));
            Assert.Equal(ExitCode.Done, (await load.End()).Code);
            Assert.NotEmpty(Lines(folder.File("more-receipts")));
            Assert.NotEqual(board, (await Does("hunt", "export", "capitals", "--data", data)).Out);
            Assert.True((bool)(await Does("hunt", "verify", "capitals", "--data", data, "--json")).Json["equal"]!);
            up.Process.Signal("TERM");
            await up.Process.End();
        }
    }

    static async Task AssertHolds(string data, string backup, IReadOnlyCollection<string> acknowledged)
    {
        await Does("ledger", "import", backup, "--data", data);
        var exported = (await Does("ledger", "export", "capitals", "--data", data)).Out;
        var there = exported.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => (string?)JsonNode.Parse(line)!["command"]!["id"]).ToHashSet();
        Assert.Empty(acknowledged.Except(there));
    }

    static async Task<Ran> Does(params string[] args)
    {
        var ran = await Shell.Run(args);
        Assert.True(ran.Code == ExitCode.Done, $"veltrix {string.Join(' ', args)}: {ran.Out}{ran.Error}");
        return ran;
    }

    static async Task<Running> Up(string data)
    {
        var process = VeltrixProcess.Start("up", "--port", "0", "--ops-port", "0", "--data", data, "--json");
        var hunt = (await process.NextJson())["hunts"]!.AsArray().Single(hunt => (string)hunt!["id"]! == "capitals")!;
        return new Running(process, (string?)hunt["answers"] ?? "");
    }

    static VeltrixProcess Load(string data, string answers, string duration, string receipts) => VeltrixProcess.Start(
        "load", "--data", data, "--hunt", "capitals", "--answers", answers, "--hunters", "100", "--ramp", "500ms", "--duration", duration, "--rate", "4", "--receipts", receipts, "--json");

    // The last line may be a part of one.
    static List<string> Lines(string file)
    {
        if (!File.Exists(file)) return [];
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var text = new StreamReader(stream).ReadToEnd();
        return [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    sealed record Running(VeltrixProcess Process, string Answers) : IDisposable
    {
        public void Dispose() => Process.Dispose();
    }
}
