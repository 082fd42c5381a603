using Veltrix.EventLog;
using Veltrix.EventLog.Embedded;
using Veltrix.Hunts;
using Veltrix.Server.Ledgers;
using Veltrix.Server.Scoring;

namespace Veltrix.Server.Tests.Ledgers;

/// <summary>A data folder with real embedded logs and no server, gone after the test.</summary>
sealed class Installation : IAsyncDisposable
{
    readonly EmbeddedLogs logs;

    public Installation() => logs = EmbeddedLogs.Open(Path.Combine(Folder, "logs"), TimeProvider.System);

    public string Folder { get; } = Directory.CreateTempSubdirectory("veltrix-ledger-").FullName;

    public IEventLogs Logs => logs;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public string File(string name) => Path.Combine(Folder, name);

    /// <summary>Puts records into a hunt's ledger, as a scorer would, their epochs made those of this log.</summary>
    public async Task Write(string hunt, IEnumerable<LedgerRecord> records)
    {
        await logs.Open($"{hunt}/submissions", Cancel);
        var ledger = await logs.Open($"{hunt}/ledger", Cancel);
        var epoch = 0L;
        var group = new List<ReadOnlyMemory<byte>>();
        foreach (var record in records)
        {
            if (record is LedgerRecord.Took)
            {
                await ledger.Append(group);
                group.Clear();
                epoch = await ledger.Append(LedgerCodec.Encode(record));
                continue;
            }

            group.Add(LedgerCodec.Encode(record switch { LedgerRecord.Decided { Epoch: >= 0 } decided => decided with { Epoch = epoch }, _ => record }));
            if (group.Count < 1024) continue;
            await ledger.Append(group);
            group.Clear();
        }

        await ledger.Append(group);
    }

    public async Task<string> Export(string hunt, LedgerForm form)
    {
        var ledger = await logs.Open($"{hunt}/ledger", Cancel);
        var path = File($"{hunt}.{form}".ToLowerInvariant());
        await using var file = System.IO.File.Create(path);
        await LedgerExport.Write(ledger, hunt, form, 0, LedgerExport.LastDecision(ledger), TimeProvider.System, file, Cancel);
        return path;
    }

    public async Task<LedgerImport> Import(string path, string? asHunt = null)
    {
        var import = LedgerImport.Check(logs, path, asHunt, null, Cancel);
        await import.Run(Folder, "test", null, Cancel);
        return import;
    }

    /// <summary>A hunt's ledger as a reader counts it.</summary>
    public async Task<Folded> Fold(string hunt)
    {
        using var reader = (await logs.Open($"{hunt}/ledger", Cancel)).Read(IEventLog.Start);
        var entries = new List<(long, LedgerRecord)>();
        while (reader.ReadAvailable(1024) is { Count: > 0 } batch) entries.AddRange(batch.Select(entry => (entry.Position, LedgerCodec.Decode(entry.Payload))));
        return Scoring.Games.Fold(entries);
    }

    public async ValueTask DisposeAsync()
    {
        await logs.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
