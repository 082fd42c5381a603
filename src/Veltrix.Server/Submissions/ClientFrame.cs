using System.Text.Json;
using System.Text.Json.Serialization;
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
        ClientFrame? frame;
        try
        {
            frame = JsonSerializer.Deserialize(bytes, ProtocolJson.Default.ClientFrame);
        }
        catch (JsonException e)
        {
            fault = Diagnose(bytes, e.Path, out id);
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

    /// <summary>What is wrong with a frame that did not become one. Its id is looked for once more, so that the sender knows which of its frames it was.</summary>
    static FrameFault Diagnose(ReadOnlySpan<byte> bytes, string? path, out long? id)
    {
        id = null;
        try
        {
            using var json = JsonDocument.Parse(bytes.ToArray());
            if (json.RootElement.ValueKind != JsonValueKind.Object) return new("NotJson", $"a frame is one JSON object; this one is of the kind {json.RootElement.ValueKind}");
            if (json.RootElement.TryGetProperty("id"u8, out var member) && member.ValueKind == JsonValueKind.Number && member.TryGetInt64(out var number)) id = number;
            return new("BadMember", $"the member {path} has the wrong type or is missing a part");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return new("NotJson", "a frame is one JSON object; this one cannot be read");
        }
    }
}

public sealed record HelloFrame(string? Token, string? Instance, long LastOutcome = 0, int Around = 0, int Top = 10, string? Ticket = null, bool Graph = false);

public sealed record SubmitFrame(long Seq, string? Challenge, string? Answer, string? Hunter, string? Instance, long? At);

public sealed record JoinFrame(string? Hunter, string? Instance, long Seq, string? Nickname, TeamWish? Team, long? At);

/// <summary>How somebody wants to enter a team hunt: one of the two.</summary>
public sealed record TeamWish(string? Found, string? Invite);

public sealed record ShowFrame(int Around = 0, int Top = 10, bool Graph = false);

public sealed record PingFrame;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ClientFrame))]
internal sealed partial class ProtocolJson : JsonSerializerContext;
