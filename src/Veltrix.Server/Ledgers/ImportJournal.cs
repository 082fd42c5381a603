using Google.Protobuf;
using Veltrix.EventLog;
using Veltrix.Wire.Export;

namespace Veltrix.Server.Ledgers;

/// <summary>
/// The log <c>{hunt}/import</c> of a hunt that was imported: what, and whether to the end. It is there before the hunt's other logs are, so whoever finds those finds it, and nobody serves half a hunt.
/// Hunts that were published here have none.
/// </summary>
static class ImportJournal
{
    const int NotesAtOnce = 64;

    /// <param name="names">All logs that there are.</param>
    public static async Task<bool> IsUnfinished(IEventLogs logs, string hunt, IReadOnlyList<string> names, CancellationToken cancel)
    {
        if (!names.Contains(NameOf(hunt))) return false;
        await using var journal = await logs.Open(NameOf(hunt), cancel);
        using var reader = journal.Read(IEventLog.Start);
        ImportNote? last = null;
        while (reader.ReadAvailable(NotesAtOnce) is { Count: > 0 } batch) last = ImportNote.Parser.ParseFrom(batch[^1].Payload.Span);
        return last?.KindCase != ImportNote.KindOneofCase.Done;
    }

    public static async Task Note(IEventLogs logs, string hunt, ImportNote note, CancellationToken cancel)
    {
        await using var journal = await logs.Open(NameOf(hunt), cancel);
        await journal.Append(note.ToByteArray());
    }

    /// <summary>What is said to whoever wants such a hunt.</summary>
    public static string Explain(string hunt) =>
        $"The hunt '{hunt}' is imported in part only. 'veltrix ledger import' with the same file goes on with it; docs/operate/backup.md says how to give it up.";

    static string NameOf(string hunt) => $"{hunt}/import";
}
