namespace Veltrix.Cli.Chaos;

/// <summary>A machine's clock that somebody sets wrong: what time it is jumps, how time passes does not.</summary>
sealed class SkewedClock : TimeProvider
{
    long skewTicks;

    public TimeSpan Skew
    {
        get => TimeSpan.FromTicks(Volatile.Read(ref skewTicks));
        set => Volatile.Write(ref skewTicks, value.Ticks);
    }

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Skew;
}
