using System.Threading.Channels;

namespace Veltrix.Kubernetes;

/// <summary>
/// Names of things to look at. A name is in it once, however often it was added, and is never worked on twice at a time: one that is added while it is worked on comes again afterwards. What
/// failed comes again after ever longer waits. Thread-safe.
/// </summary>
sealed class WorkQueue(TimeProvider clock) : IDisposable
{
    readonly Lock gate = new();
    readonly Channel<string> ready = Channel.CreateUnbounded<string>();
    readonly HashSet<string> waiting = new(StringComparer.Ordinal);
    readonly HashSet<string> busy = new(StringComparer.Ordinal);
    readonly Dictionary<string, Backoff> failed = new(StringComparer.Ordinal);
    readonly Dictionary<string, ITimer> timers = new(StringComparer.Ordinal);

    public int Length => ready.Reader.Count;

    public void Add(string name)
    {
        lock (gate)
        {
            if (timers.Remove(name, out var timer)) timer.Dispose();
            if (waiting.Add(name) && !busy.Contains(name)) ready.Writer.TryWrite(name);
        }
    }

    /// <summary>The earlier of two times counts, and an <see cref="Add"/> before all.</summary>
    public void AddAfter(string name, TimeSpan wait)
    {
        lock (gate)
            if (!timers.ContainsKey(name)) timers[name] = clock.CreateTimer(_ => Add(name), null, wait, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Works on what is there, one at a time, until cancelled. Several may run.</summary>
    /// <param name="work">Its answer: null, or when to look again. Whatever it throws is a failure of this name alone, and handed to <paramref name="failure"/>.</param>
    public async Task Run(Func<string, Task<TimeSpan?>> work, Action<string, Exception> failure, CancellationToken cancel)
    {
        try
        {
            while (true)
            {
                var name = await ready.Reader.ReadAsync(cancel);
                lock (gate)
                {
                    waiting.Remove(name);
                    busy.Add(name);
                }

                TimeSpan? again = null;
                try
                {
                    again = await work(name);
                    lock (gate) failed.Remove(name);
                }
                catch (Exception error) when (!cancel.IsCancellationRequested)
                {
                    failure(name, error);
                    lock (gate) again = (failed.TryGetValue(name, out var backoff) ? backoff : failed[name] = new Backoff()).Next((error as ClusterApiException)?.RetryAfter);
                }
                finally
                {
                    lock (gate)
                    {
                        busy.Remove(name);
                        if (waiting.Contains(name)) ready.Writer.TryWrite(name);
                    }
                }

                if (again is { } wait) AddAfter(name, wait);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
        }
    }

    public void Dispose()
    {
        lock (gate)
            foreach (var timer in timers.Values) timer.Dispose();
    }
}
