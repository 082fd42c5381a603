using System.Collections.Concurrent;
using Veltrix.Gate;

namespace Veltrix.Cli.Tests.EndToEnd;

/// <summary>Every limit that was published while it watches, and how many were seated.</summary>
sealed class LimitsSeen : IAsyncDisposable
{
    static readonly TimeSpan Every = TimeSpan.FromMilliseconds(200);

    readonly CancellationTokenSource stop = new();
    readonly ConcurrentQueue<GateCounts> seen = [];
    readonly Task watching;
    int judged;

    LimitsSeen(Fleet fleet) => watching = Watch(fleet);

    public static LimitsSeen Begin(Fleet fleet) => new(fleet);

    public IReadOnlyList<GateCounts> All => [.. seen];

    /// <summary>Of what was seen since the last look, and from the last that was seen then.</summary>
    public void AssertNeverRose(string when)
    {
        var limits = seen.Select(counts => counts.Limits!.Limit).ToList();
        Assert.True(limits.Count > judged, $"no limit was seen {when}");
        for (var i = Math.Max(1, judged); i < limits.Count; i++) Assert.True(limits[i] <= limits[i - 1], $"the limit rose from {limits[i - 1]} to {limits[i]} {when}");
        judged = limits.Count;
    }

    async Task Watch(Fleet fleet)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (await fleet.Counts() is { Limits: not null } counts) seen.Enqueue(counts);
            }
            catch (GateException)
            {
                // The store is away; that is what some tests do.
            }

            await Task.Delay(Every, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await watching;
        stop.Dispose();
    }
}
