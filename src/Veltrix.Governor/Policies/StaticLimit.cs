namespace Veltrix.Governor.Policies;

/// <summary><c>static</c>: a fixed share of the ceiling, whatever is measured. What everybody else has; here to compare with, and for a night on which nothing may move.</summary>
public sealed class StaticLimit(PolicyParameters parameters) : IAdmissionPolicy
{
    public string Name => "static";

    public PolicyState Begin(double limit) => new State(limit);

    public Step Step(PolicyState state, Observation observation, double now)
    {
        var limit = Math.Clamp(parameters.StaticLimit * observation.Ceiling, observation.Floor, observation.Ceiling);
        var reason = Words.Invariant($"static: {parameters.StaticLimit:0.##} of the ceiling {observation.Ceiling:N0}");
        return new(new State(limit), new Decision(limit, double.PositiveInfinity, false, Brownout.None, Mode.Hold, Cause.Ceiling, reason));
    }

    sealed record State(double Limit) : PolicyState(Limit);
}
