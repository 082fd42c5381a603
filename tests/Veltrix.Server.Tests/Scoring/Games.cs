using CsCheck;
using Veltrix.Hunts;
using Veltrix.Server.Scoring;
using Veltrix.Server.Submissions;

namespace Veltrix.Server.Tests.Scoring;

/// <summary>Random games: commands as a crowd, an organiser and a bad clock would send them.</summary>
static class Games
{
    const string Definition = """
        hunt: game
        title: A game
        team_size: 3
        ranking: finish-first
        closes: 1970-01-01T00:01:00Z
        challenges:
          - { id: a, points: 1, answers: [yes] }
          - { id: b, points: 2, answers: [yes], attempts: 2 }
          - { id: c, points: 4, answers: [yes], unlock: { all_of: [a] } }
          - { id: end, points: 8, answers: [yes], unlock: { all_of: [b, c] }, final: true }
        """;

    /// <summary>Publishes the game and opens it.</summary>
    public static readonly (long TimeMs, Envelope Envelope)[] Begin =
        [(0, Envelope.Of(CommandId.None, new Command.Publish(Definition, false))), (0, Envelope.Of(CommandId.None, new Command.Open()))];

    static readonly Gen<Command> Played = Gen.Frequency<Command>(
        (20, Gen.Select(Any("a", "b", "c", "end", "nothing"), Any("yes", "yes", "no"), (c, a) => (Command)new Command.Submit(c, a))),
        (6, Gen.Select(Gen.Int[0, 2], Gen.Int[0, 5], Gen.Int[-9_000, 9_000], (how, n, waited) => (Command)new Command.Join($"Name {n}", how switch
        {
            0 => new TeamChoice.Found($"Team {n}", $"CODE{n}"),
            1 => new TeamChoice.ByInvite($"CODE{n}"),
            _ => new TeamChoice.Alone(),
        }, Math.Max(0, waited), Math.Max(0, waited / 2)))));

    static readonly Gen<Command> Steered = Gen.OneOf(
        Gen.Const<Command>(new Command.Open()), Gen.Const<Command>(new Command.Pause()), Gen.Const<Command>(new Command.Resume()),
        Gen.Const<Command>(new Command.Tick()), Gen.Int[0, 9].Select(s => (Command)new Command.CapCredit(s * 1000)), Gen.Int[0, 90_000].Select(t => (Command)new Command.Extend(t)), Gen.Const<Command>(new Command.Announce("hear")),
        Gen.Select(Any("join.pace", "brownout", "no.such.key"), Any("1", "2"), Gen.Int[-20_000, 90_000], (k, v, until) => (Command)new Command.SetOverride(k, v, until < 0 ? null : until)),
        Any("join.pace", "brownout", "no.such.key").Select(k => (Command)new Command.UnsetOverride(k)),
        Gen.Select(Gen.Int[0, 4], Gen.Int[-3, 3], (t, p) => (Command)new Command.Adjust(t, p)), Gen.Int[0, 40].Select(h => (Command)new Command.Ban($"h{h}")));

    static readonly Gen<(long TimeMs, Envelope Envelope)> Step = Gen.Select(
        Gen.Int[0, 70_000], Gen.Int[0, 7], Gen.Int[0, 2], Gen.Int[1, 12], Gen.Frequency((8, Played), (1, Steered)),
        (time, hunter, instance, seq, command) => ((long)time, command is Command.Submit or Command.Join
            ? Envelope.Of(new CommandId($"h{hunter}", $"i{instance}", seq), command)
            : new Envelope(new CommandId("", "o", 1), "organiser", "because", null, command)));

    /// <summary>Commands with the times at which the log took them; teams that share an invite code are founded once only, as gateways draw them.</summary>
    public static readonly Gen<(long TimeMs, Envelope Envelope)[]> Of = Step.Array[0, 120].Select(steps => steps
        .Where((step, index) => step.Envelope.Command is not Command.Join { Team: TeamChoice.Found found }
            || !steps.Take(index).Any(earlier => earlier.Envelope.Command is Command.Join { Team: TeamChoice.Found f } && f.Invite == found.Invite))
        .Prepend(Begin[1]).Prepend(Begin[0]).ToArray());

    /// <summary>What one scorer that is never disturbed makes of the commands. Command positions are 1, 2, 3 …; records lie at 10, 20, 30 …</summary>
    public static List<(long Position, LedgerRecord Record)> Ledger(IEnumerable<(long TimeMs, Envelope Envelope)> commands)
    {
        List<(long, LedgerRecord)> ledger = [(10, new LedgerRecord.Took("only"))];
        var term = new Term(new HuntState(), new LedgerGate(10, 0));
        foreach (var (time, envelope, position) in commands.Select((c, i) => (c.TimeMs, c.Envelope, i + 1L)))
            if (term.Decide(position, time, ThroughBytes(envelope)) is { } decided) ledger.Add((10 * (ledger.Count + 1), decided));
        return ledger;
    }

    /// <summary>Folds a ledger as any reader does, every record through its bytes.</summary>
    public static Folded Fold(IEnumerable<(long Position, LedgerRecord Record)> ledger)
    {
        var state = new HuntState();
        LedgerGate gate = default;
        long last = 0, records = 0;
        foreach (var (position, record) in ledger)
        {
            var read = LedgerCodec.Decode(LedgerCodec.Encode(record));
            last = position;
            if (!gate.Admits(position, read)) continue;
            state.Fold(position, (LedgerRecord.Decided)read);
            records++;
        }

        return new Folded(last, records, gate, state);
    }

    /// <summary>Everything a fold holds that does not depend on where its records lie.</summary>
    public static byte[] Meaning(HuntState state) =>
        CheckpointCodec.Encode(CheckpointCodec.Decode(CheckpointCodec.Encode(new Folded(0, 0, default, state)), keepsOutcomes: false)!);

    static Gen<T> Any<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    static Envelope ThroughBytes(Envelope envelope) => CommandCodec.Decode(CommandCodec.Encode(envelope));
}
