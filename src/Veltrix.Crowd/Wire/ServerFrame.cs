using System.Text.Json;

namespace Veltrix.Crowd;

/// <summary>What a server frame is about. <see cref="Other"/>: a kind that a crowd has no use for, or newer than this client.</summary>
enum FrameKind
{
    Other,
    Welcome,
    Ack,
    Outcome,
    Board,
    Hunt,
    Waiting,
    Admitted,
    Error,
}

enum Verdict
{
    Correct,
    Incorrect,
    Refused,
}

/// <summary>The parts of a <c>welcome</c> that a crowd needs.</summary>
/// <param name="Elsewhere">The address of another server, to go to when this one falls silent; null: none is known.</param>
readonly record struct Welcome(string Phase, long Position, int BoardMs, int LastSeq, long LastOutcome, int? ReconnectMinMs, int? ReconnectMaxMs, string? Elsewhere);

/// <summary>The submission is durable.</summary>
readonly record struct Ack(string Command, long Position);

/// <summary>The submission was decided.</summary>
readonly record struct Outcome(
    long Number, string Command, int Seq, string Hunter, string Challenge, Verdict Verdict, string? Reason, int? AttemptsLeft, long Position);

/// <summary>How much of the hunt a board shows, and when the next is due.</summary>
readonly record struct BoardTick(long Position, int NextMs);

/// <summary>A frame was refused.</summary>
readonly record struct FrameError(string Code, string Message, int? RetryAfterMs);

/// <summary>
/// A look at the first members of a frame: enough to know its kind. The rest is read only by whoever wants it, and of a board no more than its first few members,
/// because boards are nearly all that a crowd receives.
/// </summary>
ref struct ServerFrame
{
    Utf8JsonReader body;

    public FrameKind Kind { get; private set; }

    /// <summary>The id of the client's frame that this one answers; 0 where it answers none.</summary>
    public long Id { get; private set; }

    /// <exception cref="WireException">Not a frame.</exception>
    public static ServerFrame Peek(ReadOnlySpan<byte> json)
    {
        var frame = new ServerFrame();
        try
        {
            var reader = new Utf8JsonReader(json);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                throw new WireException("a frame that is no JSON object");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("id"u8))
                {
                    reader.Read();
                    frame.Id = reader.GetInt64();
                    if (frame.Kind != FrameKind.Other)
                        return frame;
                    continue;
                }

                var kind = KindOf(ref reader);
                reader.Read();
                if (kind != FrameKind.Other)
                {
                    frame.Kind = kind;
                    frame.body = reader;
                    // Answers carry an id; usually it was before the body, and if not it is still to come.
                    if (frame.Id != 0 || kind is FrameKind.Board or FrameKind.Outcome or FrameKind.Hunt or FrameKind.Admitted)
                        return frame;
                }

                reader.Skip();
            }

            return frame;
        }
        catch (Exception e) when (IsMalformed(e))
        {
            throw new WireException($"a frame that cannot be read: {e.Message}");
        }
    }

    public BoardTick ReadBoard() => Guarded(static (ref r) =>
    {
        long? position = null;
        int? next = null;
        while ((position is null || next is null) && Next(ref r))
        {
            if (r.ValueTextEquals("as_of"u8))
                position = ReadPosition(ref r);
            else if (r.ValueTextEquals("next_ms"u8))
                next = Int(ref r);
            else
                r.Skip();
        }

        return new BoardTick(position ?? throw Missing("board", "as_of"), next ?? throw Missing("board", "next_ms"));
    });

    public Ack ReadAck() => Guarded(static (ref r) =>
    {
        string? command = null;
        long position = 0;
        while (Next(ref r))
        {
            if (r.ValueTextEquals("command"u8))
                command = Text(ref r);
            else if (r.ValueTextEquals("position"u8))
                position = Long(ref r);
            else
                r.Skip();
        }

        return new Ack(command ?? throw Missing("ack", "command"), position);
    });

    public Outcome ReadOutcome() => Guarded(static (ref r) =>
    {
        var outcome = default(Outcome) with { Verdict = (Verdict)(-1) };
        while (Next(ref r))
        {
            if (r.ValueTextEquals("number"u8))
                outcome = outcome with { Number = Long(ref r) };
            else if (r.ValueTextEquals("command"u8))
                outcome = outcome with { Command = Text(ref r) };
            else if (r.ValueTextEquals("seq"u8))
                outcome = outcome with { Seq = Int(ref r) };
            else if (r.ValueTextEquals("hunter"u8))
                outcome = outcome with { Hunter = Text(ref r) };
            else if (r.ValueTextEquals("challenge"u8))
                outcome = outcome with { Challenge = Text(ref r) };
            else if (r.ValueTextEquals("verdict"u8))
                outcome = outcome with { Verdict = ReadVerdict(ref r) };
            else if (r.ValueTextEquals("reason"u8))
                outcome = outcome with { Reason = Text(ref r) };
            else if (r.ValueTextEquals("attempts_left"u8))
                outcome = outcome with { AttemptsLeft = OptionalInt(ref r) };
            else if (r.ValueTextEquals("position"u8))
                outcome = outcome with { Position = Long(ref r) };
            else
                r.Skip();
        }

        return outcome is { Number: > 0, Command: not null, Hunter: not null, Challenge: not null, Verdict: >= 0, Position: > 0 }
            ? outcome
            : throw Missing("outcome", "number, command, hunter, challenge, verdict or position");
    });

    public Welcome ReadWelcome() => Guarded(static (ref r) =>
    {
        var welcome = new Welcome("", 0, 1000, 0, 0, null, null, null);
        while (Next(ref r))
        {
            if (r.ValueTextEquals("phase"u8))
                welcome = welcome with { Phase = Text(ref r) };
            else if (r.ValueTextEquals("as_of"u8))
                welcome = welcome with { Position = ReadPosition(ref r) };
            else if (r.ValueTextEquals("board_ms"u8))
                welcome = welcome with { BoardMs = Int(ref r) };
            else if (r.ValueTextEquals("last_seq"u8))
                welcome = welcome with { LastSeq = Int(ref r) };
            else if (r.ValueTextEquals("last_outcome"u8))
                welcome = welcome with { LastOutcome = Long(ref r) };
            else if (r.ValueTextEquals("elsewhere"u8))
                welcome = welcome with { Elsewhere = Text(ref r) };
            else if (r.ValueTextEquals("reconnect"u8))
            {
                r.Read();
                while (Next(ref r))
                {
                    if (r.ValueTextEquals("min_ms"u8))
                        welcome = welcome with { ReconnectMinMs = Int(ref r) };
                    else if (r.ValueTextEquals("max_ms"u8))
                        welcome = welcome with { ReconnectMaxMs = Int(ref r) };
                    else
                        r.Skip();
                }
            }
            else
                r.Skip();
        }

        return welcome;
    });

    public FrameError ReadError() => Guarded(static (ref r) =>
    {
        var error = new FrameError("", "", null);
        while (Next(ref r))
        {
            if (r.ValueTextEquals("code"u8))
                error = error with { Code = Text(ref r) };
            else if (r.ValueTextEquals("message"u8))
                error = error with { Message = Text(ref r) };
            else if (r.ValueTextEquals("retry_after_ms"u8))
                error = error with { RetryAfterMs = OptionalInt(ref r) };
            else
                r.Skip();
        }

        return error;
    });

    /// <summary>The phase that a <c>hunt</c> frame announces.</summary>
    public string ReadPhase() => Guarded(static (ref r) =>
    {
        string? phase = null;
        while (phase is null && Next(ref r))
        {
            if (r.ValueTextEquals("phase"u8))
                phase = Text(ref r);
            else
                r.Skip();
        }

        return phase ?? throw Missing("hunt", "phase");
    });

    delegate T BodyReader<out T>(ref Utf8JsonReader reader);

    readonly T Guarded<T>(BodyReader<T> read)
    {
        var reader = body;
        try
        {
            return read(ref reader);
        }
        catch (Exception e) when (IsMalformed(e))
        {
            throw new WireException($"a {Kind} frame that cannot be read: {e.Message}");
        }
    }

    static FrameKind KindOf(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("board"u8) ? FrameKind.Board
        : reader.ValueTextEquals("outcome"u8) ? FrameKind.Outcome
        : reader.ValueTextEquals("ack"u8) ? FrameKind.Ack
        : reader.ValueTextEquals("welcome"u8) ? FrameKind.Welcome
        : reader.ValueTextEquals("error"u8) ? FrameKind.Error
        : reader.ValueTextEquals("hunt"u8) ? FrameKind.Hunt
        : reader.ValueTextEquals("waiting"u8) ? FrameKind.Waiting
        : reader.ValueTextEquals("admitted"u8) ? FrameKind.Admitted
        : FrameKind.Other;

    static bool IsMalformed(Exception e) => e is JsonException or InvalidOperationException or FormatException;

    static bool Next(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType == JsonTokenType.PropertyName;

    static long ReadPosition(ref Utf8JsonReader reader)
    {
        reader.Read();
        long? position = null;
        while (Next(ref reader))
        {
            if (reader.ValueTextEquals("position"u8))
                position = Long(ref reader);
            else
                reader.Skip();
        }

        return position ?? throw Missing("as_of", "position");
    }

    static Verdict ReadVerdict(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.ValueTextEquals("correct"u8) ? Verdict.Correct
            : reader.ValueTextEquals("incorrect"u8) ? Verdict.Incorrect
            : reader.ValueTextEquals("refused"u8) ? Verdict.Refused
            : throw new WireException($"an outcome whose verdict is '{reader.GetString()}'");
    }

    static long Long(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.GetInt64();
    }

    static int Int(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.GetInt32();
    }

    static int? OptionalInt(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.Null ? null : reader.GetInt32();
    }

    static string Text(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.GetString() ?? "";
    }

    static WireException Missing(string frame, string member) => new($"a {frame} frame without {member}");
}
