using Google.Protobuf;
using Veltrix.Hunts;
using Proto = Veltrix.Wire.Checkpoint;

namespace Veltrix.Server.Scoring;

/// <summary>The fold of a ledger up to a position.</summary>
/// <param name="Position">Of the last record folded.</param>
/// <param name="Records">Decisions folded so far.</param>
public sealed record Folded(long Position, long Records, LedgerGate Gate, HuntState State)
{
    public static Folded Nothing => new(0, 0, default, new HuntState());
}

/// <summary>A fold as bytes (<c>checkpoint.proto</c>) and back. Equal folds give equal bytes.</summary>
public static class CheckpointCodec
{
    /// <summary>Raise it when the same ledger would fold to something else than before.</summary>
    public const int Version = 3;

    public static byte[] Encode(Folded folded)
    {
        var state = folded.State;
        var wire = new Proto.Checkpoint
        {
            Version = Version, LedgerPosition = folded.Position, Records = folded.Records, Epoch = folded.Gate.Epoch, CommandPosition = folded.Gate.CommandPosition,
            Definition = state.Model?.Text ?? "", Recorded = state.Recorded, Phase = (int)state.Phase, TimeMs = state.TimeMs, CreditCapMs = state.CreditCapMs,
        };
        if (state.OpenedMs is { } opened) wire.OpenedMs = opened;
        if (state.ClosesMs is { } closes) wire.ClosesMs = closes;
        foreach (var team in state.Teams) wire.Teams.Add(ToWire(team));
        foreach (var hunter in state.Hunters) wire.Hunters.Add(ToWire(hunter));
        foreach (var o in state.Overrides) wire.Overrides.Add(ToWire(o));
        return wire.ToByteArray();
    }

    /// <returns>The fold, or null where another version wrote it.</returns>
    /// <exception cref="InvalidDataException">The bytes are not a checkpoint.</exception>
    public static Folded? Decode(ReadOnlySpan<byte> bytes, bool keepsOutcomes = true)
    {
        Proto.Checkpoint wire;
        try
        {
            wire = Proto.Checkpoint.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new InvalidDataException("not a checkpoint", e);
        }

        if (wire.Version != Version) return null;
        HuntModel? model = null;
        if (wire.Definition.Length > 0)
        {
            var read = HuntFile.Read(wire.Definition);
            model = new HuntModel(read.Definition ?? throw new InvalidDataException($"the checkpoint's definition cannot be read: {read.Faults[0].Message}"), wire.Definition);
        }

        var state = HuntState.Restore(
            model, wire.Recorded, (HuntPhase)wire.Phase, wire.HasOpenedMs ? wire.OpenedMs : null, wire.HasClosesMs ? wire.ClosesMs : null, wire.TimeMs,
            wire.Teams.Select((team, number) => FromWire(team, number, keepsOutcomes)), wire.Hunters.Select(FromWire), wire.Overrides.Select(FromWire), keepsOutcomes, wire.CreditCapMs);
        return new Folded(wire.LedgerPosition, wire.Records, new LedgerGate(wire.Epoch, wire.CommandPosition), state);
    }

    static Proto.Team ToWire(Team team)
    {
        var wire = new Proto.Team { Name = team.Name, Invite = team.Invite, Score = team.Score, LastSolveMs = team.LastSolveMs, OutcomeCount = team.OutcomeCount, WaitedMs = team.WaitedMs, CreditMs = team.CreditMs };
        if (team.FinishedMs is { } finished) wire.FinishedMs = finished;
        wire.Solved.Add(team.SolvedWords);
        foreach (var point in team.Curve)
        {
            wire.CurveTimesMs.Add(point.TimeMs);
            wire.CurveScores.Add(point.Score);
        }

        wire.Wrong.Add(team.WrongByChallenge.Select(w => new Proto.Wrong { Challenge = w.Challenge, Count = w.Count }));
        wire.Outcomes.Add(team.OutcomesAfter(0).Select(o => new Proto.Outcome
        {
            Number = o.Number, Hunter = o.Command.Hunter, Instance = o.Command.Instance, Seq = o.Command.Seq, Challenge = o.Challenge, Verdict = (int)o.Verdict,
            Reason = (int)o.Reason, Points = o.Points, Score = o.Score, Position = o.Position, TimeMs = o.TimeMs,
        }));
        return wire;
    }

    static Team FromWire(Proto.Team wire, int number, bool keepsOutcomes)
    {
        var outcomes = wire.Outcomes.Select(o => new Outcome(
            o.Number, new CommandId(o.Hunter, o.Instance, o.Seq), o.Challenge, (Verdict)o.Verdict, (Refusal)o.Reason, o.Points, o.Score, o.Position, o.TimeMs));
        return Team.Restore(
            number, wire.Name, wire.Invite, wire.Score, wire.LastSolveMs, wire.HasFinishedMs ? wire.FinishedMs : null, wire.OutcomeCount, wire.Solved,
            wire.Wrong.Select(w => new WrongCount(w.Challenge, w.Count)), keepsOutcomes ? [.. outcomes] : [], wire.WaitedMs, wire.CreditMs,
            keepsOutcomes ? wire.CurveTimesMs.Zip(wire.CurveScores, (time, score) => new ScorePoint(time, score)) : null);
    }

    static Proto.Override ToWire(Override o)
    {
        var wire = new Proto.Override { Key = o.Key, Value = o.Value, Who = o.Who, Why = o.Why, SinceMs = o.SinceMs };
        if (o.UntilMs is { } until) wire.UntilMs = until;
        return wire;
    }

    static Override FromWire(Proto.Override wire) => new(wire.Key, wire.Value, wire.HasUntilMs ? wire.UntilMs : null, wire.Who, wire.Why, wire.SinceMs);

    static Proto.Hunter ToWire(Hunter hunter)
    {
        var wire = new Proto.Hunter { Id = hunter.Id, Nickname = hunter.Nickname, Team = hunter.Team, Banned = hunter.Banned };
        wire.Instances.Add(hunter.Instances.Select(i => new Proto.Instance { Name = i.Name, Seq = i.Seq }));
        return wire;
    }

    static Hunter FromWire(Proto.Hunter wire) =>
        Hunter.Restore(wire.Id, wire.Nickname, wire.Team, wire.Banned, wire.Instances.Select(i => new Hunter.Instance(i.Name, i.Seq)));
}
