using System.Diagnostics;

namespace Veltrix.Crowd;

/// <summary>
/// Finds the board frames that come late, or not at all, for one hunter: more than 2 s after the last frame's <c>next_ms</c> while the ledger moves, which is to say while
/// some other connection has seen a newer <c>as_of</c>. Where it had been quiet, so that no frame was due, the time runs from the first sign of movement plus <c>next_ms</c>.
/// </summary>
/// <remarks>Times are <see cref="Stopwatch"/> timestamps. Any thread. One late frame is one stall, however late it is.</remarks>
sealed class FrameWatch
{
    static readonly long Grace = 2 * Stopwatch.Frequency;

    readonly Lock gate = new();
    long position;
    long lastFrame;
    long next;
    long behindSince;
    bool watching;
    bool counted;

    /// <summary>The connection stands: the welcome is the first thing seen.</summary>
    public void Begin(BoardTick welcome, long now)
    {
        Arrived(welcome, now);
        lock (gate)
            watching = true;
    }

    /// <summary>The connection is lost: nothing can be late on it.</summary>
    public void End()
    {
        lock (gate)
            watching = false;
    }

    /// <summary>A frame came. True: it was late, and nobody had noticed yet.</summary>
    public bool Arrived(BoardTick tick, long now)
    {
        lock (gate)
        {
            bool stalled = IsLate(now) && !counted;
            (position, lastFrame, behindSince, counted) = (Math.Max(position, tick.Position), now, 0, false);
            next = tick.NextMs * Stopwatch.Frequency / 1000;
            return stalled;
        }
    }

    /// <summary>Looks whether a frame is missing by now; to be asked a few times a second. True once a stall.</summary>
    /// <param name="newest">The newest position that any connection has seen.</param>
    public bool IsMissing(long newest, long now)
    {
        lock (gate)
        {
            if (behindSince == 0 && newest > position)
                behindSince = now;
            if (counted || !IsLate(now))
                return false;
            counted = true;
            return true;
        }
    }

    bool IsLate(long now)
    {
        if (!watching || behindSince == 0)
            return false;
        long due = behindSince > lastFrame + next ? behindSince + next : lastFrame + next;
        return now > due + Grace;
    }
}
