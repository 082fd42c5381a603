namespace Veltrix.EventLog.Embedded;

/// <summary>A reader of an <see cref="EmbeddedLog"/>, straight from its files. It holds one open file and a chunk of 64 KiB.</summary>
sealed class EmbeddedReader(EmbeddedLog log, RecordCursor cursor) : IEventLogReader
{
    // A batch ends with the record that reaches this, whatever max says.
    const int BatchBytes = 4 << 20;

    bool disposed;

    public async ValueTask<IReadOnlyList<LogRecord>> Read(int max, CancellationToken cancel)
    {
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            // Asked for before looking, so that what comes between is not missed.
            var grown = log.Grown;
            if (log.IsClosed)
                throw new OperationCanceledException($"Log {log.Name} was closed.");
            var batch = ReadAvailable(max);
            if (batch.Count > 0 || max == 0)
                return batch;
            await grown.WaitAsync(cancel);
        }
    }

    public IReadOnlyList<LogRecord> ReadAvailable(int max)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(max);
        if (log.IsClosed)
            throw log.ClosedError();
        var limit = log.DurableEnd;
        if (cursor.Next >= limit || max == 0)
            return [];

        if (cursor.Next < log.Begin)
            cursor.MoveTo(log.Begin);
        var batch = new List<LogRecord>();
        var bytes = 0;
        while (batch.Count < max && bytes < BatchBytes)
        {
            var step = cursor.Take(limit, out var position, out var entry, out var payload);
            if (step == CursorStep.AtLimit)
                break;
            if (step != CursorStep.Took)
            {
                if (cursor.Next >= log.Begin)
                {
                    // First what is whole; the next call comes back to this place.
                    if (batch.Count > 0)
                        break;
                    throw log.Damaged(cursor.Next, step);
                }
                // Truncated under the reader's feet.
                cursor.MoveTo(log.Begin);
                continue;
            }
            batch.Add(new LogRecord(position, entry.TimeMs, payload));
            bytes += payload.Length;
        }
        return batch;
    }

    public void Dispose()
    {
        disposed = true;
        cursor.Dispose();
    }
}
