using System.Buffers;
using System.Net.WebSockets;

namespace Veltrix.Server.Live;

/// <summary>
/// What waits to leave through one socket. Acks, outcomes and announcements are kept in order; of boards only the newest, so a slow reader costs one board and not a queue.
/// </summary>
/// <remarks>
/// Thread-safe. Nobody waits for a socket: whoever posts first sends until nothing is left, and a send that does not finish at once goes on by itself.
/// There is no task and no buffer for a socket at rest.
/// </remarks>
public sealed class Outbox(WebSocket socket)
{
    /// <summary>Frames kept for a reader that is behind. Beyond it the socket is closed with <see cref="CloseCodes.SlowReader"/>.</summary>
    public const int FramesMax = 256;

    /// <summary>How long a closing socket may take for what is already on its way.</summary>
    static readonly TimeSpan Farewell = TimeSpan.FromSeconds(5);

    readonly Lock gate = new();
    Queue<ReadOnlyMemory<byte>>? frames;
    ArraySegment<byte> board;
    CloseCode? closing;
    bool sending;

    /// <summary>Sends a frame after those before it. Without effect once the socket closes.</summary>
    public void Post(ReadOnlyMemory<byte> frame)
    {
        lock (gate)
        {
            if (closing is not null) return;
            frames ??= new(2);
            frames.Enqueue(frame);
            if (frames.Count > FramesMax) BeginClose(CloseCodes.SlowReader);
            if (sending) return;
            sending = true;
        }

        _ = Send();
    }

    /// <summary>Sends a board, in place of one that has not left yet.</summary>
    /// <param name="frame">Rented from the shared pool; the outbox gives it back.</param>
    public void PostBoard(ArraySegment<byte> frame)
    {
        lock (gate)
        {
            GiveBack(closing is null ? board : frame);
            if (closing is not null) return;
            board = frame;
            if (sending) return;
            sending = true;
        }

        _ = Send();
    }

    /// <summary>Sends what is waiting and closes. The first code counts.</summary>
    public void Close(CloseCode code)
    {
        lock (gate)
        {
            if (closing is not null) return;
            BeginClose(code);
            if (sending) return;
            sending = true;
        }

        _ = Send();
    }

    void BeginClose(CloseCode code)
    {
        closing = code;
        if (code == CloseCodes.SlowReader) frames!.Clear();
        _ = Task.Delay(Farewell).ContinueWith(_ => socket.Abort(), TaskScheduler.Default);
    }

    async Task Send()
    {
        try
        {
            while (TakeNext(out var frame, out var pooled))
                try
                {
                    await socket.SendAsync(frame, WebSocketMessageType.Text, WebSocketMessageFlags.EndOfMessage, CancellationToken.None);
                }
                finally
                {
                    GiveBack(pooled);
                }

            if (closing is { } code) await socket.CloseOutputAsync((WebSocketCloseStatus)code.Code, code.Reason(), CancellationToken.None);
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException or IOException or InvalidOperationException or OperationCanceledException)
        {
            // The other side is gone; the receiving side notices too and ends the connection. Nothing is taken any more.
            lock (gate) closing ??= CloseCodes.Normal;
            socket.Abort();
        }
    }

    bool TakeNext(out ReadOnlyMemory<byte> frame, out ArraySegment<byte> pooled)
    {
        lock (gate)
        {
            pooled = default;
            if (frames is not null && frames.TryDequeue(out frame)) return true;
            frames = null;
            frame = pooled = board;
            board = default;
            if (frame.Length > 0) return true;
            // After closing nobody else may send: the flag stays set.
            sending = closing is not null;
            return false;
        }
    }

    static void GiveBack(ArraySegment<byte> pooled)
    {
        if (pooled.Array is { } array) ArrayPool<byte>.Shared.Return(array);
    }
}
