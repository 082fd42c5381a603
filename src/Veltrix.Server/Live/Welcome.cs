using Veltrix.Hunts;
using Veltrix.Server.Leaderboards;
using Veltrix.Server.Submissions;

namespace Veltrix.Server.Live;

/// <summary>The answer to hello: where the hunt and the hunter stand, and which limits hold.</summary>
public static class Welcome
{
    const int ReconnectMinMs = 500;
    const int ReconnectMaxMs = 20_000;

    /// <param name="elsewhere">The address of another server, for a client that does not hear this one any more; null: none has said so.</param>
    public static byte[] Make(long id, LiveHunt hunt, Listener listener, string? elsewhere, HuntState state, Board board, long position) => Frames.Make(id, "welcome"u8, json =>
    {
        json.WriteString("hunt"u8, hunt.Id);
        json.WriteString("title"u8, state.Model?.Definition.Title ?? "");
        json.WriteString("phase"u8, Frames.Name(state.Phase));
        Frames.WriteTimes(json, HuntTimes.Of(state));
        json.WriteStartObject("as_of"u8);
        json.WriteNumber("position"u8, position);
        json.WriteNumber("time"u8, state.TimeMs);
        json.WriteEndObject();
        json.WriteNumber("teams"u8, board.Count);
        json.WriteNumber("board_ms"u8, hunt.Service().CadenceMs);
        json.WriteStartObject("limits"u8);
        json.WriteNumber("frame_bytes"u8, ClientFrame.BytesMax);
        json.WriteNumber("submissions_per_second"u8, Pace.PerSecond);
        json.WriteNumber("submissions_burst"u8, Pace.Burst);
        json.WriteEndObject();
        json.WriteStartObject("reconnect"u8);
        json.WriteNumber("min_ms"u8, ReconnectMinMs);
        json.WriteNumber("max_ms"u8, ReconnectMaxMs);
        json.WriteEndObject();
        if (elsewhere is not null) json.WriteString("elsewhere"u8, elsewhere);
        if (listener.Team < 0) return;

        var team = state.Teams[listener.Team];
        var hunter = state.FindHunter(listener.Hunter)!;
        json.WriteString("hunter"u8, hunter.Id);
        json.WriteString("name"u8, hunter.Nickname);
        json.WriteStartObject("team"u8);
        json.WriteNumber("number"u8, team.Number);
        json.WriteString("name"u8, team.Name);
        if (team.Invite.Length > 0) json.WriteString("invite"u8, team.Invite);
        json.WriteEndObject();
        if (team.CreditMs > 0) json.WriteNumber("credit_ms"u8, team.CreditMs);
        json.WriteNumber("score"u8, team.Score);
        if (board.Contains(team.Number)) json.WriteNumber("rank"u8, board.Rank(team.Number));
        json.WriteNumber("last_seq"u8, hunter.LastSeq(listener.Instance));
        json.WriteNumber("last_outcome"u8, team.OutcomeCount);
    });
}
