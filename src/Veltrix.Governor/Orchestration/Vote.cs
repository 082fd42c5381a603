using Veltrix.Governor.Policies;
using Veltrix.Hosting;
using VoteState = Veltrix.Wire.Governor.VoteState;

namespace Veltrix.Governor.Orchestration;

/// <summary>One governor's word on one hunt, as it was heard.</summary>
public sealed record Vote
{
    /// <summary>The longest that a vote counts after it was first heard, whatever it says itself.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(15);

    // In votes and in the store "0 or less" is not paced at all, so that "nobody" must be a number.
    const double PaceLeast = 0.01;

    // A governor gone wrong may send a book; a reason goes into the store and to every server.
    const int TextMax = 200;

    public required string Governor { get; init; }

    public required string Hunt { get; init; }

    /// <summary>Of the hunt's gate that was measured; 0: it does not know.</summary>
    public long Epoch { get; init; }

    public VoteState State { get; init; } = VoteState.Fresh;

    public double Limit { get; init; }

    /// <summary>Pace of joins; infinite: not paced; 0: nobody.</summary>
    public double JoinsPerSecond { get; init; } = double.PositiveInfinity;

    public bool Pause { get; init; }

    public Brownout Brownout { get; init; }

    public Cause Cause { get; init; }

    public string Reason { get; init; } = "";

    /// <summary>Counts before this moment of the orchestrator's monotonic clock, in seconds.</summary>
    public required double Until { get; init; }

    public string PolicyHash { get; init; } = "";

    /// <summary>What people have set for the hunt, as this governor was told.</summary>
    public required HuntTerms Terms { get; init; }

    public double Seated { get; init; }

    public double Waiting { get; init; }

    /// <summary>How many hunters the server beside it takes; null: it has no cap of its own.</summary>
    public double? ServerCap { get; init; }

    /// <summary>Wants joins guarded: paced by address range, with a proof of work.</summary>
    public bool Guard { get; init; }

    /// <summary>The share of the ceiling that people let the hunt open with.</summary>
    public double FirstWindow { get; init; } = Keys.FirstWindow.Default;

    /// <summary>False where a number is none, or cannot be meant: such a vote counts for nothing.</summary>
    public bool IsWellFormed =>
        State is VoteState.Fresh or VoteState.Stale or VoteState.Abstain
        && Terms.IsSound
        && (State != VoteState.Fresh || (IsAmount(Limit) && JoinsPerSecond >= 0 && IsRatio(Brownout.Memory) && IsRatio(Brownout.Lag)))
        && Keys.FirstWindow.Allows(FirstWindow)
        && ServerCap is null or (>= 0 and < double.PositiveInfinity);

    /// <summary>
    /// Reads a vote. How long it counts is measured by the orchestrator's own clock from when this very vote was first heard: wall clocks differ and jump, and a governor that repeats an old
    /// vote has nothing new to say.
    /// </summary>
    /// <param name="firstHeard">In seconds of the orchestrator's monotonic clock.</param>
    public static Vote Read(string governor, Wire.Governor.HuntVote wire, double firstHeard) => new()
    {
        Governor = governor,
        Hunt = wire.Hunt,
        Epoch = wire.Epoch,
        State = wire.State,
        Limit = wire.Limit,
        // As in the store: 0 or less is not paced.
        JoinsPerSecond = wire.JoinsPerSecond <= 0 ? double.PositiveInfinity : wire.JoinsPerSecond,
        Pause = wire.Pause,
        Brownout = wire.Brownout is { } brownout ? new Brownout(brownout.Memory, brownout.Lag) : Brownout.None,
        Cause = Words.CauseOf(wire.Cause),
        Reason = Clip(wire.Reason),
        Until = firstHeard + Math.Clamp((wire.ValidUntilMs - (double)wire.ObservedAtMs) / 1000, 0, Lifetime.TotalSeconds),
        PolicyHash = wire.PolicyHash,
        Terms = new HuntTerms(wire.Ceiling, wire.Floor, wire.HasPinLimit ? wire.PinLimit : null, Clip(wire.PinOrigin), Math.Clamp(wire.RoomWeight, 1, 1_000), wire.Audit),
        Seated = wire.Seated,
        Waiting = wire.Waiting,
        ServerCap = wire.HasServerCap ? wire.ServerCap : null,
        Guard = wire.Guard,
        FirstWindow = wire.HasFirstWindow ? wire.FirstWindow : Keys.FirstWindow.Default,
    };

    /// <summary>What a governor's vote is worth while its policy is in this mode.</summary>
    public static VoteState StateOf(Mode mode) => mode switch { Mode.Abstain => VoteState.Abstain, Mode.Stale => VoteState.Stale, _ => VoteState.Fresh };

    /// <summary>A pace of joins as votes and the store have it: 0 is not paced at all; one that lets in nobody is the least there is. What is no number stays none, so that nobody takes it for a pace.</summary>
    public static double PaceOnWire(double joinsPerSecond) => double.IsPositiveInfinity(joinsPerSecond) ? 0 : Math.Max(PaceLeast, joinsPerSecond);

    internal static bool IsAmount(double number) => number is >= 0 and < double.PositiveInfinity;

    static bool IsRatio(double number) => number is >= 0 and <= 1;

    static string Clip(string text)
    {
        if (text.Length > TextMax) text = text[..(TextMax - 1)] + "…";
        return text.Any(char.IsControl) ? new string([.. text.Select(letter => char.IsControl(letter) ? ' ' : letter)]) : text;
    }
}
