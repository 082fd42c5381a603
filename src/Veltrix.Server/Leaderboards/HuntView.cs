using System.Collections.Immutable;
using Veltrix.EventLog;
using Veltrix.Hunts;
using Veltrix.Server.Scoring;

namespace Veltrix.Server.Leaderboards;

/// <summary>
/// One hunt as this server knows it: the fold of its ledger and the board over it, following the log. Every server has one for every hunt it serves.
/// </summary>
/// <remarks>
/// <para>One task folds (<see cref="Follow"/>); any thread reads through <c>Read</c>, which holds the same lock, so keep what you do there short.</para>
/// <para>A fold that finds a record it cannot understand stops, and <see cref="Broken"/> says why: a board that is wrong is worse than one that stands still. A log that merely cannot be read for the
/// moment (<see cref="Away"/>) is read on as soon as it can be: a broker that has just started may say for seconds that it has no such topic.</para>
/// </remarks>
public sealed class HuntView
{
    /// <summary>Records folded under one hold of the lock: at about a microsecond each, readers wait half a millisecond at most.</summary>
    const int RecordsAtOnce = 512;

    static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(0.5);

    readonly Lock gate = new();
    readonly IEventLog ledger;
    readonly TimeProvider clock;
    readonly Board board = new();
    readonly Dictionary<CommandId, TaskCompletionSource<LedgerRecord.Decided>> expected = [];
    readonly HuntState state;
    LedgerGate ledgerGate;
    long read;
    long records;
    long lastRecordAt;
    long seen;

    public HuntView(string hunt, IEventLog ledger, Folded start, TimeProvider clock)
    {
        Hunt = hunt;
        this.ledger = ledger;
        this.clock = clock;
        state = start.State;
        ledgerGate = start.Gate;
        read = start.Position;
        records = start.Records;
        Position = start.Position;
        lastRecordAt = clock.GetTimestamp();
        foreach (var team in state.Teams)
            if (team.Ranked) board.Place(team.Number, Key(team));
    }

    public string Hunt { get; }

    /// <summary>Position of the last decision folded: what <c>as_of</c> says. Signs of life do not move it.</summary>
    public long Position { get; private set; }

    /// <summary>Position in the submissions log of the last command folded that came to something.</summary>
    public long Decided
    {
        get
        {
            lock (gate) return ledgerGate.CommandPosition;
        }
    }

    /// <summary>Everything up to this position in the submissions log is decided and folded, also what came to nothing.</summary>
    public long DecidedUpTo
    {
        get
        {
            lock (gate) return Math.Max(seen, ledgerGate.CommandPosition);
        }
    }

    /// <summary>Position of the last record read from the ledger, also of one that does not count.</summary>
    public long ReadUpTo
    {
        get
        {
            lock (gate) return read;
        }
    }

    /// <summary>The scorer's epoch as read from the ledger. May be read from any thread.</summary>
    public long Epoch => Volatile.Read(ref epoch);

    long epoch;

    /// <summary>Time since anything was read from the ledger: a standby takes over when it grows long.</summary>
    public TimeSpan Silence => clock.GetElapsedTime(Volatile.Read(ref lastRecordAt));

    /// <summary>Nobody is the scorer: there never was one, or the last one has said that it goes.</summary>
    public bool IsVacant => vacant || Epoch == 0;

    volatile bool vacant;

    /// <summary>Why folding stopped; null while all is well.</summary>
    public Exception? Broken { get; private set; }

    /// <summary>Why the ledger cannot be read just now; null while it can be.</summary>
    public EventLogException? Away { get; private set; }

    /// <summary>Called by the folding task when <see cref="Away"/> begins and ends.</summary>
    public Action<EventLogException?>? OnAway { get; set; }

    /// <summary>Called by the folding task after each batch, outside the lock, with what is to be told; in order.</summary>
    public Action<IReadOnlyList<News>>? OnNews { get; set; }

    /// <summary>Called by the folding task after a batch, outside the lock, if the hunt's own settings (its definition, its overrides) moved.</summary>
    public Action? OnSettings { get; set; }

    /// <summary>Called by the folding task after each batch, outside the lock, with the position up to which all commands are decided.</summary>
    public Action<long>? OnDecided { get; set; }

    /// <summary>Records read from the ledger since the start, also those that do not count.</summary>
    public long RecordsRead => Volatile.Read(ref recordsRead);

    long recordsRead;

    /// <summary>Whether anybody wants to be told of a team's outcomes; without a listener ranks are not worked out. Called under the lock.</summary>
    public Func<int, bool>? IsHeard { get; set; }

    /// <summary>Called by the folding task under the lock whenever this many decisions more are folded; see <see cref="CheckpointEvery"/>.</summary>
    public Action<Folded>? OnCheckpoint { get; set; }

    /// <summary>Decisions between two checkpoints.</summary>
    public long CheckpointEvery { get; init; } = 1_000_000;

    /// <summary>Looks at the fold and the board as they are now. Nothing of them may leave <paramref name="look"/> but values.</summary>
    public T Read<T>(Func<HuntState, Board, T> look)
    {
        lock (gate) return look(state, board);
    }

    /// <summary>The same with the decision's position it is seen at.</summary>
    public T Read<T>(Func<HuntState, Board, long, T> look)
    {
        lock (gate) return look(state, board, Position);
    }

    /// <summary>The fold as it is now, as checkpoint bytes: a copy to keep or to go on from.</summary>
    public byte[] Snapshot()
    {
        lock (gate) return CheckpointCodec.Encode(Now());
    }

    /// <summary>Completes when this command has been decided. Ask before appending it.</summary>
    public Task<LedgerRecord.Decided> Expect(CommandId id)
    {
        var source = new TaskCompletionSource<LedgerRecord.Decided>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate) expected.Add(id, source);
        return source.Task;
    }

    /// <summary>Nobody waits for this command any more.</summary>
    public void Forget(CommandId id)
    {
        lock (gate) expected.Remove(id);
    }

    /// <summary>Folds the ledger up to its present end, then follows it until cancelled.</summary>
    public async Task Follow(CancellationToken cancel)
    {
        try
        {
            using var reader = ledger.Read(read);
            while (true)
            {
                IReadOnlyList<LogRecord> batch;
                try
                {
                    batch = await reader.Read(RecordsAtOnce, cancel);
                }
                catch (EventLogException e) when (e.Fault == EventLogFault.Unavailable)
                {
                    SetAway(e);
                    await Task.Delay(AgainAfter, clock, cancel);
                    continue;
                }

                SetAway(null);
                Fold(batch);
            }
        }
        catch (OperationCanceledException)
        {
        }
        catch (Exception e)
        {
            Broken = e;
            throw;
        }
    }

    void SetAway(EventLogException? why)
    {
        var was = Away;
        Away = why;
        if (was is null != why is null) OnAway?.Invoke(why);
    }

    /// <summary>Folds a batch of the ledger, and tells the news.</summary>
    public void Fold(IReadOnlyList<LogRecord> batch)
    {
        var decoded = new LedgerRecord[batch.Count];
        for (var i = 0; i < decoded.Length; i++) decoded[i] = LedgerCodec.Decode(batch[i].Payload);

        var news = new List<News>();
        var settings = false;
        long upTo;
        lock (gate)
        {
            for (var i = 0; i < decoded.Length; i++)
            {
                read = batch[i].Position;
                // A heartbeat also tells of commands that came to nothing.
                if (decoded[i] is LedgerRecord.Heartbeat beat && beat.Epoch == ledgerGate.Epoch) (seen, vacant) = (Math.Max(seen, beat.CommandPosition), beat.IsLast);
                if (decoded[i] is LedgerRecord.Took) vacant = false;
                if (!ledgerGate.Admits(read, decoded[i])) continue;
                var decided = (LedgerRecord.Decided)decoded[i];
                Fold(decided, news);
                settings |= decided.Facts.Any(fact => fact is Fact.HuntPublished or Fact.SettingOverridden or Fact.SettingRestored);
            }

            upTo = Math.Max(seen, ledgerGate.CommandPosition);
            Volatile.Write(ref recordsRead, recordsRead + decoded.Length);
            Volatile.Write(ref epoch, ledgerGate.Epoch);
            Volatile.Write(ref lastRecordAt, clock.GetTimestamp());
        }

        if (settings) OnSettings?.Invoke();
        if (news.Count > 0) OnNews?.Invoke(news);
        OnDecided?.Invoke(upTo);
    }

    void Fold(LedgerRecord.Decided decided, List<News> news)
    {
        var before = (state.Phase, Times: HuntTimes.Of(state));
        state.Fold(read, decided);
        Position = read;
        foreach (var fact in decided.Facts) Show(fact, decided, news);
        var after = (state.Phase, Times: HuntTimes.Of(state));
        if (after != before) news.Add(new News.HuntMoved(after.Phase, after.Times));
        if (expected.Count > 0 && expected.Remove(decided.Id, out var waiting)) waiting.SetResult(decided);
        if (++records % CheckpointEvery == 0) OnCheckpoint?.Invoke(Now());
    }

    // What a fact means for the board and for those who watch.
    void Show(Fact fact, LedgerRecord.Decided decided, List<News> news)
    {
        switch (fact)
        {
            case Fact.TeamJoined joined:
                var entered = state.Teams[joined.Team];
                if (!board.Contains(entered.Number)) board.Place(entered.Number, Key(entered));
                break;
            case Fact.AnswerAccepted accepted:
                var scored = state.Teams[accepted.Team];
                if (board.Contains(scored.Number)) board.Move(scored.Number, Key(scored));
                Tell(accepted.Team, accepted.Challenge, decided, news);
                break;
            case Fact.AnswerRejected rejected:
                Tell(rejected.Team, rejected.Challenge, decided, news);
                break;
            case Fact.SubmissionRefused refused:
                Tell(refused.Team, refused.Challenge, decided, news);
                break;
            case Fact.ScoreAdjusted adjusted:
                if (board.Contains(adjusted.Team)) board.Move(adjusted.Team, Key(state.Teams[adjusted.Team]));
                break;
            case Fact.TeamCredited credited:
                if (board.Contains(credited.Team)) board.Move(credited.Team, Key(state.Teams[credited.Team]));
                break;
            case Fact.HunterBanned banned:
                var team = state.Teams[state.FindHunter(banned.Hunter)!.Team];
                if (!team.Ranked && board.Contains(team.Number)) board.Remove(team.Number);
                news.Add(new News.Banned(banned.Hunter));
                break;
            case Fact.Announced announced:
                news.Add(new News.Announcement(announced.Text, decided.TimeMs));
                break;
        }
    }

    void Tell(int teamNumber, string challenge, LedgerRecord.Decided decided, List<News> news)
    {
        if (IsHeard?.Invoke(teamNumber) != true) return;
        if (teamNumber < 0)
        {
            var outcome = new Outcome(0, decided.Id, -1, Verdict.Refused, ((Fact.SubmissionRefused)decided.Facts[^1]).Reason, 0, 0, read, decided.TimeMs);
            news.Add(new News.Outcome(teamNumber, challenge, outcome, null, null, []));
            return;
        }

        var team = state.Teams[teamNumber];
        var last = team.OutcomesAfter(team.OutcomeCount - 1).First();
        news.Add(new News.Outcome(
            teamNumber, challenge, last, board.Contains(teamNumber) ? board.Rank(teamNumber) : null, AttemptsLeft(team, last.Challenge), Unlocked(team, last)));
    }

    int? AttemptsLeft(Team team, int challenge) =>
        challenge >= 0 && state.Model!.Challenges[challenge].Attempts is { } most ? Math.Max(0, most - team.WrongAnswers(challenge)) : null;

    ImmutableArray<string> Unlocked(Team team, Outcome outcome)
    {
        if (outcome.Verdict != Verdict.Correct) return [];
        var model = state.Model!;
        var dependents = model.Dependents(outcome.Challenge);
        return dependents.IsEmpty ? [] : [.. dependents.Select(c => model.Challenges[c]).Where(team.HasUnlocked).Select(c => c.Id)];
    }

    Folded Now() => new(read, records, ledgerGate, state);

    RankKey Key(Team team) => team.KeyUnder(state.Model!.Definition.Ranking);
}

/// <summary>When a hunt opens, or opened, and closes, in milliseconds since 1970.</summary>
/// <param name="ClosesForAllMs">Where that is later than <paramref name="ClosesMs"/>: until then those may play who had to wait. Null again once it is closed.</param>
public readonly record struct HuntTimes(long? OpensMs, long? ClosesMs, long? ClosesForAllMs)
{
    public static HuntTimes Of(HuntState state) => new(
        state.OpenedMs ?? state.Model?.Definition.OpensMs, state.ClosesMs, state.Phase != HuntPhase.Closed && state.ClosesForAllMs > state.ClosesMs ? state.ClosesForAllMs : null);
}

/// <summary>Something to tell those who are connected.</summary>
public abstract record News
{
    /// <param name="Team">−1 where the hunter has none.</param>
    public sealed record Outcome(int Team, string Challenge, Hunts.Outcome What, int? Rank, int? AttemptsLeft, ImmutableArray<string> Unlocked) : News;

    public sealed record HuntMoved(HuntPhase Phase, HuntTimes Times) : News;

    public sealed record Announcement(string Text, long TimeMs) : News;

    public sealed record Banned(string Hunter) : News;
}
