using Microsoft.Extensions.Logging;

namespace Veltrix.Server.Live;

/// <summary>
/// Sends the boards of all hunts on this server, a slot at a time, so that the sockets are served evenly over the cadence and never in one burst.
/// </summary>
/// <param name="hunts">The hunts to serve, as they are now.</param>
public sealed partial class Pacer(Func<IReadOnlyCollection<LiveHunt>> hunts, TimeProvider clock, ILogger logger)
{
    /// <summary>How often to look for somebody to serve while there is nobody.</summary>
    static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(100);

    /// <summary>Milliseconds from one board of a socket to the next.</summary>
    public int Cadence { get; set; } = 1000;

    /// <summary>Runs until cancelled. A pass that took too long is not made up for by a burst: the slots go on from where they are.</summary>
    public async Task Run(CancellationToken cancel)
    {
        var listeners = new List<Listener>();
        using var timer = new PeriodicTimer(Idle, clock);
        var started = clock.GetTimestamp();
        long passed = 0;
        try
        {
            while (await timer.WaitForNextTickAsync(cancel))
            {
                timer.Period = hunts().Any(h => h.Audience.Count > 0) ? TimeSpan.FromMilliseconds(Cadence / (double)Audience.Slots) : Idle;
                var due = (long)(clock.GetElapsedTime(started).TotalMilliseconds * Audience.Slots / Cadence);
                passed = Math.Max(passed, due - Audience.Slots);
                for (; passed < due; passed++)
                    foreach (var hunt in hunts())
                    {
                        if (hunt.Audience.Count == 0) continue;
                        hunt.Audience.InSlot((int)(passed % Audience.Slots), listeners);
                        Serve(hunt, listeners);
                        listeners.Clear();
                    }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    void Serve(LiveHunt hunt, List<Listener> listeners)
    {
        try
        {
            if (listeners.Count > 0) hunt.BoardFrames.Post(listeners, Cadence);
        }
        catch (Exception e)
        {
            // One hunt's trouble must not stop the boards of all.
            LogFailed(hunt.Id, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "hunt {Hunt}: a board could not be sent")]
    partial void LogFailed(string hunt, Exception e);
}
