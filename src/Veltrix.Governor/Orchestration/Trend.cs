using Veltrix.Gate;

namespace Veltrix.Governor.Orchestration;

/// <summary>How fast hunters come and go, from the gate's counters: a mean over about a minute.</summary>
/// <param name="At">When the counters were read, in seconds of the monotonic clock.</param>
public sealed record Trend(long Epoch, long Joins, long Leaves, long Waiting, double At, double ArrivalsPerSecond = 0, double LeavesPerSecond = 0)
{
    const double Memory = 60;

    public static Trend Begin(GateCounts counts, double now) => new(counts.Epoch, counts.Joins, counts.Leaves, counts.Waiting, now);

    /// <summary>Counters of other keys, or that run backwards, begin anew and keep the pace that was known.</summary>
    public Trend Next(GateCounts counts, double now)
    {
        var elapsed = now - At;
        var begun = Begin(counts, now) with { ArrivalsPerSecond = ArrivalsPerSecond, LeavesPerSecond = LeavesPerSecond };
        if (elapsed <= 0 || counts.Epoch != Epoch || counts.Joins < Joins || counts.Leaves < Leaves) return begun;
        var part = 1 - Math.Exp(-elapsed / Memory);
        // Whoever arrived has a seat or waits; whoever gave up waiting makes this a little too low, as is right for a plan.
        var arrivals = Math.Max(0, counts.Joins - Joins + counts.Waiting - Waiting) / elapsed;
        return begun with
        {
            ArrivalsPerSecond = ArrivalsPerSecond + (part * (arrivals - ArrivalsPerSecond)),
            LeavesPerSecond = LeavesPerSecond + (part * (((counts.Leaves - Leaves) / elapsed) - LeavesPerSecond)),
        };
    }
}
