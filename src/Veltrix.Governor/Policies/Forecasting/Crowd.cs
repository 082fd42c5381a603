using System.Collections.Immutable;

namespace Veltrix.Governor.Policies.Forecasting;

/// <summary>
/// What the governor itself knows of the crowd without any delay: it gave the seats. All counts are shares of the ceiling, so that a law tuned on one hunt holds for one ten times as big.
/// </summary>
/// <param name="At">Seconds.</param>
/// <param name="Seated">Those who play.</param>
/// <param name="JoinedFast">Joins of the last minutes: each counts e^(−age/150 s).</param>
/// <param name="JoinedSlow">The same with 800 s. Together they draw any release of what a join costs at first.</param>
/// <param name="Gone">What those who left have left behind, decaying as it is cleaned up.</param>
/// <param name="Joins">All joins so far.</param>
/// <param name="Thinning">The brownout of lag that was in force: it thins out what the seated send.</param>
public readonly record struct Crowd(double At, double Seated, double JoinedFast, double JoinedSlow, double Gone, double Joins, double Thinning)
{
    const double FastSeconds = 150;
    const double SlowSeconds = 800;

    /// <summary>The crowd a tick later.</summary>
    public Crowd After(double now, double seated, double joins, double leaves, double orphanSeconds, double thinning)
    {
        var elapsed = Math.Max(0, now - At);
        return new Crowd(
            now, seated, JoinedFast * Math.Exp(-elapsed / FastSeconds) + joins, JoinedSlow * Math.Exp(-elapsed / SlowSeconds) + joins,
            Gone * Math.Exp(-elapsed / Math.Max(1, orphanSeconds)) + leaves, Joins + joins, thinning);
    }

    /// <summary>What memory depends on: base, seated, two ages of joins, what is left behind.</summary>
    public void Features(Span<double> h) => (h[0], h[1], h[2], h[3], h[4]) = (1, Seated, JoinedFast, JoinedSlow, Gone);

    /// <summary>The same if so many were seated now, those who are missing having just joined.</summary>
    public void FeaturesAt(double seated, Span<double> h)
    {
        var join = Math.Max(0, seated - Seated);
        (h[0], h[1], h[2], h[3], h[4]) = (1, seated, JoinedFast + join, JoinedSlow + join, Gone);
    }

    /// <summary>The same hunters as shares of a ceiling so many times as high.</summary>
    public Crowd Rescaled(double factor) =>
        this with { Seated = Seated / factor, JoinedFast = JoinedFast / factor, JoinedSlow = JoinedSlow / factor, Gone = Gone / factor, Joins = Joins / factor };

    static Crowd Between(Crowd a, Crowd b, double at)
    {
        var share = b.At > a.At ? (at - a.At) / (b.At - a.At) : 1;
        return new Crowd(
            at, Mix(a.Seated, b.Seated), Mix(a.JoinedFast, b.JoinedFast), Mix(a.JoinedSlow, b.JoinedSlow), Mix(a.Gone, b.Gone), Mix(a.Joins, b.Joins), Mix(a.Thinning, b.Thinning));

        double Mix(double x, double y) => x + share * (y - x);
    }

    /// <summary>The crowd as it was at a time, between two ticks by a straight line; before the first, as it was then.</summary>
    public static Crowd Of(ImmutableArray<Crowd> past, double at)
    {
        if (at >= past[^1].At) return past[^1];
        for (var i = past.Length - 1; i > 0; i--)
            if (past[i - 1].At <= at) return Between(past[i - 1], past[i], at);
        return past[0];
    }
}
