namespace Veltrix.Hunts;

public enum HuntPhase
{
    /// <summary>Published, not open yet.</summary>
    Scheduled,
    Open,
    Paused,
    Closed,
}

/// <summary>
/// A hunt as its facts have made it: the fold of its ledger. Pure and deterministic: the same records give the same state on every server and every day.
/// </summary>
/// <remarks>Not thread-safe: one fold owns it.</remarks>
public sealed class HuntState
{
    readonly Dictionary<string, Hunter> hunters = new(StringComparer.Ordinal);
    readonly Dictionary<string, int> teamByInvite = new(StringComparer.Ordinal);
    readonly List<Team> teams = [];
    readonly List<Hunter> huntersByJoin = [];
    readonly SortedDictionary<string, Override> overrides = new(StringComparer.Ordinal);

    /// <summary>False where nobody will ask for outcomes again, as in the scorer's own copy: they are counted, not kept, and neither are the curves of scores.</summary>
    public bool KeepsOutcomes { get; init; } = true;

    /// <summary>Null until the hunt is published.</summary>
    public HuntModel? Model { get; private set; }

    /// <summary>True for a replay: time is what the commands say.</summary>
    public bool Recorded { get; private set; }

    public HuntPhase Phase { get; private set; }

    /// <summary>When it opened; null before.</summary>
    public long? OpenedMs { get; private set; }

    /// <summary>When it closes, or closed: the definition's time until an organiser moved it.</summary>
    public long? ClosesMs { get; private set; }

    /// <summary>The most that waiting may earn a team now.</summary>
    public long CreditCapMs { get; private set; }

    /// <summary>The most credit any team has for waiting: more than <see cref="CreditCapMs"/> where that was lowered afterwards.</summary>
    public long MostCreditMs { get; private set; }

    /// <summary>
    /// When it closes for all: whoever may yet be let in late plays for as long as its credit, so ranks are not final before. For each team it closes at <see cref="ClosesMs"/> and its own credit.
    /// </summary>
    public long? ClosesForAllMs => ClosesMs + Math.Max(CreditCapMs, MostCreditMs);

    /// <summary>Game time: never goes back, whatever the log's clock does.</summary>
    public long TimeMs { get; private set; }

    public IReadOnlyList<Team> Teams => teams;

    /// <summary>All who joined, in order.</summary>
    public IReadOnlyList<Hunter> Hunters => huntersByJoin;

    /// <summary>What organisers set, by key in ordinal order. Those that ended are among them until the next one is set.</summary>
    public IReadOnlyCollection<Override> Overrides => overrides.Values;

    public Override? FindOverride(string key) => overrides.GetValueOrDefault(key);

    public Hunter? FindHunter(string id) => hunters.GetValueOrDefault(id);

    /// <summary>The team with this invite code, or null.</summary>
    public Team? FindTeamByInvite(string code) => teamByInvite.TryGetValue(code, out var team) ? teams[team] : null;

    /// <summary>True where the command was decided before: its hunter's instance has that sequence or a later one behind it.</summary>
    public bool IsRepeat(CommandId id) => id.Hunter.Length > 0 && FindHunter(id.Hunter) is { } hunter && id.Seq <= hunter.LastSeq(id.Instance);

    /// <summary>The time a command is decided at: what its log says (or, in a replay, what it says itself), but never earlier than the last decision.</summary>
    public long GameTime(long? saidMs, long logMs) => Math.Max(TimeMs, saidMs ?? (Recorded ? TimeMs : logMs));

    /// <summary>Folds one decision that the <see cref="LedgerGate"/> admitted.</summary>
    /// <param name="position">Its place in the ledger.</param>
    public void Fold(long position, LedgerRecord.Decided decided)
    {
        TimeMs = Math.Max(TimeMs, decided.TimeMs);
        foreach (var fact in decided.Facts) Apply(fact, position, decided);
        if (decided.Id.Hunter.Length > 0 && hunters.TryGetValue(decided.Id.Hunter, out var sender)) sender.Used(decided.Id);
    }

    void Apply(Fact fact, long position, LedgerRecord.Decided decided)
    {
        switch (fact)
        {
            case Fact.HuntPublished published:
                var read = HuntFile.Read(published.Definition);
                if (read.Definition is null) throw new InvalidDataException($"ledger position {position}: the published definition cannot be read: {read.Faults[0].Message}");
                Model = new HuntModel(read.Definition, published.Definition);
                Recorded = published.Recorded;
                ClosesMs = read.Definition.ClosesMs;
                break;
            case Fact.HuntOpened:
                Phase = HuntPhase.Open;
                OpenedMs ??= decided.TimeMs;
                break;
            case Fact.HuntPaused:
                Phase = HuntPhase.Paused;
                break;
            case Fact.HuntResumed:
                Phase = HuntPhase.Open;
                break;
            case Fact.HuntExtended extended:
                ClosesMs = extended.ClosesMs;
                break;
            case Fact.HuntClosed:
                Phase = HuntPhase.Closed;
                ClosesMs = ClosesMs is { } due && due < decided.TimeMs ? due : decided.TimeMs;
                break;
            case Fact.TeamFounded founded:
                var team = new Team(founded.Team, founded.Name, founded.Invite);
                teams.Add(team);
                if (team.Invite.Length > 0) teamByInvite.Add(team.Invite, team.Number);
                break;
            case Fact.TeamJoined joined:
                var hunter = new Hunter(joined.Hunter, joined.Nickname, joined.Team);
                hunters.Add(hunter.Id, hunter);
                huntersByJoin.Add(hunter);
                teams[joined.Team].Members.Add(hunter);
                break;
            case Fact.TeamCredited credited:
                teams[credited.Team].Credit(credited.WaitedMs, credited.CreditMs);
                MostCreditMs = Math.Max(MostCreditMs, credited.CreditMs);
                break;
            case Fact.CreditCapped capped:
                CreditCapMs = capped.MostMs;
                break;
            case Fact.AnswerAccepted accepted:
                Accept(accepted, position, decided);
                break;
            case Fact.AnswerRejected rejected:
                var challenge = Model!.IndexOf(rejected.Challenge);
                teams[rejected.Team].CountWrong(challenge);
                Keep(rejected.Team, challenge, Verdict.Incorrect, Refusal.Unspecified, 0, position, decided);
                break;
            case Fact.SubmissionRefused { Team: >= 0 } refused:
                Keep(refused.Team, Model!.IndexOf(refused.Challenge), Verdict.Refused, refused.Reason, 0, position, decided);
                break;
            case Fact.ScoreAdjusted adjusted:
                teams[adjusted.Team].Score += adjusted.Points;
                if (KeepsOutcomes) teams[adjusted.Team].Trace(decided.TimeMs);
                break;
            case Fact.HunterBanned banned:
                hunters[banned.Hunter].Banned = true;
                break;
            case Fact.SettingOverridden set:
                foreach (var ended in overrides.Values.Where(o => o.UntilMs <= decided.TimeMs).ToList()) overrides.Remove(ended.Key);
                overrides[set.Key] = new Override(set.Key, set.Value, set.UntilMs, decided.Who, decided.Why, decided.TimeMs);
                break;
            case Fact.SettingRestored restored:
                overrides.Remove(restored.Key);
                break;
        }
    }

    void Accept(Fact.AnswerAccepted accepted, long position, LedgerRecord.Decided decided)
    {
        var challenge = Model!.IndexOf(accepted.Challenge);
        var team = teams[accepted.Team];
        team.Solve(challenge);
        team.Score += accepted.Points;
        if (accepted.Points > 0) team.LastSolveMs = decided.TimeMs;
        if (accepted.Points != 0 && KeepsOutcomes) team.Trace(decided.TimeMs);
        if (Model.Challenges[challenge].Final) team.FinishedMs ??= decided.TimeMs;
        Keep(accepted.Team, challenge, Verdict.Correct, Refusal.Unspecified, accepted.Points, position, decided);
    }

    void Keep(int teamNumber, int challenge, Verdict verdict, Refusal reason, int points, long position, LedgerRecord.Decided decided)
    {
        var team = teams[teamNumber];
        if (!KeepsOutcomes) team.OutcomeCount++;
        else team.Keep(new Outcome(team.OutcomeCount + 1, hunters[decided.Id.Hunter].Lasting(decided.Id), challenge, verdict, reason, points, team.Score, position, decided.TimeMs));
    }

    /// <summary>Sets what a checkpoint kept, in an empty state. Teams and hunters come in their order.</summary>
    public static HuntState Restore(
        HuntModel? model, bool recorded, HuntPhase phase, long? openedMs, long? closesMs, long timeMs, IEnumerable<Team> teams, IEnumerable<Hunter> hunters,
        IEnumerable<Override> overrides, bool keepsOutcomes = true, long creditCapMs = 0)
    {
        var state = new HuntState
        {
            KeepsOutcomes = keepsOutcomes, Model = model, Recorded = recorded, Phase = phase, OpenedMs = openedMs, ClosesMs = closesMs, TimeMs = timeMs, CreditCapMs = creditCapMs,
        };
        foreach (var team in teams)
        {
            state.teams.Add(team);
            state.MostCreditMs = Math.Max(state.MostCreditMs, team.CreditMs);
            if (team.Invite.Length > 0) state.teamByInvite.Add(team.Invite, team.Number);
        }

        foreach (var hunter in hunters)
        {
            state.hunters.Add(hunter.Id, hunter);
            state.huntersByJoin.Add(hunter);
            state.teams[hunter.Team].Members.Add(hunter);
        }

        foreach (var o in overrides) state.overrides.Add(o.Key, o);
        return state;
    }
}
