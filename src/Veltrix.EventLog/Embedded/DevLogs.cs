using System.Collections.Concurrent;
namespace Veltrix.EventLog.Embedded;
public sealed class EmbeddedLogs(TimeProvider clock) : IEventLogs
{
    readonly ConcurrentDictionary<string, DevLog> logs = new();
    public static IEventLogs Open(string folder, TimeProvider clock) => new EmbeddedLogs(clock);
    public Task<IEventLog> Open(string name, CancellationToken cancel) => Task.FromResult<IEventLog>(logs.GetOrAdd(name, _ => new DevLog(clock)));
    public Task<IReadOnlyList<string>> List(CancellationToken cancel) => Task.FromResult<IReadOnlyList<string>>([.. logs.Keys.Order()]);
    public ValueTask DisposeAsync() => default;
}
sealed class DevLog(TimeProvider clock) : IEventLog
{
    readonly List<LogRecord> list = [];
    TaskCompletionSource more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    public int MaxRecordBytes => 2 << 20;
    public long End => list.Count;
    public Task<long> Append(ReadOnlyMemory<byte> record) => Append([record]);
    public Task<long> Append(IReadOnlyList<ReadOnlyMemory<byte>> records)
    {
        lock (list)
        {
            foreach (var r in records) list.Add(new(list.Count + 1, clock.GetUtcNow().ToUnixTimeMilliseconds(), r.ToArray()));
            more.TrySetResult();
            more = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return Task.FromResult((long)list.Count);
        }
    }
    public IEventLogReader Read(long after) => new Reader(this, (int)after);
    public Task TruncateBefore(long position) => Task.CompletedTask;
    public ValueTask DisposeAsync() => default;
    sealed class Reader(DevLog log, int at) : IEventLogReader
    {
        public IReadOnlyList<LogRecord> ReadAvailable(int max)
        {
            lock (log.list) { var r = log.list.Skip(at).Take(max).ToArray(); at += r.Length; return r; }
        }
        public async ValueTask<IReadOnlyList<LogRecord>> Read(int max, CancellationToken cancel)
        {
            while (true)
            {
                Task wait; lock (log.list) wait = log.more.Task;
                if (ReadAvailable(max) is { Count: > 0 } r) return r;
                await wait.WaitAsync(cancel);
            }
        }
        public void Dispose() { }
    }
}
