using System.Threading.Channels;
using static Veltrix.EventLog.Embedded.RecordFormat;

namespace Veltrix.EventLog.Embedded;

/// <summary>
/// A log in a folder of its own, written by FASTER. Many threads append; one loop commits whatever has gathered meanwhile (group commit):
/// <list type="number">
/// <item>take the appends that wait;</item>
/// <item>put their records behind each other into FASTER's pages;</item>
/// <item>flush: one write-through write, as a rule;</item>
/// <item>publish the new end, wake readers, complete the appends.</item>
/// </list>
/// </summary>
/// <remarks>
/// Positions are FASTER's addresses. When a flush fails, what it should have written is cut off again, its appends fail, and the next append starts a new
/// FASTER at the durable end: a disk that was full works again without a restart, and nothing that vanishes was ever shown to a reader.
/// </remarks>
public sealed class EmbeddedLog : IEventLog
{
    // So much is put into FASTER's two pages before it is flushed; bounds the latency of the first append of a big group.
    const int FlushBytes = 1 << 20;

    // Appends are refused while so much waits for the disk: a guard against a disk that hangs, not a way to slow callers.
    const long WaitingBytesMax = 1 << 30;

    readonly TimeProvider clock;
    readonly Channel<Appending> arrivals = Channel.CreateUnbounded<Appending>(new() { SingleReader = true });
    readonly Task committing;
    readonly Lock arrivalGate = new();
    readonly Lock markGate = new();
    readonly Lock closeGate = new();
    Task? closing;

    EndMark mark; // under markGate
    Ends known; // Begin changes under markGate, the rest by the committing loop
    long durableEnd;
    long last;
    long begin;
    long waitingBytes;
    FasterTail? tail; // null after a failed flush
    Exception? fullDisk; // why the last group failed, if it was for that
    volatile bool closed;
    volatile TaskCompletionSource grown = new(TaskCreationOptions.RunContinuationsAsynchronously);

    EmbeddedLog(string name, SegmentFiles files, EndMark mark, Ends ends, TimeProvider clock)
    {
        Name = name;
        Files = files;
        this.mark = mark;
        this.clock = clock;
        known = ends;
        (begin, last, durableEnd) = (ends.Begin, ends.Last, ends.End);
        tail = FasterTail.Open(files, ends.End, ends.Crc);
        committing = Task.Run(Commit);
    }

    /// <summary>Opens the log in <paramref name="folder"/>, making it if it is not there. Only one process may do so: see <see cref="EmbeddedLogs"/>.</summary>
    /// <exception cref="EventLogException">Acknowledged records are lost (<see cref="EventLogFault.Corrupt"/>), or the disk is full.</exception>
    internal static EmbeddedLog Open(string name, string folder, TimeProvider clock)
    {
        Directory.CreateDirectory(folder);
        var files = new SegmentFiles(folder);
        var mark = EndMark.Open(folder, out var noted);
        try
        {
            var ends = Recovery.Run(name, files, noted);
            mark.Note(ends);
            return new EmbeddedLog(name, files, mark, ends, clock);
        }
        catch
        {
            mark.Dispose();
            throw;
        }
    }

    public int MaxRecordBytes => PayloadBytesMax;

    public long End => Volatile.Read(ref last);

    public Task<long> AskEnd(CancellationToken cancel) => Task.FromResult(End);

    internal string Name { get; }

    internal SegmentFiles Files { get; }

    /// <summary>Behind the last durable record.</summary>
    internal long DurableEnd => Volatile.Read(ref durableEnd);

    /// <summary>The first record that truncation left.</summary>
    internal long Begin => Volatile.Read(ref begin);

    internal bool IsClosed => closed;

    internal bool IsClosing => closing is not null;

    /// <summary>Completes when there are more records than now, or the log is closed.</summary>
    internal Task Grown => grown.Task;

    public Task<long> Append(ReadOnlyMemory<byte> record) => Append([record]);

    public Task<long> Append(IReadOnlyList<ReadOnlyMemory<byte>> records)
    {
        if (records.Count == 0)
            return Task.FromResult(End);
        long bytes = 0;
        foreach (var record in records)
        {
            if (record.Length > MaxRecordBytes)
                return Task.FromException<long>(new EventLogException(EventLogFault.TooLarge,
                    $"A record of {record.Length:N0} bytes does not fit: log {Name} takes at most {MaxRecordBytes:N0} bytes a record. Nothing was written."));
            bytes += SizeOf(record.Length);
        }
        if (Interlocked.Add(ref waitingBytes, bytes) > WaitingBytesMax)
        {
            Interlocked.Add(ref waitingBytes, -bytes);
            return Task.FromException<long>(new EventLogException(EventLogFault.Unavailable,
                $"Log {Name}: {WaitingBytesMax:N0} bytes wait for the disk of {Files.Folder}, the most that may. Nothing was written; append less at a time, or on a faster disk."));
        }
        // A copy: the caller's bytes are its own again when this returns.
        var appending = new Appending([.. records.Select(record => record.ToArray())], bytes, clock.GetUtcNow().ToUnixTimeMilliseconds());
        lock (arrivalGate)
            return arrivals.Writer.TryWrite(appending) ? appending.Task : Task.FromException<long>(ClosedError());
    }

    public IEventLogReader Read(long after)
    {
        if (closed)
            throw ClosedError();
        if (after < Begin)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(after);
            return new EmbeddedReader(this, new RecordCursor(Files, Begin));
        }
        var cursor = new RecordCursor(Files, after);
        if (after <= End && cursor.Take(DurableEnd, out var position, out _, out _) == CursorStep.Took && position == after)
            return new EmbeddedReader(this, cursor);
        cursor.Dispose();
        // Truncated meanwhile, or a reason to refuse.
        return after < Begin ? Read(after) : throw NoRecordAt(after, nameof(after));
    }

    public Task TruncateBefore(long position)
    {
        if (closed)
            return Task.FromException(ClosedError());
        if (position <= Begin)
            return Task.CompletedTask;
        using (var cursor = new RecordCursor(Files, position))
        {
            if (position > End || cursor.Take(DurableEnd, out var found, out _, out _) != CursorStep.Took || found != position)
                return position < Begin ? Task.CompletedTask : Task.FromException(NoRecordAt(position, nameof(position)));
        }
        return Task.Run(() =>
        {
            lock (markGate)
            {
                if (closed || position <= begin)
                    return;
                // Into both slots, and to the disk, before a file goes: no note may name a file that is gone.
                var now = known with { Begin = position };
                mark.Note(now);
                mark.Note(now);
                mark.Sync();
                known = now;
                Volatile.Write(ref begin, position);
                Files.DeleteBelow(position);
            }
        });
    }

    /// <summary>Commits what was accepted, then closes. Waiting readers get an <see cref="OperationCanceledException"/>.</summary>
    public ValueTask DisposeAsync()
    {
        lock (closeGate)
            return new ValueTask(closing ??= Close());
    }

    async Task Close()
    {
        arrivals.Writer.Complete();
        await committing;
        if (tail is not null)
            await tail.DisposeAsync();
        lock (markGate)
        {
            closed = true;
            mark.Sync();
            mark.Dispose();
        }
        grown.TrySetResult();
    }

    async Task Commit()
    {
        var group = new List<Appending>();
        while (await arrivals.Reader.WaitToReadAsync())
        {
            long bytes = 0;
            while (bytes < FlushBytes && arrivals.Reader.TryRead(out var appending))
            {
                group.Add(appending);
                bytes += appending.Bytes;
            }
            if (await Write(group, bytes) is { } failure)
                bytes += Refuse(group, failure);
            else
                group.ForEach(appending => appending.Finish(End, null));
            group.Clear();
            Interlocked.Add(ref waitingBytes, -bytes);
        }
    }

    /// <summary>
    /// Fails a group, and all that has arrived behind it: a caller that did not wait must not find its later record in the log without its earlier one.
    /// No append comes in between, so the next one is made by a caller that could know. Returns the bytes of those behind.
    /// </summary>
    long Refuse(List<Appending> group, EventLogException failure)
    {
        long bytes = 0;
        lock (arrivalGate)
        {
            foreach (var appending in group)
                appending.Finish(End, failure);
            while (arrivals.Reader.TryRead(out var behind))
            {
                behind.Finish(End, failure);
                bytes += behind.Bytes;
            }
        }
        return bytes;
    }

    /// <summary>Makes a group durable and publishes it; what went wrong, if something did.</summary>
    async Task<EventLogException?> Write(List<Appending> group, long bytes)
    {
        try
        {
            // Cheaper than to fail at writing, when thousands try again every second.
            if (fullDisk is not null && Disk.FreeBytes(Files.Folder) < bytes + FlushBytes)
                return Disk.Fault(fullDisk, Files.Folder);
            tail ??= Reopen();
            var ends = known;
            long unflushed = 0;
            foreach (var appending in group)
            {
                foreach (var record in appending.Records)
                {
                    var size = SizeOf(record.Length);
                    if (unflushed > 0 && unflushed + size > FlushBytes)
                    {
                        await Flush(ends);
                        unflushed = 0;
                    }
                    long position;
                    uint crc;
                    while (!tail.TryAppend(record, appending.TimeMs, DurableEnd, out position, out crc))
                    {
                        await Flush(ends);
                        unflushed = 0;
                    }
                    unflushed += size;
                    ends = new Ends(0, position, position + size, crc);
                    appending.Took(position);
                }
            }
            await Flush(ends);
            fullDisk = null;
            return null;
        }
        catch (Exception e)
        {
            return await GiveUp(e);
        }
    }

    async Task Flush(Ends ends)
    {
        await tail!.Flush();
        if (ends.Last > 0)
            Files.CheckReaches(ends.End);
        lock (markGate)
        {
            // Known only once noted: if the note fails, GiveUp cuts off what it would have named.
            var now = ends with { Begin = begin };
            mark.Note(now);
            known = now;
        }
        Volatile.Write(ref durableEnd, ends.End);
        Volatile.Write(ref last, ends.Last);
        var waiting = grown;
        grown = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.TrySetResult();
    }

    FasterTail Reopen()
    {
        // Somebody may have taken the files away: never write behind a hole, nor into the note of a folder that is gone.
        if (known.Last > 0)
        {
            using var cursor = new RecordCursor(Files, known.Last);
            if (cursor.Take(known.End, out _, out var entry, out _) != CursorStep.Took || entry.Crc != known.Crc)
                throw SegmentFiles.Gone(Files.PathOf(SegmentFiles.SegmentOf(known.Last)));
        }
        var fresh = EndMark.Open(Files.Folder, out _);
        lock (markGate)
        {
            mark.Dispose();
            mark = fresh;
        }
        Files.CutAt(known.End);
        return FasterTail.Open(Files, known.End, known.Crc);
    }

    /// <summary>After a failure: drops the failed FASTER, and takes back what may have reached the disk of records nobody was told of.</summary>
    async Task<EventLogException> GiveUp(Exception failure)
    {
        var cause = tail?.Failure ?? failure;
        fullDisk = Disk.IsFull(cause) ? cause : null;
        if (tail is null)
            return Disk.Fault(cause, Files.Folder); // Nothing of this group was written.
        var uncertain = false;
        try
        {
            await tail.DisposeAsync();
            tail = null;
            Files.CutAt(known.End);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Reopen tries again. If the process ends before that, the records may stand.
            uncertain = true;
        }
        return Disk.Fault(cause, Files.Folder, uncertain);
    }

    internal EventLogException ClosedError() => new(EventLogFault.Closed, $"Log {Name} was closed.");

    internal EventLogException Damaged(long position, CursorStep step)
    {
        var path = Files.PathOf(SegmentFiles.SegmentOf(position));
        return new EventLogException(EventLogFault.Corrupt, step == CursorStep.FileMissing
            ? $"Log {Name}: {path} is missing, and with it the record at position {position}. Restore the file from a backup."
            : $"Log {Name}: {path} is damaged at byte {position % SegmentBytes} (position {position}). Restore the file from a backup.");
    }

    /// <summary>
    /// Why there is no record to be had at a position: the caller's mistake or damage. Every page begins with a record, so a walk from there either steps over
    /// the position, which then never was one, or cannot get there.
    /// </summary>
    Exception NoRecordAt(long position, string argument)
    {
        using var cursor = new RecordCursor(Files, Math.Max(Begin, PageStart(position)));
        while (position <= End && cursor.Next <= position)
        {
            if (cursor.Take(DurableEnd, out _, out _, out _) is not CursorStep.Took and var step)
                return Damaged(cursor.Next, step);
        }
        return new ArgumentOutOfRangeException(argument, position,
            $"No record of log {Name} is at this position: its last is {End}. Give one that this log gave, or {IEventLog.Start} for its start.");
    }

    /// <summary>An append on its way.</summary>
    sealed class Appending(byte[][] records, long bytes, long timeMs)
    {
        readonly TaskCompletionSource<long> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        long firstTaken;
        long lastTaken;
        int taken;

        public byte[][] Records => records;

        public long Bytes => bytes;

        public long TimeMs => timeMs;

        public Task<long> Task => done.Task;

        public void Took(long position)
        {
            lastTaken = position;
            if (taken++ == 0)
                firstTaken = position;
        }

        public void Finish(long durable, EventLogException? failure)
        {
            if (taken == records.Length && lastTaken <= durable)
                done.SetResult(lastTaken);
            else
                done.SetException(new EventLogException(failure!.Fault, failure.Message, failure.InnerException)
                {
                    Uncertain = taken > 0 && (failure.Uncertain || firstTaken <= durable),
                });
        }
    }
}
