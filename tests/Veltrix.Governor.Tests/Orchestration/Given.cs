using CsCheck;
using Veltrix.Gate;
using Veltrix.Governor.Orchestration;
using Veltrix.Governor.Policies;
using Veltrix.Wire.Governor;
using Brownout = Veltrix.Governor.Policies.Brownout;

namespace Veltrix.Governor.Tests.Orchestration;

/// <summary>What the tests of the orchestrator begin with: a hunt of 50,000 with a floor of 2,500 at second 1,000.</summary>
static class Given
{
    public const double Now = 1_000;

    public static readonly HuntTerms Terms = new(50_000, 2_500);

    public static Vote Vote(string governor, double limit, Cause cause = Cause.RedisMemory, string reason = "redis memory 0.83 of 0.80") => new()
    {
        Governor = governor,
        Hunt = "h",
        Epoch = 7,
        Limit = limit,
        Cause = cause,
        Reason = reason,
        Until = Now + 15,
        PolicyHash = "forecast-1",
        Terms = Terms,
    };

    public static IReadOnlyList<Vote> Votes(params double[] limits) => [.. limits.Select((limit, i) => Vote($"g{i}", limit))];

    public static Standing Standing(long voted) => new(voted, double.PositiveInfinity, false, Brownout.None, false, Terms, Now);

    public static Tally Count(IReadOnlyList<Vote> votes, long standing = 30_000, int electorate = 0, double seated = 0, double now = Now, double elapsed = 5) =>
        Ballot.Count(votes, electorate, Standing(standing), seated, 7, now, elapsed)!;

    public static HuntVote Sent(string hunt, double limit, long seq, Action<HuntVote>? more = null)
    {
        var vote = new HuntVote
        {
            Hunt = hunt, Epoch = 7, Seq = seq, State = VoteState.Fresh, Limit = limit, JoinsPerSecond = double.PositiveInfinity, Cause = "redis_memory", Reason = "redis memory 0.70 of 0.80",
            Mode = "ramp", ObservedAtMs = 1_000_000, ValidUntilMs = 1_015_000, PolicyHash = "forecast-1", Ceiling = 50_000, Floor = 2_500, RoomWeight = 1,
        };
        more?.Invoke(vote);
        return vote;
    }

    public static GovernorAnswer Answer(string endpoint, params HuntVote[] votes)
    {
        var response = new VoteResponse { Governor = endpoint, Load = new ServerLoad { CpuRatio = 0.5, Sockets = 5_000, SocketsMax = 20_000 } };
        response.Votes.AddRange(votes);
        return new GovernorAnswer(endpoint, response);
    }

    public static GovernorAnswer Silent(string endpoint) => new(endpoint, null);

    public static GateCounts GateAt(long seated = 0, long waiting = 0, GateLimits? limits = null, long epoch = 7, bool rebuilding = false, long joins = 0, long leaves = 0, params string[] servers) =>
        new(epoch, rebuilding, seated, waiting, joins, leaves, servers, limits, 0);

    public static GateLimits Limits(long limit, bool pinned = false) => new(limit, 0, false, 0, 0, false, "before", "none", pinned, 50_000, false, 1);

    /// <summary>Anything that a program gone wrong, or a liar, may send.</summary>
    public static readonly Gen<double> AnyDouble = Gen.OneOf(
        Gen.Double, Gen.Double[-1e6, 1e6], Gen.OneOf<double>(double.NaN, double.PositiveInfinity, double.NegativeInfinity, 0, -1, double.MaxValue, double.Epsilon, 50_000, 2_500));

    /// <summary>Mostly what may be, sometimes anything: a liar whose every number is absurd is never believed in the first place.</summary>
    public static Gen<T> Mostly<T>(Gen<T> plausible, Gen<T> any) => Gen.Int[0, 9].SelectMany(die => die < 9 ? plausible : any);

    public static readonly Gen<VoteState> AnyState = Gen.Int[-1, 4].Select(state => (VoteState)state);
}
