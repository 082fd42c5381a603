namespace Veltrix.Governor.Sidecar;

/// <summary>
/// The limit in force, as told, and whether a policy must hear of it. Not thread-safe.
/// </summary>
/// <remarks>
/// An orchestrator answers the vote it was handed, which may be one tick old. If it applied what that vote said, the policy goes on from its own newest decision, which may be further already: telling
/// it the limit in force would undo that. If it applied something else (other votes, a pin, a shared store) the policy works from there.
/// </remarks>
sealed class ToldLimit
{
    /// <summary>A turn smaller than this share of the ceiling is noise, not a reversal.</summary>
    const double ReversalBand = 0.01;

    double? other;
    double extreme = double.NaN;
    int direction;

    public Told? Now { get; private set; }

    /// <summary>The limit of the vote that was handed out last; null where it abstained.</summary>
    public double? HandedOut { get; set; }

    public double Ceiling { get; set; }

    /// <summary>How often the applied limit has turned.</summary>
    public long Reversals { get; private set; }

    /// <summary>True if this is news.</summary>
    public bool Take(Told told)
    {
        if (Now == told) return false;
        if (HandedOut is not { } voted || Math.Abs(voted - told.Limit) >= 1) other = told.Limit;
        Now = told;
        Turn(told.Limit);
        return true;
    }

    /// <summary>The limit a policy must go on from, once; null: its own.</summary>
    public double? Take()
    {
        var limit = other;
        other = null;
        return limit;
    }

    void Turn(double limit)
    {
        if (double.IsNaN(extreme)) extreme = limit;
        var goesOn = direction == 0 || Math.Sign(limit - extreme) == direction;
        if (!goesOn && Math.Abs(limit - extreme) <= ReversalBand * Ceiling) return;
        if (!goesOn) Reversals++;
        if (limit != extreme) direction = Math.Sign(limit - extreme);
        extreme = limit;
    }
}
