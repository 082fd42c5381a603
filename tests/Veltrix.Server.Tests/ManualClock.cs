namespace Veltrix.Server.Tests;

/// <summary>A clock that stands still until it is told to go on. It has no timers.</summary>
public sealed class ManualClock(DateTimeOffset start) : TimeProvider
{
    DateTimeOffset now = start;

    public ManualClock() : this(DateTimeOffset.UnixEpoch.AddYears(60))
    {
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => now;

    public override long GetTimestamp() => now.Ticks;

    public void Advance(TimeSpan by) => now += by;
}
