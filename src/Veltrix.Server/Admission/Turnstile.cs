using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Veltrix.Gate;
using Veltrix.Hosting;
using Veltrix.Hunts;
using Veltrix.Server.Leaderboards;
using Veltrix.Server.Live;
using Veltrix.Wire.Governor;

namespace Veltrix.Server.Admission;

/// <summary>
/// One hunt's entrance on this server: knows whether it is worth asking for a seat, asks the gate, keeps the seats of those connected here, and looks after those who wait.
/// </summary>
/// <remarks>
/// <para>Once a second (<see cref="Tick"/>), off everybody's path:</para>
/// <list type="number">
/// <item><see cref="Renew"/>: a sign of life, answered with the live values; after the store forgot, with a report of all seats here.</item>
/// <item><see cref="OwnLimit"/>: where nobody governs, the limit is the ceiling that people set.</item>
/// <item><see cref="LetIn"/>: the gate lets in whom limit and pace allow; whoever of them waits here is told.</item>
/// <item><see cref="WaitingFrames.SendDue"/>: the others hear where they stand, also while the store is away.</item>
/// </list>
/// <para>Where the store does not answer, those who play go on, those who want in are refused with when to come back, those who wait keep their tickets and so their places.</para>
/// </remarks>
public sealed partial class Turnstile
{
    /// <summary>Places that are asked for anew in one tick, after the store forgot them.</summary>
    const int AskedAnewAtOnce = 500;

    readonly LiveHunt hunt;
    readonly Admissions house;
    readonly HuntGate gate;
    readonly GateCall call;
    readonly ILogger logger;
    readonly WaitingRoom room = new();
    readonly WaitingFrames frames;
    readonly SeatsHere seats;
    readonly Drain drain;
    readonly OwnLimit own;
    readonly Lock touching = new();
    HashSet<string> touched = new(StringComparer.Ordinal);
    volatile Door door;
    volatile GateLive live = new(0, false, null, 0, 0, []);
    volatile Dictionary<string, int> places = new(StringComparer.Ordinal);
    // As it was when the store last lost its keys.
    volatile Dictionary<string, int> waitedAtLoss = new(StringComparer.Ordinal);
    volatile Guidance? guidance;
    long guidedAt;
    volatile string fault = "";
    long lastSeen;
    readonly SemaphoreSlim turning = new(1);
    volatile bool isReady;
    bool isForgotten;
    int reportedTo;
    int cameSince;

    internal Turnstile(LiveHunt hunt, Admissions house)
    {
        this.hunt = hunt;
        this.house = house;
        logger = house.Logger;
        gate = house.Store.Hunt(hunt.Id);
        call = new GateCall(house.Clock);
        drain = new Drain(house.Clock);
        own = new OwnLimit(hunt, house, gate, call);
        frames = new WaitingFrames(hunt, house);
        seats = new SeatsHere(gate, call, house.Server, () => Grace);
        guidedAt = house.Clock.GetTimestamp();
        door = new Door(false, "this server has just started and does not know the limit yet");
    }

    public string Hunt => hunt.Id;

    internal LiveHunt HuntBehind => hunt;

    /// <summary>The check on every join's path: one look at memory. How old it may be is the tick's to watch.</summary>
    public bool IsOpen => door.IsOpen;

    /// <summary>Why <see cref="IsOpen"/> is false.</summary>
    public string WhyClosed => door.Why;

    /// <summary>Hunters allowed now.</summary>
    public long Limit => guidance?.Limit ?? live.Limits?.Limit ?? 0;

    public long Seated => live.Seated;

    public long Waiting => live.Waiting;

    /// <summary>Hunters with a seat, connected here.</summary>
    public int SeatedHere => seats.Count;

    /// <summary>Hunters that wait with a connection here.</summary>
    public int WaitingHere => room.Count;

    /// <summary>Whether joins are paced by address range and cost a proof of work.</summary>
    public bool IsGuarded => house.Settings.Get(Keys.JoinGuard, Hunt) switch
    {
        "on" => true,
        "off" => false,
        _ => (guidance?.Guard ?? live.Limits?.Guard ?? false) || IsScarce || DrawsAt() is not null,
    };

    // The governor looks every few seconds, and a script takes thousands of seats in one: so whoever came here since the last look at the gate counts too.
    bool IsScarce => live.Seated + live.Waiting + Volatile.Read(ref cameSince) >= house.Settings.Get(Keys.JoinScarce, Hunt) * Limit;

    /// <summary>The setting that <see cref="Limit"/> comes from.</summary>
    internal LimitSource Source => LimitSource.Of(house.Settings, Hunt, live.Limits) with
    {
        Why = guidance?.Reason ?? (own.IsOverruled ? OwnLimit.Overruled : live.Limits?.Reason) ?? WhyClosed,
    };

    /// <summary>How long a seat is kept for a hunter whose connection was lost: shorter in a brownout, never under ten seconds.</summary>
    public TimeSpan Grace
    {
        get
        {
            var grace = house.Settings.Get(Keys.SeatGrace, Hunt) * (1 - 0.8 * Brownout(guidance?.BrownoutMemory ?? live.Limits?.BrownoutMemory));
            return grace < GraceLeast ? GraceLeast : grace;
        }
    }

    static readonly TimeSpan GraceLeast = TimeSpan.FromSeconds(10);

    /// <summary>What boards and graphs of the hunt cost: less in a brownout. Present are those with a seat, at whichever server.</summary>
    public LiveService Service => LiveService.At(
        Brownout(guidance?.BrownoutLag ?? live.Limits?.BrownoutLag), house.Settings.Get(Keys.BoardCadence, Hunt), house.Settings.Get(Keys.BoardCadenceMax, Hunt),
        isReady && live.Epoch != 0 ? live.Seated : null);

    double Brownout(double? level) => house.Settings.Get(Keys.Brownout, Hunt) ? Math.Clamp(level ?? 0, 0, 1) : 0;

    /// <summary>What the governor beside this server says, as it comes.</summary>
    internal void Guide(Guidance said)
    {
        guidance = said;
        Volatile.Write(ref guidedAt, house.Clock.GetTimestamp());
        LookAtDoor();
    }

    /// <summary>Asks for a seat for somebody who holds this ticket.</summary>
    /// <param name="comes">The holder takes the seat now; false: it only looks where it stands.</param>
    /// <exception cref="GateException">The store is away; nothing was granted.</exception>
    internal async Task<SeatAnswer> Ask(Ticket ticket, bool comes = true)
    {
        var answer = await Ask(ticket.Hunter, ticket.Order(house.Keyring), ticket.Priority, ticket.Drawn, comes, hadSeat: false);
        if (answer.IsNew || answer.State == SeatState.Waiting) Interlocked.Increment(ref cameSince);
        return answer;
    }

    Task<SeatAnswer> Ask(string hunter, double order, bool priority, bool drawn, bool comes, bool hadSeat) =>
        call.Try(cancel => gate.Ask(hunter, order, priority, Grace, !(drawn && DrawsAt() is not null), comes, cancel, hadSeat));

    Task<SeatAnswer> Ask(Visit visit, bool comes) => Ask(visit.Hunter, visit.Order, visit.Priority, visit.Drawn, comes, MayHaveHadSeat(visit));

    /// <summary>Whether somebody was let in already: then a door that is closed to others is not closed to it.</summary>
    /// <exception cref="GateException">The store is away.</exception>
    internal async Task<bool> HoldsSeat(Ticket ticket) => (await call.Try(cancel => gate.Seated([ticket.Hunter], cancel))).Count > 0;

    /// <summary>When lots are drawn for those who come now; null where places go by arrival.</summary>
    internal long? DrawsAt() => !house.Settings.Get(Keys.WaitingLottery, Hunt)
        ? null
        : hunt.View.Read((state, _) => state.Phase == HuntPhase.Scheduled ? state.Model?.Definition.OpensMs : null);

    /// <summary>Gives up what was asked for. Best effort: what is not given up runs out by itself.</summary>
    internal async Task GiveUp(string hunter)
    {
        try
        {
            await call.Try(cancel => gate.Leave(hunter, cancel));
        }
        catch (GateException)
        {
            // It runs out with its claim.
        }
    }

    /// <summary>Where somebody stands who asks over HTTP. Asking is a sign of life.</summary>
    /// <exception cref="GateException">The store is away, and the place is not known here.</exception>
    internal async Task<WaitingCard> Look(Ticket ticket)
    {
        lock (touching) touched.Add(ticket.Hunter);
        if (places.ContainsKey(ticket.Hunter)) return Card(ticket.Hunter, ticket.Drawn);
        var answer = await Ask(ticket, comes: false);
        return answer.State == SeatState.Seated ? Card(ticket.Hunter, ticket.Drawn) with { State = "admitted" } : Card(ticket.Hunter, ticket.Drawn, answer);
    }

    /// <summary>
    /// Brings a connection in: at once where its hunter holds a seat or one is free, else into the waiting room, from which it is let in later.
    /// </summary>
    /// <param name="id">Of its hello, which the first <c>waiting</c> frame answers.</param>
    internal async Task Enter(Visit visit, long id)
    {
        var answer = default(SeatAnswer?);
        try
        {
            if (visit.IsJoined && await TakeSeat(visit)) return;
            answer = await Ask(visit, comes: true);
            if (answer is { State: SeatState.Seated } && await TakeSeat(visit)) return;
        }
        catch (GateException)
        {
            // Its place is in its ticket; it hears why it does not move.
        }

        // Whoever has not joined yet was counted when asking for the ticket.
        if (visit.IsJoined) house.Metrics.Queued(Hunt);
        room.Add(visit);
        frames.First(visit, id, Card(visit.Hunter, visit.Drawn, answer));
    }

    /// <summary>The connection is over.</summary>
    internal void Leave(Visit visit)
    {
        var (holdsSeat, isIn) = visit.End();
        if (room.Remove(visit) && !isIn) house.Metrics.Abandoned(Hunt);
        if (holdsSeat) seats.Leave(visit.Hunter);
    }

    internal bool SendOneToPoll() => room.SendOneToPoll();

    /// <summary>Tells those who wait what everybody else is told.</summary>
    internal void Tell(IReadOnlyList<News> news)
    {
        if (room.Sockets == 0) return;
        foreach (var item in news)
            if (Frames.Public(item) is { } frame)
                foreach (var visit in room.All()) visit.Outbox.Post(frame);
    }

    /// <summary>The server goes away: nobody is let in, and seats are left to their grace.</summary>
    internal void Close()
    {
        seats.IsLeaving = true;
        LookAtDoor();
    }

    /// <summary>The address of another server that lived a moment ago, another one each time, so that the clients of one that hangs spread; null: none has said where it is.</summary>
    internal string? Another() => live.Elsewhere is { Count: > 0 } others ? others[RandomNumberGenerator.GetInt32(others.Count)] : null;

    /// <summary>Where clients of a server that goes away find another one; empty where nobody has said so. Takes this one off the list.</summary>
    internal async Task<IReadOnlyList<string>> Elsewhere()
    {
        if (live.Elsewhere.Count == 0) return [];
        try
        {
            // Another one may go at the same time: asked now, so that nobody is sent there.
            return (await call.Try(cancel => gate.Renew(house.Server, house.Settings.Get(Keys.SeatLease), null, cancel, house.Address))).Elsewhere;
        }
        catch (GateException)
        {
            // They were there a second ago.
            return live.Elsewhere;
        }
    }

    /// <summary>Completes once this server knows the hunt's limit, or that it cannot know it: at once but for the first who come.</summary>
    public ValueTask BeReady() => isReady ? ValueTask.CompletedTask : new(Turn(unlessReady: true));

    /// <summary>One round, as above. Never throws for what the store does.</summary>
    internal Task Tick() => Turn(unlessReady: false);

    async Task Turn(bool unlessReady)
    {
        await turning.WaitAsync();
        try
        {
            if (!unlessReady || !isReady) await GoRound();
        }
        finally
        {
            turning.Release();
        }
    }

    async Task GoRound()
    {
        if (IsClosed()) LetWatch();
        if (!IsBusy()) return;
        try
        {
            await Renew();
            live = house.IsGoverned ? await own.OpenIfNew(live) : await own.Publish(live);
            if (live.Epoch != 0) await LetIn();
            await ForgetIfOver();
            Recovered();
        }
        catch (GateException e)
        {
            Fault(e);
        }

        LookAtDoor();
        isReady = true;
        frames.SendDue(room.All(), visit => Card(visit.Hunter, visit.Drawn));
    }

    bool IsClosed() => hunt.View.Read((state, _) => state.Phase == HuntPhase.Closed);

    // What there is to see of a hunt that is over needs no seat.
    void LetWatch()
    {
        foreach (var visit in room.All())
            if (visit.IsJoined && room.Remove(visit)) visit.TryLetIn(holdsSeat: false);
    }

    bool IsBusy()
    {
        var isOver = hunt.View.Read((state, _) => state.Model is null || state.Phase == HuntPhase.Closed);
        if (!isOver) isForgotten = false;
        return !isOver || (!isForgotten && (seats.Count > 0 || live.Seated + live.Waiting > 0 || fault.Length > 0));
    }

    async Task Renew()
    {
        var lease = house.Settings.Get(Keys.SeatLease);
        // One that is put together again wants to hear of everybody who has come back. Otherwise it says itself whether it has taken this server for gone: to report without being asked, after every
        // answer that came too late, would give a store that is short of time the most to do.
        // A store that took the place of the one before may lack the last seats and know no better.
        var succession = house.Store.Succession;
        var report = live.Epoch == 0 ? seats.All() : null;
        var answer = await call.Try(cancel => gate.Renew(house.Server, lease, report, cancel, house.Address));
        if (answer.WantsSeats || succession != reportedTo) answer = await call.Try(cancel => gate.Renew(house.Server, lease, seats.All(), cancel, house.Address));
        reportedTo = succession;
        if (live.Epoch != 0 && answer.Epoch != live.Epoch)
        {
            waitedAtLoss = places;
            LogForgot(Hunt);
        }

        live = answer;
        house.Met(answer.Elsewhere);
        Volatile.Write(ref cameSince, 0);
        if (answer.Epoch != 0) await seats.Settle();
    }

    // One who joined long ago and has no seat was away for longer than its grace, and comes last. But where the store has just lost its seats it may have had one that nobody could tell of, as its server died too or
    // it was between two, and stands before all who wait; unless it waited a second before the loss, which every server knows of all.
    bool MayHaveHadSeat(Visit visit) => visit.IsJoined && !waitedAtLoss.ContainsKey(visit.Hunter);

    // With no orchestrator to publish a pause, the governor says it to its own server.
    bool ClosesAlone => guidance is { Pause: true } && live.Limits is { Pause: false };

    // It may speak of other hunts and not of this one; that is silence too.
    bool IsGovernorSilent => house.IsGoverned && (house.GovernorSilence is null || house.Clock.GetElapsedTime(Volatile.Read(ref guidedAt)) > Door.GuidanceStale);

    async Task LetIn()
    {
        // Cleaned up is always. Let in is nobody before the opening of a hunt that draws lots, nor while nobody who may says that there is room; a full server is no reason, another may carry them.
        var mayLetIn = DrawsAt() is null && !ClosesAlone && !IsGovernorSilent;
        var share = house.Settings.Get(Keys.PriorityShare, Hunt);
        // Whoever asks now and then hears of the seat at the next asking, and still has the whole grace to come.
        var claim = Grace + TimeSpan.FromSeconds(PollS(live.Waiting));
        await call.Try(cancel => gate.Admit(claim, house.Settings.Get(Keys.WaitingPatience, Hunt), Grace, cancel, share, mayLetIn));
        if (live.Waiting == 0 && room.Count == 0)
        {
            if (places.Count > 0) places = new(StringComparer.Ordinal);
            lock (drain) drain.Forget();
            return;
        }

        var joins = (await call.Try(gate.Counts)).Joins;
        lock (drain) drain.Saw(joins);
        var list = await call.Try(gate.Waiting);
        var next = new Dictionary<string, int>(list.Count, StringComparer.Ordinal);
        for (var i = 0; i < list.Count; i++) next[list[i]] = i + 1;
        places = next;
        await LetInHere(next);
        await ShowSigns();
    }

    // Whoever of those here is not in the list any more was let in, by whichever server; or its place was lost with the store, and is asked for again.
    async Task LetInHere(Dictionary<string, int> list)
    {
        var missing = room.Hunters().Where(visit => !list.ContainsKey(visit.Hunter)).ToList();
        if (missing.Count == 0) return;
        var seated = (await call.Try(cancel => gate.Seated([.. missing.Select(visit => visit.Hunter)], cancel))).ToHashSet(StringComparer.Ordinal);
        foreach (var visit in missing.Where(visit => seated.Contains(visit.Hunter)))
            foreach (var tab in room.Take(visit.Hunter))
                if (!await TakeSeat(tab)) room.Add(tab);
        if (IsClosed()) return;
        var anew = missing.Where(visit => !seated.Contains(visit.Hunter)).OrderByDescending(visit => live.IsReturning && MayHaveHadSeat(visit)).ThenBy(visit => visit.Order).Take(AskedAnewAtOnce).Select(visit => Ask(visit, comes: false));
        await Task.WhenAll(anew);
    }

    async Task<bool> TakeSeat(Visit visit)
    {
        if (!visit.IsJoined)
        {
            visit.TryLetIn(holdsSeat: false);
            return true;
        }

        if (await seats.Enter(visit.Hunter) == Seating.None) return false;
        if (visit.TryLetIn(holdsSeat: true)) house.Metrics.Reconnected(Hunt);
        else seats.Leave(visit.Hunter);
        return true;
    }

    async Task ShowSigns()
    {
        HashSet<string> signs;
        lock (touching) (signs, touched) = (touched, new(StringComparer.Ordinal));
        // Connections are signs of life too, a few times within the patience.
        if (house.Clock.GetElapsedTime(lastSeen) > house.Settings.Get(Keys.WaitingPatience, Hunt) / 4)
        {
            signs.UnionWith(room.Hunters().Select(visit => visit.Hunter));
            lastSeen = house.Clock.GetTimestamp();
        }

        if (signs.Count > 0) await call.Try(cancel => gate.Seen(signs, cancel));
    }

    async Task ForgetIfOver()
    {
        if (live.Epoch == 0 || live.Seated + live.Waiting > 0 || !IsClosed()) return;
        await call.Try(gate.Forget);
        isForgotten = true;
    }

    void Fault(GateException e)
    {
        if (fault.Length == 0) LogAway(Hunt, e.Message);
        fault = e.Message;
    }

    void Recovered()
    {
        if (fault.Length > 0) LogBack(Hunt);
        fault = "";
    }

    void LookAtDoor()
    {
        var silence = house.Clock.GetElapsedTime(Volatile.Read(ref guidedAt));
        var cap = guidance is { HasServerCap: true } said ? said.ServerCap : long.MaxValue;
        door = (fault, live) switch
        {
            _ when seats.IsLeaving => new Door(false, "this server goes away; another one lets you in"),
            ({ Length: > 0 }, _) => new Door(false, $"the store of seats is away: {fault}"),
            (_, { Epoch: 0 }) when own.IsOverruled => new Door(false, OwnLimit.Overruled),
            (_, { Epoch: 0 }) => new Door(false, "the store of seats is being put together again"),
            (_, { Limits: null }) => new Door(false, "nobody has said yet how many may play"),
            _ when seats.Count >= cap => new Door(false, $"this server carries as many as it can: {seats.Count:N0} of {cap:N0}"),
            // Nobody has to be heard where nobody governs.
            _ when ClosesAlone => new Door(false, guidance!.Reason),
            _ when house.IsGoverned && house.GovernorSilence is null => new Door(false, "the governor has not spoken yet"),
            // It may speak of other hunts and not of this one; that is silence too.
            _ when house.IsGoverned && silence > Door.GuidanceStale => new Door(false, $"the governor is silent for {silence.TotalSeconds:0} s"),
            _ => new Door(true, ""),
        };
    }

    internal WaitingCard Card(string hunter, bool drawn, SeatAnswer? answer = null)
    {
        var drawnAt = drawn ? DrawsAt() : null;
        long? place = drawnAt is not null ? null : places.TryGetValue(hunter, out var known) ? known : answer is { Place: > 0 } asked ? asked.Place : null;
        var waiting = Math.Max(answer?.Waiting ?? live.Waiting, place ?? 0);
        return new WaitingCard(
            "waiting", null, place, place - 1, waiting, Limit, answer?.Seated ?? live.Seated, place is { } p && fault.Length == 0 ? EtaOf(p - 1) : null,
            PollS(waiting), house.Sockets.HasRoomForWaiting, WhyWaiting(answer, drawnAt), Source, house.Settings.Get(Keys.LateCredit, Hunt), drawnAt);
    }

    // For hunters, who know nothing of stores and logs; what the governor measured is in Source.
    string WhyWaiting(SeatAnswer? answer, long? drawnAt)
    {
        var (seated, limit) = (answer?.Seated ?? live.Seated, Limit);
        if (fault.Length > 0) return "We cannot look for a free place just now. Yours in the queue is kept.";
        if (drawnAt is not null) return "Places are drawn by lot when the hunt opens.";
        if (!IsOpen || ClosesAlone || guidance?.Pause == true || live.IsReturning) return "Nobody new is let in for the moment, so that those who play can go on. Your place in the queue is kept.";
        return seated >= limit
            ? FormattableString.Invariant($"The house is full: {seated:N0} play. A place is free when somebody leaves, or when there is room for more.")
            : FormattableString.Invariant($"There is room: {seated:N0} of {limit:N0} play. The queue is let in one after another.");
    }

    // Seconds between two questions of one who waits without a socket: the more wait, the rarer.
    static int PollS(long waiting) => (int)Math.Clamp(waiting / 1000, 5, 30);

    Eta? EtaOf(long ahead)
    {
        lock (drain) return drain.For(ahead) is var (from, to) ? new Eta((long)from.TotalSeconds, (long)Math.Ceiling(to.TotalSeconds)) : null;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "hunt {Hunt}: no new seats, those who play go on: {Reason}")]
    partial void LogAway(string hunt, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "hunt {Hunt}: the store of seats is back")]
    partial void LogBack(string hunt);

    [LoggerMessage(Level = LogLevel.Warning, Message = "hunt {Hunt}: the store of seats lost its keys; seats and places are put together again from servers and tickets")]
    partial void LogForgot(string hunt);
}
