using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace Veltrix.Crowd;

/// <summary>One submission on its way.</summary>
sealed class Submission(int seq, Guess guess, long sentAt)
{
    public int Seq { get; } = seq;

    public Guess Guess { get; } = guess;

    /// <summary>When it was first about to be sent, by <see cref="Stopwatch"/>; a resend does not change it.</summary>
    public long SentAt { get; } = sentAt;

    public bool Acknowledged { get; set; }
}

/// <summary>
/// What happens to the hunters of a crowd. The members are called on the thread that received the frame, for different hunters at the same time; never with a lock held.
/// Times are <see cref="Stopwatch"/> timestamps taken after the frame was parsed.
/// </summary>
interface ICrowd
{
    void Welcomed(Hunter hunter, Welcome welcome, long now);

    void PhaseChanged(Hunter hunter, string phase);

    /// <summary>Once a submission: at its ack, or at its outcome if that came first.</summary>
    void Acknowledged(Hunter hunter, Submission submission);

    void OutcomeArrived(Hunter hunter, Submission submission, in Outcome outcome, long now);

    void BoardArrived(Hunter hunter, BoardTick tick, long now);

    /// <summary>The server refused a frame; if it was a submission, that was not taken and is forgotten.</summary>
    void FrameRefused(Hunter hunter, FrameError error);

    /// <summary>Something that ought not to happen: <c>OutcomeGap</c>, <c>SeatLost</c> (it played, came back, and had to wait for long).</summary>
    void Noticed(Hunter hunter, string what);

    /// <summary>The connection ended, or could not be made.</summary>
    /// <param name="welcomed">There was a welcome on it.</param>
    /// <param name="backAfter">When the next try is; null = never.</param>
    void Parted(Hunter hunter, Farewell farewell, LiveConnection? connection, bool welcomed, TimeSpan? backAfter);
}

/// <summary>
/// A hunter's life on the wire: connect, say hello, submit, and after a loss come back as the server tells it and resume: undecided submissions are sent again, missed
/// outcomes are asked for. What to submit and when is for others to decide.
/// </summary>
sealed class Hunter
{
    /// <summary>The first try after a loss waits up to this, if the server never said otherwise.</summary>
    const int ReconnectMinMs = 250;

    const int ReconnectMaxMs = 10_000;

    /// <summary>A store may be away for seconds, and rebuilding a gate whose keys were lost takes at most ten more. It may lose them again just then; whose seat went to somebody else waits for longer still.</summary>
    static readonly TimeSpan SeatBackWithin = TimeSpan.FromSeconds(40);

    /// <summary>For connect and upgrade together.</summary>
    static readonly TimeSpan OpenTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Boards come only when something moves, so after this time without a frame a hunter asks whether anybody is there.</summary>
    static readonly long Silence = 10 * Stopwatch.Frequency;

    /// <summary>How long it waits for the answer, or for any other frame, before it leaves.</summary>
    static readonly long PongWithin = 5 * Stopwatch.Frequency;

    /// <summary>The id of a hello; a submission's is its seq plus this.</summary>
    const int HelloId = 1;

    /// <summary>The id of a ping.</summary>
    const int PingId = 0;

    [ThreadStatic]
    static ClientFrame? threadFrame;

    readonly ICrowd crowd;
    readonly IReadOnlyList<LiveAddress> servers;
    readonly int connectionIndex;
    readonly int boardRows;
    readonly Lock gate = new();
    readonly List<Submission> pending = new(1);

    LiveConnection? connection;
    bool ready;
    bool leaving;
    bool hasPlayed;
    bool fellSilent; // the connection that there was last; under the gate, as the next three
    string? elsewhere;
    long pingedAt;
    long heardAt; // also written by the thread that received a frame
    long waitsSince; // in its own hunt, having played before; 0: it does not
    int lastSeq;
    long lastOutcome;
    int reconnectMinMs = ReconnectMinMs;
    int reconnectMaxMs = ReconnectMaxMs;

    /// <param name="servers">Of the hunt: it begins at one of them, and goes to the next when that is gone, or where it is sent.</param>
    /// <param name="connection">Its number among all connections that leave from this machine.</param>
    public Hunter(ICrowd crowd, int index, string id, string token, string instance, AnswerBook book, IReadOnlyList<LiveAddress> servers, int connection, int boardRows)
    {
        this.crowd = crowd;
        this.servers = servers;
        connectionIndex = connection;
        this.boardRows = boardRows;
        (Index, Id, Token, Instance, Book) = (index, id, token, instance, book);
        Notebook = new Notebook(book);
    }

    /// <summary>Its number in the crowd, from 0.</summary>
    public int Index { get; }

    public string Id { get; }

    string Token { get; }

    public string Instance { get; }

    AnswerBook Book { get; }

    Notebook Notebook { get; }

    /// <summary>The seq of its last submission.</summary>
    public int LastSeq => Volatile.Read(ref lastSeq);

    /// <summary>Welcomed, and not parted since.</summary>
    public bool Ready => Volatile.Read(ref ready);

    public bool Finished
    {
        get
        {
            lock (gate)
                return Notebook.Finished;
        }
    }

    /// <summary>It played, and waits for a seat now.</summary>
    public bool Waits => Volatile.Read(ref waitsSince) != 0;

    public override string ToString() => Volatile.Read(ref waitsSince) is var since and not 0
        ? string.Create(CultureInfo.InvariantCulture, $"hunter {Id}, which has waited for {Stopwatch.GetElapsedTime(since).TotalSeconds:0} s")
        : $"hunter {Id}";

    public int Pending
    {
        get
        {
            lock (gate)
                return pending.Count;
        }
    }

    public string CommandId(int seq) => $"{Id}.{Instance}.{seq}";

    /// <summary>Stays on the wire until <see cref="Leave"/> or cancelled, or until the server says that there is no coming back.</summary>
    public async Task Run(CancellationToken cancel)
    {
        await using var leave = cancel.Register(static self => ((Hunter)self!).Leave(), this);
        LiveAddress? sentTo = null;
        for (int failures = 0, tries = 0; ; failures++, tries++)
        {
            bool welcomed = false;
            Farewell farewell;
            LiveConnection? opened = null;
            try
            {
                opened = await Open(sentTo ?? Server(tries), cancel);
                if (!Begin(opened))
                    return;
                farewell = await opened.Receive(json => welcomed |= Handle(json));
                if (fellSilent)
                    farewell = Farewell.Lost("Silent", welcomed ? elsewhere : null);
            }
            catch (OperationCanceledException)
            {
                if (cancel.IsCancellationRequested)
                    return;
                farewell = Farewell.Lost("ConnectTimedOut");
            }
            catch (UpgradeRefusedException refused)
            {
                farewell = refused.Status is 503 or 429 or 502 or 504 || sentTo is not null
                    ? Farewell.Lost($"Upgrade{refused.Status}")
                    : new Farewell(4500, $"Upgrade{refused.Status}");
            }
            catch (Exception e) when (e is SocketException or IOException)
            {
                farewell = Farewell.Lost(e is SocketException socket ? socket.SocketErrorCode.ToString() : e.Message);
            }

            if (End(opened))
                return;
            failures = welcomed ? 0 : failures;
            TimeSpan? back = farewell.MayReturn ? BackOff(farewell, failures) : null;
            crowd.Parted(this, farewell, opened, welcomed, back);
            if (back is not { } wait)
                return;
            try
            {
                // One that sent it on knew best; where it was sent in vain, it goes back to those it knows.
                sentTo = farewell.Go is { } go ? await servers[0].At(go, cancel) : welcomed && !fellSilent ? sentTo : null;
                await Task.Delay(wait, cancel);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>
    /// Chooses (see <see cref="Notebook.Next"/>) and sends a guess. Null: not connected just now, nothing was sent. Once this gives a submission, it is sent again after every
    /// reconnect until it is decided.
    /// </summary>
    public Submission? Submit(int from, bool right, long serial)
    {
        var frame = threadFrame ??= new ClientFrame();
        lock (gate)
        {
            if (!ready || connection is null)
                return null;
            var guess = Notebook.Next(from, right, serial);
            Notebook.Send(guess);
            var bytes = frame.Submit(HelloId + lastSeq + 1, ++lastSeq, Book.Challenges[guess.Challenge].Id, guess.Answer);
            var submission = new Submission(lastSeq, guess, Stopwatch.GetTimestamp());
            pending.Add(submission);
            connection.Send(bytes); // if it fails, the receiving side sees it too and comes back
            return submission;
        }
    }

    /// <summary>
    /// Asks for a sign of life where none came for 10 s, and leaves a connection on which none comes for 5 s more: a server that hangs keeps its sockets open and says nothing. To be called once a
    /// second or so.
    /// </summary>
    public void Look(long now)
    {
        LiveConnection? silent = null;
        lock (gate)
        {
            if (connection is null)
                return;
            long heard = Volatile.Read(ref heardAt);
            if (pingedAt > heard)
                silent = now - pingedAt > PongWithin ? connection : null;
            else if (now - heard > Silence)
            {
                pingedAt = now;
                connection.Send((threadFrame ??= new ClientFrame()).Ping(PingId));
            }

            fellSilent = silent is not null;
        }

        silent?.Dispose();
    }

    public bool IsPending(Submission submission)
    {
        lock (gate)
            return pending.Contains(submission);
    }

    /// <summary>Says goodbye and does not come back. The connection as it was, for its counts.</summary>
    public LiveConnection? Leave()
    {
        LiveConnection? last;
        lock (gate)
        {
            leaving = true;
            ready = false;
            last = connection;
            connection = null;
        }

        last?.Leave();
        return last;
    }

    /// <summary>Its own first, then the others, by each hunter in another order: those of a server that died must not all go to the same one.</summary>
    LiveAddress Server(int tries)
    {
        var (count, turn) = (servers.Count, tries % servers.Count);
        return servers[(connectionIndex + (turn == 0 ? 0 : 1 + (connectionIndex / count + turn) % (count - 1))) % count];
    }

    async Task<LiveConnection> Open(LiveAddress address, CancellationToken cancel)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timeout.CancelAfter(OpenTimeout);
        return await LiveConnection.Open(address, address.LocalFor(connectionIndex), timeout.Token);
    }

    bool Begin(LiveConnection opened)
    {
        lock (gate)
        {
            if (leaving)
            {
                opened.Dispose();
                return false;
            }

            connection = opened;
            (fellSilent, pingedAt, heardAt) = (false, 0, Stopwatch.GetTimestamp());
            opened.Send((threadFrame ??= new ClientFrame()).Hello(HelloId, Token, Instance, lastOutcome, boardRows));
            return true;
        }
    }

    bool End(LiveConnection? opened)
    {
        lock (gate)
        {
            ready = false;
            connection = null;
        }

        opened?.Dispose();
        lock (gate)
            return leaving;
    }

    TimeSpan BackOff(Farewell farewell, int failures)
    {
        if (farewell.AfterMs is { } told)
            return TimeSpan.FromMilliseconds(told);
        double most = Math.Min(reconnectMaxMs, reconnectMinMs * Math.Pow(2, Math.Min(failures, 20)));
        return TimeSpan.FromMilliseconds(Random.Shared.NextDouble() * most);
    }

    /// <summary>True for a welcome.</summary>
    bool Handle(ReadOnlySpan<byte> json)
    {
        Volatile.Write(ref heardAt, Stopwatch.GetTimestamp());
        var frame = ServerFrame.Peek(json);
        switch (frame.Kind)
        {
            case FrameKind.Board:
                var tick = frame.ReadBoard();
                crowd.BoardArrived(this, tick, Stopwatch.GetTimestamp());
                break;
            case FrameKind.Ack:
                HandleAck(frame.Id, frame.ReadAck());
                break;
            case FrameKind.Outcome:
                var outcome = frame.ReadOutcome();
                HandleOutcome(outcome, Stopwatch.GetTimestamp());
                break;
            case FrameKind.Welcome:
                HandleWelcome(frame.ReadWelcome());
                return true;
            case FrameKind.Waiting:
                if (waitsSince == 0 && hasPlayed)
                    waitsSince = Stopwatch.GetTimestamp();
                break;
            case FrameKind.Hunt:
                crowd.PhaseChanged(this, frame.ReadPhase());
                break;
            case FrameKind.Error:
                HandleError(frame.Id, frame.ReadError());
                break;
        }

        return false;
    }

    void HandleWelcome(Welcome welcome)
    {
        // A store that is being put together again may make a hunter wait for a moment; one whose seat went to somebody else waits until there is another.
        if (waitsSince != 0 && Stopwatch.GetElapsedTime(waitsSince) > SeatBackWithin)
            crowd.Noticed(this, "SeatLost");
        waitsSince = 0;
        hasPlayed = true;
        lock (gate)
        {
            if (connection is null)
                return;
            elsewhere = welcome.Elsewhere;
            reconnectMinMs = welcome.ReconnectMinMs ?? reconnectMinMs;
            reconnectMaxMs = welcome.ReconnectMaxMs ?? reconnectMaxMs;
            var frame = threadFrame ??= new ClientFrame();
            foreach (var submission in pending)
            {
                // Whatever was decided while we were away comes as an outcome by itself.
                if (submission.Seq > welcome.LastSeq)
                    connection.Send(frame.Submit(HelloId + submission.Seq, submission.Seq, Book.Challenges[submission.Guess.Challenge].Id, submission.Guess.Answer));
            }

            ready = true;
        }

        crowd.Welcomed(this, welcome, Stopwatch.GetTimestamp());
    }

    void HandleAck(long id, Ack ack)
    {
        int seq = (int)(id - HelloId);
        if (ack.Command != CommandId(seq))
            throw new WireException($"the ack of frame {id} names command '{ack.Command}', not '{CommandId(seq)}'");
        Submission? submission;
        lock (gate)
        {
            submission = Find(seq);
            if (submission is null or { Acknowledged: true })
                return;
            submission.Acknowledged = true;
        }

        crowd.Acknowledged(this, submission);
    }

    void HandleOutcome(in Outcome outcome, long now)
    {
        Submission? mine = null;
        bool implied = false, gap;
        lock (gate)
        {
            if (outcome.Number <= lastOutcome)
                return;
            // The first one seen may be any: of a team that was there before.
            gap = lastOutcome > 0 && outcome.Number != lastOutcome + 1;
            lastOutcome = outcome.Number;
            Notebook.Decide(outcome);
            if (outcome.Hunter == Id && outcome.Command == CommandId(outcome.Seq) && (mine = Find(outcome.Seq)) is not null)
            {
                pending.Remove(mine);
                Notebook.Forget(mine.Guess);
                implied = !mine.Acknowledged;
                mine.Acknowledged = true;
            }
        }

        if (gap)
            crowd.Noticed(this, "OutcomeGap");
        if (mine is null)
            return;
        if (implied)
            crowd.Acknowledged(this, mine);
        crowd.OutcomeArrived(this, mine, outcome, now);
    }

    void HandleError(long id, FrameError error)
    {
        lock (gate)
        {
            if (Find((int)(id - HelloId)) is { } refused)
            {
                pending.Remove(refused);
                Notebook.Forget(refused.Guess);
            }
        }

        crowd.FrameRefused(this, error);
    }

    Submission? Find(int seq)
    {
        foreach (var submission in pending)
        {
            if (submission.Seq == seq)
                return submission;
        }

        return null;
    }
}
