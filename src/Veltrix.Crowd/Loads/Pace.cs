namespace Veltrix.Crowd;

/// <summary>
/// When who submits. The crowd's submissions are spread evenly: the n-th of all is due at (n + u) / (hunters · rate), with u from [0, 1) by the seed. Every hunter
/// has one turn in each round of 1 / rate; the order within a tenth of the crowd is drawn anew each round, so that a hunter's own gaps vary by up to a tenth either way.
/// </summary>
/// <remarks>An open loop: nobody waits for an outcome, so a slow server meets the same crowd as a fast one. One thread at a time.</remarks>
sealed class Pace
{
    const int Blocks = 10;

    readonly int[] order;
    readonly double perSecond;
    readonly Random chance;
    long taken;
    double due;

    /// <param name="rate">Submissions per second of one hunter.</param>
    public Pace(int hunters, double rate, TimeSpan duration, int seed)
    {
        perSecond = hunters * rate;
        Total = (long)Math.Round(perSecond * duration.TotalSeconds);
        chance = new Random(seed);
        order = [.. Enumerable.Range(0, hunters)];
        chance.Shuffle(order);
        Draw();
    }

    /// <summary>Submissions over the whole duration.</summary>
    public long Total { get; }

    /// <summary>The next hunter whose turn has come by <paramref name="elapsed"/>.</summary>
    public bool TryNext(TimeSpan elapsed, out int hunter)
    {
        hunter = -1;
        if (taken >= Total || elapsed.TotalSeconds < due)
            return false;
        hunter = order[taken % order.Length];
        taken++;
        Draw();
        return true;
    }

    void Draw()
    {
        if (taken > 0 && taken % order.Length == 0)
        {
            int size = (order.Length + Blocks - 1) / Blocks;
            for (int from = 0; from < order.Length; from += size)
                chance.Shuffle(order.AsSpan(from, Math.Min(size, order.Length - from)));
        }

        due = (taken + chance.NextDouble()) / perSecond;
    }
}
