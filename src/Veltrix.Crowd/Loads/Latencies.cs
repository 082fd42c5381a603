using System.Diagnostics;
using HdrHistogram;

namespace Veltrix.Crowd;

/// <summary>A histogram of durations in microseconds, up to ten minutes, to three digits. Any thread.</summary>
sealed class Latencies
{
    const long MaxMicroseconds = 600_000_000;

    readonly Lock gate = new();
    readonly LongHistogram histogram = new(MaxMicroseconds, 3);

    public long Count
    {
        get
        {
            lock (gate)
                return histogram.TotalCount;
        }
    }

    /// <summary>From one <see cref="Stopwatch"/> timestamp to another.</summary>
    public void Record(long from, long to) => Add((long)Stopwatch.GetElapsedTime(from, to).TotalMicroseconds, 1);

    public void Add(long microseconds, long count)
    {
        lock (gate)
            histogram.RecordValueWithCount(Math.Clamp(microseconds, 0, MaxMicroseconds), count);
    }

    /// <summary>Null where nothing was recorded.</summary>
    public double? PercentileMs(double percentile)
    {
        lock (gate)
            return histogram.TotalCount == 0 ? null : histogram.GetValueAtPercentile(percentile) / 1000.0;
    }

    /// <summary>Pairs of microseconds and how often: what another process needs to add them up.</summary>
    public long[][] Export()
    {
        lock (gate)
            return [.. histogram.RecordedValues().Select(v => new[] { v.ValueIteratedTo, v.CountAtValueIteratedTo })];
    }

    public void Import(long[][] pairs)
    {
        foreach (var pair in pairs)
            Add(pair[0], pair[1]);
    }
}
