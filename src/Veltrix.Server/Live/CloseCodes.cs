using System.Security.Cryptography;

namespace Veltrix.Server.Live;

/// <summary>Why a socket is closed. 4000–4499, 1012 and 1013 may reconnect, 4500–4999 may not.</summary>
/// <param name="Go">The address of a server to come back to; null: wherever clients came from.</param>
/// <param name="SpreadMs">Clients are told to come back after half to all of this time, so that they do not all come at once; 0: told nothing.</param>
public sealed record CloseCode(int Code, string Name, int SpreadMs = 0, string? Go = null)
{
    /// <summary>The close reason: JSON of at most 123 bytes.</summary>
    public string Reason() => SpreadMs == 0
        ? $$"""{"code":"{{Name}}"}"""
        : $$"""{"code":"{{Name}}","after_ms":{{RandomNumberGenerator.GetInt32(SpreadMs / 2, SpreadMs)}}{{(Go is null ? "" : $"""
            ,"go":"{Go}"
            """)}}}""";
}

/// <summary>All close codes of the protocol, as in <c>docs/reference/protocol.md</c>.</summary>
public static class CloseCodes
{
    public static readonly CloseCode Normal = new(1000, "Normal");
    public static readonly CloseCode FrameTooBig = new(1009, "FrameTooBig");
    public static readonly CloseCode Restart = new(1012, "Restart", 5_000);
    public static readonly CloseCode ServerFull = new(1013, "ServerFull", 10_000);
    public static readonly CloseCode SlowReader = new(4001, "SlowReader", 4_000);
    public static readonly CloseCode NoHello = new(4003, "NoHello", 2_000);
    public static readonly CloseCode PollInstead = new(4004, "PollInstead", 6_000);
    public static readonly CloseCode TokenInvalid = new(4500, "TokenInvalid");
    public static readonly CloseCode HuntUnknown = new(4501, "HuntUnknown");
    public static readonly CloseCode Banned = new(4502, "Banned");
    public static readonly CloseCode Replaced = new(4503, "Replaced");
    public static readonly CloseCode Abuse = new(4504, "Abuse");
    public static readonly CloseCode TicketInvalid = new(4505, "TicketInvalid");
}
