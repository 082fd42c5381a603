using System.Buffers;
using System.Buffers.Binary;
using FASTER.core;

namespace Veltrix.EventLog.Embedded;

/// <summary>
/// A log on this machine's disk, on FASTER's log: append to memory, one commit for all that have gathered, acknowledge.
/// </summary>
/// <remarks>
/// <para>
/// A record on disk is FASTER's header with a checksum, then 8 bytes time, 8 bytes number (1, 2, 3 …) and the payload. The numbers tell a reader that nothing is missing:
/// FASTER takes a run of zeros for the end of a page, so without them a torn page would only look short.
/// </para>
/// <para>
/// A failed commit leaves FASTER's log unusable. Then every waiting append fails, and the next one (at most one a second) opens the log anew at its last commit.
/// Readers never saw more than that, so they go on from where they are.
/// </para>
/// <para>Pages are written through to the disk (O_SYNC) before an append is acknowledged.</para>
/// </remarks>
public sealed class EmbeddedLog : IEventLog
{
    /// <summary>A segment's first file: where there is one, there is a log.</summary>
    internal const string FirstFile = "records.log.0";

    const int PageBytes = 2 * 1024 * 1024;
    const int MemoryBytes = 4 * PageBytes;
    const long SegmentBytes = 64L * 1024 * 1024;
    const int HeaderBytes = 16;
    static readonly TimeSpan BetweenReopenings = TimeSpan.FromSeconds(1);

    readonly string folder;
    readonly TimeProvider clock;
    readonly Lock gate = new();
    readonly SemaphoreSlim work = new(0);
    readonly Task committing;

    Inner inner;
    List<Waiter> waiting = [];
    TaskCompletionSource more = NewSignal();
    long end;
    long lastNumber;
    long triedToReopen;
    EventLogException? failure;
    bool closed;

    internal EmbeddedLog(string folder, TimeProvider clock)
    {
        this.folder = folder;
        this.clock = clock;
        inner = OpenInner();
        committing = Task.Run(Commit);
    }

    /// <summary>A record shares its page with FASTER's header and ours.</summary>
    public int MaxRecordBytes => PageBytes - 4096;

    public long End => Volatile.Read(ref end);

    public Task<long> Append(ReadOnlyMemory<byte> record) => Append([record]);

    public Task<long> Append(IReadOnlyList<ReadOnlyMemory<byte>> records)
    {
        if (records.Count == 0) return Task.FromResult(End);
        foreach (var record in records)
            if (record.Length > MaxRecordBytes)
                throw new EventLogException(EventLogFault.TooLarge, $"a record has at most {MaxRecordBytes:N0} bytes, this one {record.Length:N0}: divide it");

        var done = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            if (closed) return Task.FromException<long>(new EventLogException(EventLogFault.Closed, $"the log {folder} is closed"));
            if (failure is not null && !TryReopen()) return Task.FromException<long>(failure);
            var position = 0L;
            foreach (var record in records)
                if (!TryEnqueue(record.Span, out position))
                    return Task.FromException<long>(failure!);
            waiting.Add(new Waiter(done, position));
            if (waiting.Count == 1) work.Release();
        }

        return done.Task;
    }

    public IEventLogReader Read(long after)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(after);
        if (after > End) throw new ArgumentOutOfRangeException(nameof(after), after, $"the log {folder} ends at {End}");
        return new Reader(this, after);
    }

    public async Task TruncateBefore(long position)
    {
        if (position > End) throw new ArgumentOutOfRangeException(nameof(position), position, $"the log {folder} ends at {End}");
        lock (gate)
        {
            if (closed || failure is not null) return;
            if (position <= inner.Log.BeginAddress) return;
            inner.Log.TruncateUntil(position);
        }

        // The new beginning lies in the metadata of a commit.
        await inner.Log.CommitAsync();
    }

    /// <summary>Commits what was accepted, then ends all waiting reads.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (gate)
        {
            if (closed) return;
            closed = true;
            work.Release();
        }

        await committing;
        more.TrySetResult();
        inner.Dispose();
        work.Dispose();
    }

    /// <summary>Puts a record behind the others in memory. Under the gate: the order of calls is the order of records.</summary>
    bool TryEnqueue(ReadOnlySpan<byte> payload, out long position)
    {
        var entry = ArrayPool<byte>.Shared.Rent(HeaderBytes + payload.Length);
        try
        {
            BinaryPrimitives.WriteInt64LittleEndian(entry, clock.GetUtcNow().ToUnixTimeMilliseconds());
            BinaryPrimitives.WriteInt64LittleEndian(entry.AsSpan(8), lastNumber + 1);
            payload.CopyTo(entry.AsSpan(HeaderBytes));
            while (!inner.Log.TryEnqueue(entry.AsSpan(0, HeaderBytes + payload.Length), out position)) MakeRoom();
            lastNumber++;
            return true;
        }
        catch (Exception e) when (e is FasterException or CommitFailureException or IOException)
        {
            Fail(e);
            position = 0;
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(entry);
        }
    }

    // Memory is full of what is not on disk yet: everybody waits here for the disk, which is what holds back a crowd that is faster.
    void MakeRoom()
    {
        inner.Log.Commit(spinWait: true);
        Thread.Yield();
    }

    /// <summary>One loop makes everything durable: whatever has gathered while a commit was on its way goes with the next.</summary>
    async Task Commit()
    {
        while (true)
        {
            await work.WaitAsync();
            List<Waiter> gathered;
            Inner committed;
            lock (gate)
            {
                if (waiting.Count == 0 && closed) return;
                (gathered, waiting) = (waiting, []);
                committed = inner;
            }

            if (gathered.Count == 0) continue;
            try
            {
                await committed.Log.CommitAsync();
                Advance(gathered[^1].Position);
                foreach (var waiter in gathered) waiter.Done.SetResult(waiter.Position);
            }
            catch (Exception e)
            {
                lock (gate)
                {
                    Fail(e);
                    gathered.AddRange(waiting);
                    waiting = [];
                }

                foreach (var waiter in gathered) waiter.Done.SetException(failure!);
            }
        }
    }

    void Advance(long position)
    {
        Volatile.Write(ref end, position);
        TaskCompletionSource signal;
        lock (gate) (signal, more) = (more, NewSignal());
        signal.SetResult();
    }

    void Fail(Exception e) => failure ??= Explain(e);

    EventLogException Explain(Exception e)
    {
        var free = new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace;
        return free < 2 * PageBytes
            ? new EventLogException(
                EventLogFault.DiskFull, $"the disk of {folder} has {free:N0} bytes left. Free some; the log then goes on by itself, without a restart.", e) { Uncertain = true }
            : new EventLogException(EventLogFault.Unavailable, $"{folder} could not be written: {e.Message}. Look after the disk; the log tries again by itself.", e)
            {
                Uncertain = true,
            };
    }

    /// <summary>Opens the log anew at its last commit. Under the gate.</summary>
    bool TryReopen()
    {
        if (clock.GetElapsedTime(triedToReopen) < BetweenReopenings) return false;
        triedToReopen = clock.GetTimestamp();
        if (new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace < 2 * PageBytes) return false;
        try
        {
            inner.Dispose();
            inner = OpenInner();
            failure = null;
            return true;
        }
        catch (Exception e) when (e is FasterException or IOException)
        {
            failure = e as EventLogException ?? Explain(e);
            return false;
        }
    }

    Inner OpenInner()
    {
        try
        {
            Directory.CreateDirectory(folder);
            var opened = new Inner(folder);
            (end, lastNumber) = opened.FindEnd();
            return opened;
        }
        catch (EventLogException)
        {
            throw;
        }
        catch (Exception e) when (e is FasterException or IOException or InvalidDataException)
        {
            throw new EventLogException(
                EventLogFault.Corrupt, $"the log in {folder} cannot be opened: {e.Message}. Put the folder back from a backup; do not delete it, it may be mended.", e);
        }
    }

    static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    readonly record struct Waiter(TaskCompletionSource<long> Done, long Position);

    /// <summary>FASTER's log as opened once: from its last commit to its first failure.</summary>
    sealed class Inner : IDisposable
    {
        readonly string folder;
        readonly ManagedLocalStorageDevice device;

        public Inner(string folder)
        {
            this.folder = folder;
            device = new ManagedLocalStorageDevice(Path.Combine(folder, "records.log"), preallocateFile: false, deleteOnClose: false, disableFileBuffering: true);
            Log = new FasterLog(new FasterLogSettings
            {
                LogDevice = device, PageSize = PageBytes, MemorySize = MemoryBytes, SegmentSize = SegmentBytes, LogChecksum = LogChecksumType.PerEntry,
                LogCommitDir = Path.Combine(folder, "commits"), TryRecoverLatest = true,
            });
        }

        public FasterLog Log { get; }

        /// <summary>The last committed record and its number. Records never cross pages, so the last page that holds one tells.</summary>
        public (long Position, long Number) FindEnd()
        {
            var until = Log.CommittedUntilAddress;
            for (var page = (until - 1) / PageBytes; page >= 0 && until > Log.BeginAddress; page--)
            {
                var from = Math.Max(Log.BeginAddress, page * PageBytes);
                using var scan = Log.Scan(from, until);
                var (position, number, next) = (0L, 0L, from);
                while (scan.GetNext(out var entry, out _, out var at, out next)) (position, number) = (at, NumberOf(entry));
                if (position == 0) continue;
                return (position, number);
            }

            if (until > Log.BeginAddress) throw Missing(until, "no record is there");
            if (new FileInfo(Path.Combine(folder, FirstFile)) is { Exists: true, Length: > 0 } && until <= 64)
                throw Missing(until, "it holds records, but none of its commits can be read");
            return (0, 0);
        }

        EventLogException Missing(long until, string why) => new(
            EventLogFault.Corrupt, $"the log in {folder} was acknowledged up to {until:N0}, but {why}. Put the folder back from a backup; do not delete it, it may be mended.");

        public static long NumberOf(ReadOnlySpan<byte> entry) => BinaryPrimitives.ReadInt64LittleEndian(entry[8..]);

        public void Dispose()
        {
            Log.Dispose();
            device.Dispose();
        }
    }

    sealed class Reader(EmbeddedLog log, long after) : IEventLogReader
    {
        Inner? source;
        FasterLogScanIterator? scan;
        long last = after;
        long lastNumber;

        public IReadOnlyList<LogRecord> ReadAvailable(int max)
        {
            if (max <= 0 || last >= log.End) return [];
            var until = log.End;
            var records = new List<LogRecord>();
            while (records.Count < max && last < until) records.Add(Next());
            return records;
        }

        public async ValueTask<IReadOnlyList<LogRecord>> Read(int max, CancellationToken cancel)
        {
            if (max <= 0) return [];
            while (true)
            {
                Task signal;
                lock (log.gate) signal = log.more.Task;
                if (ReadAvailable(max) is { Count: > 0 } records) return records;
                if (log.closed) throw new OperationCanceledException($"the log {log.folder} was closed");
                await signal.WaitAsync(cancel);
            }
        }

        public void Dispose() => scan?.Dispose();

        /// <summary>The next record; there is one, the log's end says so.</summary>
        LogRecord Next()
        {
            if (source != log.inner) Begin();
            try
            {
                if (!scan!.GetNext(out var entry, out _, out var position)) throw Corrupt("the log ends too early");
                var number = Inner.NumberOf(entry);
                if (lastNumber != 0 && number != lastNumber + 1) throw Corrupt($"record {number} follows record {lastNumber}");
                (last, lastNumber) = (position, number);
                return new LogRecord(position, BinaryPrimitives.ReadInt64LittleEndian(entry), entry.AsMemory(HeaderBytes));
            }
            catch (FasterException e)
            {
                throw Corrupt(e.Message);
            }
        }

        /// <summary>Scans from the last record read, which is there again first.</summary>
        void Begin()
        {
            scan?.Dispose();
            source = log.inner;
            var begin = source.Log.BeginAddress;
            scan = source.Log.Scan(Math.Max(begin, last), long.MaxValue);
            if (last < begin) return;
            if (!scan.GetNext(out var entry, out _, out var position) || position != last) throw Corrupt("no record is there");
            lastNumber = Inner.NumberOf(entry);
        }

        EventLogException Corrupt(string why) => new(
            EventLogFault.Corrupt, $"the log in {log.folder} cannot be read after position {last:N0}: {why}. Put the folder back from a backup; do not delete it, it may be mended.");
    }
}
