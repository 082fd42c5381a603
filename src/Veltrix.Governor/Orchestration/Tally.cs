using Veltrix.Governor.Policies;

namespace Veltrix.Governor.Orchestration;

/// <summary>What all votes on one hunt came to, with the reason.</summary>
public sealed record Tally
{
    public required HuntTerms Terms { get; init; }

    /// <summary>The limit as voted: within floor and ceiling, a pin left aside.</summary>
    public required long Voted { get; init; }

    /// <summary>Pace of joins; infinite: not paced.</summary>
    public required double JoinsPerSecond { get; init; }

    public required bool Pause { get; init; }

    public required Brownout Brownout { get; init; }

    public required bool Guard { get; init; }

    /// <summary>Of the vote that decided, or of the bound that held.</summary>
    public required Cause Cause { get; init; }

    /// <summary>Why, in words and numbers, without the limits.</summary>
    public required string Why { get; init; }

    /// <summary>False: too few votes, so that nothing rises.</summary>
    public required bool HasQuorum { get; init; }

    /// <summary>Votes that counted, those too old, and those that were not well formed, measured another gate or followed other rules.</summary>
    public int Fresh { get; init; }

    public int Expired { get; init; }

    public int Rejected { get; init; }

    /// <summary>Votes without a word on the limit: stale, or abstaining.</summary>
    public int Silent { get; init; }

    /// <summary>Governors that should have voted.</summary>
    public int Electorate { get; init; }

    /// <summary>Highest less lowest vote, over the ceiling.</summary>
    public double Spread { get; init; }

    /// <summary>All servers' own caps together are less than what was voted: more servers would help.</summary>
    public bool ServersBind { get; init; }

    /// <summary>What holds: the pin if people set one, else what was voted.</summary>
    public long Effective => Terms.Pin ?? Voted;

    public Cause EffectiveCause => Terms.Pin is null ? Cause : Cause.Manual;

    /// <summary>"31,200 → 29,800: redis memory 0.83 of 0.80 (2nd lowest of 5 votes)"</summary>
    /// <param name="from">The limit before.</param>
    public string Reason(long from) => Words.Move(from, Effective, Terms.Pin is null
        ? Why
        : $"pinned{(Terms.PinOrigin.Length > 0 ? $" ({Terms.PinOrigin})" : "")}; {Words.Whole(Voted)} voted: {Why}");
}

/// <summary>What held when the votes were counted: where a limit comes from and goes on from.</summary>
/// <param name="Voted">The last limit that was voted, or published by whoever led before.</param>
/// <param name="Terms">What people had set; null: not heard yet.</param>
/// <param name="QuorumAt">When there last were votes enough, in seconds of the monotonic clock; the start of this orchestrator if never.</param>
public sealed record Standing(long Voted, double JoinsPerSecond, bool Pause, Brownout Brownout, bool Guard, HuntTerms? Terms, double QuorumAt)
{
    public static Standing Of(long limit, double now) => new(limit, double.PositiveInfinity, false, Brownout.None, false, null, now);

    public Standing After(Tally tally, double now) =>
        new(tally.Voted, tally.JoinsPerSecond, tally.Pause, tally.Brownout, tally.Guard, tally.Terms, tally.HasQuorum ? now : QuorumAt);
}
