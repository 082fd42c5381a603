using Veltrix.Server.Ledgers;

namespace Veltrix.Server.Tests.Ledgers;

/// <summary>What an import holds at a time. It asks the whole process what it holds, so nothing else may run beside it.</summary>
[CollectionDefinition(nameof(LongLedgerTests), DisableParallelization = true), Collection(nameof(LongLedgerTests))]
public class LongLedgerTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>What stays in memory is the hunt's state and the logs' pages, which both lengths fill; not the records, of which 80,000 more would be 10 MB.</summary>
    [Theory, InlineData(LedgerForm.Ndjson), InlineData(LedgerForm.Protobuf), Trait("speed", "slow")]
    public async Task A_long_ledger_takes_no_more_memory_than_a_short_one(LedgerForm form)
    {
        // The first fills pools, and what other tests have left is let go meanwhile.
        await Held(40_000);
        var (shortOne, longOne) = (await Held(40_000), await Held(120_000));
        Assert.True(longOne < shortOne + (4 << 20), $"{longOne:N0} bytes held at most with 120,000 decisions, {shortOne:N0} with 40,000");

        async Task<long> Held(int decisions)
        {
            await using var here = new Installation();
            await using var there = new Installation();
            await here.Write("game", RoundTripTests.Long(decisions));
            var path = await here.Export("game", form);
            var before = Settled();
            var most = new MostHeld();
            await LedgerImport.Check(there.Logs, path, null, most, Cancel).Run(there.Folder, "test", most, Cancel);
            Assert.Equal(decisions + 2, (await there.Fold("game")).Records);
            return most.Bytes - before;
        }
    }

    /// <summary>What is held once finalizers and whatever still ends have let go of their own.</summary>
    static long Settled()
    {
        var held = long.MaxValue;
        for (var still = 0; still < 3;)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            var now = GC.GetTotalMemory(forceFullCollection: true);
            still = held - now < 100_000 ? still + 1 : 0;
            held = Math.Min(held, now);
            Thread.Sleep(50);
        }

        return held;
    }

    sealed class MostHeld : IProgress<double>
    {
        int calls;

        public long Bytes { get; private set; }

        public void Report(double value)
        {
            if (calls++ % 3 == 0) Bytes = Math.Max(Bytes, GC.GetTotalMemory(forceFullCollection: true));
        }
    }
}
