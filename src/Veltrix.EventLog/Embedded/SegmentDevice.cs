using System.Collections.Concurrent;
using FASTER.core;
using Microsoft.Win32.SafeHandles;

namespace Veltrix.EventLog.Embedded;

/// <summary>
/// The storage under FASTER: synchronous writes to the segment files, on pool threads. A write is on the disk before it is reported.
/// </summary>
/// <remarks>
/// FASTER's <c>ManagedLocalStorageDevice</c> writes through as well and takes as long. This one also keeps why a write failed (there every failure is
/// 0xFFFFFFFF), makes new files' names durable, and knows when nothing is under way, so that a failed write can be cut off safely.
/// </remarks>
sealed class SegmentDevice(SegmentFiles files) : StorageDeviceBase(Path.Combine(files.Folder, "segment"), sectorSize: 512, capacity: -1)
{
    // Any code but 0 means failure to FASTER; the reason is in Failure.
    const uint Failed = 1;

    readonly ConcurrentDictionary<int, Lazy<SafeFileHandle>> handles = new();
    int underway;

    /// <summary>Why the first write or read failed.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>True when no write or read is under way.</summary>
    public bool IsIdle => Volatile.Read(ref underway) == 0;

    public override unsafe void WriteAsync(nint source, int segment, ulong offset, uint count, DeviceIOCompletionCallback callback, object context) =>
        Run(callback, context, () =>
        {
            RandomAccess.Write(Handle(segment), new ReadOnlySpan<byte>((void*)source, (int)count), (long)offset);
            return count;
        });

    public override unsafe void ReadAsync(int segment, ulong offset, nint target, uint count, DeviceIOCompletionCallback callback, object context) =>
        Run(callback, context, () =>
        {
            // A file ends where the log ended; FASTER reads whole sectors.
            var bytes = new Span<byte>((void*)target, (int)count);
            bytes[Disk.ReadAll(Handle(segment), bytes, (long)offset)..].Clear();
            return count;
        });

    void Run(DeviceIOCompletionCallback callback, object context, Func<uint> io)
    {
        Interlocked.Increment(ref underway);
        ThreadPool.UnsafeQueueUserWorkItem(_ =>
        {
            uint done = 0;
            try
            {
                done = io();
            }
            catch (Exception e)
            {
                Failure ??= e;
            }
            callback(done > 0 ? 0 : Failed, done, context);
            Interlocked.Decrement(ref underway);
        }, null);
    }

    SafeFileHandle Handle(int segment)
    {
        if (handles.TryGetValue(segment, out var known))
            return known.Value;
        // The log only goes forward: a segment is done with when the next but one is begun.
        if (handles.TryRemove(segment - 2, out var old))
            old.Value.Dispose();
        return handles.GetOrAdd(segment, s => new Lazy<SafeFileHandle>(() => files.OpenForWriting(s))).Value;
    }

    // Segments are deleted by the log itself, see EmbeddedLog.TruncateBefore.
    public override void RemoveSegmentAsync(int segment, AsyncCallback callback, IAsyncResult result) => callback(result);

    public override void Dispose()
    {
        foreach (var handle in handles.Values)
        {
            if (handle.IsValueCreated)
                handle.Value.Dispose();
        }
        handles.Clear();
    }
}
