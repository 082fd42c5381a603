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
        var rounds = new Dictionary<string, Round>(StringComparer.Ordinal);
        var last = clock.GetTimestamp();
        try
        {
            while (await timer.WaitForNextTickAsync(cancel))
            {
                var now = clock.GetTimestamp();
                var passed = clock.GetElapsedTime(last, now);
                last = now;
                var period = Idle;
                foreach (var hunt in hunts())
                {
                    if (hunt.Audience.Count == 0)
                    {
                        // Nobody is here who was promised anything.
                        rounds.Remove(hunt.Id);
                        continue;
                    }

                    var service = hunt.Service();
                    if (!rounds.TryGetValue(hunt.Id, out var round)) rounds.Add(hunt.Id, round = new(clock));
                    if (round.SlotTime(service.CadenceMs) is var slot && slot < period) period = slot;
                    foreach (var due in round.Pass(passed, service.CadenceMs))
                    {
                        hunt.Audience.InSlot(due, listeners);
                        Serve(hunt, listeners, service, round, due);
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

    void Serve(LiveHunt hunt, List<Listener> listeners, LiveService service, Round round, int slot)
    {
        if (listeners.Count == 0)
        {
            round.Forget(slot);
            return;
        }

        try
        {
            var posted = hunt.BoardFrames.Post(listeners, service);
            hunt.GraphFrames.Post(listeners, service.GraphEvery);
            // Where nothing had moved, no board was due.
            if (posted > 0 && round.IsLate(slot)) hunt.OnLate?.Invoke(posted);
            round.Served(slot, posted > 0 ? service.CadenceMs : null);
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
