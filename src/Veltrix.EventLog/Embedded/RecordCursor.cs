using Microsoft.Win32.SafeHandles;
using static Veltrix.EventLog.Embedded.RecordFormat;

namespace Veltrix.EventLog.Embedded;

enum CursorStep
{
    /// <summary>A record was taken.</summary>
    Took,

    /// <summary>The limit is reached.</summary>
    AtLimit,

    /// <summary>What lies there is not the next record.</summary>
    Broken,

    /// <summary>The segment's file is not there.</summary>
    FileMissing,
}

/// <summary>
/// Walks the records in the files of a log, checking each against its crc and its place in the chain. Readers and recovery are both this.
/// Reads the files itself: FASTER's iterators would hold 4 MiB a reader, die with a failed log, and trust lengths found on a damaged page.
/// </summary>
/// <remarks>One thread at a time. Payloads are slices of chunks that the cursor never writes again.</remarks>
sealed class RecordCursor(SegmentFiles files, long position) : IDisposable
{
    // Below 85,000 bytes, so that chunks are not large objects.
    const int ChunkBytes = 64 << 10;

    byte[] chunk = [];
    int from, to; // the bytes from Next on, as far as loaded; before from all is handed out
    uint? lastCrc;
    SafeFileHandle? file;
    int openSegment = -1;

    /// <summary>Behind the last record taken, where the next one begins, or (if it does not fit on the page) one page on.</summary>
    public long Next { get; private set; } = position;

    /// <summary>Goes elsewhere in the log. What is there cannot be checked against a record before.</summary>
    public void MoveTo(long position)
    {
        Next = position;
        from = to;
        lastCrc = null;
    }

    /// <summary>Takes the next record, if it lies whole below <paramref name="limit"/>. A step that fails moves nothing.</summary>
    public CursorStep Take(long limit, out long position, out Entry entry, out ReadOnlyMemory<byte> payload)
    {
        var start = Next;
        var step = TakeAt(limit, out position, out entry, out payload);
        if (step != CursorStep.Took && Next != start)
        {
            Next = start;
            from = to;
        }
        return step;
    }

    CursorStep TakeAt(long limit, out long position, out Entry entry, out ReadOnlyMemory<byte> payload)
    {
        (position, entry, payload) = (0, default, default);
        int size;
        while (true)
        {
            if (Next >= limit)
                return CursorStep.AtLimit;
            if (Load(LengthBytes, limit) is not CursorStep.Took and var failed)
                return failed;
            var pageEnd = PageEnd(Next);
            size = ClaimedSize(chunk.AsSpan(from), pageEnd - Next);
            if (size > 0)
                break;
            // An end of page before the limit's page is only there because the next record did not fit.
            if (size < 0 || pageEnd >= limit)
                return CursorStep.Broken;
            (Next, from) = (pageEnd, to);
        }
        if (Load(size, limit) is not CursorStep.Took and var failedToo)
            return failedToo;
        if (!TryRead(chunk.AsSpan(from), out entry) || (lastCrc is { } crc && entry.Before != crc))
            return CursorStep.Broken;

        position = Next;
        payload = chunk.AsMemory(from + LengthBytes + HeaderBytes, entry.PayloadBytes);
        lastCrc = entry.Crc;
        from += size;
        Next += size;
        return CursorStep.Took;
    }

    /// <summary>Sees to it that <paramref name="count"/> bytes from <see cref="Next"/> on are in the chunk.</summary>
    CursorStep Load(int count, long limit)
    {
        var have = to - from;
        if (have >= count)
            return CursorStep.Took;
        if (Next + count > limit)
            return CursorStep.Broken;

        var segment = SegmentFiles.SegmentOf(Next);
        if (segment != openSegment)
        {
            file?.Dispose();
            file = null;
            openSegment = -1;
            try
            {
                file = files.OpenForReading(segment);
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                return CursorStep.FileMissing;
            }
            openSegment = segment;
        }

        // Read on to the end of page, limit or chunk; begin a new chunk where little of the old one is left.
        var wanted = (int)Math.Min(Math.Min(limit, PageEnd(Next)) - Next, Math.Max(count, ChunkBytes));
        if (chunk.Length - from < Math.Min(wanted, Math.Max(count, ChunkBytes / 16)))
        {
            var fresh = GC.AllocateUninitializedArray<byte>(Math.Max(count, ChunkBytes));
            chunk.AsSpan(from, have).CopyTo(fresh);
            (chunk, from, to) = (fresh, 0, have);
        }
        to += Disk.ReadAll(file!, chunk.AsSpan(to, Math.Min(wanted, chunk.Length - from) - have), (Next + have) % SegmentBytes);
        return to - from >= count ? CursorStep.Took : CursorStep.Broken;
    }

    public void Dispose()
    {
        file?.Dispose();
        file = null;
        openSegment = -1;
        chunk = [];
        from = to = 0;
    }
}
