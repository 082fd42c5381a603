using Veltrix.Gate;

namespace Veltrix.Cli;

/// <summary>Says in the terminal whenever the limit of a hunt moves, and why.</summary>
static class LimitWatch
{
    static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    public static async Task Run(GateStore store, IReadOnlyList<string> hunts, Action<string> say, CancellationToken cancel)
    {
        var last = new Dictionary<string, (long Limit, bool Pause, bool Pinned)>();
        using var timer = new PeriodicTimer(Every);
        try
        {
            while (await timer.WaitForNextTickAsync(cancel))
                foreach (var hunt in hunts)
                {
                    GateCounts counts;
                    try
                    {
                        counts = await store.Hunt(hunt).Counts(cancel);
                    }
                    catch (GateException)
                    {
                        continue; // said by those who need it
                    }

                    if (counts.Limits is not { } limits || (last.TryGetValue(hunt, out var said) && said == (limits.Limit, limits.Pause, limits.Pinned))) continue;
                    last[hunt] = (limits.Limit, limits.Pause, limits.Pinned);
                    say($"{DateTime.Now:HH:mm:ss} {hunt}: limit {limits.Reason} ({counts.Seated:N0} play, {counts.Waiting:N0} wait{(limits.Pause ? "; nobody is let in now" : "")})");
                }
        }
        catch (OperationCanceledException)
        {
        }
    }
}
