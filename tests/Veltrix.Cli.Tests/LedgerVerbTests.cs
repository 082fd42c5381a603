using System.Text.Json.Nodes;
using Veltrix.EventLog.Embedded;
using Veltrix.Hunts;
using Veltrix.Server.Scoring;

namespace Veltrix.Cli.Tests;

/// <summary>The verbs on data folders that no server uses.</summary>
public class LedgerVerbTests
{
    const string Definition = """
        hunt: "short"   # as its author wrote it
        title: A short hunt
        challenges: [{ id: a, points: 1, answers: [yes] }]
        """;

    [Theory, InlineData("ndjson"), InlineData("protobuf")]
    public async Task A_ledger_moves_from_one_folder_to_another(string format)
    {
        using var folder = new TempFolder();
        var (old, young, file) = (folder.File("old"), folder.File("young"), folder.File("short.ledger"));
        await Make(old);

        Assert.Equal(ExitCode.Done, (await Shell.Run("ledger", "export", "short", "--data", old, "--format", format, "--output", file)).Code);
        var imported = await Shell.Run("ledger", "import", file, "--data", young, "--json");

        Assert.True(imported.Code == ExitCode.Done, imported.Error);
        Assert.Equal("""{"hunt":"short","records":2,"resumed_at":0}""", imported.Out.TrimEnd());
        var verified = await Shell.Run("hunt", "verify", "short", "--data", young, "--json");
        Assert.True((bool)verified.Json["equal"]! && (long)verified.Json["records"]! == 2, verified.Out);

        var again = await Shell.Run("ledger", "import", file, "--data", young);
        Assert.Equal(ExitCode.Refused, again.Code);
        Assert.Contains("There is a hunt 'short' already", again.Error);
        var other = await Shell.Run("ledger", "import", file, "--data", young, "--as", "shorter");
        Assert.True(other.Code == ExitCode.Done, other.Error);
        Assert.Contains("hunt: \\\"shorter\\\"   # as", JsonNode.Parse((await Shell.Run("ledger", "export", "shorter", "--data", young)).Out.Split('\n')[0])!["facts"]![0]!["definition"]!.ToJsonString().Replace("\\u0022", "\\\""));
    }

    [Fact]
    public async Task What_cannot_be_imported_is_refused_with_a_remedy()
    {
        using var folder = new TempFolder();
        var data = folder.File("data");
        await Make(data);
        var file = folder.File("short.ledger");
        await Shell.Run("ledger", "export", "short", "--data", data, "--format", "protobuf", "--output", file);
        var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(folder.File("cut"), bytes[..^20], TestContext.Current.CancellationToken);

        var missing = await Shell.Run("ledger", "import", folder.File("nothing"), "--data", folder.File("new"));
        var cut = await Shell.Run("ledger", "import", folder.File("cut"), "--data", folder.File("new"));
        var strange = await Shell.Run("ledger", "import", folder.Write("text", "hello\n"), "--data", folder.File("new"));
        var badName = await Shell.Run("ledger", "import", file, "--as", "Not An Id", "--data", folder.File("new"));

        Assert.Equal(ExitCode.NotFound, missing.Code);
        Assert.Equal((ExitCode.Failed, ExitCode.Failed, ExitCode.Failed), (cut.Code, strange.Code, badName.Code));
        Assert.Contains("it was cut off", cut.Error);
        Assert.Contains("take another backup", cut.Error);
        Assert.Contains("line 1", strange.Error);
        Assert.Contains("cannot be called 'Not An Id'", badName.Error);
        Assert.Equal(ExitCode.NotFound, (await Shell.Run("hunt", "verify", "short", "--data", folder.File("new"))).Code);
    }

    [Fact]
    public async Task Nobody_answers_a_health_check_where_nobody_is()
    {
        Assert.Equal(ExitCode.Failed, (await Shell.Run("health", "http://127.0.0.1:1/readyz")).Code);
        Assert.Equal(ExitCode.Usage, (await Shell.Run("health", "8080")).Code);
    }

    static async Task Make(string data)
    {
        await using var logs = EmbeddedLogs.Open(Path.Combine(data, "logs"), TimeProvider.System);
        await logs.Open("short/submissions", TestContext.Current.CancellationToken);
        var ledger = await logs.Open("short/ledger", TestContext.Current.CancellationToken);
        var epoch = await ledger.Append(LedgerCodec.Encode(new LedgerRecord.Took("test")));
        await ledger.Append(LedgerCodec.Encode(new LedgerRecord.Decided(epoch, 0, 1, 1_000, new CommandId("", "x", 1), "anna", "", [new Fact.HuntPublished(Definition, false)])));
        await ledger.Append(LedgerCodec.Encode(new LedgerRecord.Decided(epoch, 1, 2, 1_000, new CommandId("", "y", 1), "anna", "", [new Fact.HuntOpened()])));
    }
}
