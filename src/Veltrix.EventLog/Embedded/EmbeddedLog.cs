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

    // Appends are refused while so much waits for the disk.
    const long WaitingBytesMax = 1L << 30;

    readonly TimeProvider _clock;
    readonly EndMark _mark;
    readonly Channel<Appending> _arrivals = Channel.CreateUnbounded<Appending>(new() { SingleReader = true });
    readonly Task _committing;
    readonly Lock _markGate = new();
    readonly Lock _closeGate = new();
    Task? _closing;

    Ends _ends; // Begin changes under _markGate, the rest by the committing loop
    long _durableEnd;
    long _last;
    long _begin;
    long _waitingBytes;
    FasterTail? _tail; // null after a failed flush
    bool _diskWasFull;
    volatile bool _closed;
    volatile TaskCompletionSource _grown = new(TaskCreationOptions.RunContinuationsAsynchronously);

    EmbeddedLog(string name, SegmentFiles files, EndMark mark, Ends ends, TimeProvider clock)
    {
        Name = name;
        Files = files;
        _mark = mark;
        _clock = clock;
        _ends = ends;
        (_begin, _last, _durableEnd) = (ends.Begin, ends.Last, ends.End);
        _tail = FasterTail.Open(files, ends.End, ends.Crc);
        _committing = Task.Run(Commit);
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

    public long End => Volatile.Read(ref _last);

    internal string Name { get; }

    internal SegmentFiles Files { get; }

    /// <summary>Behind the last durable record.</summary>
    internal long DurableEnd => Volatile.Read(ref _durableEnd);

    /// <summary>The first record that truncation left.</summary>
    internal long Begin => Volatile.Read(ref _begin);

    internal bool IsClosed => _closed;

    internal bool IsClosing => _closing is not null;

    /// <summary>Completes when there are more records than now, or the log is closed.</summary>
    internal Task Grown => _grown.Task;

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
        if (Interlocked.Add(ref _waitingBytes, bytes) > WaitingBytesMax && bytes < Volatile.Read(ref _waitingBytes))
        {
            Interlocked.Add(ref _waitingBytes, -bytes);
            return Task.FromException<long>(new EventLogException(EventLogFault.Unavailable,
                $"Log {Name}: {WaitingBytesMax:N0} bytes wait for the disk of {Files.Folder}, the most that may. Nothing was written; append less at a time, or on a faster disk."));
        }
        // A copy: the caller's bytes are its own again when this returns.
        var appending = new Appending([.. records.Select(record => record.ToArray())], bytes, _clock.GetUtcNow().ToUnixTimeMilliseconds());
        return _arrivals.Writer.TryWrite(appending) ? appending.Task : Task.FromException<long>(ClosedError());
    }

    public IEventLogReader Read(long after)
    {
        if (_closed)
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
        throw NotOfThisLog(after, nameof(after));
    }

    public Task TruncateBefore(long position)
    {
        if (_closed)
            return Task.FromException(ClosedError());
        if (position <= Begin)
            return Task.CompletedTask;
        using (var cursor = new RecordCursor(Files, position))
        {
            if (position > End || cursor.Take(DurableEnd, out var found, out _, out _) != CursorStep.Took || found != position)
                return Task.FromException(NotOfThisLog(position, nameof(position)));
        }
        return Task.Run(() =>
        {
            lock (_markGate)
            {
                if (_closed || position <= _begin)
                    return;
                _ends = _ends with { Begin = position };
                Volatile.Write(ref _begin, position);
                // Into both slots, and to the disk, before a file goes: no note may name a file that is gone.
                _mark.Note(_ends);
                _mark.Note(_ends);
                _mark.Sync();
                Files.DeleteBelow(position);
            }
        });
    }

    /// <summary>Commits what was accepted, then closes. Waiting readers get an <see cref="OperationCanceledException"/>.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_closeGate)
            return new ValueTask(_closing ??= Close());
    }

    async Task Close()
    {
        _arrivals.Writer.Complete();
        await _committing;
        if (_tail is not null)
            await _tail.DisposeAsync();
        lock (_markGate)
        {
            _closed = true;
            _mark.Sync();
            _mark.Dispose();
        }
        _grown.TrySetResult();
    }

    async Task Commit()
    {
        var group = new List<Appending>();
        while (await _arrivals.Reader.WaitToReadAsync())
        {
            long bytes = 0;
            while (bytes < FlushBytes && _arrivals.Reader.TryRead(out var appending))
            {
                group.Add(appending);
                bytes += appending.Bytes;
            }
            var failure = await Write(group, bytes);
            foreach (var appending in group)
                appending.Finish(End, failure);
            group.Clear();
            Interlocked.Add(ref _waitingBytes, -bytes);
        }
    }

    /// <summary>Makes a group durable and publishes it; what went wrong, if something did.</summary>
    async Task<EventLogException?> Write(List<Appending> group, long bytes)
    {
        // Cheaper than to fail at writing, when thousands try again every second.
        if (_diskWasFull && Disk.FreeBytes(Files.Folder) < bytes + FlushBytes)
            return DiskFull(null);
        try
        {
            _tail ??= Reopen();
            var ends = _ends;
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
                    while (!_tail.TryAppend(record, appending.TimeMs, DurableEnd, out position, out crc))
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
            _diskWasFull = false;
            return null;
        }
        catch (Exception e)
        {
            return await GiveUp(e);
        }
    }

    async Task Flush(Ends ends)
    {
        await _tail!.Flush();
        lock (_markGate)
        {
            _ends = ends with { Begin = _begin };
            _mark.Note(_ends);
        }
        Volatile.Write(ref _durableEnd, ends.End);
        Volatile.Write(ref _last, ends.Last);
        var waiting = _grown;
        _grown = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.TrySetResult();
    }

    FasterTail Reopen()
    {
        Files.CutAt(_ends.End);
        return FasterTail.Open(Files, _ends.End, _ends.Crc);
    }

    /// <summary>After a failed flush: drops the failed FASTER, and takes back what may have reached the disk of records nobody was told of.</summary>
    async Task<EventLogException> GiveUp(Exception e)
    {
        var cause = _tail?.Failure ?? e;
        var uncertain = false;
        try
        {
            if (_tail is not null)
                await _tail.DisposeAsync();
            _tail = null;
            Files.CutAt(_ends.End);
        }
        catch (IOException)
        {
            // Reopen tries again. If the process ends before that, the records may stand.
            uncertain = true;
        }
        if (Disk.IsFull(cause))
        {
            _diskWasFull = true;
            return DiskFull(cause, uncertain);
        }
        return new EventLogException(EventLogFault.Unavailable,
            $"Log {Name}: {Files.Folder} cannot be written ({cause.Message}). Look after the disk; the next append tries again.", cause) { Uncertain = uncertain };
    }

    EventLogException DiskFull(Exception? cause, bool uncertain = false) => new(EventLogFault.DiskFull,
        $"Log {Name}: no space to write to {Files.Folder}: {Disk.FreeBytes(Files.Folder):N0} bytes are free. Free some, or raise the quota or file-size limit if there is one; "
        + "appends then work again by themselves. Reading goes on.", cause) { Uncertain = uncertain };

    internal EventLogException ClosedError() => new(EventLogFault.Closed, $"Log {Name} was closed.");

    ArgumentOutOfRangeException NotOfThisLog(long position, string argument) => new(argument, position,
        $"No record of log {Name} is at this position: its last is {End}. Give one that this log gave, or {IEventLog.Start} for its start.");

    /// <summary>An append on its way.</summary>
    sealed class Appending(byte[][] records, long bytes, long timeMs)
    {
        readonly TaskCompletionSource<long> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        long _firstTaken;
        long _lastTaken;
        int _taken;

        public byte[][] Records => records;

        public long Bytes => bytes;

        public long TimeMs => timeMs;

        public Task<long> Task => _done.Task;

        public void Took(long position)
        {
            _lastTaken = position;
            if (_taken++ == 0)
                _firstTaken = position;
        }

        public void Finish(long durable, EventLogException? failure)
        {
            if (_taken == records.Length && _lastTaken <= durable)
                _done.SetResult(_lastTaken);
            else
                _done.SetException(new EventLogException(failure!.Fault, failure.Message, failure.InnerException)
                {
                    Uncertain = failure.Uncertain || (_taken > 0 && _firstTaken <= durable),
                });
        }
    }
}
