using System.Collections.Immutable;
using Google.Protobuf;
using Veltrix.Hunts;
using Proto = Veltrix.Wire.Ledger;

namespace Veltrix.Server.Scoring;

/// <summary>Records of the ledger as bytes (<c>ledger.proto</c>) and back.</summary>
public static class LedgerCodec
{
    public static byte[] Encode(LedgerRecord record) => (record switch
    {
        LedgerRecord.Took took => new Proto.LedgerRecord { Took = new() { Writer = took.Writer } },
        LedgerRecord.Heartbeat beat => new Proto.LedgerRecord { Heartbeat = new() { Epoch = beat.Epoch, CommandPosition = beat.CommandPosition, Last = beat.IsLast } },
        LedgerRecord.Decided decided => new Proto.LedgerRecord { Decided = ToWire(decided) },
        _ => throw new ArgumentOutOfRangeException(nameof(record), record, "a record without a message"),
    }).ToByteArray();

    /// <exception cref="InvalidDataException">The bytes are not a record that this version knows.</exception>
    public static LedgerRecord Decode(ReadOnlyMemory<byte> bytes)
    {
        Proto.LedgerRecord wire;
        try
        {
            wire = Proto.LedgerRecord.Parser.ParseFrom(bytes.Span);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new InvalidDataException("not a ledger record", e);
        }

        return wire.KindCase switch
        {
            Proto.LedgerRecord.KindOneofCase.Took => new LedgerRecord.Took(wire.Took.Writer),
            Proto.LedgerRecord.KindOneofCase.Heartbeat => new LedgerRecord.Heartbeat(wire.Heartbeat.Epoch, wire.Heartbeat.CommandPosition, wire.Heartbeat.Last),
            Proto.LedgerRecord.KindOneofCase.Decided => FromWire(wire.Decided),
            var kind => throw new InvalidDataException($"a ledger record of a kind that this version does not know ({kind})"),
        };
    }

    internal static Proto.Decided ToWire(LedgerRecord.Decided decided)
    {
        var wire = new Proto.Decided
        {
            Epoch = decided.Epoch, Previous = decided.Previous, CommandPosition = decided.CommandPosition, TimeMs = decided.TimeMs,
            Hunter = decided.Id.Hunter, Instance = decided.Id.Instance, Seq = decided.Id.Seq, Who = decided.Who, Why = decided.Why,
        };
        foreach (var fact in decided.Facts) wire.Facts.Add(ToWire(fact));
        return wire;
    }

    /// <exception cref="InvalidDataException">A fact is of a kind that this version does not know.</exception>
    internal static LedgerRecord.Decided FromWire(Proto.Decided wire)
    {
        var facts = ImmutableArray.CreateBuilder<Fact>(wire.Facts.Count);
        foreach (var fact in wire.Facts) facts.Add(FromWire(fact));
        return new LedgerRecord.Decided(
            wire.Epoch, wire.Previous, wire.CommandPosition, wire.TimeMs, new CommandId(wire.Hunter, wire.Instance, wire.Seq), wire.Who, wire.Why, facts.MoveToImmutable());
    }

    static Proto.Fact ToWire(Fact fact) => fact switch
    {
        Fact.HuntPublished f => new() { HuntPublished = new() { Definition = f.Definition, Recorded = f.Recorded } },
        Fact.HuntOpened => new() { HuntOpened = new() },
        Fact.HuntPaused => new() { HuntPaused = new() },
        Fact.HuntResumed => new() { HuntResumed = new() },
        Fact.HuntExtended f => new() { HuntExtended = new() { ClosesMs = f.ClosesMs } },
        Fact.HuntClosed => new() { HuntClosed = new() },
        Fact.TeamFounded f => new() { TeamFounded = new() { Team = f.Team, Name = f.Name, Invite = f.Invite } },
        Fact.TeamJoined f => new() { TeamJoined = new() { Team = f.Team, Hunter = f.Hunter, Nickname = f.Nickname } },
        Fact.TeamCredited f => new() { TeamCredited = new() { Team = f.Team, WaitedMs = f.WaitedMs, CreditMs = f.CreditMs } },
        Fact.CreditCapped f => new() { CreditCapped = new() { MostMs = f.MostMs } },
        Fact.JoinRefused f => new() { JoinRefused = new() { Hunter = f.Hunter, Reason = (Proto.Refusal)f.Reason } },
        Fact.AnswerAccepted f => new()
        {
            AnswerAccepted = new() { Team = f.Team, Hunter = f.Hunter, Challenge = f.Challenge, Answer = f.Answer, Points = f.Points },
        },
        Fact.AnswerRejected f => new() { AnswerRejected = new() { Team = f.Team, Hunter = f.Hunter, Challenge = f.Challenge, Answer = f.Answer } },
        Fact.SubmissionRefused f => new()
        {
            SubmissionRefused = new() { Team = f.Team, Hunter = f.Hunter, Challenge = f.Challenge, Reason = (Proto.Refusal)f.Reason },
        },
        Fact.ScoreAdjusted f => new() { ScoreAdjusted = new() { Team = f.Team, Points = f.Points } },
        Fact.HunterBanned f => new() { HunterBanned = new() { Hunter = f.Hunter } },
        Fact.Announced f => new() { Announced = new() { Text = f.Text } },
        Fact.SettingOverridden f => new() { SettingOverridden = ToWire(f) },
        Fact.SettingRestored f => new() { SettingRestored = new() { Key = f.Key } },
        Fact.ActionRefused f => new() { ActionRefused = new() { Reason = (Proto.Refusal)f.Reason } },
        _ => throw new ArgumentOutOfRangeException(nameof(fact), fact, "a fact without a message"),
    };

    static Proto.SettingOverridden ToWire(Fact.SettingOverridden set)
    {
        var wire = new Proto.SettingOverridden { Key = set.Key, Value = set.Value };
        if (set.UntilMs is { } until) wire.UntilMs = until;
        return wire;
    }

    static Fact FromWire(Proto.Fact wire) => wire.KindCase switch
    {
        Proto.Fact.KindOneofCase.HuntPublished => new Fact.HuntPublished(wire.HuntPublished.Definition, wire.HuntPublished.Recorded),
        Proto.Fact.KindOneofCase.HuntOpened => new Fact.HuntOpened(),
        Proto.Fact.KindOneofCase.HuntPaused => new Fact.HuntPaused(),
        Proto.Fact.KindOneofCase.HuntResumed => new Fact.HuntResumed(),
        Proto.Fact.KindOneofCase.HuntExtended => new Fact.HuntExtended(wire.HuntExtended.ClosesMs),
        Proto.Fact.KindOneofCase.HuntClosed => new Fact.HuntClosed(),
        Proto.Fact.KindOneofCase.TeamFounded => new Fact.TeamFounded(wire.TeamFounded.Team, wire.TeamFounded.Name, wire.TeamFounded.Invite),
        Proto.Fact.KindOneofCase.TeamJoined => new Fact.TeamJoined(wire.TeamJoined.Team, wire.TeamJoined.Hunter, wire.TeamJoined.Nickname),
        Proto.Fact.KindOneofCase.TeamCredited when wire.TeamCredited is var f => new Fact.TeamCredited(f.Team, f.WaitedMs, f.CreditMs),
        Proto.Fact.KindOneofCase.CreditCapped => new Fact.CreditCapped(wire.CreditCapped.MostMs),
        Proto.Fact.KindOneofCase.JoinRefused => new Fact.JoinRefused(wire.JoinRefused.Hunter, (Refusal)wire.JoinRefused.Reason),
        Proto.Fact.KindOneofCase.AnswerAccepted when wire.AnswerAccepted is var f => new Fact.AnswerAccepted(f.Team, f.Hunter, f.Challenge, f.Answer, f.Points),
        Proto.Fact.KindOneofCase.AnswerRejected when wire.AnswerRejected is var f => new Fact.AnswerRejected(f.Team, f.Hunter, f.Challenge, f.Answer),
        Proto.Fact.KindOneofCase.SubmissionRefused when wire.SubmissionRefused is var f =>
            new Fact.SubmissionRefused(f.Team, f.Hunter, f.Challenge, (Refusal)f.Reason),
        Proto.Fact.KindOneofCase.ScoreAdjusted => new Fact.ScoreAdjusted(wire.ScoreAdjusted.Team, wire.ScoreAdjusted.Points),
        Proto.Fact.KindOneofCase.HunterBanned => new Fact.HunterBanned(wire.HunterBanned.Hunter),
        Proto.Fact.KindOneofCase.Announced => new Fact.Announced(wire.Announced.Text),
        Proto.Fact.KindOneofCase.SettingOverridden when wire.SettingOverridden is var f => new Fact.SettingOverridden(f.Key, f.Value, f.HasUntilMs ? f.UntilMs : null),
        Proto.Fact.KindOneofCase.SettingRestored => new Fact.SettingRestored(wire.SettingRestored.Key),
        Proto.Fact.KindOneofCase.ActionRefused => new Fact.ActionRefused((Refusal)wire.ActionRefused.Reason),
        var kind => throw new InvalidDataException($"a fact of a kind that this version does not know ({kind}); a newer version wrote this ledger"),
    };
}
