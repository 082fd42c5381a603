using System.Globalization;
using StackExchange.Redis;

namespace Veltrix.Gate;

/// <summary>
/// One hunt's gate in the shared store: who holds a seat, who waits, and the live values that the orchestrator publishes. One atomic script is the only way to a seat.
/// </summary>
/// <remarks>
/// All members may be called from any thread and any server. Each throws <see cref="GateException"/> where the store is away, rebuilding or read-only; then nothing has been granted
/// that was not granted before. While it is rebuilding <see cref="Renew"/>, <see cref="Detach"/>, <see cref="Leave"/>, <see cref="Counts"/> and <see cref="Publish"/> work as ever, and
/// <see cref="Attach"/> where the seat has been reported. A server's name should be short: it is kept with each of its seats.
/// </remarks>
public sealed class HuntGate
{
    /// <summary>How long a seat is kept whose server has no lease, or does not know of it: the least that a grace may be.</summary>
    static readonly TimeSpan Lent = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The place of one who had a seat that the store may have lost, before all others. For 15 s after the gate was opened over seats that servers had reported, nobody else gets one: whoever was on a server
    /// that could not report, as it had died or hung, is on its way back (<see cref="GateLive.IsReturning"/>). The limit holds for it; a pause and the pace of joins do not.
    /// </summary>
    public const double Returns = -1;

    /// <summary>Hunters in one run of a script, so that none holds up the others for more than a millisecond or two.</summary>
    const int Batch = 500;

    /// <summary>Batches in one <see cref="Admit"/>: it comes to an end however many wait.</summary>
    const int Batches = 20;

    readonly GateStore _store;
    readonly RedisKey[] _keys;

    internal HuntGate(GateStore store, string id, string prefix)
    {
        (_store, Id) = (store, id);
        // One hash tag, so that a cluster keeps them together. The order is that of gate.lua.
        _keys = [.. GateKeys.Names.Select(name => (RedisKey)$"{{{prefix}{id}}}:{name}")];
    }

    public string Id { get; }

    /// <summary>Milliseconds since 1970 instead of the store's clock, for tests that cannot wait.</summary>
    internal Func<long>? Now { get; set; }

    /// <summary>
    /// Asks for a seat for a hunter: the seat it holds already (on whatever server), a free one if nobody waits before it, or a place in the waiting list.
    /// Asking again keeps the place and counts as a sign of life.
    /// </summary>
    /// <param name="order">The place in the list: smaller first. Milliseconds since 1970 of the arrival; a lot in [0, 1) for those who came before the opening; <see cref="Returns"/>.</param>
    /// <param name="priority">Holds a priority pass: waits in the list that gets its own small share.</param>
    /// <param name="claim">How long the seat is kept for a hunter that does not connect.</param>
    /// <param name="open">False before a hunt opens where lots are drawn: everybody waits.</param>
    /// <param name="comes">It takes the seat now, so a seat that it has is kept for the whole claim again; false: it only looks where it stands.</param>
    /// <param name="hadSeat">For all that is known it had a seat when the store was last whole: its place is <see cref="Returns"/> in the 15 s after the gate was opened over reported seats.</param>
    public async Task<SeatAnswer> Ask(string hunter, double order, bool priority, TimeSpan claim, bool open, bool comes, CancellationToken cancel, bool hadSeat = false)
    {
        var answer = await Run(GateScript.Ask, "asking for a seat", cancel, hunter, order, Flag(priority), Ms(claim), Flag(open), Flag(comes), Flag(hadSeat));
        var place = (long)answer[1];
        return new SeatAnswer(place == 0 ? SeatState.Seated : SeatState.Waiting, place, (int)answer[2] == 1, (long)answer[3], (long)answer[4], (long)answer[5]);
    }

    /// <summary>A hunter that holds a seat is connected to this server: the seat is this server's, and lives as long as its lease. False: it holds none.</summary>
    public async Task<bool> Attach(string hunter, string server, CancellationToken cancel) =>
        (int)(await Run(GateScript.Attach, "taking a seat", cancel, hunter, server, Ms(Lent)))[1] == 1;

    /// <summary>The last connections of these hunters to this server were lost: their seats are kept for the grace. Without effect on a seat that has moved to another server.</summary>
    public Task Detach(IReadOnlyCollection<string> hunters, string server, TimeSpan grace, CancellationToken cancel) =>
        Task.WhenAll(hunters.Chunk(Batch).Select(part =>
            Run(GateScript.Detach, "keeping seats for their grace", cancel, [server, Ms(grace), .. part.Select(hunter => (RedisValue)hunter)])));

    /// <summary>Gives up seat and place.</summary>
    public Task Leave(string hunter, CancellationToken cancel) => Run(GateScript.Leave, "giving up a seat", cancel, hunter);

    /// <summary>A server's sign of life, once a second or so. Brings the live values.</summary>
    /// <param name="holds">All hunters connected here, given once after the start and whenever the answer asks for it (<see cref="GateLive.WantsSeats"/>); null otherwise. Those who were, and are in their
    /// grace, come with what is left of it; the connected with none.</param>
    /// <param name="address">Where clients find this server, for others to send theirs to (<see cref="GateLive.Elsewhere"/>); empty: nobody is sent there.</param>
    /// <remarks>
    /// A report is the whole truth about a server: seats in it are counted without regard to the limit, for their hunters are playing, and any other that was down as this server's, from a run
    /// before or because a <see cref="Detach"/> was lost, is kept for 10 s only. Somebody in its grace gets its seat back where the store lost its keys, and only then. It is sent at once: what is called after it takes effect after it. One that failed is to be made again.
    /// </remarks>
    public async Task<GateLive> Renew(string server, TimeSpan lease, IReadOnlyCollection<(string Hunter, TimeSpan Left)>? holds, CancellationToken cancel, string address = "")
    {
        RedisValue[][] parts = holds is { Count: > 0 } ? [.. holds.Chunk(Batch).Select(part => part.SelectMany(held => new RedisValue[] { held.Hunter, Ms(held.Left) }).ToArray())] : [[]];
        var answers = await Task.WhenAll(parts.Select((part, index) => Run(GateScript.Renew, "renewing a server's lease", cancel,
            [server, Ms(lease), Flag(holds is not null), Flag(index == 0), Flag(index == parts.Length - 1), Ms(Lent), address, .. part])));
        var answer = answers[^1];
        return new GateLive((long)answer[1], (int)answer[2] == 1, LimitFields.Read(answer[5]), (long)answer[3], (long)answer[4], (string[])answer[6]!) { IsReturning = (int)answer[7] == 1 };
    }

    /// <summary>
    /// Lets in the first of those who wait, as far as limit and pace allow, and cleans up: seats and places that have run out, servers that are gone.
    /// Any server may call it at any time; once a second from each is plenty.
    /// </summary>
    /// <param name="passShare">The share of the limit that those with a pass may take ahead of others; beyond it they are let in by their order like everybody.</param>
    /// <param name="open">False before a hunt opens where lots are drawn: cleans up and lets nobody in.</param>
    /// <returns>The hunters let in, each with a seat that must be claimed.</returns>
    /// <remarks>
    /// 1. <see cref="Sweep"/>: seats not claimed or past their grace are free, places of those who are gone are dropped.
    /// 2. <see cref="Orphan"/>: the seats of servers whose lease ran out get their grace.
    /// 3. <see cref="LetIn"/>: by pass within the share, else by order, until the rule says no.
    /// Each in batches; servers that do it at the same time do no harm.
    /// </remarks>
    public async Task<IReadOnlyList<string>> Admit(
        TimeSpan claim, TimeSpan patience, TimeSpan grace, CancellationToken cancel, double passShare = 0.02, bool open = true)
    {
        foreach (var server in await Sweep(patience, cancel)) await Orphan(server, grace, cancel);
        return open ? await LetIn(claim, passShare, cancel) : [];
    }

    async Task<IReadOnlyList<string>> Sweep(TimeSpan patience, CancellationToken cancel)
    {
        for (var batch = 1; ; batch++)
        {
            var answer = await Run(GateScript.Sweep, "clearing what ran out", cancel, Ms(patience), Batch);
            if ((int)answer[1] < Batch || batch == Batches) return (string[])answer[2]!;
        }
    }

    async Task Orphan(string server, TimeSpan grace, CancellationToken cancel)
    {
        const string what = "keeping the seats of a lost server";
        // HSCAN names every seat that is there from its beginning to its end. No seat of this server is added meanwhile: without a lease, one that it attaches has an end of its own.
        var cursor = "0";
        do
        {
            var page = (RedisResult[])(await _store.Call(store => store.ExecuteAsync("HSCAN", _keys[GateKeys.Seats], cursor, "COUNT", Batch), what, cancel))!;
            cursor = (string)page[0]!;
            var hunters = ((RedisValue[])page[1]!).Chunk(2).Where(seat => seat[1] == server).Select(seat => seat[0]);
            foreach (var some in hunters.Chunk(Batch))
                if ((int)(await Run(GateScript.Orphan, what, cancel, [server, Ms(grace), 0, .. some]))[1] == 0)
                    return;
        }
        while (cursor != "0");
        await Run(GateScript.Orphan, what, cancel, server, Ms(grace), 1);
    }

    async Task<IReadOnlyList<string>> LetIn(TimeSpan claim, double passShare, CancellationToken cancel)
    {
        var admitted = new List<string>();
        for (var batch = 1; ; batch++)
        {
            var answer = await Run(GateScript.Admit, "letting hunters in", cancel, Ms(claim), passShare, Batch);
            admitted.AddRange(answer.Skip(1).Select(hunter => (string)hunter!));
            if (answer.Length - 1 < Batch || batch == Batches) return admitted;
        }
    }

    /// <summary>All who wait, in order, those with a pass first: the place of a hunter is its index + 1. About 20 bytes each over the wire.</summary>
    public async Task<IReadOnlyList<string>> Waiting(CancellationToken cancel)
    {
        const string what = "listing who waits";
        var open = _store.Call(store => store.KeyExistsAsync(_keys[GateKeys.Epoch]), what, cancel);
        var passes = _store.Call(store => store.SortedSetRangeByRankAsync(_keys[GateKeys.Passes]), what, cancel);
        var others = _store.Call(store => store.SortedSetRangeByRankAsync(_keys[GateKeys.Waiting]), what, cancel);
        await Task.WhenAll(open, passes, others);
        return await open ? [.. (await passes).Concat(await others).Select(hunter => hunter.ToString())] : throw Rebuilding(what);
    }

    /// <summary>Those of the given who hold a seat.</summary>
    public async Task<IReadOnlyList<string>> Seated(IReadOnlyCollection<string> hunters, CancellationToken cancel)
    {
        const string what = "asking who is seated";
        var open = _store.Call(store => store.KeyExistsAsync(_keys[GateKeys.Epoch]), what, cancel);
        var parts = hunters.Chunk(Batch)
            .Select(part => (part, seats: _store.Call(store => store.HashGetAsync(_keys[GateKeys.Seats], [.. part.Select(hunter => (RedisValue)hunter)]), what, cancel))).ToList();
        await Task.WhenAll(parts.Select(part => part.seats).Append<Task>(open));
        if (!await open) throw Rebuilding(what);
        var seated = new List<string>();
        foreach (var (part, seats) in parts)
            seated.AddRange(part.Zip(await seats).Where(seat => !seat.Second.IsNull).Select(seat => seat.First));
        return seated;
    }

    /// <summary>Signs of life of those who wait with a connection here, in one call.</summary>
    public Task Seen(IReadOnlyCollection<string> hunters, CancellationToken cancel) =>
        Task.WhenAll(hunters.Chunk(Batch).Select(part => Run(GateScript.Seen, "telling who still waits", cancel, [.. part.Select(hunter => (RedisValue)hunter)])));

    /// <summary>Counts and live values, as the governor reads them.</summary>
    public async Task<GateCounts> Counts(CancellationToken cancel)
    {
        var at = _store.Clock.GetTimestamp();
        var answer = await Run(GateScript.Counts, "counting seats", cancel);
        var epoch = (long)answer[1];
        return new GateCounts(
            epoch, epoch == 0, (long)answer[2], (long)answer[3], (long)answer[4], (long)answer[5], (string[])answer[6]!, LimitFields.Read(answer[7]), at) { IsReturning = (int)answer[8] == 1 };
    }

    /// <summary>Publishes live values. Only the leading orchestrator does (or a server that nobody governs): one of an older term is refused with false.</summary>
    public async Task<bool> Publish(long term, GateLimits limits, CancellationToken cancel) =>
        (int)(await Run(GateScript.Publish, "publishing live values", cancel, [term, .. LimitFields.Write(limits)]))[1] == 1;

    /// <summary>Opens the gate after its keys were lost: called by the leader when every live server has reported or 10 s have passed.</summary>
    /// <remarks>A hunt's first opening is the same. Without effect where it is open, or where a newer term has published.</remarks>
    public Task Reopen(long term, CancellationToken cancel) => Run(GateScript.Reopen, "opening the gate", cancel, term);

    /// <summary>What somebody types who gives the gate back to servers that nobody governs, once all orchestrators are gone for good.</summary>
    public string EndOfTerms => $"redis-cli -u redis://{_store.Endpoint} HDEL '{_keys[GateKeys.Gate]}' term";

    /// <summary>Removes everything of this hunt.</summary>
    public Task Forget(CancellationToken cancel) => _store.Call(store => store.KeyDeleteAsync(_keys), "removing a hunt's keys", cancel);

    /// <summary>What the script wrote down, oldest first; empty unless <c>gate.audit</c> is on.</summary>
    public async Task<IReadOnlyList<GrantRecord>> Audit(CancellationToken cancel)
    {
        var lines = await _store.Call(store => store.ListRangeAsync(_keys[GateKeys.Audit]), "reading what was granted", cancel);
        return [.. lines.Select(line => line.ToString().Split(' ', 4)).Select(part => new GrantRecord(part[3], Whole(part[0]), Whole(part[1]), Whole(part[2])))];
    }

    async Task<RedisResult[]> Run(GateScript script, string what, CancellationToken cancel, params RedisValue[] arguments)
    {
        const int rebuilding = -1;
        var answer = await _store.Run(script, _keys, [Now?.Invoke() ?? 0, .. arguments], what, cancel);
        return (int)answer[0] == rebuilding ? throw Rebuilding(what) : answer;
    }

    GateException Rebuilding(string what) => new(GateFault.Rebuilding,
        $"The gate of hunt {Id} at {_store.Endpoint} is rebuilding, while {what}: its keys were lost or not made yet. Nobody is let in until servers have reported their seats and the "
        + "orchestrator has opened it, which takes some ten seconds; those who play go on.");

    static RedisValue Flag(bool value) => value ? 1 : 0;

    static long Ms(TimeSpan time) => (long)time.TotalMilliseconds;

    static long Whole(string text) => long.Parse(text, CultureInfo.InvariantCulture);
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
/// <param name="Elsewhere">Where clients find the other servers that live and have said so.</param>
public sealed record GateLive(long Epoch, bool WantsSeats, GateLimits? Limits, long Seated, long Waiting, IReadOnlyList<string> Elsewhere)
{
    /// <summary>The gate was put together again a moment ago, and lets in those alone who had a seat (<see cref="HuntGate.Returns"/>).</summary>
    public bool IsReturning { get; init; }
}

/// <param name="Joins">Seats given since the gate's keys were made.</param>
/// <param name="Leaves">Seats given back since then.</param>
/// <param name="Servers">With a lease, by name.</param>
/// <param name="At">Timestamp of the clock handed in, taken when this was asked for.</param>
public sealed record GateCounts(long Epoch, bool Rebuilding, long Seated, long Waiting, long Joins, long Leaves, IReadOnlyList<string> Servers, GateLimits? Limits, long At)
{
    /// <summary>As <see cref="GateLive.IsReturning"/>.</summary>
    public bool IsReturning { get; init; }
}

/// <summary>One grant as the script saw it: <paramref name="Count"/> before it, under <paramref name="Limit"/>.</summary>
public readonly record struct GrantRecord(string Hunter, long Count, long Limit, long AtMs);
