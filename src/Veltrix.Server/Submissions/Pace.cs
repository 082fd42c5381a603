namespace Veltrix.Server.Submissions;

/// <summary>
/// How fast one hunter may submit: a bucket that holds <see cref="Burst"/> and fills by <see cref="PerSecond"/>. It is the only limit a playing hunter meets. One thread at a time.
/// </summary>
public struct Pace(TimeProvider clock)
{
    public const int PerSecond = 5;
    public const int Burst = 20;

    double tokens = Burst;
    long filled = clock.GetTimestamp();

    /// <summary>Takes one; where there is none, says in how many milliseconds there will be.</summary>
    public bool TryTake(out int retryAfterMs)
    {
        var now = clock.GetTimestamp();
        tokens = Math.Min(Burst, tokens + clock.GetElapsedTime(filled, now).TotalSeconds * PerSecond);
        filled = now;
        retryAfterMs = tokens >= 1 ? 0 : (int)Math.Ceiling((1 - tokens) * 1000 / PerSecond);
        if (tokens < 1) return false;
        tokens--;
        return true;
    }
}
