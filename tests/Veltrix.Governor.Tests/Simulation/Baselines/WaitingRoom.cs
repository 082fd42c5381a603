using Veltrix.Governor.Policies;

namespace Veltrix.Governor.Tests.Simulation;

/// <summary>
/// A waiting room in front of a site, as Cloudflare's: two numbers that somebody sets, three quarters of what the site is thought to carry (the ceiling), and a fifth of that a minute for new
/// visitors, metered within the minute. It knows nothing of the site.
/// </summary>
sealed class WaitingRoom : IAdmissionPolicy
{
    const double ActiveShare = 0.75;
    const double NewSharePerMinute = 0.20;

    public string Name => "waiting-room";

    public PolicyState Begin(double limit) => new State(limit);

    public Step Step(PolicyState state, Observation observation, double now)
    {
        var limit = Math.Clamp(ActiveShare * observation.Ceiling, observation.Floor, observation.Ceiling);
        return new(new State(limit), Baseline.Of(limit) with { JoinsPerSecond = NewSharePerMinute * observation.Ceiling / 60 });
    }

    sealed record State(double Limit) : PolicyState(Limit);
}
