using FASTER.core;
using static Veltrix.EventLog.Embedded.RecordFormat;

namespace Veltrix.EventLog.Embedded;

/// <summary>
/// The growing end of a log: FASTER's pages in memory, and its flushing of them. One thread at a time. After a failed <see cref="Flush"/> it is of no more
/// use: FASTER stays failed; dispose it and make a new one.
/// </summary>
sealed class FasterTail : IAsyncDisposable
{
    readonly SegmentDevice device;
    readonly FasterLog faster;
    readonly Slot slot = new();

    FasterTail(SegmentDevice device, FasterLog faster) => (this.device, this.faster) = (device, faster);

    /// <summary>The address behind the last record appended.</summary>
    public long Address => faster.TailAddress;

    /// <summary>Why the disk refused, if it did.</summary>
    public Exception? Failure => device.Failure;

    /// <summary>Continues a log whose files end at <paramref name="end"/>, behind a record of the given crc.</summary>
    public static FasterTail Open(SegmentFiles files, long end, uint crc)
    {
        var device = new SegmentDevice(files);
        var faster = new FasterLog(new FasterLogSettings
        {
            LogDevice = device,
            PageSize = PageBytes,
            MemorySize = 2 * PageBytes,
            SegmentSize = SegmentBytes,
            LogChecksum = LogChecksumType.None,
            LogCommitManager = new KnownEnd(end),
            TryRecoverLatest = false,
        });
        if (end > First)
            faster.Recover();
        var tail = new FasterTail(device, faster);
        tail.slot.Crc = crc;
        return tail;
    }

    /// <summary>Puts a record behind the last one, in memory, and returns its position and crc. False while FASTER has no page free: flush, then try again.</summary>
    public bool TryAppend(ReadOnlyMemory<byte> payload, long timeMs, long durable, out long position, out uint crc)
    {
        slot.Payload = payload;
        slot.TimeMs = timeMs;
        slot.Durable = durable;
        var appended = faster.TryEnqueue(slot, out position);
        crc = slot.Crc;
        return appended;
    }

    /// <summary>Completes when all appended so far is on the disk.</summary>
    public ValueTask Flush() => faster.CommitAsync();

    public async ValueTask DisposeAsync()
    {
        while (!device.IsIdle)
            await Task.Delay(1);
        faster.Dispose();
        device.Dispose();
    }

    /// <summary>The record being appended, written straight into FASTER's page.</summary>
    sealed class Slot : ILogEnqueueEntry
    {
        public ReadOnlyMemory<byte> Payload;
        public long TimeMs;
        public long Durable;

        /// <summary>Of the record before, then of this one.</summary>
        public uint Crc;

        public int SerializedLength => HeaderBytes + Payload.Length;

        public void SerializeTo(Span<byte> target) => Crc = Write(target, Payload.Span, Crc, TimeMs, Durable);
    }

    /// <summary>Tells FASTER where the log ends, as recovery found out, and takes no note of its commits: that is the business of <see cref="EndMark"/>.</summary>
    sealed class KnownEnd(long end) : ILogCommitManager
    {
        public IEnumerable<long> ListCommits() => [1];

        public byte[] GetCommitMetadata(long commitNum) =>
            new FasterLogRecoveryInfo { BeginAddress = First, UntilAddress = end, CommitNum = commitNum }.ToByteArray();

        public void Commit(long beginAddress, long untilAddress, byte[] commitMetadata, long commitNum, bool forceWriteMetadata) { }

        public void RemoveCommit(long commitNum) { }

        public void RemoveAllCommits() { }

        public void OnRecovery(long commitNum) { }

        public void Dispose() { }
    }
}
