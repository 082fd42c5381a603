using System.Buffers;
using System.Text.Json;

namespace Veltrix.Crowd;

/// <summary>
/// Writes the frames that a client sends. The bytes hold until the next frame is written; one thread at a time.
/// </summary>
sealed class ClientFrame : IDisposable
{
    readonly ArrayBufferWriter<byte> bytes = new(512);
    readonly Utf8JsonWriter json;

    public ClientFrame() => json = new Utf8JsonWriter(bytes, new JsonWriterOptions { SkipValidation = true });

    /// <param name="instance">Null for a relay.</param>
    /// <param name="top">Rows of the board wanted: 0, 10 or 50.</param>
    public ReadOnlySpan<byte> Hello(long id, string token, string? instance, long lastOutcome, int top)
    {
        Begin(id, "hello"u8);
        json.WriteString("token"u8, token);
        if (instance is not null)
            json.WriteString("instance"u8, instance);
        json.WriteNumber("last_outcome"u8, lastOutcome);
        json.WriteNumber("top"u8, top);
        return End();
    }

    /// <summary>The hello of one who waits.</summary>
    public ReadOnlySpan<byte> HelloWaiting(long id, string ticket)
    {
        Begin(id, "hello"u8);
        json.WriteString("ticket"u8, ticket);
        return End();
    }

    public ReadOnlySpan<byte> Submit(long id, int seq, string challenge, string answer)
    {
        Begin(id, "submit"u8);
        json.WriteNumber("seq"u8, seq);
        json.WriteString("challenge"u8, challenge);
        json.WriteString("answer"u8, answer);
        return End();
    }

    public ReadOnlySpan<byte> Ping(long id)
    {
        Begin(id, "ping"u8);
        return End();
    }

    /// <summary>A relay's submission for a hunter, at a recorded time.</summary>
    public ReadOnlySpan<byte> RelaySubmit(long id, string hunter, string instance, int seq, string challenge, string answer, long atMs)
    {
        Begin(id, "submit"u8);
        Speaker(hunter, instance, seq, atMs);
        json.WriteString("challenge"u8, challenge);
        json.WriteString("answer"u8, answer);
        return End();
    }

    /// <summary>A relay's join of a hunter, at a recorded time.</summary>
    public ReadOnlySpan<byte> RelayJoin(long id, string hunter, string instance, int seq, string nickname, long atMs)
    {
        Begin(id, "join"u8);
        Speaker(hunter, instance, seq, atMs);
        json.WriteString("nickname"u8, nickname);
        return End();
    }

    public void Dispose() => json.Dispose();

    void Speaker(string hunter, string instance, int seq, long atMs)
    {
        json.WriteString("hunter"u8, hunter);
        json.WriteString("instance"u8, instance);
        json.WriteNumber("seq"u8, seq);
        json.WriteNumber("at"u8, atMs);
    }

    void Begin(long id, ReadOnlySpan<byte> kind)
    {
        bytes.ResetWrittenCount();
        json.Reset();
        json.WriteStartObject();
        json.WriteNumber("id"u8, id);
        json.WriteStartObject(kind);
    }

    ReadOnlySpan<byte> End()
    {
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return bytes.WrittenSpan;
    }
}
