using Veltrix.Governor.Policies;

namespace Veltrix.Governor.Tests.Simulation;

/// <summary>
/// The sidecar that saved the first hunt, with the way back that its published figures imply: every 30 s a tenth of the ceiling down while anything is over, else a tenth up.
/// </summary>
sealed class FirstSidecar : IAdmissionPolicy
{
    public string Name => "first-sidecar";

    public PolicyState Begin(double limit) => new State(limit, -30);

    public Step Step(PolicyState state, Observation observation, double now)
    {
        var before = (State)state;
        var over = observation.IsOver();
        var isDue = now - before.MovedAt >= 30 && (over || before.Limit < observation.Ceiling);
        if (!isDue) return new(state, Baseline.Of(before.Limit));
        var limit = Math.Clamp(before.Limit + (over ? -0.1 : 0.1) * observation.Ceiling, observation.Floor, observation.Ceiling);
        return new(new State(limit, now), Baseline.Of(limit));
    }

    sealed record State(double Limit, double MovedAt) : PolicyState(Limit);
}
