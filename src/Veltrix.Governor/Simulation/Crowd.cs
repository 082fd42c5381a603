namespace Veltrix.Governor.Simulation;

/// <summary>
/// The hunters of one simulated hunt: those who wait, those with a seat, and what both leave in the stores. Steps of one second; fractions of hunters are allowed, so that a
/// step is arithmetic and no chance.
/// </summary>
/// <remarks>
/// <code>
/// W += a;  W −= W/240          n = min(W, L − A, 2,000, R), 0 in a pause
/// A += n − A/1500              Z += A/1500 − Z/300              J += n − J/600
/// </code>
/// The order (arrive, give up, be seated) is the one that reproduces the published lag of fixed limits to the last record: 1,597 at 40,000, 903 at 38,000, 462 at 36,000.
/// Waiting is first in, first out. Impatience takes the same share of everybody who waits, so the queue is kept as arrivals of each second, scaled by one common factor.
/// </remarks>
sealed class Crowd(PlantParameters plant, int seconds)
{
    readonly Queue<(int Since, double Count)> queue = new();
    readonly double[] waits = new double[seconds + 1];
    // What is left of one who came at the beginning. Counts in the queue are divided by it; at 240 s patience and an hour it is 3e-7, far from any limit.
    double patience = 1;
    double headTaken;

    public double Waiting { get; private set; }

    public double Seated { get; private set; }

    public double Orphans { get; private set; }

    public double FreshJoins { get; private set; }

    /// <summary>Records in the log that are not decided.</summary>
    public double Lag { get; private set; }

    /// <summary>Records that came to the log since the beginning.</summary>
    public double Sent { get; private set; }

    public double Arrived { get; private set; }

    public double GaveUp { get; private set; }

    public double Left { get; private set; }

    /// <summary>Of the last second.</summary>
    public double Joins { get; private set; }

    public double Leaves { get; private set; }

    public double GaveUpNow { get; private set; }

    double reconnected;

    /// <summary>How long those who got a seat waited: hunters by whole seconds.</summary>
    public IReadOnlyList<double> Waits => waits;

    public double Memory => plant.MemoryPerSeat * Seated + plant.MemoryPerOrphan * Orphans + plant.MemoryPerJoin * FreshJoins;

    public void Step(int second, double arrivals, double limit, double joinsPerSecond, bool pause, double orphanSeconds, double reconnecting)
    {
        Arrive(second, arrivals);
        GiveUp();
        Joins = pause ? 0 : Math.Max(0, Math.Min(Math.Min(Waiting, limit - Seated), Math.Min(plant.SeatsPerSecond, joinsPerSecond)));
        Admit(second, Joins);
        reconnected = reconnecting * Seated;
        Leaves = Seated / plant.SeatSeconds;
        Left += Leaves;
        Seated += Joins - Leaves;
        Orphans += Leaves - Orphans / Math.Max(1, orphanSeconds);
        FreshJoins += Joins + reconnected - FreshJoins / plant.JoinSeconds;
    }

    /// <summary>What these hunters send, and what the scorer decides of it.</summary>
    /// <param name="slow">How slow a full store makes everything, 0 to 1.</param>
    /// <param name="lessEvents">Brownout of what is not a solve, 0 to 1.</param>
    public void Log(double slow, double capacityFactor, double lessEvents)
    {
        var produced = (plant.EventsPerSeat * Seated * (1 - 0.5 * lessEvents) + plant.EventsPerJoin * (Joins + reconnected)) * (1 + plant.SlowMoreEvents * slow);
        Sent += produced;
        Lag = Math.Max(0, Lag + produced - plant.Capacity * capacityFactor * (1 - plant.SlowLessCapacity * slow));
    }

    void Arrive(int second, double arrivals)
    {
        Arrived += arrivals;
        Waiting += arrivals;
        if (arrivals > 0) queue.Enqueue((second, arrivals / patience));
    }

    void GiveUp()
    {
        GaveUpNow = Waiting / plant.PatienceSeconds;
        GaveUp += GaveUpNow;
        Waiting -= GaveUpNow;
        patience *= 1 - 1 / plant.PatienceSeconds;
        if (queue.Count == 0 || patience < 1e-200) patience = Rescale();
    }

    double Rescale()
    {
        var scale = patience;
        for (var i = queue.Count; i > 0; i--)
        {
            var (since, count) = queue.Dequeue();
            queue.Enqueue((since, count * scale));
        }
        headTaken *= scale;
        return 1;
    }

    void Admit(int second, double hunters)
    {
        Waiting = Math.Max(0, Waiting - hunters);
        while (hunters > 0 && queue.TryPeek(out var head))
        {
            var there = (head.Count - headTaken) * patience;
            var taken = Math.Min(there, hunters);
            waits[second - head.Since] += taken;
            hunters -= taken;
            headTaken += taken / patience;
            if (taken < there) return;
            queue.Dequeue();
            headTaken = 0;
        }
    }
}
