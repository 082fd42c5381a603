using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Veltrix.Crowd;

/// <summary>Counts and times what happens to the hunters of a load run. Any thread.</summary>
sealed class LoadMeter : ICrowd
{
    const int MaxCodes = 50;

    static readonly long OutcomeLimit = 5 * Stopwatch.Frequency;

    readonly FrameWatch[] frameWatch;
    readonly bool[] everConnected;
    readonly ConcurrentQueue<(Hunter Hunter, Submission Submission)> underWatch = new();
    readonly ConcurrentDictionary<string, long> errors = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, long> stalledAt = new(StringComparer.Ordinal);
    readonly LedgerAudit audit;
    readonly Receipts? receipts;
    readonly Action<string>? noticed;
    readonly SeenClock seenClock;
    readonly Latencies latency = new();
    readonly Latencies seen = new();

    int connected;
    int connectedNow;
    long newest;
    long submitted;
    long unsent;
    long exhausted;
    long acknowledged;
    long decided;
    long right;
    long refused;
    long outcomeStalls;
    long frameStalls;
    long reconnects;
    long frames;
    long bytesIn;
    long bytesOut;

    public LoadMeter(int hunters, LedgerAudit audit, Receipts? receipts, Action<string>? noticed)
    {
        this.audit = audit;
        this.noticed = noticed;
        this.receipts = receipts;
        seenClock = new SeenClock(seen);
        everConnected = new bool[hunters];
        frameWatch = new FrameWatch[hunters];
        for (int i = 0; i < hunters; i++)
            frameWatch[i] = new FrameWatch();
    }

    public int ConnectedNow => Volatile.Read(ref connectedNow);

    public long Submitted => Interlocked.Read(ref submitted);

    public long Decided => Interlocked.Read(ref decided);

    /// <summary>It was somebody's turn who had no connection.</summary>
    public void TurnMissed() => Interlocked.Increment(ref unsent);

    public void TurnTaken(Hunter hunter, Submission submission)
    {
        Interlocked.Increment(ref submitted);
        if (submission.Guess.Exhausted)
            Interlocked.Increment(ref exhausted);
        underWatch.Enqueue((hunter, submission));
    }

    public void Welcomed(Hunter hunter, Welcome welcome, long now)
    {
        Interlocked.Increment(ref connectedNow);
        if (everConnected[hunter.Index])
            Interlocked.Increment(ref reconnects);
        else
            Interlocked.Increment(ref connected);
        everConnected[hunter.Index] = true;
        frameWatch[hunter.Index].Begin(new BoardTick(welcome.Position, welcome.BoardMs), now);
    }

    public void PhaseChanged(Hunter hunter, string phase)
    {
    }

    public void Acknowledged(Hunter hunter, Submission submission)
    {
        Interlocked.Increment(ref acknowledged);
        audit.Acknowledged(hunter.Id, hunter.Instance, submission.Seq);
        receipts?.Write(hunter.CommandId(submission.Seq));
    }

    public void OutcomeArrived(Hunter hunter, Submission submission, in Outcome outcome, long now)
    {
        latency.Record(submission.SentAt, now);
        seenClock.Outcome(hunter.Index, outcome.Position, submission.SentAt);
        Interlocked.Increment(ref decided);
        if (outcome.Verdict == Verdict.Correct)
            Interlocked.Increment(ref right);
        else if (outcome.Verdict == Verdict.Refused)
        {
            Interlocked.Increment(ref refused);
            Count(outcome.Reason ?? "RefusedWithoutReason");
        }
    }

    public void BoardArrived(Hunter hunter, BoardTick tick, long now)
    {
        Interlocked.Increment(ref frames);
        if (frameWatch[hunter.Index].Arrived(tick, now))
            Stalled(ref frameStalls);
        seenClock.Board(hunter.Index, tick.Position, now);
        for (long known = Volatile.Read(ref newest); tick.Position > known; known = Volatile.Read(ref newest))
            Interlocked.CompareExchange(ref newest, tick.Position, known);
    }

    public void Noticed(Hunter hunter, string what)
    {
        Count(what);
        noticed?.Invoke($"{what}: {hunter}");
    }

    public void FrameRefused(Hunter hunter, FrameError error) => Count(error.Code);

    public void Parted(Hunter hunter, Farewell farewell, LiveConnection? connection, bool welcomed, TimeSpan? backAfter)
    {
        if (welcomed)
            Interlocked.Decrement(ref connectedNow);
        frameWatch[hunter.Index].End();
        AddBytes(connection);
        Count(farewell.Name);
    }

    /// <summary>The crowd is about to leave: nobody waits for a frame any more, however long it takes to close so many connections.</summary>
    public void Departing()
    {
        foreach (var watch in frameWatch)
            watch.End();
    }

    /// <summary>A hunter left of its own accord.</summary>
    public void AddBytes(LiveConnection? connection)
    {
        Interlocked.Add(ref bytesIn, connection?.BytesIn ?? 0);
        Interlocked.Add(ref bytesOut, connection?.BytesOut ?? 0);
    }

    public void Count(string code)
    {
        // What breaks the protocol is counted by its text, which may be a new one each time.
        if (errors.Count >= MaxCodes && !errors.ContainsKey(code))
            code = "Other";
        errors.AddOrUpdate(code, 1, static (_, n) => n + 1);
    }

    /// <summary>Looks for outcomes and frames that are overdue; to be called a few times a second.</summary>
    public void Sweep(long now)
    {
        while (underWatch.TryPeek(out var oldest) && (now - oldest.Submission.SentAt >= OutcomeLimit || !oldest.Hunter.IsPending(oldest.Submission)))
        {
            underWatch.TryDequeue(out _);
            if (oldest.Hunter.IsPending(oldest.Submission))
                Stalled(ref outcomeStalls);
        }

        long position = Volatile.Read(ref newest);
        foreach (var watch in frameWatch)
        {
            if (watch.IsMissing(position, now))
                Stalled(ref frameStalls);
        }
    }

    void Stalled(ref long kind)
    {
        Interlocked.Increment(ref kind);
        stalledAt.AddOrUpdate(DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture), 1, static (_, n) => n + 1);
    }

    /// <summary>What was counted so far; the times and the audit are for the run to fill in.</summary>
    public LoadTally Tally() => new()
    {
        Hunters = frameWatch.Length,
        Connected = connected,
        Submitted = submitted,
        Unsent = unsent,
        Acknowledged = acknowledged,
        Decided = decided,
        Right = right,
        Exhausted = exhausted,
        Refused = refused,
        OutcomeStalls = outcomeStalls,
        FrameStalls = frameStalls,
        Reconnects = reconnects,
        Frames = frames,
        BytesIn = bytesIn,
        BytesOut = bytesOut,
        Errors = new SortedDictionary<string, long>(errors, StringComparer.Ordinal),
        StalledAt = new SortedDictionary<string, long>(stalledAt, StringComparer.Ordinal),
        Latency = latency.Export(),
        Seen = seen.Export(),
    };
}
