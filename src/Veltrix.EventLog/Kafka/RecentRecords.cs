namespace Veltrix.EventLog.Kafka;

/// <summary>
/// The newest records of a log, as they came in: what readers at the tail share, so that a log is fetched once however many follow it. Bounded in bytes; the oldest go.
/// Not thread-safe.
/// </summary>
/// <param name="after">Nothing up to here is in it.</param>
sealed class RecentRecords(long after, int bytesMax)
{
    // What a record takes beside its payload, so that a million empty ones are bounded too.
    const int RecordOverhead = 64;

    LogRecord[] ring = new LogRecord[16];
    int first;
    int count;
    long bytes;

    /// <summary>Everything above this, up to <see cref="Last"/>, is here.</summary>
    public long After { get; private set; } = after;

    /// <summary>Position of the newest record that came in.</summary>
    public long Last { get; private set; } = after;

    public void Add(in LogRecord record)
    {
        if (count == ring.Length) Grow();
        ring[(first + count++) & (ring.Length - 1)] = record;
        bytes += record.Payload.Length + RecordOverhead;
        Last = record.Position;
        // The newest stays, whatever its size.
        while (bytes > bytesMax && count > 1)
        {
            ref var oldest = ref ring[first];
            bytes -= oldest.Payload.Length + RecordOverhead;
            After = oldest.Position;
            oldest = default;
            first = (first + 1) & (ring.Length - 1);
            count--;
        }
    }

    /// <summary>Takes records above <paramref name="place"/>, which must not be below <see cref="After"/>.</summary>
    public List<LogRecord> Take(long place, int max, int batchBytes)
    {
        var (low, high) = (0, count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (At(middle).Position <= place) low = middle + 1;
            else high = middle;
        }

        var batch = new List<LogRecord>(Math.Min(max, count - low));
        for (var taken = 0; low < count && batch.Count < max && taken < batchBytes; low++)
        {
            batch.Add(At(low));
            taken += At(low).Payload.Length;
        }

        return batch;
    }

    ref LogRecord At(int index) => ref ring[(first + index) & (ring.Length - 1)];

    void Grow()
    {
        var larger = new LogRecord[ring.Length * 2];
        for (var i = 0; i < count; i++) larger[i] = At(i);
        (ring, first) = (larger, 0);
    }
}
