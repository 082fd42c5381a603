namespace Veltrix.Server.Scoring;

/// <summary>
/// Commands that were appended and not decided yet, and how long deciding took lately: what the governor goes by. Positions of a log are addresses and say nothing about how many records lie between
/// them, so the records are counted here; but where several servers share a log, its positions number the records, and what the other servers appended is between them too.
/// </summary>
/// <remarks>
/// Commands appended within <see cref="Grain"/> are kept as one entry, so ten minutes of lag are at most 30,000 entries. Times are rounded to an eighth of an octave (9 %).
/// Thread-safe; each call holds the lock for less than a microsecond, a look for a few.
/// </remarks>
/// <param name="isNumbered">The log's positions number its records.</param>
public sealed class Backlog(TimeProvider clock, bool isNumbered = false)
{
    /// <summary>What is called slow enough to be felt as a stall.</summary>
    public static readonly TimeSpan Stall = TimeSpan.FromSeconds(5);

    static readonly TimeSpan Grain = TimeSpan.FromMilliseconds(20);

    const int Seconds = 10;
    // From 0.1 ms, eight to an octave: up to 27 minutes.
    const int Buckets = 192;
    const double Least = 0.0001;

    readonly Lock gate = new();
    readonly Queue<Entry> entries = new();
    readonly long[,] times = new long[Seconds, Buckets];
    readonly long[] second = new long[Seconds];
    Entry? open;
    long undecided;
    long decidedUpTo;
    long appendedUpTo;
    long appendedHere;

    /// <summary>Commands were taken: the last one lies at <paramref name="position"/>.</summary>
    /// <param name="askedAt">Timestamp of when the append began.</param>
    public void Appended(long position, int count, long askedAt)
    {
        lock (gate)
        {
            appendedHere += count;
            appendedUpTo = Math.Max(appendedUpTo, position);
            if (position <= decidedUpTo)
            {
                Record(clock.GetElapsedTime(askedAt), count);
                return;
            }

            undecided += count;
            if (open is { } entry && clock.GetElapsedTime(entry.At, askedAt) < Grain)
            {
                entry.Last = Math.Max(entry.Last, position);
                entry.Count += count;
                return;
            }

            entries.Enqueue(open = new Entry { At = askedAt, Last = position, Count = count });
        }
    }

    /// <summary>Everything up to this position in the submissions log is decided and read back.</summary>
    /// <returns>How many of them took longer than <see cref="Stall"/>.</returns>
    public long Decided(long position)
    {
        var stalled = 0L;
        lock (gate)
        {
            decidedUpTo = Math.Max(decidedUpTo, position);
            while (entries.TryPeek(out var entry) && entry.Last <= decidedUpTo)
            {
                entries.Dequeue();
                if (ReferenceEquals(entry, open)) open = null;
                undecided -= entry.Count;
                var time = clock.GetElapsedTime(entry.At);
                Record(time, entry.Count);
                if (time > Stall) stalled += entry.Count;
            }
        }

        return stalled;
    }

    /// <summary>Commands not decided, how long ago the oldest of ours was appended, and the 99th percentile of the last ten seconds; null where there was nothing.</summary>
    public (long Records, TimeSpan Oldest, TimeSpan? P99) Look()
    {
        lock (gate)
        {
            // Before the first decision was read nobody knows how far they had come.
            var records = isNumbered && decidedUpTo > 0 ? Math.Max(undecided, appendedUpTo - decidedUpTo) : undecided;
            return (records, entries.TryPeek(out var oldest) ? clock.GetElapsedTime(oldest.At) : TimeSpan.Zero, Percentile(99));
        }
    }

    /// <summary>The 95th percentile of the last ten seconds, from asking the log to take a command to reading its decision; null where there was nothing.</summary>
    public TimeSpan? P95
    {
        get
        {
            lock (gate) return Percentile(95);
        }
    }

    /// <summary>Commands that came to the log, all servers' where its positions number them, else ours since the start: what it grew by is what the crowd sent.</summary>
    public long Submitted
    {
        get
        {
            lock (gate) return isNumbered ? Math.Max(appendedUpTo, decidedUpTo) : appendedHere;
        }
    }

    void Record(TimeSpan time, int count)
    {
        var now = Now();
        var slot = (int)(now % Seconds);
        if (second[slot] != now)
        {
            for (var b = 0; b < Buckets; b++) times[slot, b] = 0;
            second[slot] = now;
        }

        times[slot, Math.Clamp((int)Math.Ceiling(8 * Math.Log2(Math.Max(time.TotalSeconds, Least) / Least)), 0, Buckets - 1)] += count;
    }

    TimeSpan? Percentile(int percent)
    {
        var now = Now();
        Span<long> sums = stackalloc long[Buckets];
        sums.Clear();
        var all = 0L;
        for (var slot = 0; slot < Seconds; slot++)
            if (now - second[slot] < Seconds)
                for (var b = 0; b < Buckets; b++)
                {
                    sums[b] += times[slot, b];
                    all += times[slot, b];
                }

        if (all == 0) return null;
        var above = all * (100 - percent) / 100;
        for (var b = Buckets - 1; ; b--)
            if ((above -= sums[b]) < 0) return TimeSpan.FromSeconds(Least * Math.Pow(2, b / 8.0));
    }

    long Now() => clock.GetTimestamp() / clock.TimestampFrequency;

    sealed class Entry
    {
        public long At;
        public long Last;
        public int Count;
    }
}
