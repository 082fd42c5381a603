using Veltrix.EventLog.Embedded;
using Veltrix.Hunts;
using Veltrix.Server.Scoring;

namespace Veltrix.Cli.Tests.EndToEnd;

[Trait("speed", "slow")]
public class ImportKillTests
{
    const int Records = 150_000;
    const int Seed = 14;

    /// <summary>An import is killed again and again at moments of chance. Until one came to its end nobody has the hunt; then all of it is there, once.</summary>
    [Fact]
    public async Task An_import_that_is_killed_goes_on_and_nobody_sees_half_of_it()
    {
        using var folder = new TempFolder();
        var (old, young, file) = (folder.File("old"), folder.File("young"), folder.File("long.ledger"));
        await Make(old);
        Assert.Equal(ExitCode.Done, (await Shell.Run("ledger", "export", "long", "--data", old, "--format", "protobuf", "--output", file)).Code);

        var chance = new Random(Seed);
        var (killed, inTheMiddle, resumed) = (0, false, false);
        for (var attempt = 1; ; attempt++)
        {
            Assert.True(attempt < 40, $"seed {Seed}: no import came to its end");
            using var import = VeltrixProcess.Start("ledger", "import", file, "--data", young, "--json");
            // Until one was killed in its writing. A busy machine takes a while to get there, so each has longer.
            var dies = killed < 5 || !inTheMiddle;
            for (var waited = 0; waited < 100 && dies && !Directory.Exists(Path.Combine(young, "logs", "long", "ledger")); waited++) await Task.Delay(50, TestContext.Current.CancellationToken);
            if (dies)
            {
                await Task.Delay(chance.Next(50, 700) + 100 * attempt, TestContext.Current.CancellationToken);
                import.Signal("KILL");
            }

            var ended = await import.End(TimeSpan.FromSeconds(120));
            if (ended.Code == ExitCode.Done)
            {
                Assert.Equal(Records, (long)ended.Json["records"]!);
                resumed = (long)ended.Json["resumed_at"]! > 0;
                break;
            }

            Assert.True(dies, ended.Error);
            killed++;
            Assert.Equal(ExitCode.NotFound, (await Shell.Run("hunt", "verify", "long", "--data", young)).Code);
            inTheMiddle |= await HasRecords(young);
        }

        Assert.True(killed > 0 && resumed, $"seed {Seed}: killed {killed} times, and {(resumed ? "" : "not ")}resumed");
        var verified = await Shell.Run("hunt", "verify", "long", "--data", young, "--json");
        Assert.True((bool)verified.Json["equal"]! && (long)verified.Json["records"]! == Records, verified.Out);
    }

    static async Task<bool> HasRecords(string data)
    {
        await using var logs = EmbeddedLogs.Open(Path.Combine(data, "logs"), TimeProvider.System);
        return (await logs.Open("long/ledger", TestContext.Current.CancellationToken)).End > 0;
    }

    static async Task Make(string data)
    {
        await using var logs = EmbeddedLogs.Open(Path.Combine(data, "logs"), TimeProvider.System);
        await logs.Open("long/submissions", TestContext.Current.CancellationToken);
        var ledger = await logs.Open("long/ledger", TestContext.Current.CancellationToken);
        var epoch = await ledger.Append(LedgerCodec.Encode(new LedgerRecord.Took("test")));
        const string Definition = "hunt: long\ntitle: A long hunt\nchallenges: [{ id: a, points: 1, answers: [yes] }]\n";
        for (var done = 0; done < Records;)
        {
            var group = new List<ReadOnlyMemory<byte>>();
            for (; group.Count < 2_000 && done < Records; done++)
                group.Add(LedgerCodec.Encode(new LedgerRecord.Decided(epoch, done, done + 1, 1_000 + done, new CommandId("", "x", done), "anna", "", done switch
                {
                    0 => [new Fact.HuntPublished(Definition, false), new Fact.HuntOpened()],
                    1 => [new Fact.TeamFounded(0, "Ann", ""), new Fact.TeamJoined(0, "h1", "Ann")],
                    _ => [new Fact.ScoreAdjusted(0, 1)],
                })));
            await ledger.Append(group);
        }
    }
}
