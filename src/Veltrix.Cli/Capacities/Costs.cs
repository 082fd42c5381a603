namespace Veltrix.Cli.Capacities;

/// <summary>
/// What hunters, submissions and frames cost, as measured; <c>bench/RESULTS.md</c> has the commands, and <c>docs/operate/capacity.md</c> says how the figures were got from them.
/// CPU is of one core of the machine there, bytes are bytes.
/// </summary>
static class Costs
{
    /// <summary>A server that carries nobody: its clockwork, and the logs it follows.</summary>
    public const double ServerCores = 0.03;

    /// <summary>One board frame to one hunter, its share of serialising and sending. Twice as much where processors have time to fall asleep between two.</summary>
    public const double FrameSeconds = 13.3e-6;

    /// <summary>One batch of decisions on every server of the hunt: woken by the log's client, read, folded, told. Few in a batch cost as much as many.</summary>
    public const double BatchSeconds = 420e-6;

    /// <summary>The same batch on its way there, once: appended by the servers that took it, decided, written.</summary>
    public const double DecisionSeconds = 985e-6;

    /// <summary>Batches a second in one hunt's ledger, however many records come: the sender to Kafka leaves five milliseconds between two.</summary>
    public const double BatchesMost = 200;

    /// <summary>One decision in a large batch, folded on every server.</summary>
    public const double CommandSeconds = 8.5e-6;

    /// <summary>One submission on its hunter's server: read, acknowledged, answered.</summary>
    public const double SubmissionSeconds = 94e-6;

    /// <summary>One join over HTTP with its connection: gate, append, decision, upgrade, welcome.</summary>
    public const double JoinSeconds = 1.3e-3;

    /// <summary>The same join in Redis, whose scripts run on one core: asking for the seat and taking it.</summary>
    public const double GateSeconds = 130e-6;

    /// <summary>A connected hunter in a server's memory after a rush, before the collector has looked: what must be there.</summary>
    public const double HunterBytesInRush = 40_000;

    /// <summary>A server that carries nobody, after a rehearsal.</summary>
    public const double ServerBytes = 215e6;

    /// <summary>A seat in Redis, with its share of the store's own.</summary>
    public const double SeatBytes = 110;

    /// <summary>A board frame on the wire.</summary>
    public const double FrameBytes = 640;

    /// <summary>Frames of one submission: sent, acknowledged, answered.</summary>
    public const double SubmissionBytes = 300;

    /// <summary>Records of one submission in both logs.</summary>
    public const double LogBytes = 300;

    /// <summary>Commands a second that one scorer decides durably.</summary>
    public const double ScorerPerSecond = 188_000;

    /// <summary>Records a second through one log on Kafka.</summary>
    public const double LogPerSecond = 216_000;

    /// <summary>Hunters that were seated in one hunt at once, on any number of servers. Beyond it everything is reckoned, not seen.</summary>
    public const double HuntersSeen = 50_000;
}
