using System.Buffers.Binary;
using System.Security.Cryptography;
using Veltrix.EventLog;
using Veltrix.Hunts;
using Veltrix.Server.Scoring;
using Veltrix.Server.Submissions;
using Veltrix.Wire.Export;

namespace Veltrix.Server.Ledgers;

/// <summary>
/// Makes a hunt from an exported ledger. To the hunt's logs the import is a scorer like any other, and one that was killed is followed by the next as a scorer is:
/// <list type="number">
/// <item><see cref="Check"/>: the whole file, before anything is written. It is undamaged and folds.</item>
/// <item><see cref="Begin"/>: the id is free, or an import of it was begun. Noted in the <see cref="ImportJournal"/>; from here on servers pass the hunt over.</item>
/// <item><see cref="TakeOver"/>: append Took; read what an earlier attempt left, which has to be the file's first decisions.</item>
/// <item><see cref="Copy"/>: for each other decision a command into the submissions log, which only stands in its place, and then the decision, with that command's position.</item>
/// <item><see cref="Leave"/>: the last sign of life of this scorer.</item>
/// <item><see cref="Prove"/>: read the ledger back, compare with the file, and only then note that it is done.</item>
/// </list>
/// </summary>
/// <remarks>
/// The invariant that makes the next scorer go on as if it had always been there: the command position of every decision is one that the hunt's own submissions log gave, in the order of the
/// decisions, and no command lies behind the last of them. See docs/decisions/0014-an-import-is-a-scorer.md.
/// </remarks>
public sealed class LedgerImport
{
    const int RecordsAtOnce = 1024;

    // Never decided, since it lies at or before the last decision; and if it were, it would change nothing that a timer does not change.
    static readonly byte[] InPlace = CommandCodec.Encode(Envelope.Of(CommandId.None, new Command.Tick()));

    readonly IEventLogs logs;
    readonly string path;
    readonly ExportHeader header;
    readonly Contents whole;

    LedgerImport(IEventLogs logs, string path, string hunt, ExportHeader header, Contents whole)
    {
        this.logs = logs;
        this.path = path;
        Hunt = hunt;
        this.header = header;
        this.whole = whole;
    }

    /// <summary>The id it gets here.</summary>
    public string Hunt { get; }

    /// <summary>Decisions in the file.</summary>
    public long Records => whole.Count;

    /// <summary>Reads the file to its end. Takes no more memory than the hunt's state does.</summary>
    /// <param name="asHunt">Another id than the exported one; null: the same.</param>
    /// <exception cref="LedgerFileException">It cannot be imported.</exception>
    public static LedgerImport Check(IEventLogs logs, string path, string? asHunt, IProgress<double>? progress, CancellationToken cancel)
    {
        using var file = LedgerFile.Open(path);
        if (file.Header.After > 0)
            throw new LedgerFileException($"{path} holds only what came after position {file.Header.After}.", "Export the whole ledger: without --after.");
        var hunt = asHunt ?? file.Header.Hunt;
        var state = new HuntState { KeepsOutcomes = false };
        var whole = new Contents();
        foreach (var record in Renamed(path, file.Records, hunt))
        {
            cancel.ThrowIfCancellationRequested();
            whole.Add(record.Content);
            if (whole.Count % RecordsAtOnce == 0) progress?.Report((double)record.Position / file.Header.Position);
            try
            {
                state.Fold(0, record.Decided);
            }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                // The fold trusts its ledger, and says in many ways that a fact makes no sense after those before.
                throw new LedgerFileException($"{path}, record {whole.Count}: its facts do not follow from those before ({error.Message}).", "Export the hunt again, or take another backup.", error);
            }
        }

        if (state.Model?.Definition.Id != hunt)
            throw new LedgerFileException(
                state.Model is null ? $"{path}: no hunt is published in it." : $"{path} says that it is of '{file.Header.Hunt}', and the hunt published in it is '{state.Model.Definition.Id}'.", "Export the hunt again.");
        return new LedgerImport(logs, path, hunt, file.Header, whole);
    }

    /// <summary>Imports what was checked, or the rest of it.</summary>
    /// <param name="dataFolder">Where checkpoints of a former hunt of this id would be: they are deleted.</param>
    /// <param name="writer">As the ledger names whoever wrote it.</param>
    /// <returns>How many decisions were there already, of an attempt before.</returns>
    /// <exception cref="EventLogException">There is such a hunt (<see cref="EventLogFault.InUse"/>), or a log could not be written: then the same again goes on where this ended.</exception>
    /// <exception cref="LedgerFileException">An earlier attempt was made with another ledger, or somebody else writes to these logs.</exception>
    public async Task<long> Run(string dataFolder, string writer, IProgress<double>? progress, CancellationToken cancel)
    {
        await Begin(dataFolder, cancel);
        var submissions = await logs.Open($"{Hunt}/submissions", cancel);
        var ledger = await logs.Open($"{Hunt}/ledger", cancel);
        using var file = LedgerFile.Open(path);
        using var records = Renamed(path, file.Records, Hunt).GetEnumerator();
        var (epoch, there, last) = await TakeOver(ledger, records, writer);
        last = await Copy(submissions, ledger, records, epoch, last, progress, cancel);
        await Leave(ledger, epoch, last);
        await Prove(ledger, cancel);
        return there;
    }

    async Task Begin(string dataFolder, CancellationToken cancel)
    {
        var names = await logs.List(cancel);
        if (!await ImportJournal.IsUnfinished(logs, Hunt, names, cancel))
        {
            if (names.Contains($"{Hunt}/ledger") || names.Contains($"{Hunt}/submissions"))
                throw new EventLogException(EventLogFault.InUse, $"There is a hunt '{Hunt}' already. Choose another id with --as, or another data folder.");
            await ImportJournal.Note(logs, Hunt, new ImportNote { Begun = ProtobufLedger.ToWire(header) }, cancel);
        }

        // Positions of another ledger mean nothing in this one.
        var checkpoints = Path.Combine(dataFolder, "checkpoints", Hunt);
        if (Directory.Exists(checkpoints)) Directory.Delete(checkpoints, recursive: true);
    }

    async Task<(long Epoch, long There, long Last)> TakeOver(IEventLog ledger, IEnumerator<Exported> records, string writer)
    {
        var epoch = await ledger.Append(LedgerCodec.Encode(new LedgerRecord.Took(writer)));
        long there = 0, last = 0;
        foreach (var decision in LedgerExport.Decisions(ledger).SelectMany(batch => batch))
        {
            there++;
            if (!records.MoveNext() || !LedgerCodec.Encode(records.Current.Content).AsSpan().SequenceEqual(LedgerCodec.Encode(decision.Content)))
                throw new LedgerFileException(
                    $"An import of '{Hunt}' was begun with another ledger than that of {path}: from decision {there} on they differ.", "Import that one to its end, or give it up first: docs/operate/backup.md says how.");
            last = decision.Decided.CommandPosition;
        }

        return (epoch, there, last);
    }

    async Task<long> Copy(IEventLog submissions, IEventLog ledger, IEnumerator<Exported> records, long epoch, long last, IProgress<double>? progress, CancellationToken cancel)
    {
        foreach (var batch in Rest(records).Chunk(RecordsAtOnce))
        {
            cancel.ThrowIfCancellationRequested();
            var places = await Task.WhenAll(batch.Select(_ => submissions.Append(InPlace)));
            var decisions = new List<ReadOnlyMemory<byte>>(batch.Length);
            foreach (var (record, place) in batch.Zip(places))
            {
                decisions.Add(LedgerCodec.Encode(record.Decided with { Epoch = epoch, Previous = last, CommandPosition = place }));
                last = place;
            }

            await ledger.Append(decisions);
            progress?.Report((double)batch[^1].Position / header.Position);
        }

        return last;
    }

    static async Task Leave(IEventLog ledger, long epoch, long last) => await ledger.Append(LedgerCodec.Encode(new LedgerRecord.Heartbeat(epoch, last, IsLast: true)));

    async Task Prove(IEventLog ledger, CancellationToken cancel)
    {
        var read = new Contents();
        foreach (var decision in LedgerExport.Decisions(ledger).SelectMany(batch => batch))
        {
            cancel.ThrowIfCancellationRequested();
            read.Add(decision.Content);
        }

        if (!read.IsEqualTo(whole))
            throw new LedgerFileException(
                $"The ledger of '{Hunt}' holds {read.Count} decisions that are not the {whole.Count} of {path}: somebody else wrote to it meanwhile. It stays hidden.", "Run one import at a time; the same again goes on with this one.");
        await ImportJournal.Note(logs, Hunt, new ImportNote { Done = read.Count }, cancel);
    }

    static IEnumerable<Exported> Rest(IEnumerator<Exported> records)
    {
        while (records.MoveNext()) yield return records.Current;
    }

    // The id stands in the definition's text too, and nowhere else.
    static IEnumerable<Exported> Renamed(string path, IEnumerable<Exported> records, string hunt)
    {
        foreach (var record in records)
            yield return record.Decided.Facts.Any(fact => fact is Fact.HuntPublished)
                ? record with { Decided = record.Decided with { Facts = [.. record.Decided.Facts.Select(fact => fact is Fact.HuntPublished published ? Rename(published) : fact)] } }
                : record;

        Fact Rename(Fact.HuntPublished published)
        {
            try
            {
                return published with { Definition = HuntFile.Rename(published.Definition, hunt) };
            }
            catch (ArgumentException error)
            {
                throw new LedgerFileException($"{path}: its hunt cannot be called '{hunt}': {error.Message}", "Choose another id with --as, or leave it out.", error);
            }
        }
    }

    /// <summary>Decisions, counted and digested in their order.</summary>
    sealed class Contents
    {
        readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        public long Count { get; private set; }

        public void Add(LedgerRecord.Decided content)
        {
            var bytes = LedgerCodec.Encode(content);
            Span<byte> length = stackalloc byte[sizeof(int)];
            BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
            Count++;
        }

        public bool IsEqualTo(Contents other) => Count == other.Count && hash.GetCurrentHash().AsSpan().SequenceEqual(other.hash.GetCurrentHash());
    }
}
