namespace Veltrix.Governor.Sidecar;

/// <summary>
/// Whether joins are to be paced by address range and cost a proof of work, so that one script cannot take every seat.
/// </summary>
/// <remarks>
/// Seats are scarce while hunters come faster than seats are given, and that is when the waiting list grows. On after <see cref="OnAfter"/> ticks in a row in which it grew; off after
/// <see cref="OffAfter"/> in a row in which it did not (a minute at the usual five seconds), so that a queue that breathes does not make clients work by turns.
/// </remarks>
public sealed class JoinGuard
{
    public const int OnAfter = 2;
    public const int OffAfter = 12;

    double? before;
    int growing, calm;

    public bool IsOn { get; private set; }

    /// <param name="rule">The value of <c>join.guard</c>: on, off or auto.</param>
    public bool Next(double waiting, string rule)
    {
        var grew = waiting > 0 && before is { } last && waiting > last;
        before = waiting;
        (growing, calm) = grew ? (growing + 1, 0) : (0, calm + 1);
        IsOn = rule switch
        {
            "on" => true,
            "off" => false,
            _ => growing >= OnAfter || (IsOn && calm < OffAfter),
        };
        return IsOn;
    }
}
