using System.Buffers;
using System.Text.Json;
using Veltrix.Hunts;
using Veltrix.Server.Leaderboards;

namespace Veltrix.Server.Live;

/// <summary>
/// Makes the board frames of one hunt: the top, serialised once for all who see the same, and behind it each hunter's own line.
/// </summary>
/// <remarks>Used by the pacer's thread only. A frame is about 60 bytes a row.</remarks>
public sealed class BoardFrames(HuntView view, TimeProvider clock)
{
    /// <summary>How often a board says how many are here, at most.</summary>
    static readonly TimeSpan PresenceEvery = TimeSpan.FromSeconds(5);

    /// <summary>How many rows of the top can be asked for.</summary>
    public static readonly int[] Tops = [0, 10, 50];

    // By rows of the top; behind them the same with presence.
    readonly byte[]?[] shared = new byte[2 * Tops.Length][];
    readonly BoardRow[] rows = new BoardRow[64];
    readonly ArrayBufferWriter<byte> own = new(1024);
    long sharedPosition = -1;
    int sharedCadence;
    long? present;
    // Counts what presence has been: 0 while nothing was told of it.
    int presence;
    long presenceAt;

    /// <summary>Posts the newest board to those of the listeners who have not got it. Presence goes along and is no reason for a frame of its own.</summary>
    /// <returns>To how many.</returns>
    public int Post(List<Listener> listeners, LiveService service)
    {
        var cadence = service.CadenceMs;
        if (listeners.TrueForAll(l => l.HasBoard(view.Position))) return 0;
        var frames = view.Read((state, board, position) =>
        {
            if (state.Model is null) return [];
            if (LookAround(state.Phase == HuntPhase.Closed ? null : service.Present) || sharedPosition != position || sharedCadence != cadence) Array.Clear(shared);
            (sharedPosition, sharedCadence) = (position, cadence);
            var made = new List<(Listener, ArraySegment<byte>)>(listeners.Count);
            foreach (var listener in listeners)
            {
                if (!listener.HasBoard(position)) made.Add((listener, Frame(listener, listener.Serve(position), state, board, position, cadence)));
            }

            return made;
        });
        foreach (var (listener, frame) in frames) listener.Outbox.PostBoard(frame);
        return frames.Count;
    }

    /// <summary>Takes notice of how many are here, now and then; that nobody is told any more, at once. True where it is something else than before.</summary>
    bool LookAround(long? now)
    {
        if (now == present || (now is not null && presence > 0 && clock.GetElapsedTime(presenceAt) < PresenceEvery)) return false;
        (present, presenceAt) = (now, clock.GetTimestamp());
        presence++;
        return true;
    }

    ArraySegment<byte> Frame(Listener listener, BoardWish wish, HuntState state, Board board, long position, int cadence)
    {
        var variant = Math.Max(0, Array.IndexOf(Tops, wish.Top));
        var tellsPresence = listener.TakesPresence(presence);
        var top = shared[tellsPresence ? Tops.Length + variant : variant] ??= Top(Tops[variant], state, board, position, cadence, tellsPresence);
        own.ResetWrittenCount();
        if (listener.Team >= 0) WriteOwn(listener.Team, wish.Around, state, board);
        own.Write("}}"u8);
        var length = top.Length + own.WrittenCount;
        var frame = ArrayPool<byte>.Shared.Rent(length);
        top.CopyTo(frame, 0);
        own.WrittenSpan.CopyTo(frame.AsSpan(top.Length));
        return new ArraySegment<byte>(frame, 0, length);
    }

    /// <summary>The shared part: everything up to where the own line begins, without the closing braces.</summary>
    byte[] Top(int count, HuntState state, Board board, long position, int cadence, bool tellsPresence)
    {
        var buffer = new ArrayBufferWriter<byte>(128 + count * 80);
        using (var json = new Utf8JsonWriter(buffer, Frames.Writing))
        {
            json.WriteStartObject();
            json.WriteStartObject("board"u8);
            json.WriteStartObject("as_of"u8);
            json.WriteNumber("position"u8, position);
            json.WriteNumber("time"u8, state.TimeMs);
            json.WriteEndObject();
            json.WriteNumber("next_ms"u8, cadence);
            json.WriteNumber("teams"u8, board.Count);
            if (tellsPresence && present is { } here) json.WriteNumber("present"u8, here);
            else if (tellsPresence) json.WriteNull("present"u8);
            json.WriteStartArray("top"u8);
            WriteRows(json, rows.AsSpan(0, board.Top(rows.AsSpan(0, count))), state);
            json.WriteEndArray();
        }

        return buffer.WrittenSpan.ToArray();
    }

    void WriteOwn(int team, int around, HuntState state, Board board)
    {
        if (!board.Contains(team)) return;
        own.Write(",\"me\":{\"rank\":"u8);
        Write(board.Rank(team));
        own.Write(",\"score\":"u8);
        Write(state.Teams[team].Score);
        own.Write("}"u8);
        if (around == 0) return;
        own.Write(",\"around\":["u8);
        using (var json = new Utf8JsonWriter(own, Frames.Writing)) WriteRows(json, rows.AsSpan(0, board.Around(team, around, rows)), state);
        own.Write("]"u8);
    }

    internal static void WriteRows(Utf8JsonWriter json, ReadOnlySpan<BoardRow> rows, HuntState state)
    {
        foreach (var row in rows)
        {
            var team = state.Teams[row.Team];
            json.WriteStartObject();
            json.WriteNumber("rank"u8, row.Rank);
            json.WriteNumber("team"u8, row.Team);
            json.WriteString("name"u8, team.Name);
            json.WriteNumber("score"u8, team.Score);
            json.WriteEndObject();
        }
    }

    void Write(long number)
    {
        number.TryFormat(own.GetSpan(20), out var written);
        own.Advance(written);
    }
}
