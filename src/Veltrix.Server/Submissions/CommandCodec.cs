using Google.Protobuf;
using Veltrix.Hunts;
using Proto = Veltrix.Wire.Submissions;

namespace Veltrix.Server.Submissions;

/// <summary>Commands as bytes of the submissions log (<c>submissions.proto</c>) and back.</summary>
public static class CommandCodec
{
    public static byte[] Encode(Envelope envelope)
    {
        var wire = new Proto.Command { Hunter = envelope.Id.Hunter, Instance = envelope.Id.Instance, Seq = envelope.Id.Seq, Who = envelope.Who, Why = envelope.Why };
        if (envelope.AtMs is { } at) wire.AtMs = at;
        switch (envelope.Command)
        {
            case Command.Publish c: wire.Publish = new() { Definition = c.Definition, Recorded = c.Recorded }; break;
            case Command.Join c: wire.Join = Encode(c); break;
            case Command.Submit c: wire.Submit = new() { Challenge = c.Challenge, Answer = c.Answer }; break;
            case Command.Open: wire.Open = new(); break;
            case Command.Pause: wire.Pause = new(); break;
            case Command.Resume: wire.Resume = new(); break;
            case Command.Extend c: wire.Extend = new() { ClosesMs = c.ClosesMs }; break;
            case Command.Close: wire.Close = new(); break;
            case Command.Adjust c: wire.Adjust = new() { Team = c.Team, Points = c.Points }; break;
            case Command.Ban c: wire.Ban = new() { Hunter = c.Hunter }; break;
            case Command.Announce c: wire.Announce = new() { Text = c.Text }; break;
            case Command.SetOverride c: wire.SetOverride = Encode(c); break;
            case Command.UnsetOverride c: wire.UnsetOverride = new() { Key = c.Key }; break;
            case Command.CapCredit c: wire.CapCredit = new() { MostMs = c.MostMs }; break;
            case Command.Tick: wire.Tick = new(); break;
            default: throw new ArgumentOutOfRangeException(nameof(envelope), envelope.Command, "a command without a message");
        }

        return wire.ToByteArray();
    }

    /// <exception cref="InvalidDataException">The bytes are not a command that this version knows.</exception>
    public static Envelope Decode(ReadOnlyMemory<byte> bytes)
    {
        Proto.Command wire;
        try
        {
            wire = Proto.Command.Parser.ParseFrom(bytes.Span);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new InvalidDataException("not a command", e);
        }

        Command command = wire.KindCase switch
        {
            Proto.Command.KindOneofCase.Publish => new Command.Publish(wire.Publish.Definition, wire.Publish.Recorded),
            Proto.Command.KindOneofCase.Join => Decode(wire.Join),
            Proto.Command.KindOneofCase.Submit => new Command.Submit(wire.Submit.Challenge, wire.Submit.Answer),
            Proto.Command.KindOneofCase.Open => new Command.Open(),
            Proto.Command.KindOneofCase.Pause => new Command.Pause(),
            Proto.Command.KindOneofCase.Resume => new Command.Resume(),
            Proto.Command.KindOneofCase.Extend => new Command.Extend(wire.Extend.ClosesMs),
            Proto.Command.KindOneofCase.Close => new Command.Close(),
            Proto.Command.KindOneofCase.Adjust => new Command.Adjust(wire.Adjust.Team, wire.Adjust.Points),
            Proto.Command.KindOneofCase.Ban => new Command.Ban(wire.Ban.Hunter),
            Proto.Command.KindOneofCase.Announce => new Command.Announce(wire.Announce.Text),
            Proto.Command.KindOneofCase.SetOverride when wire.SetOverride is var set => new Command.SetOverride(set.Key, set.Value, set.HasUntilMs ? set.UntilMs : null),
            Proto.Command.KindOneofCase.UnsetOverride => new Command.UnsetOverride(wire.UnsetOverride.Key),
            Proto.Command.KindOneofCase.CapCredit => new Command.CapCredit(wire.CapCredit.MostMs),
            Proto.Command.KindOneofCase.Tick => new Command.Tick(),
            var kind => throw new InvalidDataException($"a command of a kind that this version does not know ({kind})"),
        };
        return new Envelope(new CommandId(wire.Hunter, wire.Instance, wire.Seq), wire.Who, wire.Why, wire.HasAtMs ? wire.AtMs : null, command);
    }

    static Proto.Join Encode(Command.Join join)
    {
        var wire = new Proto.Join { Nickname = join.Nickname, WaitedMs = join.WaitedMs, CreditMs = join.CreditMs };
        switch (join.Team)
        {
            case TeamChoice.Alone: wire.Alone = new(); break;
            case TeamChoice.Found found: wire.Found = new() { Name = found.Name, Invite = found.Invite }; break;
            case TeamChoice.ByInvite invite: wire.Invite = invite.Code; break;
        }

        return wire;
    }

    static Proto.SetOverride Encode(Command.SetOverride set)
    {
        var wire = new Proto.SetOverride { Key = set.Key, Value = set.Value };
        if (set.UntilMs is { } until) wire.UntilMs = until;
        return wire;
    }

    static Command.Join Decode(Proto.Join join) => new(join.Nickname, join.TeamCase switch
    {
        Proto.Join.TeamOneofCase.Found => new TeamChoice.Found(join.Found.Name, join.Found.Invite),
        Proto.Join.TeamOneofCase.Invite => new TeamChoice.ByInvite(join.Invite),
        _ => new TeamChoice.Alone(),
    }, join.WaitedMs, join.CreditMs);
}
