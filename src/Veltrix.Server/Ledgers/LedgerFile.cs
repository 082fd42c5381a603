using Veltrix.Hunts;

namespace Veltrix.Server.Ledgers;

/// <summary>How a ledger is written to a file: lines for people and tools, or frames with a checksum for keeping.</summary>
public enum LedgerForm
{
    Ndjson,
    Protobuf,
}

/// <summary>What an export says of itself.</summary>
/// <param name="Program">The version of the program that wrote it.</param>
/// <param name="Position">Of the last record in it; 0 where there are none.</param>
/// <param name="After">Only records after this position were asked for.</param>
public sealed record ExportHeader(int Version, string Hunt, string Program, long Position, long TimeMs, long After)
{
    /// <summary>
    /// What this program writes, and the newest that it reads. Raise it when a reader of the version before would misunderstand a file. A fact or a member more needs no other
    /// version: whoever does not know it refuses the record by itself.
    /// </summary>
    public const int Newest = 1;
}

/// <summary>A decision that counts, and where it lay in the ledger that was exported.</summary>
public readonly record struct Exported(long Position, LedgerRecord.Decided Decided)
{
    /// <summary>The decision without what belongs to the logs it lay in: equal in an export, in an import, and in an export of that.</summary>
    public LedgerRecord.Decided Content => Decided with { Epoch = 0, Previous = 0, CommandPosition = 0 };
}

/// <summary>A file that is no whole export, or one that cannot be imported. The message says what and where.</summary>
public sealed class LedgerFileException(string message, string remedy, Exception? inner = null) : Exception(message, inner)
{
    public string Remedy { get; } = remedy;
}

/// <summary>
/// An exported ledger, read from its beginning, one record at a time. The form is found out from the first bytes. Reading to the end is what proves that it is whole: every record names
/// the one before, the last is the one that the header promised, and the checksum, in the form that has one, is right.
/// </summary>
public sealed class LedgerFile : IDisposable
{
    const int BufferBytes = 1 << 16;

    readonly Stream stream;

    LedgerFile(string path, Stream stream, ExportHeader header, IEnumerable<Exported> records)
    {
        this.stream = stream;
        Header = header;
        Records = Checked(path, header, records);
    }

    public ExportHeader Header { get; }

    /// <summary>To be walked through once.</summary>
    /// <exception cref="LedgerFileException">The next record is damaged, or does not follow from the last one.</exception>
    public IEnumerable<Exported> Records { get; }

    /// <exception cref="LedgerFileException">It is no export, or one of a newer version than this program knows.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static LedgerFile Open(string path)
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes, FileOptions.SequentialScan);
        try
        {
            var (header, records) = ProtobufLedger.IsAtStartOf(stream) ? ProtobufLedger.Read(stream, path) : NdjsonLedger.Read(stream, path);
            return new LedgerFile(path, stream, header, records);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Refuses a version that is yet to come. Called with the header alone: nothing else of such a file can be trusted to be understood.</summary>
    internal static void CheckVersion(string path, int version, string program)
    {
        if (version is < 1 or > ExportHeader.Newest)
            throw new LedgerFileException($"{path} is a ledger export of format version {version}, written by Veltrix {program}; this program ({LedgerExport.Program}) knows versions 1 to {ExportHeader.Newest}.",
                $"Import it with Veltrix {program} or a newer one.");
    }

    static IEnumerable<Exported> Checked(string path, ExportHeader header, IEnumerable<Exported> records)
    {
        long number = 0, last = 0, previous = 0;
        foreach (var record in records)
        {
            number++;
            if (header.After == 0 || number > 1)
                if (record.Decided.Previous != previous || record.Position <= last)
                    throw new LedgerFileException(
                        $"{path}, record {number}: it follows the decision of command {record.Decided.Previous}, and the one before it in the file is that of command {previous}: a record is missing, doubled or out of order.",
                        "Export the hunt again, or take another backup.");
            (last, previous) = (record.Position, record.Decided.CommandPosition);
            yield return record;
        }

        if (last != header.Position)
            throw new LedgerFileException($"{path} ends after {number} records at position {last}, and was to go to {header.Position}: its end was cut off.", "Export the hunt again, or take another backup.");
    }

    public void Dispose() => stream.Dispose();
}
