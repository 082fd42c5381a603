using Veltrix.EventLog;

namespace Veltrix.Server.Tests;

/// <summary>
/// One server's connection to logs that several servers share: real embedded logs, which this may be cut off from. While it is cut, appends wait and readers see nothing new, as with a
/// process that was stopped or a network that is gone; mended, all of it goes on as if nothing had been.
/// </summary>
sealed class SharedLogs(IEventLogs logs) : IEventLogs
{
    volatile TaskCompletionSource connected = Done();

    public bool AreShared => true;

    /// <summary>What readers are told instead of what is there; null: nothing is wrong.</summary>
    public EventLogException? Fault { get; set; }

    public void Cut() => connected = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Mend() => connected.TrySetResult();

    public async Task<IEventLog> Open(string name, CancellationToken cancel) => new Log(this, await logs.Open(name, cancel));

    public Task<IReadOnlyList<string>> List(CancellationToken cancel) => logs.List(cancel);

    // They belong to the test.
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    static TaskCompletionSource Done()
    {
        var done = new TaskCompletionSource();
        done.SetResult();
        return done;
    }

    sealed class Log(SharedLogs logs, IEventLog log) : IEventLog
    {
        readonly Lock gate = new();
        Task last = Task.CompletedTask;

        public int MaxRecordBytes => log.MaxRecordBytes;

        public long End => log.End;

        public async Task<long> AskEnd(CancellationToken cancel)
        {
            await logs.connected.Task.WaitAsync(cancel);
            return await log.AskEnd(cancel);
        }

        public Task<long> Append(ReadOnlyMemory<byte> record) => Append([record.ToArray()]);

        public Task<long> Append(IReadOnlyList<ReadOnlyMemory<byte>> records)
        {
            var taken = records.Select(record => (ReadOnlyMemory<byte>)record.ToArray()).ToList();
            lock (gate)
            {
                var appended = Task.WhenAll(last, logs.connected.Task).IsCompletedSuccessfully ? log.Append(taken) : After(last, taken);
                last = appended;
                return appended;
            }
        }

        async Task<long> After(Task before, List<ReadOnlyMemory<byte>> records)
        {
            await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await logs.connected.Task;
            return await log.Append(records);
        }

        public IEventLogReader Read(long after) => new Reader(logs, log.Read(after));

        public Task TruncateBefore(long position) => log.TruncateBefore(position);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    sealed class Reader(SharedLogs logs, IEventLogReader reader) : IEventLogReader
    {
        public async ValueTask<IReadOnlyList<LogRecord>> Read(int max, CancellationToken cancel)
        {
            if (logs.Fault is { } fault) throw fault;
            var read = await reader.Read(max, cancel);
            await logs.connected.Task.WaitAsync(cancel);
            return read;
        }

        public IReadOnlyList<LogRecord> ReadAvailable(int max) =>
            logs.Fault is { } fault ? throw fault : logs.connected.Task.IsCompleted ? reader.ReadAvailable(max) : [];

        public void Dispose() => reader.Dispose();
    }
}
