namespace Veltrix.Kubernetes;

/// <summary>How long to wait after a failure: ever longer, never the same for all who wait, and no shorter than asked for.</summary>
sealed class Backoff
{
    static readonly TimeSpan Least = TimeSpan.FromMilliseconds(200);
    static readonly TimeSpan Most = TimeSpan.FromSeconds(3);

    TimeSpan next = Least;

    public TimeSpan Next(TimeSpan? atLeast = null)
    {
        var wait = next * (0.75 + Random.Shared.NextDouble() / 2);
        next = next * 2 < Most ? next * 2 : Most;
        return atLeast > wait ? atLeast.Value + wait : wait;
    }

    public void Reset() => next = Least;
}
