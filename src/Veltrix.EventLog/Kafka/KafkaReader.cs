namespace Veltrix.EventLog.Kafka;

/// <summary>A reader of a <see cref="KafkaLog"/>. It is a number, and holds nothing: newest records come from what the log keeps for all readers, older ones from <see cref="History"/>.</summary>
sealed class KafkaReader(KafkaLog log, long after) : IEventLogReader
{
    // A batch ends with the record that reaches this, whatever max says.
    const int BatchBytes = 4 << 20;

    // How long a record that is known to be there may take to come.
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // Between attempts to read while the cluster is away.
    static readonly TimeSpan Again = TimeSpan.FromMilliseconds(250);

    long place = after;
    bool disposed;

    public async ValueTask<IReadOnlyList<LogRecord>> Read(int max, CancellationToken cancel)
    {
        Check(max);
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            // Asked for before looking, so that what comes between is not missed.
            var grown = log.Grown;
            if (log.IsClosed) throw new OperationCanceledException($"Log {log.Name} was closed.");
            if (max == 0) return [];
            try
            {
                var batch = log.TakeRecent(ref place, max, BatchBytes, within: TimeSpan.Zero);
                if (batch is { Count: > 0 }) return batch;
                if (batch is not null) await grown.WaitAsync(cancel);
                else if (await Older(max, cancel) is { Count: > 0 } older) return older;
            }
            catch (EventLogException e) when (e.Fault == EventLogFault.Closed)
            {
                throw new OperationCanceledException(e.Message, e);
            }
        }
    }

    public IReadOnlyList<LogRecord> ReadAvailable(int max)
    {
        Check(max);
        if (log.IsClosed) throw log.ClosedError();
        while (max > 0)
        {
            if (log.TakeRecent(ref place, max, BatchBytes, within: Patience) is { } batch) return batch;
            if (FromHistory(max, CancellationToken.None) is { Count: > 0 } older) return older;
        }

        return [];
    }

    /// <summary>From the broker, on a thread that may wait; empty where it was no use and is to be tried again.</summary>
    async Task<IReadOnlyList<LogRecord>> Older(int max, CancellationToken cancel)
    {
        try
        {
            return await Task.Run(() => FromHistory(max, cancel), cancel);
        }
        catch (EventLogException e) when (e.Fault == EventLogFault.Unavailable)
        {
            await Task.Delay(Again, log.Trouble.Clock, cancel);
            return [];
        }
    }

    List<LogRecord> FromHistory(int max, CancellationToken cancel)
    {
        var batch = log.History.Read(log, place, log.End, max, BatchBytes, Patience, cancel);
        if (batch is null)
        {
            log.Missed(place);
            return [];
        }

        if (batch.Count > 0) place = batch[^1].Position;
        return batch;
    }

    void Check(int max)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(max);
    }

    public void Dispose() => disposed = true;
}
