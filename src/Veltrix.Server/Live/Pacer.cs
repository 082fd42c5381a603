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

    /// <summary>Runs until cancelled. A pass that took too long is not made up for by a burst: the slots go on from where they are.</summary>
    public async Task Run(CancellationToken cancel)
    {
        var listeners = new List<Listener>();
        using var timer = new PeriodicTimer(Idle, clock);
        // How far each hunt is in its slots: a hunt in brownout goes round more slowly than the others.
        var progress = new Dictionary<string, double>(StringComparer.Ordinal);
        var last = clock.GetTimestamp();
        try
        {
            while (await timer.WaitForNextTickAsync(cancel))
            {
                var now = clock.GetTimestamp();
                var passed = clock.GetElapsedTime(last, now).TotalMilliseconds;
                last = now;
                var period = Idle;
                foreach (var hunt in hunts())
                {
                    if (hunt.Audience.Count == 0) continue;
                    var service = hunt.Service();
                    var cadence = service.CadenceMs;
                    var slot = TimeSpan.FromMilliseconds(cadence / (double)Audience.Slots);
                    if (slot < period) period = slot;
                    var before = progress.GetValueOrDefault(hunt.Id);
                    var after = before + Math.Min(Audience.Slots, passed * Audience.Slots / cadence);
                    progress[hunt.Id] = after % Audience.Slots;
                    for (var due = (int)before; due < (int)after; due++)
                    {
                        hunt.Audience.InSlot(due % Audience.Slots, listeners);
                        Serve(hunt, listeners, service);
                        listeners.Clear();
                    }
                }

                if (timer.Period != period) timer.Period = period;
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    void Serve(LiveHunt hunt, List<Listener> listeners, LiveService service)
    {
        if (listeners.Count == 0) return;
        try
        {
            hunt.BoardFrames.Post(listeners, service);
            hunt.GraphFrames.Post(listeners, service.GraphEvery);
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
