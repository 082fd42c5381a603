using Veltrix.Governor.Policies;

namespace Veltrix.Governor.Tests.Simulation;

/// <summary>
/// Netflix' Vegas, with the worst pressure in the place of the round-trip time: of the limit L the queue is q = ⌈L (1 − least / now)⌉. L grows by 6 log L up to a queue of log L, by log L below 3 log L, and
/// shrinks by log L above 6 log L. It is made for limits up to 1,000, so that a thousandth of the ceiling is its unit; its window is a second. Its probe for a new least, every 15,000 windows and
/// more, never comes in a hunt. While less than half of the limit is used it leaves it.
/// </summary>
sealed class Vegas : IAdmissionPolicy
{
    const int WindowsPerTick = 5;
    const double Most = 1_000;

    public string Name => "vegas";

    public PolicyState Begin(double limit) => new State(limit, double.PositiveInfinity, double.NegativeInfinity);

    public Step Step(PolicyState state, Observation observation, double now)
    {
        var before = (State)state;
        if (!(observation.MeasuredAt() > before.At)) return new(state, Baseline.Of(before.Limit));
        var pressure = observation.Worst();
        var next = before with { Least = Math.Min(before.Least, pressure), At = observation.MeasuredAt() };
        // A sample that is the least so far only teaches what the least is.
        if (pressure <= before.Least) return new(next, Baseline.Of(before.Limit));

        var unit = observation.Ceiling / Most;
        var limit = before.Limit / unit;
        for (var window = 0; window < WindowsPerTick && observation.Seated * 2 >= limit * unit; window++)
        {
            var queue = Math.Ceiling(limit * (1 - before.Least / pressure));
            var step = Math.Max(1, Math.Floor(Math.Log10(limit)));
            limit += queue <= step ? 6 * step : queue < 3 * step ? step : queue > 6 * step ? -step : 0;
            limit = Math.Clamp(limit, observation.Floor / unit, Most);
        }

        return new(next with { Limit = limit * unit }, Baseline.Of(limit * unit));
    }

    sealed record State(double Limit, double Least, double At) : PolicyState(Limit);
}
