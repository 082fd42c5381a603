namespace Veltrix.Server.Admission;

/// <summary>
/// How fast the waiting room has emptied over the last minutes, and so how long the rest will take: a range, or nothing while too few were let in to say.
/// </summary>
/// <remarks>
/// Letting in is taken for a Poisson process: of n admissions in a time t the rate lies between (n − 2√n)/t and (n + 2√n)/t. Below <see cref="AdmissionsLeast"/> admissions
/// that range says nothing, and neither does this. A silence that the pace so far would leave in one of a hundred cases means that the pace is over (the house is full, somebody pinned the
/// limit): what was seen before it says nothing of what comes. One thread at a time.
/// </remarks>
public sealed class Drain(TimeProvider clock)
{
    /// <summary>How far back it looks.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(3);

    /// <summary>Fewer admissions than this tell nothing.</summary>
    public const int AdmissionsLeast = 6;

    /// <summary>Less time than this tells nothing either: what the first second lets in is room that was free, not a pace.</summary>
    static readonly TimeSpan TimeLeast = TimeSpan.FromSeconds(10);

    /// <summary>A shorter silence is none: limits rise in steps of some seconds.</summary>
    static readonly TimeSpan SilenceLeast = TimeSpan.FromSeconds(15);

    /// <summary>−ln 0.01.</summary>
    const double Unlikely = 4.6;

    readonly Queue<(long At, long Joins)> seen = new();
    long last = -1;
    long movedAt;

    /// <summary>Notes the count of seats given so far.</summary>
    public void Saw(long joins)
    {
        // The gate's keys were made anew, and its count with them.
        if (joins < last) seen.Clear();
        var now = clock.GetTimestamp();
        if (joins != last || seen.Count == 0) movedAt = now;
        last = joins;
        if (IsOver(now)) seen.Clear();
        seen.Enqueue((now, joins));
        while (clock.GetElapsedTime(seen.Peek().At, now) > Window) seen.Dequeue();
    }

    bool IsOver(long now)
    {
        var silence = clock.GetElapsedTime(movedAt, now);
        if (seen.Count == 0 || silence < SilenceLeast) return false;
        var until = clock.GetElapsedTime(seen.Peek().At, movedAt).TotalSeconds;
        return until > 0 && (last - seen.Peek().Joins) / until * silence.TotalSeconds > Unlikely;
    }

    /// <summary>Nobody waits any more: what comes next is another queue.</summary>
    public void Forget() => seen.Clear();

    /// <summary>From when to when one with so many ahead of it will be let in; null: cannot be said.</summary>
    public (TimeSpan From, TimeSpan To)? For(long ahead)
    {
        if (seen.Count < 2) return null;
        var time = clock.GetElapsedTime(seen.Peek().At);
        var admitted = last - seen.Peek().Joins;
        if (admitted < AdmissionsLeast || time < TimeLeast) return null;
        var doubt = 2 * Math.Sqrt(admitted);
        var turn = (ahead + 1) * time.TotalSeconds;
        return (TimeSpan.FromSeconds(turn / (admitted + doubt)), TimeSpan.FromSeconds(Math.Min(turn / (admitted - doubt), TimeSpan.FromDays(1).TotalSeconds)));
    }
}
