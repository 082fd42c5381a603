using Veltrix.Gate;

namespace Veltrix.Governor.Sidecar;

/// <summary>A hunt's gate as last read, and what flowed through it between two readings. Not thread-safe.</summary>
sealed class GateView
{
    GateCounts? last;
    double at = double.NegativeInfinity;
    double joins, leaves;

    public bool WasRead => last is not null;

    public long Epoch => last?.Epoch ?? 0;

    public double Seated => last?.Seated ?? 0;

    public double Waiting => last?.Waiting ?? 0;

    /// <summary>False while the gate does not answer, or is making its counts anew: they would be too small, and everything that is judged by them too generous.</summary>
    public bool IsKnown(double now, double ageMax) => now - at <= ageMax;

    /// <param name="fresh">Null: it did not answer.</param>
    public void Take(GateCounts? fresh, double readAt)
    {
        if (fresh is null || fresh.Rebuilding || readAt <= at) return;
        if (last is not null && last.Epoch == fresh.Epoch)
        {
            joins += Math.Max(0, fresh.Joins - last.Joins);
            leaves += Math.Max(0, fresh.Leaves - last.Leaves);
        }

        // Another epoch counts from zero again: what flowed in between nobody knows.
        last = fresh;
        at = readAt;
    }

    /// <summary>Seats given and given back since this was last asked.</summary>
    public (double Joins, double Leaves) Flow()
    {
        var flow = (joins, leaves);
        (joins, leaves) = (0, 0);
        return flow;
    }
}
