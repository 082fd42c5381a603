using Microsoft.Extensions.Logging;
using Veltrix.EventLog;
using Veltrix.Hunts;
using Veltrix.Server.Leaderboards;
using Veltrix.Server.Submissions;

namespace Veltrix.Server.Scoring;

/// <summary>
/// Makes this server a hunt's scorer when there is none, and decides commands while it is.
/// </summary>
/// <remarks>
/// <list type="number">
/// <item><see cref="StandBy"/>: wait until the ledger has been silent for <see cref="TakeOverAfter"/>, or its scorer has said that it goes; and make sure that it is not this server that hears nothing (<see cref="SeesAll"/>).</item>
/// <item><see cref="TakeOver"/>: append Took; its position is the epoch. Copy the view's fold and fold on, up to that very record.</item>
/// <item><see cref="Score"/>: read commands after the last one decided, decide them in the term, append the records. Nothing leaves for hunters from here:
/// outcomes go out when the <see cref="HuntView"/> reads the records back.</item>
/// <item><see cref="HandOver"/>: a server that is stopped says so, after its last decision.</item>
/// <item>A newer epoch in the ledger, or an append that failed, ends the term: its state may be ahead of the truth and is thrown away. Back to 1.</item>
/// </list>
/// Safety is the <see cref="LedgerGate"/>'s; times and silences here only decide how soon somebody works.
/// </remarks>
/// <param name="creditCap">The most that waiting may earn, in milliseconds, as it is set now; null while that is not known.</param>
public sealed partial class Scorer(
    string hunt, IEventLog submissions, IEventLog ledger, HuntView view, string writer, Func<long?> creditCap, TimeProvider clock, ILogger logger)
{
    /// <summary>Silence in the ledger after which a standby takes over.</summary>
    public static readonly TimeSpan TakeOverAfter = TimeSpan.FromSeconds(3);

    /// <summary>Silence after which the scorer shows that it is alive.</summary>
    public static readonly TimeSpan HeartbeatAfter = TimeSpan.FromSeconds(1);

    // Standbys look at random moments of such a span, so that mostly one of them moves first and the others see it.
    static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    // Silence that no takeover takes.
    static readonly TimeSpan OddAfter = TimeSpan.FromSeconds(10);

    // How long a server that stops waits for its last records.
    static readonly TimeSpan HandOverWithin = TimeSpan.FromSeconds(2);

    const int CommandsAtOnce = 1024;

    /// <summary>Batches on their way to the ledger at once: enough to hide its latency, few enough that a full disk is noticed soon.</summary>
    const int BatchesInFlight = 4;

    /// <summary>Records decided and not yet durably in the ledger.</summary>
    public long Queue => Interlocked.Read(ref queue);

    /// <summary>Records that this scorer has put into the ledger since it started.</summary>
    public long Written => Interlocked.Read(ref written);

    long queue;
    long written;
    string? blind; // why the ledger's end could not be asked for

    /// <summary>Runs until cancelled.</summary>
    /// <param name="alone">No other server can reach these logs: take over at once.</param>
    public async Task Run(bool alone, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
            try
            {
                if (!alone) await StandBy(cancel);
                var term = await TakeOver(cancel);
                try
                {
                    await Score(term, cancel);
                }
                catch (OperationCanceledException) when (cancel.IsCancellationRequested && !alone)
                {
                    await HandOver(term);
                    throw;
                }

                LogDeposed(hunt, term.Epoch, view.Epoch);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (EventLogException e)
            {
                LogTermFailed(hunt, e.Message);
                await Wait(HeartbeatAfter, cancel);
            }
    }

    async Task StandBy(CancellationToken cancel)
    {
        // What came while that was asked counts too.
        for (var isSaid = false; !IsFree || !await SeesAll(cancel) || !IsFree; await Wait(LookEvery * (0.2 + 0.8 * Random.Shared.NextDouble()), cancel))
        {
            if (!isSaid && view.Silence > OddAfter) LogNobodyScores(hunt, view.Silence.TotalSeconds, blind ?? "its ledger goes on beyond what this server was sent");
            isSaid = view.Silence > OddAfter;
        }
    }

    bool IsFree => view.IsVacant || view.Silence >= TakeOverAfter;

    /// <summary>
    /// Whether this server has read all there is. One that was stopped, or is cut off, hears nothing of a scorer that works, and would depose it as soon as it is back.
    /// </summary>
    async Task<bool> SeesAll(CancellationToken cancel)
    {
        try
        {
            blind = null;
            return view.ReadUpTo >= await ledger.AskEnd(cancel);
        }
        catch (EventLogException e)
        {
            blind = e.Message;
            return false;
        }
    }

    // Appends keep their order, so this one comes after all decisions of the term. If it does not arrive, the silence tells.
    async Task HandOver(Term term)
    {
        try
        {
            await Append([LedgerCodec.Encode(new LedgerRecord.Heartbeat(term.Epoch, term.Seen, IsLast: true))]).WaitAsync(HandOverWithin, clock);
        }
        catch (Exception e) when (e is EventLogException or TimeoutException)
        {
            LogTermFailed(hunt, e.Message);
        }
    }

    async Task<Term> TakeOver(CancellationToken cancel)
    {
        var took = await Append([LedgerCodec.Encode(new LedgerRecord.Took(writer))]);
        var start = CheckpointCodec.Decode(view.Snapshot(), keepsOutcomes: false)!;
        var gate = start.Gate;
        using var reader = ledger.Read(start.Position);
        for (var position = start.Position; position < took;)
            foreach (var entry in await reader.Read(CommandsAtOnce, cancel))
            {
                position = entry.Position;
                if (position > took) break;
                var record = LedgerCodec.Decode(entry.Payload);
                if (gate.Admits(position, record)) start.State.Fold(position, (LedgerRecord.Decided)record);
            }

        LogTookOver(hunt, took, gate.CommandPosition);
        return new Term(start.State, new LedgerGate(took, gate.CommandPosition));
    }

    async Task Score(Term term, CancellationToken cancel)
    {
        using var reader = submissions.Read(term.Decided);
        var retention = new SubmissionsRetention(clock);
        var inFlight = new Queue<Task>();
        long? ticked = null, capped = null;
        var lastAppend = clock.GetTimestamp();
        while (view.Epoch <= term.Epoch)
        {
            var commands = await ReadUntil(reader, UntilNextDeed(term, lastAppend), cancel);
            if (commands.Count > 0)
            {
                var records = Decide(term, commands);
                if (records.Count > 0)
                {
                    inFlight.Enqueue(Append(records));
                    lastAppend = clock.GetTimestamp();
                }
            }
            else if (clock.GetElapsedTime(lastAppend) >= HeartbeatAfter)
            {
                inFlight.Enqueue(Append([LedgerCodec.Encode(new LedgerRecord.Heartbeat(term.Epoch, term.Seen))]));
                lastAppend = clock.GetTimestamp();
            }

            if (IsDue(term.State, out var due) && ticked != due)
            {
                await submissions.Append(CommandCodec.Encode(Envelope.Of(CommandId.None, new Command.Tick())));
                ticked = due;
            }

            if (creditCap() is { } cap && IsNews(term.State, cap) && capped != cap)
            {
                await submissions.Append(CommandCodec.Encode(Envelope.Of(CommandId.None, new Command.CapCredit(cap))));
                capped = cap;
            }

            // By what was read back from the ledger: a decision that is only on its way may be lost with this server.
            if (retention.Next(view.Decided) is > IEventLog.Start and var upTo) await GiveUpBefore(upTo);

            while (inFlight.Count > 0 && (inFlight.Count > BatchesInFlight || inFlight.Peek().IsCompleted)) await inFlight.Dequeue();
        }
    }

    async Task GiveUpBefore(long position)
    {
        try
        {
            await submissions.TruncateBefore(position);
            LogGaveUp(hunt, position);
        }
        catch (EventLogException e)
        {
            // The next mark is in an hour.
            LogNotGivenUp(hunt, e.Message);
        }
    }

    async Task<long> Append(IReadOnlyList<ReadOnlyMemory<byte>> records)
    {
        Interlocked.Add(ref queue, records.Count);
        try
        {
            var position = await ledger.Append(records);
            Interlocked.Add(ref written, records.Count);
            return position;
        }
        finally
        {
            Interlocked.Add(ref queue, -records.Count);
        }
    }

    /// <summary>The next commands; none if there are none for so long.</summary>
    async ValueTask<IReadOnlyList<LogRecord>> ReadUntil(IEventLogReader reader, TimeSpan patience, CancellationToken cancel)
    {
        // Not what is available first: a log elsewhere may have to wait for that too, and then holds a thread and gives up, where this one simply goes on.
        if (patience <= TimeSpan.Zero) return reader.ReadAvailable(CommandsAtOnce);
        using var timeout = new CancellationTokenSource(patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancel);
        try
        {
            return await reader.Read(CommandsAtOnce, either.Token);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            return [];
        }
    }

    /// <summary>Decides a batch, and gives the records to append.</summary>
    List<ReadOnlyMemory<byte>> Decide(Term term, IReadOnlyList<LogRecord> commands)
    {
        var records = new List<ReadOnlyMemory<byte>>(commands.Count);
        foreach (var command in commands)
            if (term.Decide(command.Position, command.TimeMs, CommandCodec.Decode(command.Payload)) is { } decided)
                records.Add(LedgerCodec.Encode(decided));
        return records;
    }

    TimeSpan UntilNextDeed(Term term, long lastAppend)
    {
        var heartbeat = HeartbeatAfter - clock.GetElapsedTime(lastAppend);
        if (term.State.Recorded || Referee.NextDue(term.State) is not { } due) return heartbeat;
        // Compared as numbers: a closing time in the far future has more milliseconds than a TimeSpan holds.
        var timer = due - clock.GetUtcNow().ToUnixTimeMilliseconds();
        return timer > 0 && timer < heartbeat.TotalMilliseconds ? TimeSpan.FromMilliseconds(timer) : heartbeat;
    }

    // In a replay time stands still between commands, so no timer is ever due.
    bool IsDue(HuntState state, out long due)
    {
        due = Referee.NextDue(state) ?? long.MaxValue;
        return !state.Recorded && due <= clock.GetUtcNow().ToUnixTimeMilliseconds();
    }

    static bool IsNews(HuntState state, long creditCap) => state.Model is not null && state.Phase != HuntPhase.Closed && state.CreditCapMs != creditCap;

    Task Wait(TimeSpan time, CancellationToken cancel) => time <= TimeSpan.Zero ? Task.CompletedTask : Task.Delay(time, clock, cancel);

    [LoggerMessage(Level = LogLevel.Warning, Message = "hunt {Hunt}: nothing was heard of its scorer for {Seconds:0} s, and this server does not take over: {Reason}")]
    partial void LogNobodyScores(string hunt, double seconds, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "hunt {Hunt}: this server scores from epoch {Epoch} on, commands after {Command}")]
    partial void LogTookOver(string hunt, long epoch, long command);

    [LoggerMessage(Level = LogLevel.Warning, Message = "hunt {Hunt}: epoch {Epoch} is over, {Newer} scores now")]
    partial void LogDeposed(string hunt, long epoch, long newer);

    [LoggerMessage(Level = LogLevel.Error, Message = "hunt {Hunt}: scoring stopped and starts again in a second: {Reason}")]
    partial void LogTermFailed(string hunt, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "hunt {Hunt}: commands before position {Position} were decided more than a day ago, and are given up")]
    partial void LogGaveUp(string hunt, long position);

    [LoggerMessage(Level = LogLevel.Warning, Message = "hunt {Hunt}: old commands could not be given up, and take space: {Reason}")]
    partial void LogNotGivenUp(string hunt, string reason);
}
