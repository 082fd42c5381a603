namespace Veltrix.Server.Tests;

/// <summary>The system's clock, a while ahead: it goes on by itself and can be put forward. Timers are the system's.</summary>
public sealed class OffsetClock : TimeProvider
{
    long ahead;

    /// <summary>Puts it to this time; it goes on from there.</summary>
    public static OffsetClock At(DateTimeOffset time) => new() { ahead = (time - System.GetUtcNow()).Ticks };

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddTicks(Volatile.Read(ref ahead));

    public override long GetTimestamp() => System.GetElapsedTime(0).Ticks + Volatile.Read(ref ahead);

    public void Advance(TimeSpan by) => Interlocked.Add(ref ahead, by.Ticks);
}
