namespace Veltrix.Gate;

/// <summary>
/// One hunt's gate in the shared store: who holds a seat, who waits, and the live values that the orchestrator publishes. One atomic script is the only way to a seat.
/// </summary>
/// <remarks>
/// All members may be called from any thread and any server. Each throws <see cref="GateException"/> where the store is away, rebuilding or read-only; then nothing has been granted
/// that was not granted before.
/// </remarks>
public sealed class HuntGate
{
    /// <summary>
    /// Asks for a seat for a hunter: the seat it holds already (on whatever server), a free one if nobody waits before it, or a place in the waiting list.
    /// Asking again keeps the place and counts as a sign of life.
    /// </summary>
    /// <param name="order">The place in the list: smaller first. Milliseconds since 1970 of the arrival; a lot in [0, 1) for those who came before the opening.</param>
    /// <param name="priority">Holds a priority pass: waits in the list that gets its own small share.</param>
    /// <param name="claim">How long the seat is kept for a hunter that does not connect.</param>
    /// <param name="open">False before a hunt opens where lots are drawn: everybody waits.</param>
    public Task<SeatAnswer> Ask(string hunter, double order, bool priority, TimeSpan claim, bool open, CancellationToken cancel) => throw new NotSupportedException();

    /// <summary>A hunter that holds a seat is connected to this server: the seat is this server's, and lives as long as its lease. False: it holds none.</summary>
    public Task<bool> Attach(string hunter, string server, CancellationToken cancel) => throw new NotSupportedException();

    /// <summary>A hunter's last connection to this server was lost: the seat is kept for the grace. Without effect where the seat has moved to another server.</summary>
    public Task Detach(string hunter, string server, TimeSpan grace, CancellationToken cancel) => throw new NotSupportedException();

    /// <summary>Gives up seat and place.</summary>
    public Task Leave(string hunter, CancellationToken cancel) => throw new NotSupportedException();

    /// <summary>A server's sign of life, once a second or so. Brings the live values.</summary>
    /// <param name="holds">All hunters connected here, given once after the start and whenever the answer asks for it (<see cref="GateLive.WantsSeats"/>); null otherwise.</param>
    public Task<GateLive> Renew(string server, TimeSpan lease, IReadOnlyCollection<string>? holds, CancellationToken cancel) => throw new NotSupportedException();

    /// <summary>
    /// Lets in the first of those who wait, as far as limit and pace allow, and cleans up: seats and places that have run out, servers that are gone.
    /// Any server may call it at any time; once a second from each is plenty.
    /// </summary>
    /// <returns>The hunters let in, each with a seat that must be claimed.</returns>
    public Task<IReadOnlyList<string>> Admit(TimeSpan claim, TimeSpan patience, TimeSpan grace, CancellationToken cancel) => throw new NotSupportedException();

    /// <summary>All who wait, in order, those with a pass first: the place of a hunter is its index + 1. About 20 bytes each over the wire.</summary>
    public Task<IReadOnlyList<string>> Waiting(CancellationToken cancel) => throw new NotSupportedException();

    /// <summary>Those of the given who hold a seat.</summary>
    public Task<IReadOnlyList<string>> Seated(IReadOnlyCollection<string> hunters, CancellationToken cancel) => throw new NotSupportedException();

    /// <summary>Signs of life of those who wait with a connection here, in one call.</summary>
    public Task Seen(IReadOnlyCollection<string> hunters, CancellationToken cancel) => throw new NotSupportedException();

    /// <summary>Counts and live values, as the governor reads them.</summary>
    public Task<GateCounts> Counts(CancellationToken cancel) => throw new NotSupportedException();

    /// <summary>Publishes live values. Only the leading orchestrator does (or a server that nobody governs): one of an older term is refused with false.</summary>
    public Task<bool> Publish(long term, GateLimits limits, CancellationToken cancel) => throw new NotSupportedException();

    /// <summary>Opens the gate after its keys were lost: called by the leader when every live server has reported or 10 s have passed.</summary>
    public Task Reopen(long term, CancellationToken cancel) => throw new NotSupportedException();

    /// <summary>Removes everything of this hunt.</summary>
    public Task Forget(CancellationToken cancel) => throw new NotSupportedException();

    /// <summary>What the script wrote down, oldest first; empty unless <c>gate.audit</c> is on.</summary>
    public Task<IReadOnlyList<GrantRecord>> Audit(CancellationToken cancel) => throw new NotSupportedException();
}

public enum SeatState
{
    /// <summary>Holds a seat: now, or already.</summary>
    Seated,
    /// <summary>In the waiting list.</summary>
    Waiting,
}

/// <param name="Place">From 1; 0 for the seated. May be a second old.</param>
/// <param name="IsNew">The seat was granted by this very call.</param>
public readonly record struct SeatAnswer(SeatState State, long Place, bool IsNew, long Seated, long Limit, long Waiting);

/// <summary>What the orchestrator publishes for a hunt.</summary>
/// <param name="JoinsPerSecond">Pace of new seats; 0 or less: not paced.</param>
public sealed record GateLimits(
    long Limit, double JoinsPerSecond, bool Pause, double BrownoutMemory, double BrownoutLag, bool Guard, string Reason, string Cause, bool Pinned, long Ceiling, bool Audit, long AtMs);

/// <param name="Epoch">Of the gate's keys: another one means that they were lost and made anew.</param>
/// <param name="WantsSeats">The gate is rebuilding and does not know this server's seats.</param>
/// <param name="Limits">Null until somebody has published.</param>
public sealed record GateLive(long Epoch, bool WantsSeats, GateLimits? Limits, long Seated, long Waiting);

/// <param name="Joins">Seats given since the gate's keys were made.</param>
/// <param name="Leaves">Seats given back since then.</param>
/// <param name="Servers">With a lease, by name.</param>
/// <param name="At">Timestamp of the clock handed in, taken when this was asked for.</param>
public sealed record GateCounts(long Epoch, bool Rebuilding, long Seated, long Waiting, long Joins, long Leaves, IReadOnlyList<string> Servers, GateLimits? Limits, long At);

/// <summary>One grant as the script saw it: <paramref name="Count"/> before it, under <paramref name="Limit"/>.</summary>
public readonly record struct GrantRecord(string Hunter, long Count, long Limit, long AtMs);
