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

    /// <summary>How much later than promised a board may come: after that it is late, and felt as a stall.</summary>
    public static readonly TimeSpan LateAfter = TimeSpan.FromSeconds(2);

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
                var passed = clock.GetElapsedTime(last, now).TotalMilliseconds;
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
                    var cadence = service.CadenceMs;
                    var slot = TimeSpan.FromMilliseconds(cadence / (double)Audience.Slots);
                    if (slot < period) period = slot;
                    if (!rounds.TryGetValue(hunt.Id, out var round)) rounds.Add(hunt.Id, round = new());
                    var before = round.Progress;
                    var after = before + Math.Min(Audience.Slots, passed * Audience.Slots / cadence);
                    round.Progress = after % Audience.Slots;
                    for (var due = (int)before; due < (int)after; due++)
                    {
                        hunt.Audience.InSlot(due % Audience.Slots, listeners);
                        Serve(hunt, listeners, service, ref round.Promises[due % Audience.Slots]);
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

    void Serve(LiveHunt hunt, List<Listener> listeners, LiveService service, ref Promise promise)
    {
        if (listeners.Count == 0)
        {
            promise = default;
            return;
        }

        try
        {
            var posted = hunt.BoardFrames.Post(listeners, service);
            hunt.GraphFrames.Post(listeners, service.GraphEvery);
            // Where nothing had moved, no board was due.
            if (posted > 0 && promise.IsBroken(clock)) hunt.OnLate?.Invoke(posted);
            promise = new Promise(clock.GetTimestamp(), service.CadenceMs);
        }
        catch (Exception e)
        {
            // One hunt's trouble must not stop the boards of all.
            LogFailed(hunt.Id, e);
        }
    }

    /// <summary>How far a hunt is in its slots (one in brownout goes round more slowly than the others), and what those in each were promised.</summary>
    sealed class Round
    {
        public double Progress;

        public readonly Promise[] Promises = new Promise[Audience.Slots];
    }

    /// <summary>What the boards of a slot said of the next ones.</summary>
    /// <param name="At">When they left; 0: there were none.</param>
    /// <param name="NextMs">Their <c>next_ms</c>.</param>
    readonly record struct Promise(long At, int NextMs)
    {
        public bool IsBroken(TimeProvider clock) => At != 0 && clock.GetElapsedTime(At).TotalMilliseconds > NextMs + LateAfter.TotalMilliseconds;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "hunt {Hunt}: a board could not be sent")]
    partial void LogFailed(string hunt, Exception e);
}
