namespace Veltrix.Governor.Policies;

/// <summary>
/// <c>aimd</c>: additive increase, multiplicative decrease, as in TCP and Netflix' limits: +1 % of the ceiling a tick, × 0.9 on overload. <c>stabilizing-aimd</c> does not cut again while
/// more play than the limit allows (Camunda's guard): the last cut is still draining, and every further one is windup.
/// </summary>
public sealed class Aimd(PolicyParameters parameters, bool stabilizing) : IAdmissionPolicy
{
    const double Increase = 0.01;
    const double Decrease = 0.9;

    public string Name => stabilizing ? "stabilizing-aimd" : "aimd";

    public PolicyState Begin(double limit) => new State(limit, SignalHistory.Empty, double.NegativeInfinity);

    public Step Step(PolicyState state, Observation observation, double now)
    {
        var before = (State)state;
        var elapsed = double.IsFinite(before.SteppedAt) ? Math.Clamp(now - before.SteppedAt, 0, 60) : 0;
        var history = before.History.With(observation.Readings, now);
        var limit = Math.Clamp(before.Limit, observation.Floor, observation.Ceiling);
        if (Staleness.Reason(history, observation, now, parameters.ReadingAgeMax, out var age) is { } stale)
            return Decide(Math.Clamp(Staleness.Limit(limit, observation, age, parameters.ReadingAgeMax, elapsed), observation.Floor, observation.Ceiling), Mode.Stale, Cause.Stale, stale);

        var worst = history.Fresh(now, parameters.ReadingAgeMax).MaxBy(track => track.Last.Pressure)?.Last;
        if (worst is not { } reading) return Decide(limit, Mode.Hold, Cause.None, "nothing is measured");
        var cause = Words.CauseOf(reading.Signal);
        var compared = Words.Compared(reading.Signal, reading.Value, reading.Soft);
        if (reading.Pressure > 1)
            return stabilizing && observation.Seated > limit
                ? Decide(limit, Mode.Brake, cause, $"{compared}; the last cut is still draining")
                : Decide(Math.Max(observation.Floor, limit * Decrease), Mode.Brake, cause, compared);
        if (double.IsFinite(before.SteppedAt) && elapsed <= 0) return Decide(limit, Mode.Hold, Cause.None, "no time has passed");
        return Decide(Math.Min(observation.Ceiling, limit + Increase * observation.Ceiling), limit < observation.Ceiling ? Mode.Ramp : Mode.Hold, cause, compared);

        Step Decide(double decided, Mode mode, Cause why, string reason) =>
            new(new State(decided, history, now), new Decision(decided, double.PositiveInfinity, false, Brownout.None, mode, why, reason));
    }

    sealed record State(double Limit, SignalHistory History, double SteppedAt) : PolicyState(Limit);
}
