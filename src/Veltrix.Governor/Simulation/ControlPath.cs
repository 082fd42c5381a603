using Veltrix.Governor.Policies;

namespace Veltrix.Governor.Simulation;

/// <summary>
/// The way from a measurement to the gates of one hunt: sidecars that decide every 5 s, one limit of their votes, and servers that ask for it every 10 s, each at its own
/// moment. A limit and a pace thus arrive up to 15 s late and in tenths; a pause and a brownout arrive at once, as they do over the published state.
/// </summary>
sealed class ControlPath
{
    public const int TickSeconds = 5;
    public const int CacheSeconds = 10;
    public const int Servers = 10;

    readonly IAdmissionPolicy policy;
    readonly PolicyState[] states;
    readonly int[] phases;
    readonly double[] limits = new double[Servers];
    readonly double[] paces = new double[Servers];

    public ControlPath(IAdmissionPolicy policy, double limit, int sidecars, Chance chance)
    {
        this.policy = policy;
        states = [.. Enumerable.Range(0, sidecars).Select(_ => policy.Begin(limit))];
        phases = [.. Enumerable.Range(0, Servers).Select(_ => (int)(chance.Unit() * CacheSeconds))];
        Array.Fill(limits, limit);
        Array.Fill(paces, double.PositiveInfinity);
        Published = new Decision(limit, double.PositiveInfinity, false, Brownout.None, Mode.Hold, Cause.Ceiling, "opens at the ceiling");
    }

    /// <summary>What the orchestrator last said.</summary>
    public Decision Published { get; private set; }

    /// <summary>What the servers together let in, from what each of them last heard.</summary>
    public double Limit { get; private set; }

    public double JoinsPerSecond { get; private set; }

    /// <summary>Every sidecar steps its policy, and the orchestrator makes one decision of theirs.</summary>
    public void Tick(Func<int, Observation> seenBy, double now)
    {
        var votes = new Decision[states.Length];
        for (var i = 0; i < states.Length; i++)
        {
            var step = policy.Step(states[i], seenBy(i), now);
            (states[i], votes[i]) = (step.State, step.Decision);
        }
        Published = Combine(votes);
    }

    /// <summary>Servers whose cache runs out in this second ask again.</summary>
    public void Refresh(int second)
    {
        for (var i = 0; i < Servers; i++)
            if ((second - phases[i]) % CacheSeconds == 0) (limits[i], paces[i]) = (Published.Limit, Published.JoinsPerSecond);
        Limit = limits.Sum() / Servers;
        JoinsPerSecond = paces.Sum() / Servers;
    }

    // The lower quartile, but never the lowest of three or more: one faulty sidecar decides nothing.
    static Decision Combine(Decision[] votes)
    {
        if (votes.Length == 1) return votes[0];
        var k = votes.Length <= 2 ? 1 : Math.Max(2, (votes.Length + 3) / 4);
        var chosen = votes.OrderBy(vote => vote.Limit).ElementAt(k - 1);
        return chosen with
        {
            JoinsPerSecond = votes.Select(vote => vote.JoinsPerSecond).Order().ElementAt(k - 1),
            Pause = votes.Count(vote => vote.Pause) >= k,
            Brownout = new Brownout(
                votes.Select(vote => vote.Brownout.Memory).OrderDescending().ElementAt(k - 1),
                votes.Select(vote => vote.Brownout.Lag).OrderDescending().ElementAt(k - 1)),
        };
    }
}

/// <summary>No governor: the ceiling, and nothing that ever changes it.</summary>
sealed class Ungoverned : IAdmissionPolicy
{
    public string Name => SimulatedPolicy.None;

    public PolicyState Begin(double limit) => new State(limit);

    public Step Step(PolicyState state, Observation observation, double now) =>
        new(state, new Decision(state.Limit, double.PositiveInfinity, false, Brownout.None, Mode.Hold, Cause.Ceiling, "no governor"));

    sealed record State(double Limit) : PolicyState(Limit);
}
