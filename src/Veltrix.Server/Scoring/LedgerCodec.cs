using System.Collections.Immutable;
using Google.Protobuf;
using Veltrix.Hunts;
using Wire = Veltrix.Wire.Ledger;

namespace Veltrix.Server.Scoring;

/// <summary>Records of the ledger as bytes (<c>ledger.proto</c>) and back.</summary>
public static class LedgerCodec
{
    public static byte[] Encode(LedgerRecord record) => (record switch
    {
        LedgerRecord.Took took => new Wire.LedgerRecord { Took = new() { Writer = took.Writer } },
        LedgerRecord.Heartbeat beat => new Wire.LedgerRecord { Heartbeat = new() { Epoch = beat.Epoch, CommandPosition = beat.CommandPosition } },
        LedgerRecord.Decided decided => new Wire.LedgerRecord { Decided = ToWire(decided) },
        _ => throw new ArgumentOutOfRangeException(nameof(record), record, "a record without a message"),
    }).ToByteArray();

    /// <exception cref="InvalidDataException">The bytes are not a record that this version knows.</exception>
    public static LedgerRecord Decode(ReadOnlyMemory<byte> bytes)
    {
        Wire.LedgerRecord wire;
        try
        {
            wire = Wire.LedgerRecord.Parser.ParseFrom(bytes.Span);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new InvalidDataException("not a ledger record", e);
        }

        return wire.KindCase switch
        {
            Wire.LedgerRecord.KindOneofCase.Took => new LedgerRecord.Took(wire.Took.Writer),
            Wire.LedgerRecord.KindOneofCase.Heartbeat => new LedgerRecord.Heartbeat(wire.Heartbeat.Epoch, wire.Heartbeat.CommandPosition),
            Wire.LedgerRecord.KindOneofCase.Decided => FromWire(wire.Decided),
            var kind => throw new InvalidDataException($"a ledger record of a kind that this version does not know ({kind})"),
        };
    }

    static Wire.Decided ToWire(LedgerRecord.Decided decided)
    {
        var wire = new Wire.Decided
        {
            Epoch = decided.Epoch, Previous = decided.Previous, CommandPosition = decided.CommandPosition, TimeMs = decided.TimeMs,
            Hunter = decided.Id.Hunter, Instance = decided.Id.Instance, Seq = decided.Id.Seq, Who = decided.Who, Why = decided.Why,
        };
        foreach (var fact in decided.Facts) wire.Facts.Add(ToWire(fact));
        return wire;
    }

    static LedgerRecord.Decided FromWire(Wire.Decided wire)
    {
        var facts = ImmutableArray.CreateBuilder<Fact>(wire.Facts.Count);
        foreach (var fact in wire.Facts) facts.Add(FromWire(fact));
        return new LedgerRecord.Decided(
            wire.Epoch, wire.Previous, wire.CommandPosition, wire.TimeMs, new CommandId(wire.Hunter, wire.Instance, wire.Seq), wire.Who, wire.Why, facts.MoveToImmutable());
    }

    static Wire.Fact ToWire(Fact fact) => fact switch
    {
        Fact.HuntPublished f => new() { HuntPublished = new() { Definition = f.Definition, Recorded = f.Recorded } },
        Fact.HuntOpened => new() { HuntOpened = new() },
        Fact.HuntPaused => new() { HuntPaused = new() },
        Fact.HuntResumed => new() { HuntResumed = new() },
        Fact.HuntExtended f => new() { HuntExtended = new() { ClosesMs = f.ClosesMs } },
        Fact.HuntClosed => new() { HuntClosed = new() },
        Fact.TeamFounded f => new() { TeamFounded = new() { Team = f.Team, Name = f.Name, Invite = f.Invite } },
        Fact.TeamJoined f => new() { TeamJoined = new() { Team = f.Team, Hunter = f.Hunter, Nickname = f.Nickname } },
        Fact.JoinRefused f => new() { JoinRefused = new() { Hunter = f.Hunter, Reason = (Wire.Refusal)f.Reason } },
        Fact.AnswerAccepted f => new()
        {
            AnswerAccepted = new() { Team = f.Team, Hunter = f.Hunter, Challenge = f.Challenge, Answer = f.Answer, Points = f.Points },
        },
        Fact.AnswerRejected f => new() { AnswerRejected = new() { Team = f.Team, Hunter = f.Hunter, Challenge = f.Challenge, Answer = f.Answer } },
        Fact.SubmissionRefused f => new()
        {
            SubmissionRefused = new() { Team = f.Team, Hunter = f.Hunter, Challenge = f.Challenge, Reason = (Wire.Refusal)f.Reason },
        },
        Fact.ScoreAdjusted f => new() { ScoreAdjusted = new() { Team = f.Team, Points = f.Points } },
        Fact.HunterBanned f => new() { HunterBanned = new() { Hunter = f.Hunter } },
        Fact.Announced f => new() { Announced = new() { Text = f.Text } },
        Fact.ActionRefused f => new() { ActionRefused = new() { Reason = (Wire.Refusal)f.Reason } },
        _ => throw new ArgumentOutOfRangeException(nameof(fact), fact, "a fact without a message"),
    };

    static Fact FromWire(Wire.Fact wire) => wire.KindCase switch
    {
        Wire.Fact.KindOneofCase.HuntPublished => new Fact.HuntPublished(wire.HuntPublished.Definition, wire.HuntPublished.Recorded),
        Wire.Fact.KindOneofCase.HuntOpened => new Fact.HuntOpened(),
        Wire.Fact.KindOneofCase.HuntPaused => new Fact.HuntPaused(),
        Wire.Fact.KindOneofCase.HuntResumed => new Fact.HuntResumed(),
        Wire.Fact.KindOneofCase.HuntExtended => new Fact.HuntExtended(wire.HuntExtended.ClosesMs),
        Wire.Fact.KindOneofCase.HuntClosed => new Fact.HuntClosed(),
        Wire.Fact.KindOneofCase.TeamFounded => new Fact.TeamFounded(wire.TeamFounded.Team, wire.TeamFounded.Name, wire.TeamFounded.Invite),
        Wire.Fact.KindOneofCase.TeamJoined => new Fact.TeamJoined(wire.TeamJoined.Team, wire.TeamJoined.Hunter, wire.TeamJoined.Nickname),
        Wire.Fact.KindOneofCase.JoinRefused => new Fact.JoinRefused(wire.JoinRefused.Hunter, (Refusal)wire.JoinRefused.Reason),
        Wire.Fact.KindOneofCase.AnswerAccepted when wire.AnswerAccepted is var f => new Fact.AnswerAccepted(f.Team, f.Hunter, f.Challenge, f.Answer, f.Points),
        Wire.Fact.KindOneofCase.AnswerRejected when wire.AnswerRejected is var f => new Fact.AnswerRejected(f.Team, f.Hunter, f.Challenge, f.Answer),
        Wire.Fact.KindOneofCase.SubmissionRefused when wire.SubmissionRefused is var f =>
            new Fact.SubmissionRefused(f.Team, f.Hunter, f.Challenge, (Refusal)f.Reason),
        Wire.Fact.KindOneofCase.ScoreAdjusted => new Fact.ScoreAdjusted(wire.ScoreAdjusted.Team, wire.ScoreAdjusted.Points),
        Wire.Fact.KindOneofCase.HunterBanned => new Fact.HunterBanned(wire.HunterBanned.Hunter),
        Wire.Fact.KindOneofCase.Announced => new Fact.Announced(wire.Announced.Text),
        Wire.Fact.KindOneofCase.ActionRefused => new Fact.ActionRefused((Refusal)wire.ActionRefused.Reason),
        var kind => throw new InvalidDataException($"a fact of a kind that this version does not know ({kind}); a newer version wrote this ledger"),
    };
}
