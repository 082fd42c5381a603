using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Veltrix.Hunts;
using Veltrix.Server.Admission;
using Veltrix.Server.Leaderboards;

namespace Veltrix.Server.Live;

/// <summary>The frames a server sends, but for boards, as UTF-8: the words of <c>docs/reference/protocol.md</c>.</summary>
public static class Frames
{
    /// <summary>Relaxed: frames are read by JSON parsers and never pasted into HTML, and names of all scripts stay readable and short.</summary>
    internal static readonly JsonWriterOptions Writing = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Ack(long id, CommandId command, long position) => Make(id, "ack"u8, json =>
    {
        json.WriteString("command"u8, command.ToString());
        json.WriteNumber("position"u8, position);
    });

    public static byte[] Pong(long id) => Make(id, "pong"u8, _ => { });

    public static byte[] Shown(long id) => Make(id, "shown"u8, _ => { });

    public static byte[] Outcome(News.Outcome news) => Make(null, "outcome"u8, json =>
    {
        WriteOutcome(json, news.What, news.Challenge);
        if (news.Rank is { } rank) json.WriteNumber("rank"u8, rank);
        if (news.AttemptsLeft is { } left) json.WriteNumber("attempts_left"u8, left);
        if (news.Unlocked.IsEmpty) return;
        json.WriteStartArray("unlocked"u8);
        foreach (var challenge in news.Unlocked) json.WriteStringValue(challenge);
        json.WriteEndArray();
    });

    /// <summary>An outcome that is told again.</summary>
    public static byte[] Outcome(Outcome outcome, string challenge) => Make(null, "outcome"u8, json => WriteOutcome(json, outcome, challenge));

    public static byte[] Hunt(News.HuntMoved moved) => Make(null, "hunt"u8, json =>
    {
        json.WriteString("phase"u8, Name(moved.Phase));
        WriteTimes(json, moved.Times);
    });

    public static byte[] Announcement(News.Announcement news) => Make(null, "announcement"u8, json =>
    {
        json.WriteString("text"u8, news.Text);
        json.WriteNumber("time"u8, news.TimeMs);
    });

    /// <summary>What everybody is told, whether it plays, watches or waits; null where the news concern some only.</summary>
    public static byte[]? Public(News news) => news switch
    {
        News.HuntMoved moved => Hunt(moved),
        News.Announcement announcement => Announcement(announcement),
        _ => null,
    };

    /// <summary>There is a seat for the holder of a ticket.</summary>
    public static byte[] Admitted() => Make(null, "admitted"u8, _ => { });

    public static byte[] Error(long? id, FrameFault fault) => Make(id, "error"u8, json =>
    {
        json.WriteString("code"u8, fault.Code);
        json.WriteString("message"u8, fault.Message);
        if (fault.Limit is { } limit) json.WriteNumber("limit"u8, limit);
        if (fault.Value is { } value) json.WriteNumber("value"u8, value);
        if (fault.RetryAfterMs is { } retry) json.WriteNumber("retry_after_ms"u8, retry);
        fault.SetBy?.Write(json, "set_by"u8);
    });

    /// <summary>A frame with one kind and its members.</summary>
    public static byte[] Make(long? id, ReadOnlySpan<byte> kind, Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, Writing))
        {
            json.WriteStartObject();
            if (id is { } number) json.WriteNumber("id"u8, number);
            json.WriteStartObject(kind);
            members(json);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    internal static void WriteTimes(Utf8JsonWriter json, HuntTimes times)
    {
        if (times.OpensMs is { } opens) json.WriteNumber("opens"u8, opens);
        if (times.ClosesMs is { } closes) json.WriteNumber("closes"u8, closes);
        if (times.ClosesForAllMs is { } forAll) json.WriteNumber("closes_for_all"u8, forAll);
    }

    /// <summary>The wire name of a phase.</summary>
    public static string Name(HuntPhase phase) => phase switch
    {
        HuntPhase.Scheduled => "scheduled",
        HuntPhase.Open => "open",
        HuntPhase.Paused => "paused",
        _ => "closed",
    };

    static void WriteOutcome(Utf8JsonWriter json, Outcome outcome, string challenge)
    {
        json.WriteNumber("number"u8, outcome.Number);
        json.WriteString("command"u8, outcome.Command.ToString());
        json.WriteNumber("seq"u8, outcome.Command.Seq);
        json.WriteString("hunter"u8, outcome.Command.Hunter);
        json.WriteString("challenge"u8, challenge);
        json.WriteString("verdict"u8, outcome.Verdict switch { Verdict.Correct => "correct"u8, Verdict.Incorrect => "incorrect"u8, _ => "refused"u8 });
        if (outcome.Verdict == Verdict.Refused) json.WriteString("reason"u8, outcome.Reason.ToString());
        if (outcome.Verdict == Verdict.Correct) json.WriteNumber("points"u8, outcome.Points);
        json.WriteNumber("score"u8, outcome.Score);
        json.WriteNumber("position"u8, outcome.Position);
        json.WriteNumber("time"u8, outcome.TimeMs);
    }
}

/// <summary>Why a frame was not taken. The message names limit and value.</summary>
public sealed record FrameFault(string Code, string Message, double? Limit = null, double? Value = null, int? RetryAfterMs = null, LimitSource? SetBy = null);
