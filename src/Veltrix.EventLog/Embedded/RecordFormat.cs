using System.Buffers.Binary;
using System.Numerics;

namespace Veltrix.EventLog.Embedded;

/// <summary>
/// How a record lies in a segment file. Little endian, aligned to 4 bytes, never across a page:
/// <code>
/// length  4   of all that follows; written by FASTER. 0 = nothing more on this page
/// crc     4   CRC-32C of the length and all that follows
/// before  4   crc of the record before; 0 for the first of a log
/// time    8   milliseconds since 1970
/// durable 8   up to here the log was durable when this record was written
/// payload
/// </code>
/// </summary>
/// <remarks>
/// <c>before</c> makes the log a chain: a lost page, a stale sector or a record left over from a failed write cannot pass as the next record.
/// <c>durable</c> tells a torn tail from damage: a good record behind a hole that calls the hole's place durable proves that acknowledged bytes are gone.
/// FASTER's own per-entry checksum (an xor of 8-byte words) is off: it misses zeroed pages and swapped words, and is checked only by its own iterators.
/// </remarks>
static class RecordFormat
{
    /// <summary>A record does not cross a page. FASTER keeps two pages of a log in memory.</summary>
    public const int PageBytes = 2 << 20;

    /// <summary>One file; the unit in which truncation gives space back. A multiple of the page.</summary>
    public const int SegmentBytes = 32 << 20;

    /// <summary>Where the first record lies: FASTER keeps addresses below for itself.</summary>
    public const long First = 64;

    /// <summary>FASTER's part of the header: the length.</summary>
    public const int LengthBytes = 4;

    /// <summary>Our part of the header.</summary>
    public const int HeaderBytes = 24;

    public const int PayloadBytesMax = PageBytes - LengthBytes - HeaderBytes;

    /// <summary>A record as found in a file.</summary>
    public readonly record struct Entry(uint Crc, uint Before, long TimeMs, long Durable, int PayloadBytes)
    {
        /// <summary>From this record's position to the next one's, unless the page ends between.</summary>
        public int Size => SizeOf(PayloadBytes);
    }

    public static int SizeOf(int payloadBytes) => LengthBytes + ((HeaderBytes + payloadBytes + 3) & ~3);

    public static long PageStart(long position) => position & ~(PageBytes - 1L);

    public static long PageEnd(long position) => (position | (PageBytes - 1)) + 1;

    /// <summary>Writes header and payload to the place that FASTER gave (behind the length), and returns the record's crc.</summary>
    public static uint Write(Span<byte> target, ReadOnlySpan<byte> payload, uint before, long timeMs, long durable)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target[4..], before);
        BinaryPrimitives.WriteInt64LittleEndian(target[8..], timeMs);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], durable);
        payload.CopyTo(target[HeaderBytes..]);
        var crc = Crc(target);
        BinaryPrimitives.WriteUInt32LittleEndian(target, crc);
        return crc;
    }

    /// <summary>The size that the record at the start of <paramref name="bytes"/> claims to have: 0 for the end of the page, -1 for none that can be.</summary>
    /// <param name="bytes">At least <see cref="LengthBytes"/>.</param>
    /// <param name="pageLeft">Bytes from the record's position to the end of its page.</param>
    public static int ClaimedSize(ReadOnlySpan<byte> bytes, long pageLeft)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        if (length == 0)
            return 0;
        if (length < HeaderBytes || length > pageLeft - LengthBytes)
            return -1;
        return SizeOf(length - HeaderBytes);
    }

    /// <summary>The <c>durable</c> field of a record not checked yet.</summary>
    public static long DurableClaim(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadInt64LittleEndian(bytes[(LengthBytes + 16)..]);

    /// <summary>Reads the header of a whole record, <see cref="ClaimedSize"/> bytes at least, and checks its crc.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out Entry entry)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        var body = bytes.Slice(LengthBytes, length);
        entry = new Entry(
            BinaryPrimitives.ReadUInt32LittleEndian(body),
            BinaryPrimitives.ReadUInt32LittleEndian(body[4..]),
            BinaryPrimitives.ReadInt64LittleEndian(body[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(body[16..]),
            length - HeaderBytes);
        return Crc(body) == entry.Crc;
    }

    /// <summary>CRC-32C of the body's length and of what follows the crc field.</summary>
    static uint Crc(ReadOnlySpan<byte> body) => Crc32C(body[4..], BitOperations.Crc32C(uint.MaxValue, (uint)body.Length)) ^ uint.MaxValue;

    /// <summary>Continues a CRC-32C (Castagnoli; one instruction per 8 bytes where the processor has it).</summary>
    public static uint Crc32C(ReadOnlySpan<byte> bytes, uint crc)
    {
        while (bytes.Length >= 8)
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }
        foreach (var b in bytes)
            crc = BitOperations.Crc32C(crc, b);
        return crc;
    }
}
