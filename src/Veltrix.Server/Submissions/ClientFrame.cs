using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;
using Veltrix.Server.Live;

namespace Veltrix.Server.Submissions;

/// <summary>What a client sends: an id and exactly one kind. See <c>docs/reference/protocol.md</c>.</summary>
public sealed record ClientFrame
{
    /// <summary>Largest frame, in bytes.</summary>
    public const int BytesMax = 4096;

    public long? Id { get; init; }

    public HelloFrame? Hello { get; init; }

    public SubmitFrame? Submit { get; init; }

    public JoinFrame? Join { get; init; }

    public ShowFrame? Show { get; init; }

    public PingFrame? Ping { get; init; }

    /// <summary>Reads a frame; where it cannot, says what is wrong with it and gives its id if that could be read.</summary>
    public static ClientFrame? Read(ReadOnlySpan<byte> bytes, out long? id, out FrameFault? fault)
    {
        id = null;
        fault = null;
        if (!Utf8.IsValid(bytes))
        {
            fault = new("NotUtf8", "a frame is UTF-8 text; this one is not");
            return null;
        }

        ClientFrame? frame;
        try
        {
            frame = JsonSerializer.Deserialize(bytes, ProtocolJson.Default.ClientFrame);
        }
        catch (JsonException e)
        {
            fault = IsJson(bytes)
                ? new("BadMember", $"the member {e.Path} has the wrong type or is missing a part")
                : new("NotJson", "a frame is one JSON object; this one cannot be read");
            return null;
        }

        id = frame?.Id;
        fault = frame switch
        {
            null => new("NotJson", "a frame is one JSON object; this one is null"),
            { Kinds: 0 } => new("UnknownKind", "a frame has one of: hello, submit, show, ping; relays also: join"),
            { Kinds: > 1 } => new("BadMember", "a frame has exactly one kind", 1, frame.Kinds),
            { Id: null } => new("MissingMember", "a frame has an id, a number that the answer repeats"),
            _ => null,
        };
        return fault is null ? frame : null;
    }

    int Kinds => (Hello is null ? 0 : 1) + (Submit is null ? 0 : 1) + (Join is null ? 0 : 1) + (Show is null ? 0 : 1) + (Ping is null ? 0 : 1);

    static bool IsJson(ReadOnlySpan<byte> bytes)
    {
        var reader = new Utf8JsonReader(bytes);
        try
        {
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}

public sealed record HelloFrame(string? Token, string? Instance, long LastOutcome = 0, int Around = 0, int Top = 10);

public sealed record SubmitFrame(long Seq, string? Challenge, string? Answer, string? Hunter, string? Instance, long? At);

public sealed record JoinFrame(string? Hunter, string? Instance, long Seq, string? Nickname, TeamWish? Team, long? At);

/// <summary>How somebody wants to enter a team hunt: one of the two.</summary>
public sealed record TeamWish(string? Found, string? Invite);

public sealed record ShowFrame(int Around = 0, int Top = 10);

public sealed record PingFrame;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ClientFrame))]
internal sealed partial class ProtocolJson : JsonSerializerContext;
