using Veltrix.Governor.Policies;

namespace Veltrix.Governor.Tests.Simulation;

/// <summary>
/// Envoy's gradient controller, with the worst pressure in the place of the round-trip time: L' = g L + √(g L), where g is 1.25 × ideal / now between ½ and 2. The ideal is probed: the limit goes to its least
/// for a window, here a tick. That is how it begins, and it is done again every 60 s and after five windows at the least. Without its jitter: a policy is pure.
/// </summary>
/// <remarks>Requests of a proxy are over in a moment, so that a probe sees an idle upstream. Hunters stay, so that this one sees the store as full as it is, and takes it for ideal.</remarks>
sealed class EnvoyGradient : IAdmissionPolicy
{
    const double Buffer = 0.25;
    const double ProbeEvery = 60;
    const int LeastInARow = 5;

    public string Name => "envoy-gradient";

    public PolicyState Begin(double limit) => new State(limit, null, double.NaN, double.NegativeInfinity, 0, double.NegativeInfinity);

    public Step Step(PolicyState state, Observation observation, double now)
    {
        var before = (State)state;
        if (!(observation.MeasuredAt() > before.At)) return new(state, Baseline.Of(before.Limit));
        var next = before with { At = observation.MeasuredAt() };
        var pressure = observation.Worst();
        if (before.Deferred is { } deferred) next = next with { Limit = deferred, Deferred = null, Ideal = pressure, ProbedAt = now, AtLeast = 0 };
        else if (double.IsNaN(before.Ideal)) next = next with { Limit = observation.Floor, Deferred = observation.Floor };
        else if (now - before.ProbedAt >= ProbeEvery || before.AtLeast >= LeastInARow) next = next with { Limit = observation.Floor, Deferred = before.Limit };
        else
        {
            var scaled = before.Limit * (pressure > 0 ? Math.Clamp(before.Ideal * (1 + Buffer) / pressure, 0.5, 2) : 2);
            var limit = Math.Clamp(scaled + Math.Sqrt(scaled), observation.Floor, observation.Ceiling);
            next = next with { Limit = limit, AtLeast = limit <= observation.Floor ? before.AtLeast + 1 : 0 };
        }

        return new(next, Baseline.Of(next.Limit));
    }

    /// <param name="Deferred">While it probes: where it goes on afterwards.</param>
    sealed record State(double Limit, double? Deferred, double Ideal, double ProbedAt, int AtLeast, double At) : PolicyState(Limit);
}
