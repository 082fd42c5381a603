using Veltrix.Governor.Orchestration;
using Veltrix.Governor.Policies;

namespace Veltrix.Governor.Simulation;

/// <summary>
/// The way from a measurement to the gates of one hunt: sidecars that decide every 5 s, the orchestrator's count of their votes, and servers that ask for the limit every 10 s, each at its own
/// moment. A limit and a pace thus arrive up to 15 s late and in tenths; a pause and a brownout arrive at once, as they do over the published state.
/// </summary>
/// <remarks>Votes are counted by the orchestrator's own <see cref="Ballot"/>, and a policy goes on from the limit that was applied where it is another than it voted, as in the product.</remarks>
sealed class ControlPath
{
    public const int TickSeconds = 5;
    public const int CacheSeconds = 10;
    public const int Servers = 10;

    readonly IAdmissionPolicy? policy;
    readonly PolicyState[] states;
    readonly Vote[] votes;
    readonly string[] names;
    readonly int[] phases;
    readonly double[] limits = new double[Servers];
    readonly double[] paces = new double[Servers];
    Standing standing;
    Mode mode = Mode.Hold;

    /// <param name="policy">Null: nobody governs, and the limit stays what it is.</param>
    public ControlPath(IAdmissionPolicy? policy, double limit, int sidecars, Chance chance)
    {
        this.policy = policy;
        states = policy is null ? [] : [.. Enumerable.Range(0, sidecars).Select(_ => policy.Begin(limit))];
        votes = new Vote[states.Length];
        names = [.. Enumerable.Range(0, states.Length).Select(sidecar => $"sidecar-{sidecar}")];
        phases = [.. Enumerable.Range(0, Servers).Select(_ => (int)(chance.Unit() * CacheSeconds))];
        Array.Fill(limits, limit);
        Array.Fill(paces, double.PositiveInfinity);
        standing = Standing.Of((long)limit, 0);
        Published = new Decision(limit, double.PositiveInfinity, false, Brownout.None, Mode.Hold, Cause.Ceiling, policy is null ? "no governor" : "opens at the ceiling");
    }

    /// <summary>What the orchestrator last said.</summary>
    public Decision Published { get; private set; }

    /// <summary>What the servers together let in, from what each of them last heard.</summary>
    public double Limit { get; private set; }

    public double JoinsPerSecond { get; private set; }

    /// <summary>Every sidecar steps its policy and votes, and the votes are counted. Null where nobody governs.</summary>
    public Tally? Count(Func<int, Observation> seenBy, int second)
    {
        if (policy is null) return null;
        for (var i = 0; i < states.Length; i++)
        {
            var observation = seenBy(i);
            var step = policy.Step(states[i], observation, second);
            states[i] = step.State;
            votes[i] = VoteOf(i, step.Decision, observation, second);
            mode = step.Decision.Mode;
        }
        return Ballot.Count(votes, states.Length, standing, votes[0].Seated, epoch: null, second, second == 0 ? 0 : TickSeconds);
    }

    /// <summary>The tally holds, once hunts have shared what they share. Sidecars that voted otherwise are told.</summary>
    public void Publish(Tally tally, int second)
    {
        standing = standing.After(tally, second);
        Published = new Decision(tally.Effective, tally.JoinsPerSecond, tally.Pause, tally.Brownout, mode, tally.Cause, tally.Why);
        for (var i = 0; i < states.Length; i++)
            if (Math.Abs(votes[i].Limit - Published.Limit) >= 1) states[i] = states[i] with { Limit = Published.Limit };
    }

    /// <summary>Servers whose cache runs out in this second ask again.</summary>
    public void Refresh(int second)
    {
        for (var i = 0; i < Servers; i++)
            if ((second - phases[i]) % CacheSeconds == 0) (limits[i], paces[i]) = (Published.Limit, Published.JoinsPerSecond);
        Limit = limits.Sum() / Servers;
        JoinsPerSecond = paces.Sum() / Servers;
    }

    Vote VoteOf(int sidecar, Decision decision, Observation observation, int second) => new()
    {
        Governor = names[sidecar],
        Hunt = "",
        State = Vote.StateOf(decision.Mode),
        Limit = decision.Limit,
        JoinsPerSecond = decision.JoinsPerSecond,
        Pause = decision.Pause,
        Brownout = decision.Brownout,
        Cause = decision.Cause,
        Reason = decision.Reason,
        Until = second + Vote.Lifetime.TotalSeconds,
        PolicyHash = policy!.Name,
        Terms = new HuntTerms(observation.Ceiling, observation.Floor),
        Seated = observation.Seated,
        Waiting = observation.Waiting,
    };
}
