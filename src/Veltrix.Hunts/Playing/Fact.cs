using System.Collections.Immutable;

namespace Veltrix.Hunts;

/// <summary>
/// Something that has happened in a hunt, in the past tense. The ledger is a list of these, and everything else a fold of it.
/// </summary>
/// <remarks>
/// To add a fact: a record here, its case in <c>HuntState.Apply</c>, its message in <c>ledger.proto</c>, its line in <c>LedgerCodec</c>, its line in
/// <c>docs/reference/ledger.md</c>; and, if it changes what is kept, the checkpoint. Facts are for ever: one is never changed or removed, only joined by another.
/// </remarks>
public abstract record Fact
{
    public sealed record HuntPublished(string Definition, bool Recorded) : Fact;

    public sealed record HuntOpened : Fact;

    public sealed record HuntPaused : Fact;

    public sealed record HuntResumed : Fact;

    public sealed record HuntExtended(long ClosesMs) : Fact;

    public sealed record HuntClosed : Fact;

    /// <summary>Teams are numbered from 0 in order of founding.</summary>
    public sealed record TeamFounded(int Team, string Name, string Invite) : Fact;

    public sealed record TeamJoined(int Team, string Hunter, string Nickname) : Fact;

    /// <summary>The team's first member waited for its seat; <paramref name="CreditMs"/> of it come off the team's times and are added to its end.</summary>
    public sealed record TeamCredited(int Team, long WaitedMs, long CreditMs) : Fact;

    /// <summary>
    /// From now on waiting earns at most <paramref name="MostMs"/>, and the hunt closes for all so long after its closing time. Where nobody said so (one clock for all, or a ledger from
    /// before this fact) the most is 0, and only credit that was given moves the end.
    /// </summary>
    public sealed record CreditCapped(long MostMs) : Fact;

    public sealed record JoinRefused(string Hunter, Refusal Reason) : Fact;

    public sealed record AnswerAccepted(int Team, string Hunter, string Challenge, string Answer, int Points) : Fact;

    public sealed record AnswerRejected(int Team, string Hunter, string Challenge, string Answer) : Fact;

    /// <summary>An answer that was not looked at. <paramref name="Team"/> is −1 where the hunter has none.</summary>
    public sealed record SubmissionRefused(int Team, string Hunter, string Challenge, Refusal Reason) : Fact;

    public sealed record ScoreAdjusted(int Team, long Points) : Fact;

    public sealed record HunterBanned(string Hunter) : Fact;

    public sealed record Announced(string Text) : Fact;

    /// <summary>An organiser set a key of the hunt; it ends at <paramref name="UntilMs"/>, or when somebody takes it back.</summary>
    public sealed record SettingOverridden(string Key, string Value, long? UntilMs) : Fact;

    /// <summary>The key has again what the layers below say.</summary>
    public sealed record SettingRestored(string Key) : Fact;

    public sealed record ActionRefused(Refusal Reason) : Fact;
}

/// <summary>Why not. The names are wire codes; the numbers are in the ledger for ever.</summary>
public enum Refusal
{
    Unspecified = 0,
    NotPublished = 1,
    AlreadyPublished = 2,
    NotOpen = 3,
    Paused = 4,
    Closed = 5,
    NotJoined = 6,
    AlreadyJoined = 7,
    Banned = 8,
    TeamFull = 9,
    UnknownInvite = 10,
    TeamNeeded = 11,
    SoloOnly = 12,
    UnknownChallenge = 13,
    Locked = 14,
    AlreadySolved = 15,
    OutOfAttempts = 16,
    UnknownTeam = 17,
    UnknownHunter = 18,
    AlreadyOpen = 19,
    NotPaused = 20,
    InThePast = 21,
    OutOfRange = 22,
    NotOverridden = 30,
}

/// <summary>A record of the ledger: what one command came to, or a sign of the scorer's life.</summary>
public abstract record LedgerRecord
{
    /// <summary>A server made itself the hunt's scorer. The position of this record in the ledger is its epoch.</summary>
    public sealed record Took(string Writer) : LedgerRecord;

    /// <summary>The scorer of <paramref name="Epoch"/> is alive and has decided everything up to <paramref name="CommandPosition"/>.</summary>
    /// <param name="IsLast">It goes away: whoever stands by need not wait for its silence.</param>
    public sealed record Heartbeat(long Epoch, long CommandPosition, bool IsLast = false) : LedgerRecord;

    /// <summary>All facts of one command, together, so that a torn write can never leave half of them.</summary>
    /// <param name="Previous">The command position of the record before it, as its writer knew it: a chain, so that a record that was lost on the way is missed.</param>
    /// <param name="CommandPosition">The command's place in the submissions log.</param>
    /// <param name="TimeMs">Game time of the decision.</param>
    public sealed record Decided(
        long Epoch, long Previous, long CommandPosition, long TimeMs, CommandId Id, string Who, string Why, ImmutableArray<Fact> Facts) : LedgerRecord;
}
