using System.Buffers;
using System.Text.Json;
using Veltrix.Hunts;
using Veltrix.Server.Leaderboards;

namespace Veltrix.Server.Live;

/// <summary>
/// Makes the graph of one hunt's top: how the scores of its first teams came about, serialised once for all who show it, and again when it has changed and its time has come.
/// </summary>
/// <remarks>Used by the pacer's thread only. At most ten lines of <see cref="Team.CurveMax"/> points of about ten bytes.</remarks>
public sealed class GraphFrames(HuntView view, TimeProvider clock)
{
    const int Lines = 10;

    readonly BoardRow[] rows = new BoardRow[Lines];
    byte[] frame = [];
    // How much of the frame is the graph itself; behind it stands when it was made.
    int shown;
    int edition;
    long position = -1;
    long madeAt;

    /// <summary>Posts the graph to those of the listeners who show it and have not got it.</summary>
    /// <param name="every">The least time between two; null: none leaves now.</param>
    public void Post(List<Listener> listeners, TimeSpan? every)
    {
        if (every is not { } pace || !listeners.Exists(l => l.Wish.Graph)) return;
        if (view.Position != position && (edition == 0 || clock.GetElapsedTime(madeAt) >= pace)) Make();
        foreach (var listener in listeners)
            if (listener.TakesGraph(edition)) listener.Outbox.Post(frame);
    }

    void Make()
    {
        var (made, length) = view.Read((state, board, now) =>
        {
            position = now;
            return Frame(state, rows.AsSpan(0, board.Top(rows)), now);
        });
        madeAt = clock.GetTimestamp();
        if (made.AsSpan(0, length).SequenceEqual(frame.AsSpan(0, shown))) return;
        (frame, shown) = (made, length);
        edition++;
    }

    /// <returns>The frame, and how much of it is the graph. Where no team has scored there is none: nothing.</returns>
    static (byte[] Frame, int Shown) Frame(HuntState state, ReadOnlySpan<BoardRow> top, long position)
    {
        var from = state.OpenedMs ?? state.TimeMs;
        var lines = 0;
        var buffer = new ArrayBufferWriter<byte>(4096);
        using var json = new Utf8JsonWriter(buffer, Frames.Writing);
        json.WriteStartObject();
        json.WriteStartObject("graph"u8);
        json.WriteNumber("from"u8, from);
        json.WriteStartArray("lines"u8);
        foreach (var row in top)
        {
            var team = state.Teams[row.Team];
            if (team.Curve.IsEmpty) continue;
            lines++;
            json.WriteStartObject();
            json.WriteNumber("team"u8, row.Team);
            json.WriteString("name"u8, team.Name);
            json.WriteStartArray("points"u8);
            foreach (var point in team.Curve)
            {
                json.WriteStartArray();
                json.WriteNumberValue(Math.Max(0, point.TimeMs - from) / 1000);
                json.WriteNumberValue(point.Score);
                json.WriteEndArray();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        if (lines == 0) return ([], 0);
        json.WriteEndArray();
        json.Flush();
        var shown = buffer.WrittenCount;
        json.WriteStartObject("as_of"u8);
        json.WriteNumber("position"u8, position);
        json.WriteNumber("time"u8, state.TimeMs);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return (buffer.WrittenSpan.ToArray(), shown);
    }
}
