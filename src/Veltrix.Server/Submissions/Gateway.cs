using System.Buffers;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Veltrix.EventLog;
using Veltrix.Hunts;
using Veltrix.Server.Admission;
using Veltrix.Server.Live;

namespace Veltrix.Server.Submissions;

/// <summary>
/// One live connection, from hello to close: reads frames, checks form and pace, appends commands, acknowledges them.
/// </summary>
/// <remarks>
/// <list type="number">
/// <item><see cref="Receive"/>: wait without a buffer, rent one when bytes are there, read a frame of at most <see cref="ClientFrame.BytesMax"/>.</item>
/// <item><see cref="Handle"/>: hello first, then everything else. A bad frame costs a strike and is answered with what is wrong.</item>
/// <item><see cref="EnterHunter"/>: a hunter's hello asks for its seat. Without one it waits here, and its submissions are refused; a ticket waits for its seat only.</item>
/// <item><see cref="Append"/>: the command goes to the submissions log; once it is durable the ack goes out. Deciding it is the scorer's, telling the outcome the audience's.</item>
/// </list>
/// The receiving side is one task; what it posts may be sent by any.
/// </remarks>
public sealed class Gateway
{
    /// <summary>A frame as long as this is no mistake any more: it ends the connection.</summary>
    const int FrameBytesEnd = 10 * ClientFrame.BytesMax;

    const int StrikesMax = 20;
    const int AnswerLengthMax = 400;
    const int ChallengeLengthMax = 48;

    /// <summary>What a rank key has room for.</summary>
    const long AtMax = (1L << 42) - 1;

    const int TicketLengthMax = 512;
    const int HunterLengthMax = 36;
    const int InstanceLengthMax = 16;
    static readonly TimeSpan StrikesForgotten = TimeSpan.FromMinutes(1);
    static readonly TimeSpan HelloWithin = TimeSpan.FromSeconds(5);

    /// <summary>A relay's socket may be open for days: how often its key is looked up again.</summary>
    static readonly TimeSpan KeyLookedUp = TimeSpan.FromSeconds(1);

    readonly LiveHunt hunt;
    readonly Admissions house;
    readonly Keyring keyring;
    readonly TimeProvider clock;
    readonly WebSocket socket;
    readonly Outbox outbox;
    volatile Listener? listener;
    Visit? visit;
    bool saidHello;
    Grant? grant;
    ITimer? keyTimer;
    Pace pace;
    int strikes;
    long firstStrike;

    Gateway(LiveHunt hunt, Admissions house, WebSocket socket)
    {
        this.hunt = hunt;
        this.house = house;
        keyring = house.Keyring;
        clock = house.Clock;
        this.socket = socket;
        outbox = new Outbox(socket);
        pace = new Pace(clock);
    }

    /// <summary>Serves an upgraded request until the socket is closed.</summary>
    /// <param name="hunt">Null: there is none of that name here, which browsers can only be told after the upgrade.</param>
    public static async Task Serve(HttpContext context, LiveHunt? hunt, Admissions house)
    {
        const string Subprotocol = "veltrix.v1.json";
        using var socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
        {
            SubProtocol = context.WebSockets.WebSocketRequestedProtocols.Contains(Subprotocol) ? Subprotocol : null,
            KeepAliveInterval = TimeSpan.Zero, // VanishedPeers says why
        });
        try
        {
            // Those who wait make room for somebody who may be playing; who it is only its hello will tell.
            var fits = house.Sockets.Enter() || house.MakeRoom();
            if (hunt is null) await SendAway(socket, CloseCodes.HuntUnknown);
            else if (!fits) await SendAway(socket, CloseCodes.ServerFull);
            else await Serve(hunt, new Gateway(hunt, house, socket));
        }
        catch (Exception e) when (IsGone(e))
        {
        }
        finally
        {
            house.Sockets.Leave();
        }
    }

    static async Task Serve(LiveHunt hunt, Gateway gateway)
    {
        hunt.Sockets.Add(gateway.outbox);
        try
        {
            await gateway.Receive();
        }
        catch (Exception e) when (IsGone(e))
        {
            // Here and not further out, since an exception costs again at each level it passes, and a whole crowd may be cut off at once.
        }
        finally
        {
            hunt.Sockets.Remove(gateway.outbox);
            gateway.keyTimer?.Dispose();
            // First the visit: it is over before anybody could still let it in.
            if (gateway.visit is { } visit) gateway.house.Of(hunt).Leave(visit);
            if (gateway.listener is { } entered) hunt.Audience.Leave(entered);
        }
    }

    /// <summary>The other side went away without a word. Its hunter comes back with another socket.</summary>
    static bool IsGone(Exception e) => e is WebSocketException or ConnectionAbortedException or ConnectionResetException or OperationCanceledException or IOException;

    // Reads on until the other side has closed too: a connection that is dropped with bytes unread is reset, and the reason is lost on its way.
    static async Task SendAway(WebSocket socket, CloseCode code)
    {
        new Outbox(socket).Close(code);
        var unread = new byte[256];
        while ((await socket.ReceiveAsync(unread.AsMemory(), CancellationToken.None)).MessageType != WebSocketMessageType.Close)
        {
        }
    }

    async Task Receive()
    {
        using var helloTimer = clock.CreateTimer(_ => { if (!Volatile.Read(ref saidHello)) outbox.Close(CloseCodes.NoHello); }, null, HelloWithin, Timeout.InfiniteTimeSpan);
        while (true)
        {
            var arrived = await socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None);
            if (arrived.MessageType == WebSocketMessageType.Close) break;
            var buffer = ArrayPool<byte>.Shared.Rent(ClientFrame.BytesMax);
            try
            {
                var (length, type) = arrived.EndOfMessage ? (0, arrived.MessageType) : await ReadFrame(buffer);
                if (type == WebSocketMessageType.Close) break;
                // Once it is being closed a connection is still read to its end, so that the reason arrives, but nothing counts any more.
                if (!outbox.IsClosing) await Take(buffer, length, type);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }

            if (saidHello) helloTimer.Dispose();
        }

        outbox.Close(CloseCodes.Normal);
    }

    ValueTask Take(byte[] buffer, int length, WebSocketMessageType type)
    {
        if (length >= FrameBytesEnd)
            outbox.Close(CloseCodes.FrameTooBig);
        else if (length > ClientFrame.BytesMax)
            Strike(null, new("FrameTooBig", $"a frame has at most {ClientFrame.BytesMax} bytes, this one {length}", ClientFrame.BytesMax, length));
        else if (type == WebSocketMessageType.Binary)
            Strike(null, new("NotText", "frames are text, this one is binary"));
        else if (ClientFrame.Read(buffer.AsSpan(0, length), out var id, out var fault) is { } frame)
            return Handle(frame, id!.Value);
        else
            Strike(id, fault!);
        return ValueTask.CompletedTask;
    }

    /// <summary>Reads to the end of a message, keeping what fits. Stops early at <see cref="FrameBytesEnd"/>.</summary>
    async ValueTask<(int Length, WebSocketMessageType Type)> ReadFrame(byte[] buffer)
    {
        var length = 0;
        while (true)
        {
            // What does not fit is read over the last part and only counted.
            var free = length < ClientFrame.BytesMax ? buffer.AsMemory(length, ClientFrame.BytesMax - length) : buffer.AsMemory(0, ClientFrame.BytesMax);
            var part = await socket.ReceiveAsync(free, CancellationToken.None);
            length += part.Count;
            if (part.EndOfMessage || part.MessageType == WebSocketMessageType.Close || length >= FrameBytesEnd) return (length, part.MessageType);
        }
    }

    ValueTask Handle(ClientFrame frame, long id)
    {
        if (frame.Hello is { } hello) return Hello(id, hello);
        if (frame.Ping is not null && saidHello) outbox.Post(Frames.Pong(id));
        else if (saidHello && listener is null) HandleWaiting(id, frame);
        else if (listener is null) Strike(id, new("HelloFirst", "the first frame is hello"));
        else if (frame.Submit is { } submit) Submit(id, submit);
        else if (frame.Join is { } join) Join(id, join);
        else if (frame.Show is { } show) Show(id, show);
        return ValueTask.CompletedTask;
    }

    // No strike: a client that does not know yet that it waits has done nothing wrong.
    void HandleWaiting(long id, ClientFrame frame)
    {
        if (frame.Show is { } show) outbox.Post(BadShow(show.Around, show.Top) is { } bad ? Frames.Error(id, bad) : Frames.Shown(id));
        else if (house.Of(hunt) is var turnstile)
            outbox.Post(Frames.Error(id, new(
                "NotSeated", $"this hunter waits for a seat: {turnstile.Limit:N0} may play at a time; keep the answer, it counts when it is sent after welcome",
                turnstile.Limit, turnstile.Seated, SetBy: turnstile.Source)));
    }

    async ValueTask Hello(long id, HelloFrame hello)
    {
        if (saidHello)
        {
            Strike(id, new("HelloTwice", "hello was said already"));
            return;
        }

        if (BadShow(hello.Around, hello.Top) is { } bad)
        {
            Strike(id, bad);
            return;
        }

        if (hello.Token is null)
        {
            if (hello.Ticket is not null) await Wait(id, hello.Ticket);
            else Enter(id, hello, "", -1);
            return;
        }

        grant = keyring.Read(hello.Token);
        if (grant is { Key: not null } key) keyTimer = clock.CreateTimer(_ => { if (!keyring.Holds(key)) outbox.Close(CloseCodes.TokenInvalid); }, null, KeyLookedUp, KeyLookedUp);
        if (grant?.Allows(Scopes.Relay, hunt.Id) == true) Enter(id, hello, "", -1);
        else if (grant?.Allows(Scopes.Hunter, hunt.Id) != true) outbox.Close(CloseCodes.TokenInvalid);
        else if (BadWord("hello.instance", hello.Instance, InstanceLengthMax) is { } unnamed) Strike(id, unnamed);
        else await EnterHunter(id, hello, grant.Subject);
    }

    /// <summary>A hunter comes (back): it plays at once where it has a seat, and waits for one where it has not.</summary>
    async ValueTask EnterHunter(long id, HelloFrame hello, string hunterId)
    {
        if (!await hunt.Knows(hunterId))
        {
            outbox.Close(CloseCodes.TokenInvalid);
            return;
        }

        var (team, banned, phase) = hunt.View.Read((state, _) => (state.FindHunter(hunterId)!.Team, state.FindHunter(hunterId)!.Banned, state.Phase));
        if (banned) outbox.Close(CloseCodes.Banned);
        // What there is to see of a hunt that is over needs no seat.
        else if (phase == HuntPhase.Closed) Enter(id, hello, hunterId, team);
        else
        {
            var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
            await Come(id, new Visit(hunterId, now, priority: false, drawn: false, isJoined: true, outbox, () => LetIn(id, hello, hunterId, team)));
        }
    }

    // It may have been a while since its hello.
    void LetIn(long id, HelloFrame hello, string hunterId, int team)
    {
        if (hunt.View.Read((state, _) => state.FindHunter(hunterId)!.Banned)) outbox.Close(CloseCodes.Banned);
        else Enter(id, hello, hunterId, team);
    }

    /// <summary>Somebody with a ticket waits here until there is a seat; the hunt is joined over HTTP then.</summary>
    async ValueTask Wait(long id, string text)
    {
        if (text.Length > TicketLengthMax || Ticket.Read(keyring, hunt.Id, text) is not { } ticket) outbox.Close(CloseCodes.TicketInvalid);
        else if (!house.Sockets.HasRoomForWaiting) outbox.Close(CloseCodes.PollInstead);
        else await Come(id, new Visit(ticket.Hunter, ticket.Order(keyring), ticket.Priority, ticket.Drawn, isJoined: false, outbox, () => outbox.Post(Frames.Admitted())));
    }

    async Task Come(long id, Visit coming)
    {
        await house.Of(hunt).BeReady();
        visit = coming;
        Volatile.Write(ref saidHello, true);
        await house.Of(hunt).Enter(coming, id);
    }

    void Enter(long id, HelloFrame hello, string hunter, int team)
    {
        var isRelay = grant?.Allows(Scopes.Relay, hunt.Id) == true;
        var entering = new Listener(outbox, hunter, hello.Instance ?? "", team, isRelay) { Wish = new(hello.Around, hello.Top, hello.Graph) };
        // Before the welcome leaves: whoever answers it at once must not be taken for one who still waits.
        listener = entering;
        var elsewhere = house.Of(hunt).Another();
        // Under the view's lock, so that no outcome falls between what is told again here and what the audience tells from now on.
        hunt.View.Read((state, board, position) =>
        {
            outbox.Post(Welcome.Make(id, hunt, entering, elsewhere, state, board, position));
            if (team >= 0)
                foreach (var missed in state.Teams[team].OutcomesAfter(Math.Max(0, hello.LastOutcome)))
                    entering.PostOutcome(missed.Number, Frames.Outcome(missed, missed.Challenge < 0 ? "" : state.Model!.Challenges[missed.Challenge].Id));
            hunt.Audience.Enter(entering);
            return 0;
        });
        Volatile.Write(ref saidHello, true);
    }

    void Submit(long id, SubmitFrame submit)
    {
        var isRelay = listener!.IsRelay;
        if (!isRelay && listener.Team < 0)
        {
            Strike(id, new("Spectator", "a spectator cannot submit; join first and say hello with the token"));
            return;
        }

        if (BadSubmit(submit, isRelay) is { } bad)
        {
            Strike(id, bad);
            return;
        }

        if (!isRelay && !pace.TryTake(out var retry))
        {
            outbox.Post(Frames.Error(id, new(
                "TooFast", $"a hunter submits at most {Pace.PerSecond} times a second, {Pace.Burst} at once; this one is kept by you and may be sent again", Pace.PerSecond, null, retry)));
            return;
        }

        var command = isRelay ? new CommandId(submit.Hunter!, submit.Instance!, submit.Seq) : new CommandId(listener.Hunter, listener.Instance, submit.Seq);
        _ = Append(id, new Envelope(command, "", "", isRelay ? submit.At : null, new Command.Submit(submit.Challenge!, submit.Answer!)));
    }

    void Join(long id, JoinFrame join)
    {
        if (!listener!.IsRelay) Strike(id, new("UnknownKind", "only relays join others here; hunters join by POST /v1/hunts/{hunt}/join"));
        else if (BadRelay(join.Hunter, join.Instance, join.Seq, join.At) is { } bad) Strike(id, bad);
        else if (join.Nickname is null) Strike(id, new("MissingMember", "join.nickname is missing"));
        else if (!Nickname.TryParse(join.Nickname, out var nickname, out var fault)) Strike(id, new("BadMember", $"join.nickname: {fault}"));
        else if (!TeamWishes.TryRead(join.Team, out var team, out fault)) Strike(id, new("BadMember", $"join.team: {fault}"));
        else _ = Append(id, new Envelope(new CommandId(join.Hunter!, join.Instance!, join.Seq), "", "", join.At, new Command.Join(nickname, team)));
    }

    void Show(long id, ShowFrame show)
    {
        if (BadShow(show.Around, show.Top) is { } bad)
        {
            Strike(id, bad);
            return;
        }

        listener!.Wish = new(show.Around, show.Top, show.Graph);
        outbox.Post(Frames.Shown(id));
    }

    async Task Append(long id, Envelope envelope)
    {
        try
        {
            var position = await hunt.Append(envelope);
            outbox.Post(Frames.Ack(id, envelope.Id, position));
        }
        catch (EventLogException e)
        {
            outbox.Post(Frames.Error(id, new("Unavailable", $"not taken, send it again with the same seq: {e.Message}", RetryAfterMs: 2000)));
        }
    }

    /// <summary>Answers a bad frame, and closes after too many of them.</summary>
    void Strike(long? id, FrameFault fault)
    {
        outbox.Post(Frames.Error(id, fault));
        var now = clock.GetTimestamp();
        if (strikes == 0 || clock.GetElapsedTime(firstStrike, now) > StrikesForgotten) (strikes, firstStrike) = (0, now);
        if (++strikes >= StrikesMax) outbox.Close(CloseCodes.Abuse);
    }

    FrameFault? BadSubmit(SubmitFrame submit, bool isRelay)
    {
        if (isRelay && BadRelay(submit.Hunter, submit.Instance, submit.Seq, submit.At) is { } bad) return bad;
        if (submit.Seq < 1) return new("BadMember", "submit.seq counts 1, 2, 3 …", 1, submit.Seq);
        if (submit.Challenge is null) return new("MissingMember", "submit.challenge is missing");
        if (submit.Challenge.Length is 0 or > ChallengeLengthMax)
            return new("BadMember", $"submit.challenge is the id of a challenge, 1–{ChallengeLengthMax} characters", ChallengeLengthMax, submit.Challenge.Length);
        if (submit.Answer is null) return new("MissingMember", "submit.answer is missing");
        return submit.Answer.Length > AnswerLengthMax
            ? new("BadMember", $"submit.answer has at most {AnswerLengthMax} characters", AnswerLengthMax, submit.Answer.Length)
            : null;
    }

    FrameFault? BadRelay(string? hunter, string? instance, long seq, long? at)
    {
        if (BadWord("hunter", hunter, HunterLengthMax, extra: "-_") is { } badHunter) return badHunter;
        if (BadWord("instance", instance, InstanceLengthMax) is { } badInstance) return badInstance;
        if (seq < 1) return new("BadMember", "seq counts 1, 2, 3 …", 1, seq);
        return at is null ? null : BadTime(at.Value);
    }

    FrameFault? BadTime(long at)
    {
        if (grant?.Allows(Scopes.Replay, hunt.Id) != true) return new("BadMember", "only a key of scope replay may set the time (at)");
        if (at is < 0 or > AtMax) return new("BadMember", "at is a time in milliseconds since 1970, before the year 2109", AtMax, at);
        // In a hunt that people play, a command from the future would end it for all of them.
        return hunt.View.Read((state, _) => state.Recorded) ? null : new("BadMember", "at sets the time; that is for hunts published with clock=recorded, and this one goes by the server's clock");
    }

    static FrameFault? BadShow(int around, int top)
    {
        if (around is < 0 or > 10) return new("BadMember", "around is 0 to 10", 10, around);
        return BoardFrames.Tops.Contains(top) ? null : new("BadMember", $"top is one of {string.Join(", ", BoardFrames.Tops)}", BoardFrames.Tops[^1], top);
    }

    static FrameFault? BadWord(string name, string? text, int most, string extra = "")
    {
        if (text is null) return new("MissingMember", $"{name} is missing");
        return text.Length > 0 && text.Length <= most && text.All(c => char.IsAsciiLetterOrDigit(c) || extra.Contains(c))
            ? null
            : new("BadMember", $"{name} is 1–{most} of A-Z a-z 0-9 {extra}".TrimEnd(), most, text.Length);
    }
}
