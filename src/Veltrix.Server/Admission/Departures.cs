namespace Veltrix.Server.Admission;

/// <summary>
/// Who left within the grace. A whole crowd may leave in a second, so each departure is written down once and struck out once, whatever else is kept.
/// </summary>
/// <remarks>Not thread-safe. Times are milliseconds; one that jumps back keeps a departure for longer, and never strikes one out too early.</remarks>
sealed class Departures
{
    readonly Dictionary<string, long> last = new(StringComparer.Ordinal);
    readonly Queue<(string Hunter, long AtMs)> order = new();

    /// <summary>How many are kept.</summary>
    public int Count => last.Count;

    public void Add(string hunter, long nowMs, TimeSpan grace)
    {
        while (order.TryPeek(out var oldest) && nowMs - oldest.AtMs > grace.TotalMilliseconds)
        {
            order.Dequeue();
            // It may have come back and left once more since.
            if (last.GetValueOrDefault(oldest.Hunter) == oldest.AtMs) last.Remove(oldest.Hunter);
        }

        last[hunter] = nowMs;
        order.Enqueue((hunter, nowMs));
    }

    /// <summary>Those who may come back, each with the time it has left: a millisecond at least, since the gate counts in those and takes none for a connection; never more than the grace.</summary>
    public IEnumerable<(string Hunter, TimeSpan Left)> Left(long nowMs, TimeSpan grace) =>
        last.Select(departure => (departure.Key, grace - TimeSpan.FromMilliseconds(Math.Max(0, nowMs - departure.Value)))).Where(departure => departure.Item2 >= TimeSpan.FromMilliseconds(1));

    public bool Within(string hunter, long nowMs, TimeSpan grace) => last.TryGetValue(hunter, out var atMs) && nowMs - atMs <= grace.TotalMilliseconds;
}
