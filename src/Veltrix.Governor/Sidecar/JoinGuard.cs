namespace Veltrix.Governor.Sidecar;

/// <summary>
/// Whether joins are to be paced by address range and cost a proof of work, so that one script cannot take every seat.
/// </summary>
/// <remarks>
/// Seats are scarce when those who play and wait come near the limit, and while hunters come faster than seats are given. On at once for the first; on after <see cref="OnAfter"/> ticks in a
/// row in which the waiting list grew; off after <see cref="OffAfter"/> in a row without either (a minute at the usual five seconds), so that a queue that breathes does not make clients work
/// by turns. Between two ticks a server looks for itself.
/// </remarks>
public sealed class JoinGuard
{
    public const int OnAfter = 2;
    public const int OffAfter = 12;

    double? before;
    int growing, calm;

    public bool IsOn { get; private set; }

    /// <param name="taken">Those who play and wait, as a share of the limit.</param>
    /// <param name="scarce">From which share on seats are scarce.</param>
    /// <param name="rule">The value of <c>join.guard</c>: on, off or auto.</param>
    public bool Next(double waiting, double taken, double scarce, string rule)
    {
        var grew = waiting > 0 && before is { } last && waiting > last;
        before = waiting;
        growing = grew ? growing + 1 : 0;
        calm = grew || taken >= scarce ? 0 : calm + 1;
        IsOn = rule switch
        {
            "on" => true,
            "off" => false,
            _ => taken >= scarce || growing >= OnAfter || (IsOn && calm < OffAfter),
        };
        return IsOn;
    }
}
