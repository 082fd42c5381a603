using Veltrix.Governor.Policies;
using Veltrix.Hosting;

namespace Veltrix.Governor.Signals;

/// <summary>
/// One signal of one hunt: its newest good sample, what it is compared to, and how many samples were no good. A bad sample is as good as none: it neither replaces nor refreshes the one before.
/// Not thread-safe; the hunt's governor holds its lock.
/// </summary>
/// <param name="required">Without it nothing may rise. The others are absent in quiet times, and merely say nothing then.</param>
public sealed class MeasuredSignal(Signal signal, bool required, Key<double> soft, Key<double> critical)
{
    readonly long[] faults = new long[Enum.GetValues<SampleFault>().Length];

    public Signal Signal => signal;

    public bool IsRequired => required;

    public Key<double> Soft => soft;

    public Key<double> Critical => critical;

    /// <summary>NaN until something was measured.</summary>
    public double Value { get; private set; } = double.NaN;

    /// <summary>When the newest good sample was measured at its source; minus infinity where there is none.</summary>
    public double At { get; private set; } = double.NegativeInfinity;

    /// <summary>Good samples so far.</summary>
    public long Samples { get; private set; }

    public long Faults(SampleFault fault) => faults[(int)fault];

    public void Count(SampleFault fault) => faults[(int)fault]++;

    public double Age(double now) => now - At;

    /// <summary>Takes a sample, if it is one. The same one again is none, and no fault.</summary>
    /// <param name="at">When it was measured; later than now is a clock that cannot be believed, and counts as now.</param>
    /// <param name="ageMax">In seconds.</param>
    public void Offer(double value, double at, double now, double ageMax)
    {
        if (!double.IsFinite(value) || !double.IsFinite(at)) Count(SampleFault.Nan);
        else if (value < 0) Count(SampleFault.Negative);
        else if (at < At) Count(SampleFault.OutOfOrder);
        else if (now - at > ageMax) Count(SampleFault.Stale);
        else if (at > At)
        {
            Value = value;
            At = Math.Min(at, now);
            Samples++;
        }
    }

    /// <summary>What a policy is given: null for something optional that was never measured. A required one is always there, so that its absence shows.</summary>
    /// <param name="isKnown">False: nothing is known about the hunt itself now, so that no sample may stand.</param>
    public Reading? Read(double softValue, double criticalValue, bool isKnown) =>
        !required && Samples == 0 ? null : new Reading(signal, isKnown ? Value : double.NaN, At, softValue, criticalValue, required);
}
