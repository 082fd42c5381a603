using Veltrix.EventLog;

namespace Veltrix.Cli.Stories;

/// <summary>
/// Logs whose ledgers take only so many records a second, as a tired disk or a broker under strain would: the scorer falls behind, and nothing else is different.
/// </summary>
sealed class SlowLogs(IEventLogs logs, double recordsPerSecond, TimeProvider clock) : IEventLogs
{
    readonly Dictionary<IEventLog, SlowLog> slow = [];

    public bool AreShared => logs.AreShared;

    public async Task<IEventLog> Open(string name, CancellationToken cancel)
    {
        var log = await logs.Open(name, cancel);
        if (!name.EndsWith("/ledger", StringComparison.Ordinal)) return log;
        lock (slow) return slow.TryGetValue(log, out var known) ? known : slow[log] = new SlowLog(log, recordsPerSecond, clock);
    }

    public Task<IReadOnlyList<string>> List(CancellationToken cancel) => logs.List(cancel);

    public ValueTask DisposeAsync() => logs.DisposeAsync();

    sealed class SlowLog(IEventLog log, double recordsPerSecond, TimeProvider clock) : IEventLog
    {
        readonly Lock gate = new();
        Task last = Task.CompletedTask;
        long freeAt = clock.GetTimestamp();

        public int MaxRecordBytes => log.MaxRecordBytes;

        public long End => log.End;

        public Task<long> AskEnd(CancellationToken cancel) => log.AskEnd(cancel);

        public Task<long> Append(ReadOnlyMemory<byte> record) => Append([record.ToArray()]);

        public Task<long> Append(IReadOnlyList<ReadOnlyMemory<byte>> records)
        {
            lock (gate)
            {
                // The contract takes the bytes before it returns.
                var appended = AppendAfter(last, [.. records.Select(record => (ReadOnlyMemory<byte>)record.ToArray())]);
                last = appended;
                return appended;
            }
        }

        // In order, each batch when the one before it has had its time. A failure fails those behind it too, as the contract says.
        async Task<long> AppendAfter(Task before, IReadOnlyList<ReadOnlyMemory<byte>> records)
        {
            await before;
            var now = clock.GetTimestamp();
            freeAt = Math.Max(freeAt, now) + (long)(records.Count / recordsPerSecond * clock.TimestampFrequency);
            var wait = clock.GetElapsedTime(now, freeAt);
            if (wait > TimeSpan.FromMilliseconds(1)) await Task.Delay(wait, clock);
            return await log.Append(records);
        }

        public IEventLogReader Read(long after) => log.Read(after);

        public Task TruncateBefore(long position) => log.TruncateBefore(position);

        public ValueTask DisposeAsync() => log.DisposeAsync();
    }
}
