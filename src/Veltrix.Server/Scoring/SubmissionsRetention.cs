namespace Veltrix.Server.Scoring;

/// <summary>
/// When commands may be given up: a day after they were decided. Until then whoever looks into a quarrel can still read what was sent; the ledger is kept for ever.
/// Remembers where deciding stood every hour, so it is up to an hour late, and a new scorer starts to count anew. Not thread-safe.
/// </summary>
public sealed class SubmissionsRetention(TimeProvider clock)
{
    public static readonly TimeSpan KeptFor = TimeSpan.FromDays(1);

    static readonly TimeSpan MarkEvery = TimeSpan.FromHours(1);

    readonly Queue<(long At, long Decided)> marks = new();
    long? markedAt;

    /// <param name="decided">Position in the submissions log up to which everything is decided, durably in the ledger.</param>
    /// <returns>The position before which nothing is needed any more, when there is a new one.</returns>
    public long? Next(long decided)
    {
        var now = clock.GetTimestamp();
        if (markedAt is not { } last || clock.GetElapsedTime(last, now) >= MarkEvery)
        {
            markedAt = now;
            marks.Enqueue((now, decided));
        }

        long? upTo = null;
        while (marks.TryPeek(out var oldest) && clock.GetElapsedTime(oldest.At, now) >= KeptFor) upTo = marks.Dequeue().Decided;
        return upTo;
    }
}
