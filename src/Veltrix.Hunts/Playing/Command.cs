namespace Veltrix.Hunts;

/// <summary>
/// Somebody wants something of a hunt. A command in the submissions log will be decided, once, in the log's order.
/// </summary>
/// <remarks>
/// To add a command: a record here, its case in <c>Referee</c>, its message in <c>submissions.proto</c> and its line in <c>CommandCodec</c>.
/// </remarks>
public abstract record Command
{
    /// <summary>Makes the hunt. <paramref name="Recorded"/>: its time is what its commands say (a replay), not the log's clock.</summary>
    public sealed record Publish(string Definition, bool Recorded) : Command;

    /// <summary>A hunter enters, alone or with others.</summary>
    /// <param name="WaitedMs">How long it waited for its seat while the hunt was open.</param>
    /// <param name="CreditMs">What a team that it founds gets back of that: nothing where the clock is the same for all.</param>
    public sealed record Join(string Nickname, TeamChoice Team, long WaitedMs = 0, long CreditMs = 0) : Command;

    /// <summary>A hunter answers a challenge.</summary>
    public sealed record Submit(string Challenge, string Answer) : Command;

    /// <summary>An organiser opens the hunt now.</summary>
    public sealed record Open : Command;

    public sealed record Pause : Command;

    public sealed record Resume : Command;

    /// <summary>Moves the closing time, in milliseconds since 1970.</summary>
    public sealed record Extend(long ClosesMs) : Command;

    public sealed record Close : Command;

    /// <summary>Gives (or with a negative number takes) points by hand. Leaves the team's time alone.</summary>
    public sealed record Adjust(int Team, long Points) : Command;

    public sealed record Ban(string Hunter) : Command;

    public sealed record Announce(string Text) : Command;

    /// <summary>
    /// Sets a key of the hunt, until somebody takes it back or until <paramref name="UntilMs"/> (milliseconds since 1970). Which keys and values there are is checked where it comes in;
    /// to the rules they are words.
    /// </summary>
    public sealed record SetOverride(string Key, string Value, long? UntilMs) : Command;

    /// <summary>Takes back what <see cref="SetOverride"/> set.</summary>
    public sealed record UnsetOverride(string Key) : Command;

    /// <summary>What waiting may earn is <paramref name="MostMs"/> from now on: 0 with one clock for all. The scorer appends it itself, where its settings say something else than the ledger.</summary>
    public sealed record CapCredit(long MostMs) : Command;

    /// <summary>Time has passed: whatever was due by now happens. The scorer appends it itself.</summary>
    public sealed record Tick : Command;
}

/// <summary>How a hunter wants to enter.</summary>
public abstract record TeamChoice
{
    public sealed record Alone : TeamChoice;

    /// <summary>Founds a team. The invite code was drawn at the gateway: decisions draw nothing.</summary>
    public sealed record Found(string Name, string Invite) : TeamChoice;

    /// <summary>Enters the team that has this invite code.</summary>
    public sealed record ByInvite(string Code) : TeamChoice;
}

/// <summary>
/// What makes a hunter's command one and the same when it is sent twice: hunter, client instance, sequence. Written <c>hunter.instance.seq</c>.
/// Commands of organisers and timers have no hunter and are never repeats.
/// </summary>
public readonly record struct CommandId(string Hunter, string Instance, long Seq)
{
    public static readonly CommandId None = new("", "", 0);

    public override string ToString() => Hunter.Length == 0 ? "" : $"{Hunter}.{Instance}.{Seq}";
}

/// <summary>A command with who sent it and why, as it lies in the submissions log.</summary>
/// <param name="Who">An organiser's name, or empty for hunters and timers.</param>
/// <param name="Why">An organiser's reason, or empty.</param>
/// <param name="AtMs">The time a replay gives it, in milliseconds since 1970; null: the log's own.</param>
public sealed record Envelope(CommandId Id, string Who, string Why, long? AtMs, Command Command)
{
    public static Envelope Of(CommandId id, Command command) => new(id, "", "", null, command);
}
