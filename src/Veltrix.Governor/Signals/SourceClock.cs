namespace Veltrix.Governor.Signals;

/// <summary>What a sample suffers from: the label in metrics.</summary>
public enum SampleFault
{
    /// <summary>It was due and did not come.</summary>
    Missing,
    /// <summary>No number, or infinite.</summary>
    Nan,
    Negative,
    /// <summary>Older than <c>governor.signal_age_max</c>.</summary>
    Stale,
    /// <summary>Measured before one that is known already.</summary>
    OutOfOrder,
}

/// <summary>
/// Converts the stamps of one source (milliseconds of its wall clock) into seconds of our monotonic clock.
/// </summary>
/// <remarks>
/// Wall clocks jump, so they are never compared for long. What is kept is the <i>offset</i> between a stamp and its arrival: the smallest one seen belongs to a sample that came at once, and
/// whatever exceeds it is the age of a sample at its arrival.
/// <list type="bullet">
/// <item>A smaller offset than ever: the way became faster, or the source's clock was put forward. The sample has just come and is newer than all before, so it is as old as nothing.</item>
/// <item>An offset larger by more than <see cref="JumpSeconds"/>: the source's clock was put back, or these are old samples out of some buffer. Live samples come at the pace of their stamps; old
/// ones come all at once. Only after <see cref="Agreeing"/> samples that keep pace is the new offset believed; until then none of them counts.</item>
/// <item>The smallest offset grows by <see cref="Creep"/>, so that two clocks that drift apart do not make everything look old.</item>
/// </list>
/// Our own wall clock is asked once, for the age of the very first sample, and only where its answer is plausible. Not thread-safe.
/// </remarks>
public sealed class SourceClock
{
    /// <summary>A sample that seems older than this at arrival is not old, it is suspect.</summary>
    public const double JumpSeconds = 30;

    /// <summary>So many suspect samples in a row, each at the pace of its stamp, make a new offset.</summary>
    public const int Agreeing = 3;

    /// <summary>Seconds of drift allowed for in a second.</summary>
    public const double Creep = 0.001;

    double? offset;
    double learntAt;
    long lastStamp = long.MinValue;
    (long Stamp, double At) suspect;
    int agreeing;

    /// <param name="stampMs">The source's wall clock.</param>
    /// <param name="now">Our monotonic clock at arrival, in seconds.</param>
    /// <param name="wallMs">Our wall clock at arrival.</param>
    /// <param name="at">When it was measured, on our monotonic clock.</param>
    /// <returns>Null, or why the sample must not be used.</returns>
    public SampleFault? Convert(long stampMs, double now, long wallMs, out double at)
    {
        at = now;
        var apart = now - stampMs / 1000.0;
        if (offset is null)
        {
            var age = (wallMs - stampMs) / 1000.0;
            if (age is < 0 or > JumpSeconds) age = 0;
            return Learn(apart - age, stampMs, now, ref at, age);
        }

        var least = offset.Value + Creep * (now - learntAt);
        var late = apart - least;
        if (late > JumpSeconds) return Suspect(stampMs, now, apart, ref at);
        agreeing = 0;
        if (stampMs <= lastStamp) return SampleFault.OutOfOrder;
        if (late <= 0) return Learn(apart, stampMs, now, ref at, 0);
        lastStamp = stampMs;
        at = now - late;
        return null;
    }

    SampleFault? Suspect(long stampMs, double now, double apart, ref double at)
    {
        var stamps = (stampMs - suspect.Stamp) / 1000.0;
        var arrivals = now - suspect.At;
        var keepsPace = agreeing > 0 && stamps > 0 && Math.Abs(stamps - arrivals) <= 0.5 + 0.1 * arrivals && arrivals >= 0.2;
        agreeing = keepsPace ? agreeing + 1 : 1;
        suspect = (stampMs, now);
        if (agreeing >= Agreeing) return Learn(apart, stampMs, now, ref at, 0);
        return stampMs <= lastStamp ? SampleFault.OutOfOrder : SampleFault.Stale;
    }

    SampleFault? Learn(double apart, long stampMs, double now, ref double at, double age)
    {
        (offset, learntAt, lastStamp, agreeing) = (apart, now, stampMs, 0);
        at = now - age;
        return null;
    }
}
