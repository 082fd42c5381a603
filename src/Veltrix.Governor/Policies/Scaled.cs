namespace Veltrix.Governor.Policies;

/// <summary>
/// <c>scaled</c>: no memory at all. Below the lower edge (⅞ of the soft threshold) the ceiling, at the critical one the floor, a straight line between: the scaled trigger of Envoy's overload
/// manager. It follows noise as faithfully as load.
/// </summary>
public sealed class Scaled(PolicyParameters parameters) : IAdmissionPolicy
{
    const double LowerEdge = 0.875;

    public string Name => "scaled";

    public PolicyState Begin(double limit) => new State(limit, SignalHistory.Empty, double.NegativeInfinity);

    public Step Step(PolicyState state, Observation observation, double now)
    {
        var before = (State)state;
        var elapsed = double.IsFinite(before.SteppedAt) ? Math.Clamp(now - before.SteppedAt, 0, 60) : 0;
        var history = before.History.With(observation.Readings, now);
        var current = Math.Clamp(before.Limit, observation.Floor, observation.Ceiling);
        if (Staleness.Reason(history, observation, now, parameters.ReadingAgeMax, out var age) is { } stale)
        {
            var closing = Math.Clamp(Staleness.Limit(current, observation, age, parameters.ReadingAgeMax, elapsed), observation.Floor, observation.Ceiling);
            return Decide(closing, Mode.Stale, Cause.Stale, stale);
        }

        var share = 1.0;
        Reading? deciding = null;
        foreach (var track in history.Fresh(now, parameters.ReadingAgeMax))
        {
            var low = LowerEdge * track.Last.Soft;
            var its = Math.Clamp((track.Last.Critical - track.Last.Value) / (track.Last.Critical - low), 0, 1);
            if (deciding is null || its < share) (share, deciding) = (its, track.Last);
        }

        var limit = observation.Floor + share * (observation.Ceiling - observation.Floor);
        // A clock that stood still or ran back teaches nothing: no rise.
        if (double.IsFinite(before.SteppedAt) && now <= before.SteppedAt) limit = Math.Min(limit, current);
        return deciding is { } worst
            ? Decide(limit, limit > current ? Mode.Ramp : limit < current ? Mode.Trim : Mode.Hold, Words.CauseOf(worst.Signal), Words.Compared(worst.Signal, worst.Value, worst.Soft))
            : Decide(current, Mode.Hold, Cause.None, "nothing is measured");

        Step Decide(double decided, Mode mode, Cause cause, string reason) =>
            new(new State(decided, history, now), new Decision(decided, double.PositiveInfinity, false, Brownout.None, mode, cause, reason));
    }

    sealed record State(double Limit, SignalHistory History, double SteppedAt) : PolicyState(Limit);
}
