using CsCheck;
using Veltrix.Hunts;
using Veltrix.Server.Ledgers;
using Veltrix.Server.Scoring;
using Veltrix.Server.Tests.Scoring;

namespace Veltrix.Server.Tests.Ledgers;

/// <summary>Export, import, export: the same content, and a hunt that the next scorer goes on with.</summary>
public class RoundTripTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData(LedgerForm.Ndjson), InlineData(LedgerForm.Protobuf)]
    public Task What_is_exported_imported_and_exported_again_is_the_same_but_for_positions(LedgerForm form) =>
        Gen.Select(Games.Of, Gen.Int[1, 40]).SampleAsync(async (commands, every) =>
        {
            await using var here = new Installation();
            await using var there = new Installation();
            await here.Write("game", Disturbed(Games.Ledger(commands).Select(entry => entry.Record), every));
            var exported = await here.Export("game", form);

            await there.Import(exported);

            Assert.Equal(Contents(exported), Contents(await there.Export("game", form)));
            var (old, imported) = (await here.Fold("game"), await there.Fold("game"));
            Assert.Equal(Games.Meaning(old.State), Games.Meaning(imported.State));
            Assert.Equal(old.Records, imported.Records);
            await AssertNextScorerBeginsBehind(there, imported.Gate.CommandPosition);
        }, iter: 40, threads: 1);

    [Fact]
    public async Task Both_forms_hold_the_same()
    {
        await using var here = new Installation();
        await here.Write("game", Long(500));
        Assert.Equal(Contents(await here.Export("game", LedgerForm.Protobuf)), Contents(await here.Export("game", LedgerForm.Ndjson)));
    }

    internal static IEnumerable<LedgerRecord> Long(int answers)
    {
        yield return new LedgerRecord.Took("long");
        var definition = TestServer.Quiz.Replace("hunt: quiz", "hunt: game", StringComparison.Ordinal);
        yield return new LedgerRecord.Decided(0, 0, 1, 1_000, new CommandId("", "x", 1), "anna", "for the test", [new Fact.HuntPublished(definition, false), new Fact.HuntOpened()]);
        yield return new LedgerRecord.Decided(0, 1, 2, 1_000, new CommandId("h1", "web.1", 1), "", "", [new Fact.TeamFounded(0, "Größe 🦊", ""), new Fact.TeamJoined(0, "h1", "Ann \"quoted\"")]);
        for (var i = 0; i < answers; i++)
            yield return new LedgerRecord.Decided(0, i + 2, i + 3, 2_000 + i, new CommandId("h1", "web.1", i + 2), "", "", [new Fact.AnswerRejected(0, "h1", "a", $"wrong {i}")]);
    }

    // Signs of life, scorers that come back too late, and a new one now and then.
    static IEnumerable<LedgerRecord> Disturbed(IEnumerable<LedgerRecord> ledger, int every)
    {
        foreach (var (index, record) in ledger.Index())
        {
            yield return record;
            if (index % every != 0) continue;
            yield return new LedgerRecord.Heartbeat(10, index);
            yield return new LedgerRecord.Took("another");
            if (record is LedgerRecord.Decided late) yield return late with { Epoch = -1, Previous = late.CommandPosition, CommandPosition = late.CommandPosition + 1 };
        }
    }

    /// <summary>A file's decisions without the positions of the log they lay in.</summary>
    static List<string> Contents(string path)
    {
        using var file = LedgerFile.Open(path);
        return [.. file.Records.Select(record => Convert.ToHexString(LedgerCodec.Encode(record.Content)))];
    }

    /// <summary>The invariant: the last decision's command is the last record of the new submissions log, so a scorer that reads from there on reads what comes now.</summary>
    static async Task AssertNextScorerBeginsBehind(Installation there, long lastDecided)
    {
        var submissions = await there.Logs.Open("game/submissions", Cancel);
        Assert.Equal(submissions.End, lastDecided);
        var next = await submissions.Append("next"u8.ToArray());
        using var reader = submissions.Read(lastDecided);
        Assert.Equal(next, Assert.Single(reader.ReadAvailable(10)).Position);
    }
}
