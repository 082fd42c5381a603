using System.Collections.Immutable;

namespace Veltrix.Hunts;

/// <summary>
/// Decides what a command comes to. Pure: the same state, command and time give the same facts, so every scorer that reads the same log decides the same.
/// </summary>
/// <remarks>
/// <list type="number">
/// <item>A repeat comes to nothing.</item>
/// <item>Whatever was due by now has happened first (<see cref="Due"/>): it opened, it closed. So an answer stamped after the end is late even if no timer fired in between.</item>
/// <item>Then the command itself: always at least one fact, a refusal if need be, so that every acknowledged command is found in the ledger.</item>
/// </list>
/// </remarks>
public static class Referee
{
    const long AdjustmentMax = 1_000_000_000;

    /// <summary>Overrides a hunt may have at once, and how long their keys and values may be: far more than there are keys.</summary>
    const int OverridesMax = 500, OverrideLengthMax = 200;

    /// <param name="state">The fold of everything decided before.</param>
    /// <param name="timeMs">Game time of the decision: <see cref="HuntState.GameTime"/>.</param>
    /// <returns>The facts, in order; empty for a repeat or for a tick with nothing due.</returns>
    public static ImmutableArray<Fact> Decide(HuntState state, Envelope envelope, long timeMs)
    {
        if (state.IsRepeat(envelope.Id)) return [];
        var due = Due(state, timeMs);
        var own = envelope.Command switch
        {
            Command.Tick => [],
            Command.Publish publish => Publish(state, publish),
            _ when state.Model is null => Refuse(envelope, Refusal.NotPublished),
            Command.Join join => Join(state, envelope.Id, join, timeMs),
            Command.Submit submit => Submit(state, PhaseAfter(state, due), envelope.Id, submit, timeMs),
            Command.Adjust adjust => Adjust(state, adjust),
            Command.Ban ban => Ban(state, ban),
            Command.Announce announce => [new Fact.Announced(announce.Text)],
            Command.SetOverride set => SetOverride(state, set, timeMs),
            Command.UnsetOverride unset => UnsetOverride(state, unset, timeMs),
            // A hunt that is closed stays so, and one that hears nothing new writes nothing down.
            Command.CapCredit cap => PhaseAfter(state, due) == HuntPhase.Closed || cap.MostMs == state.CreditCapMs ? [] : [new Fact.CreditCapped(cap.MostMs)],
            var action => Steer(state, PhaseAfter(state, due), action, timeMs),
        };
        return due.IsEmpty ? own : [.. due, .. own];
    }

    /// <summary>What time alone has brought about by <paramref name="timeMs"/>.</summary>
    public static ImmutableArray<Fact> Due(HuntState state, long timeMs)
    {
        if (state.Model is not { } model || state.Phase == HuntPhase.Closed) return [];
        var opens = state.Phase == HuntPhase.Scheduled && model.Definition.OpensMs <= timeMs;
        // Each team's own end is looked at when it submits.
        var closes = state.ClosesForAllMs <= timeMs;
        return (opens, closes) switch
        {
            (false, false) => [],
            (true, false) => [new Fact.HuntOpened()],
            (_, true) => [new Fact.HuntClosed()],
        };
    }

    /// <summary>When time alone will next bring something about, in milliseconds since 1970; null: never.</summary>
    public static long? NextDue(HuntState state)
    {
        if (state.Model is not { } model || state.Phase == HuntPhase.Closed) return null;
        var opens = state.Phase == HuntPhase.Scheduled ? model.Definition.OpensMs : null;
        var closes = state.ClosesForAllMs;
        return opens is { } o && (closes is not { } c || o < c) ? o : closes;
    }

    static HuntPhase PhaseAfter(HuntState state, ImmutableArray<Fact> due) => due switch
    {
        [.., Fact.HuntClosed] => HuntPhase.Closed,
        [.., Fact.HuntOpened] => HuntPhase.Open,
        _ => state.Phase,
    };

    static ImmutableArray<Fact> Publish(HuntState state, Command.Publish publish) =>
        state.Model is null ? [new Fact.HuntPublished(publish.Definition, publish.Recorded)] : [new Fact.ActionRefused(Refusal.AlreadyPublished)];

    static ImmutableArray<Fact> Join(HuntState state, CommandId id, Command.Join join, long timeMs)
    {
        var size = state.Model!.Definition.TeamSize;
        if (state.FindHunter(id.Hunter) is not null) return Refused(Refusal.AlreadyJoined);
        if (state.Phase == HuntPhase.Closed || state.ClosesMs + join.CreditMs <= timeMs) return Refused(Refusal.Closed);
        var next = state.Teams.Count;
        switch (join.Team)
        {
            case TeamChoice.Alone:
                return size == 1
                    ? Founded(join.Nickname, "")
                    : Refused(Refusal.TeamNeeded);
            case var _ when size == 1:
                return Refused(Refusal.SoloOnly);
            case TeamChoice.Found found:
                return Founded(found.Name, found.Invite);
            case TeamChoice.ByInvite invite:
                if (state.FindTeamByInvite(invite.Code) is not { } team) return Refused(Refusal.UnknownInvite);
                return team.Members.Count < size ? [new Fact.TeamJoined(team.Number, id.Hunter, join.Nickname)] : Refused(Refusal.TeamFull);
            default:
                throw new ArgumentOutOfRangeException(nameof(join), join.Team, "unknown way to join");
        }

        ImmutableArray<Fact> Founded(string name, string invite)
        {
            Fact founded = new Fact.TeamFounded(next, name, invite), joined = new Fact.TeamJoined(next, id.Hunter, join.Nickname);
            return join.WaitedMs == 0 ? [founded, joined] : [founded, new Fact.TeamCredited(next, join.WaitedMs, join.CreditMs), joined];
        }

        ImmutableArray<Fact> Refused(Refusal reason) => [new Fact.JoinRefused(id.Hunter, reason)];
    }

    static ImmutableArray<Fact> Submit(HuntState state, HuntPhase phase, CommandId id, Command.Submit submit, long timeMs)
    {
        if (state.FindHunter(id.Hunter) is not { } hunter) return Refused(-1, Refusal.NotJoined);
        var team = state.Teams[hunter.Team];
        if (hunter.Banned) return Refused(team.Number, Refusal.Banned);
        if (phase != HuntPhase.Open)
            return Refused(team.Number, phase switch { HuntPhase.Scheduled => Refusal.NotOpen, HuntPhase.Paused => Refusal.Paused, _ => Refusal.Closed });

        if (state.ClosesMs + team.CreditMs <= timeMs) return Refused(team.Number, Refusal.Closed);

        var model = state.Model!;
        var index = model.IndexOf(submit.Challenge);
        if (index < 0) return Refused(team.Number, Refusal.UnknownChallenge);
        var challenge = model.Challenges[index];
        if (team.HasSolved(index)) return Refused(team.Number, Refusal.AlreadySolved);
        if (!team.HasUnlocked(challenge)) return Refused(team.Number, Refusal.Locked);
        if (team.WrongAnswers(index) >= challenge.Attempts) return Refused(team.Number, Refusal.OutOfAttempts);

        return challenge.Answer.Accepts(submit.Answer)
            ? [new Fact.AnswerAccepted(team.Number, hunter.Id, challenge.Id, submit.Answer, challenge.Points)]
            : [new Fact.AnswerRejected(team.Number, hunter.Id, challenge.Id, submit.Answer)];

        ImmutableArray<Fact> Refused(int teamNumber, Refusal reason) => [new Fact.SubmissionRefused(teamNumber, id.Hunter, submit.Challenge, reason)];
    }

    static ImmutableArray<Fact> Adjust(HuntState state, Command.Adjust adjust)
    {
        if ((uint)adjust.Team >= (uint)state.Teams.Count) return [new Fact.ActionRefused(Refusal.UnknownTeam)];
        return adjust.Points is >= -AdjustmentMax and <= AdjustmentMax && Math.Abs(state.Teams[adjust.Team].Score + adjust.Points) <= RankKey.ScoreMax / 2
            ? [new Fact.ScoreAdjusted(adjust.Team, adjust.Points)]
            : [new Fact.ActionRefused(Refusal.OutOfRange)];
    }

    static ImmutableArray<Fact> Ban(HuntState state, Command.Ban ban) => state.FindHunter(ban.Hunter) switch
    {
        null => [new Fact.ActionRefused(Refusal.UnknownHunter)],
        { Banned: true } => [new Fact.ActionRefused(Refusal.Banned)],
        _ => [new Fact.HunterBanned(ban.Hunter)],
    };

    // In any phase: nothing is frozen while a hunt is live, nor before or after.
    static ImmutableArray<Fact> SetOverride(HuntState state, Command.SetOverride set, long timeMs)
    {
        if (set.UntilMs <= timeMs) return [new Fact.ActionRefused(Refusal.InThePast)];
        var fits = set.Key.Length is > 0 and <= OverrideLengthMax && set.Value.Length <= OverrideLengthMax && (state.Overrides.Count < OverridesMax || state.FindOverride(set.Key) is not null);
        return fits ? [new Fact.SettingOverridden(set.Key, set.Value, set.UntilMs)] : [new Fact.ActionRefused(Refusal.OutOfRange)];
    }

    static ImmutableArray<Fact> UnsetOverride(HuntState state, Command.UnsetOverride unset, long timeMs) =>
        state.FindOverride(unset.Key) is { } there && !(there.UntilMs <= timeMs) ? [new Fact.SettingRestored(unset.Key)] : [new Fact.ActionRefused(Refusal.NotOverridden)];

    static ImmutableArray<Fact> Steer(HuntState state, HuntPhase phase, Command action, long timeMs) => (action, phase) switch
    {
        (_, HuntPhase.Closed) => [new Fact.ActionRefused(Refusal.Closed)],
        (Command.Open, HuntPhase.Scheduled) => [new Fact.HuntOpened()],
        (Command.Open, _) => [new Fact.ActionRefused(Refusal.AlreadyOpen)],
        (Command.Pause, HuntPhase.Open) => [new Fact.HuntPaused()],
        (Command.Pause, HuntPhase.Paused) => [new Fact.ActionRefused(Refusal.Paused)],
        (Command.Pause, _) => [new Fact.ActionRefused(Refusal.NotOpen)],
        (Command.Resume, HuntPhase.Paused) => [new Fact.HuntResumed()],
        (Command.Resume, _) => [new Fact.ActionRefused(Refusal.NotPaused)],
        (Command.Extend extend, _) when extend.ClosesMs <= timeMs => [new Fact.ActionRefused(Refusal.InThePast)],
        (Command.Extend extend, _) => [new Fact.HuntExtended(extend.ClosesMs)],
        (Command.Close, _) => [new Fact.HuntClosed()],
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, "unknown action"),
    };

    static ImmutableArray<Fact> Refuse(Envelope envelope, Refusal reason) => envelope.Command switch
    {
        Command.Join => [new Fact.JoinRefused(envelope.Id.Hunter, reason)],
        Command.Submit submit => [new Fact.SubmissionRefused(-1, envelope.Id.Hunter, submit.Challenge, reason)],
        _ => [new Fact.ActionRefused(reason)],
    };
}
