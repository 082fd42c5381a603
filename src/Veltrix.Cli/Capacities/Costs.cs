namespace Veltrix.Cli.Capacities;

/// <summary>
/// What hunters, submissions and frames cost, as measured; <c>bench/RESULTS.md</c> has the commands, and <c>docs/operate/capacity.md</c> says how the figures were got from them.
/// CPU is of one core of the machine there, bytes are bytes.
/// </summary>
static class Costs
{
    /// <summary>A server that carries nobody: its clockwork, and the logs it follows.</summary>
    public const double ServerCores = 0.06;

    /// <summary>One board frame to one hunter, its share of serialising and sending.</summary>
    public const double FrameSeconds = 22e-6;

    /// <summary>One submission at the server that takes it: frame, append, ack, outcome.</summary>
    public const double SubmissionSeconds = 120e-6;

    /// <summary>One command decided by the hunt's scorer, and put into the ledger.</summary>
    public const double DecideSeconds = 8.5e-6;

    /// <summary>One decision folded into state and board, which every server does for every hunt.</summary>
    public const double FoldSeconds = 4e-6;

    /// <summary>One join over HTTP with its connection: gate, append, decision, upgrade, welcome.</summary>
    public const double JoinSeconds = 1.6e-3;

    /// <summary>A connected hunter in a server's memory.</summary>
    public const double HunterBytes = 17_300;

    /// <summary>The same after a rush, before the collector has looked: what must be there.</summary>
    public const double HunterBytesInRush = 36_000;

    /// <summary>A server that carries nobody.</summary>
    public const double ServerBytes = 210e6;

    /// <summary>A seat in Redis, with its share of the store's own.</summary>
    public const double SeatBytes = 200;

    /// <summary>A board frame on the wire.</summary>
    public const double FrameBytes = 560;

    /// <summary>Frames of one submission: sent, acknowledged, answered.</summary>
    public const double SubmissionBytes = 700;

    /// <summary>Records of one submission in both logs.</summary>
    public const double LogBytes = 300;

    /// <summary>Commands a second that one scorer decides durably.</summary>
    public const double ScorerPerSecond = 188_000;

    /// <summary>Records a second through one log on Kafka.</summary>
    public const double LogPerSecond = 216_000;

    /// <summary>Hunters that were seated in one hunt at once, on any number of servers. Beyond it everything is reckoned, not seen.</summary>
    public const double HuntersSeen = 46_837;
}
