using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Veltrix.EventLog.Embedded;

/// <summary>What is known of a log's ends. Positions are addresses.</summary>
/// <param name="Begin">The first record left after truncation.</param>
/// <param name="Last">The last durable record, 0 if none.</param>
/// <param name="End">Behind the last durable record.</param>
/// <param name="Crc">The last record's crc, 0 if none.</param>
readonly record struct Ends(long Begin, long Last, long End, uint Crc);

/// <summary>
/// The file <c>log.ends</c>: where a log begins and where it has been acknowledged to, noted after every commit. It lets recovery start there, and tells lost
/// bytes from bytes never written.
/// </summary>
/// <remarks>
/// Two slots are written in turn, in blocks of their own, so a torn write or a lost block leaves the other. A note is handed to the operating system but not forced to the disk: it survives the
/// death of the process exactly; after a power cut it may be old, never ahead of the log, and recovery reads on from it.
/// </remarks>
sealed class EndMark : IDisposable
{
    public const string FileName = "log.ends";
    const int SlotBytes = 48;
    const int SlotSpacing = 4096; // the largest sector and the usual block
    const ulong Magic = 0x3253_444E_4558_4C56; // "VLXENDS2"

    readonly SafeFileHandle file;
    long turn;

    EndMark(SafeFileHandle file, long turn) => (this.file, this.turn) = (file, turn);

    /// <summary>Opens the file, making it if needed, and gives the newest note in it that is whole.</summary>
    public static EndMark Open(string folder, out Ends? newest)
    {
        var path = Path.Combine(folder, FileName);
        var isNew = !File.Exists(path);
        var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
        if (isNew)
            Disk.SyncFolder(folder);

        newest = null;
        var turn = 0L;
        Span<byte> slot = stackalloc byte[SlotBytes];
        for (var i = 0; i < 2; i++)
        {
            if (RandomAccess.Read(file, slot, i * SlotSpacing) == SlotBytes
                && BinaryPrimitives.ReadUInt64LittleEndian(slot) == Magic
                && BinaryPrimitives.ReadUInt32LittleEndian(slot[44..]) == RecordFormat.Crc32C(slot[..44], uint.MaxValue)
                && BinaryPrimitives.ReadInt64LittleEndian(slot[8..]) is var found && found > turn)
            {
                turn = found;
                newest = new Ends(
                    BinaryPrimitives.ReadInt64LittleEndian(slot[16..]),
                    BinaryPrimitives.ReadInt64LittleEndian(slot[24..]),
                    BinaryPrimitives.ReadInt64LittleEndian(slot[32..]),
                    BinaryPrimitives.ReadUInt32LittleEndian(slot[40..]));
            }
        }
        return new EndMark(file, turn);
    }

    /// <summary>Writes over the older note. If that fails, the newer one stands, and the next note comes to the same place.</summary>
    public void Note(in Ends ends)
    {
        var next = turn + 1;
        Span<byte> slot = stackalloc byte[SlotBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(slot, Magic);
        BinaryPrimitives.WriteInt64LittleEndian(slot[8..], next);
        BinaryPrimitives.WriteInt64LittleEndian(slot[16..], ends.Begin);
        BinaryPrimitives.WriteInt64LittleEndian(slot[24..], ends.Last);
        BinaryPrimitives.WriteInt64LittleEndian(slot[32..], ends.End);
        BinaryPrimitives.WriteUInt32LittleEndian(slot[40..], ends.Crc);
        BinaryPrimitives.WriteUInt32LittleEndian(slot[44..], RecordFormat.Crc32C(slot[..44], uint.MaxValue));
        RandomAccess.Write(file, slot, next % 2 * SlotSpacing);
        turn = next;
    }

    public void Sync() => RandomAccess.FlushToDisk(file);

    public void Dispose() => file.Dispose();
}
