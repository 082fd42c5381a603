using System.Globalization;
using static Veltrix.EventLog.Embedded.RecordFormat;

namespace Veltrix.EventLog.Embedded;

/// <summary>
/// Finds the ends of a log after whatever happened to its process or its disk.
/// <list type="number">
/// <item>Start from the newest note of the ends, else from the first file.</item>
/// <item>Read on, record by record, to the first place that holds no next record: the end.</item>
/// <item>If acknowledged records lie beyond it (the note says so, or a good record behind the hole), refuse, and touch nothing.</item>
/// <item>Cut off the rest: the torn remains of records never acknowledged.</item>
/// </list>
/// </summary>
static class Recovery
{
    public static Ends Run(string log, SegmentFiles files, Ends? noted)
    {
        var present = files.Present();
        if (noted is { } note)
            CheckFiles(log, files, present, note);

        var begin = noted?.Begin ?? (present is [var first, ..] ? Math.Max(First, (long)first * SegmentBytes) : First);
        var limit = present is [.., var last] ? (long)last * SegmentBytes + new FileInfo(files.PathOf(last)).Length : First;
        var ends = noted is { Last: > 0 } known
            ? ReadOnFromNote(files, known, limit) ?? throw Lost(log, files, Math.Min(ReadOn(files, begin, limit).End, known.Last), $"records up to position {known.Last} were acknowledged")
            : ReadOn(files, begin, limit);
        if (FindAcknowledgedBehind(files, ends.End, limit) is { } survivor)
            throw Lost(log, files, ends.End, $"the record at position {survivor} shows that what lies there was acknowledged");

        if (limit > ends.End)
            files.CutAt(ends.End);
        files.DeleteBelow(ends.Begin);
        return ends;
    }

    static void CheckFiles(string log, SegmentFiles files, List<int> present, in Ends note)
    {
        if (note.Last == 0)
            return;
        for (var segment = SegmentFiles.SegmentOf(note.Begin); segment <= SegmentFiles.SegmentOf(note.End - 1); segment++)
        {
            var start = (long)segment * SegmentBytes;
            if (!present.Contains(segment))
                throw Lost(log, files, Math.Max(start, note.Begin), "the file is missing");
            var bytes = new FileInfo(files.PathOf(segment)).Length;
            if (bytes < Math.Min(SegmentBytes, note.End - start))
                throw Lost(log, files, start + bytes, $"the file should be longer: records up to position {note.Last} were acknowledged");
        }
    }

    /// <summary>The ends as read from the noted last record on; null if that is not there as noted.</summary>
    static Ends? ReadOnFromNote(SegmentFiles files, in Ends note, long limit)
    {
        using var cursor = new RecordCursor(files, note.Last);
        if (cursor.Take(limit, out var position, out var entry, out _) != CursorStep.Took || position != note.Last || cursor.Next != note.End || entry.Crc != note.Crc)
            return null;
        return ReadOn(cursor, note, limit);
    }

    static Ends ReadOn(SegmentFiles files, long begin, long limit)
    {
        using var cursor = new RecordCursor(files, begin);
        return ReadOn(cursor, new Ends(begin, 0, begin, 0), limit);
    }

    static Ends ReadOn(RecordCursor cursor, Ends ends, long limit)
    {
        while (cursor.Take(limit, out var position, out var entry, out _) == CursorStep.Took)
            ends = new Ends(ends.Begin, position, cursor.Next, entry.Crc);
        return ends;
    }

    /// <summary>Looks behind <paramref name="end"/> for a whole record that was written when the log was already durable beyond it.</summary>
    static long? FindAcknowledgedBehind(SegmentFiles files, long end, long limit)
    {
        var page = new byte[PageBytes];
        for (var start = end; start < limit; start = PageEnd(start))
        {
            if (!File.Exists(files.PathOf(SegmentFiles.SegmentOf(start))))
                continue;
            using var file = files.OpenForReading(SegmentFiles.SegmentOf(start));
            var bytes = page.AsSpan(0, (int)(PageEnd(start) - start));
            bytes = bytes[..Disk.ReadAll(file, bytes, start % SegmentBytes)];
            for (var at = 0; at + LengthBytes + HeaderBytes <= bytes.Length; at += 4)
            {
                var size = ClaimedSize(bytes[at..], PageEnd(start) - (start + at));
                if (size > 0 && at + size <= bytes.Length
                    && DurableClaim(bytes[at..]) is var durable && durable > end && durable <= start + at
                    && TryRead(bytes[at..], out _))
                    return start + at;
            }
        }
        return null;
    }

    static EventLogException Lost(string log, SegmentFiles files, long position, string why)
    {
        var path = files.PathOf(SegmentFiles.SegmentOf(position));
        var at = (position % SegmentBytes).ToString(CultureInfo.InvariantCulture);
        return new EventLogException(EventLogFault.Corrupt,
            $"Log {log}: {path} is damaged at byte {at} (position {position}): {why}. Nothing was changed. Restore {files.Folder} from a backup. Or, to go on "
            + $"without the records from there on: cut the file (truncate -s {at} {path}), and delete the segment files with higher numbers and the file {EndMark.FileName} beside it.");
    }
}
