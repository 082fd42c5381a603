namespace Veltrix.Gate;

/// <summary>How long the last pings took. Thread-safe.</summary>
sealed class Pings
{
    readonly TimeSpan[] _last = new TimeSpan[100];
    readonly Lock _lock = new();
    long _count;

    public void Add(TimeSpan ping)
    {
        lock (_lock) _last[_count++ % _last.Length] = ping;
    }

    /// <summary>99 of 100 were not longer; of fewer than 100 it is the longest. Zero before the first.</summary>
    public TimeSpan Percentile99
    {
        get
        {
            lock (_lock)
            {
                var sorted = _last[..(int)Math.Min(_count, _last.Length)];
                Array.Sort(sorted);
                return sorted.Length == 0 ? TimeSpan.Zero : sorted[(int)Math.Ceiling(sorted.Length * 0.99) - 1];
            }
        }
    }
}
