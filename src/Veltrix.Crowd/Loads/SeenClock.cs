using System.Diagnostics;

namespace Veltrix.Crowd;

/// <summary>
/// How long until others see what one hunter did: from the send of a submission to the first board frame on another connection of this process whose
/// <c>as_of</c> is at or past the outcome's position.
/// </summary>
/// <remarks>
/// Boards come a thousand times as often as they show anything new, so only a frame that is news does any work: the first and the second connection to show a newer
/// position than ever before. An outcome may itself arrive after the board that covers it: the last <see cref="HistoryLength"/> pieces of news are kept for that.
/// Times are <see cref="Stopwatch"/> timestamps. Any thread.
/// </remarks>
sealed class SeenClock(Latencies latencies)
{
    const int HistoryLength = 4096;

    readonly Lock gate = new();
    readonly List<News> history = [];
    readonly PriorityQueue<Waiting, long> waiting = new();

    // Read without the lock: nearly every frame shows no more than this, which two connections have shown already.
    long settled;

    long forgotten;

    record struct News(long Position, long First, int FirstBy, long Second);

    readonly record struct Waiting(long SentAt, int By);

    /// <summary>A board frame arrived.</summary>
    public void Board(int hunter, long position, long now)
    {
        if (position <= Volatile.Read(ref settled))
            return;
        lock (gate)
        {
            if (history.Count > 0 && history[^1] is { Second: 0 } last && last.FirstBy != hunter && position >= last.Position)
            {
                history[^1] = last with { Second = now };
                Volatile.Write(ref settled, last.Position);
            }

            if (history.Count == 0 || position > history[^1].Position)
            {
                history.Add(new News(position, now, hunter, 0));
                if (history.Count == HistoryLength * 2)
                {
                    forgotten = history[HistoryLength - 1].Position;
                    history.RemoveRange(0, HistoryLength);
                }
            }

            Resolve();
        }
    }

    /// <summary>A submission sent at <paramref name="sentAt"/> was decided, and its outcome stands at <paramref name="position"/>.</summary>
    public void Outcome(int hunter, long position, long sentAt)
    {
        lock (gate)
        {
            if (position <= forgotten)
                return; // thousands of boards late: nobody knows any more who saw it first
            if (SeenAt(position, hunter) is { } at)
                latencies.Record(sentAt, at);
            else
                waiting.Enqueue(new Waiting(sentAt, hunter), position);
        }
    }

    void Resolve()
    {
        while (waiting.TryPeek(out var next, out long position) && SeenAt(position, next.By) is { } at)
        {
            waiting.Dequeue();
            latencies.Record(next.SentAt, at);
        }
    }

    long? SeenAt(long position, int except)
    {
        int low = 0, high = history.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (history[middle].Position < position)
                low = middle + 1;
            else
                high = middle;
        }

        for (; low < history.Count; low++)
        {
            if (history[low].FirstBy != except)
                return history[low].First;
            if (history[low].Second > 0)
                return history[low].Second;
        }

        return null;
    }
}
