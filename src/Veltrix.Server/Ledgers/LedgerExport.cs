using System.Reflection;
using Veltrix.EventLog;
using Veltrix.Hunts;
using Veltrix.Server.Scoring;

namespace Veltrix.Server.Ledgers;

/// <summary>A hunt's ledger as a file: every decision that counts, and nothing else. Takeovers, signs of life and what older scorers wrote belong to the log it lies in.</summary>
public static class LedgerExport
{
    const int RecordsAtOnce = 1024;

    /// <summary>What this program calls itself in files it writes.</summary>
    public static string Program { get; } = typeof(LedgerExport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>Where the last decision that counts lies; 0 where there is none.</summary>
    public static long LastDecision(IEventLog ledger) => Decisions(ledger).Select(batch => batch[^1].Position).LastOrDefault();

    /// <summary>Writes the decisions after a position up to that of a decision.</summary>
    /// <param name="upTo">Position of a decision, or 0 for none.</param>
    public static async Task Write(IEventLog ledger, string hunt, LedgerForm form, long after, long upTo, TimeProvider clock, Stream output, CancellationToken cancel)
    {
        // Whole batches are made here and leave at once: a response takes no small synchronous writes.
        using var batch = new MemoryStream();
        using ILedgerWriter writer = form == LedgerForm.Protobuf ? new ProtobufLedger.Writer(batch) : new NdjsonLedger.Writer(batch);
        writer.Begin(new ExportHeader(ExportHeader.Newest, hunt, Program, upTo > after ? upTo : 0, clock.GetUtcNow().ToUnixTimeMilliseconds(), after));
        if (upTo > after)
            foreach (var decisions in Decisions(ledger))
            {
                foreach (var decision in decisions)
                    if (decision.Position > after && decision.Position <= upTo) writer.Add(decision);
                await Leave();
                if (decisions[^1].Position >= upTo) break;
            }

        writer.End();
        await Leave();

        async Task Leave()
        {
            await output.WriteAsync(batch.GetBuffer().AsMemory(0, (int)batch.Length), cancel);
            batch.SetLength(0);
        }
    }

    /// <summary>All decisions that count, up to the log's end, some at a time and never none. From the beginning, always: which records count depends on all before them.</summary>
    internal static IEnumerable<IReadOnlyList<Exported>> Decisions(IEventLog ledger)
    {
        using var reader = ledger.Read(IEventLog.Start);
        LedgerGate gate = default;
        while (reader.ReadAvailable(RecordsAtOnce) is { Count: > 0 } batch)
        {
            var decisions = new List<Exported>(batch.Count);
            foreach (var entry in batch)
            {
                var record = LedgerCodec.Decode(entry.Payload);
                if (gate.Admits(entry.Position, record)) decisions.Add(new Exported(entry.Position, (LedgerRecord.Decided)record));
            }

            if (decisions.Count > 0) yield return decisions;
        }
    }
}

/// <summary>One form of an export.</summary>
interface ILedgerWriter : IDisposable
{
    void Begin(ExportHeader header);

    void Add(Exported record);

    void End();
}
