namespace Veltrix.Governor.Policies;

/// <summary>
/// <c>linear</c>: the rule of the sidecar that saved the first hunt, exactly. While memory or lag is over its soft threshold, a tenth of the ceiling goes every 30 s.
/// </summary>
/// <remarks>
/// <code>
/// every 30 s while some x > θ:                L −= 0.10·C, not under F
/// all x ≤ 0.9·θ for 60 s:          every 30 s  L += 0.05·C, not over C      (the old rule had no way back)
/// </code>
/// It neither paces nor pauses: where hunters do not leave, a cut below those who play does nothing.
/// </remarks>
public sealed class Linear(PolicyParameters parameters) : IAdmissionPolicy
{
    const double CalmShare = 0.9;
    const double CalmSeconds = 60;

    public string Name => "linear";

    public PolicyState Begin(double limit) => new State(limit, SignalHistory.Empty, double.NegativeInfinity, null, double.NegativeInfinity);

    public Step Step(PolicyState state, Observation observation, double now)
    {
        var before = (State)state;
        var elapsed = Math.Max(0, now - before.SteppedAt);
        var history = before.History.With(observation.Readings, now);
        var limit = Math.Clamp(before.Limit, observation.Floor, observation.Ceiling);
        if (Staleness.Reason(history, observation, now, parameters.ReadingAgeMax, out _) is { } stale)
            // The old rule knew no missing signal; it then did nothing. So does this one, but for rising.
            return Decide(before with { History = history, CalmSince = null, SteppedAt = now }, limit, Mode.Stale, Cause.Stale, stale);

        // The old sidecar knew these two and no others.
        var fresh = history.Fresh(now, parameters.ReadingAgeMax).Where(track => track.Last.Signal is Signal.RedisMemory or Signal.LogLag).ToArray();
        var worst = fresh.MaxBy(track => track.Last.Pressure);
        if (worst is null) return Decide(before with { History = history, SteppedAt = now }, limit, Mode.Hold, Cause.None, "nothing is measured");
        var cause = Words.CauseOf(worst.Last.Signal);
        var compared = Words.Compared(worst.Last.Signal, worst.Last.Value, worst.Last.Soft);
        var due = elapsed > 0 && now - before.MovedAt >= parameters.LinearEvery - 1e-6;
        if (worst.Last.Pressure > 1)
        {
            var next = before with { History = history, CalmSince = null, SteppedAt = now };
            return due
                ? Decide(next with { MovedAt = now }, Math.Max(observation.Floor, limit - parameters.LinearStep * observation.Ceiling), Mode.Brake, cause, compared)
                : Decide(next, limit, Mode.Hold, cause, compared);
        }

        var calmSince = worst.Last.Pressure <= CalmShare ? before.CalmSince ?? now : (double?)null;
        var after = before with { History = history, CalmSince = calmSince, SteppedAt = now };
        return calmSince is { } since && now - since >= CalmSeconds && due && limit < observation.Ceiling
            ? Decide(after with { MovedAt = now }, Math.Min(observation.Ceiling, limit + parameters.LinearStep / 2 * observation.Ceiling), Mode.Ramp, cause, $"calm for {CalmSeconds:0} s: {compared}")
            : Decide(after, limit, Mode.Hold, cause, compared);
    }

    static Step Decide(State next, double limit, Mode mode, Cause cause, string reason) =>
        new(next with { Limit = limit }, new Decision(limit, double.PositiveInfinity, false, Brownout.None, mode, cause, reason));

    sealed record State(double Limit, SignalHistory History, double MovedAt, double? CalmSince, double SteppedAt) : PolicyState(Limit);
}
