namespace Veltrix.Governor.Policies;

/// <summary>
/// What every policy does while a required signal is missing: it may let the limit fall and never rise (nobody knows how full the house is). For as long again as a reading stays good the
/// limit closes to just above those who play; after that it decays to them, 2 % in 5 s, and not under the floor.
/// </summary>
public static class Staleness
{
    const double Slack = 1.02;
    const double DecayPerTick = 0.98;
    const double TickSeconds = 5;

    /// <summary>The reason, if the history is too old to decide by; null while it is fresh.</summary>
    public static string? Reason(SignalHistory history, Observation observation, double now, double ageMax, out double age)
    {
        age = history.Age(observation, now, out var oldest);
        if (age <= ageMax) return null;
        var name = Words.Spoken(oldest);
        return double.IsInfinity(age)
            ? $"{name} was never measured; the limit may not rise"
            : Words.Invariant($"{name} is {age:0} s old, {ageMax:0} s is the most; the limit may not rise");
    }

    /// <param name="elapsed">Seconds since the last step.</param>
    public static double Limit(double limit, Observation observation, double age, double ageMax, double elapsed)
    {
        var busy = Math.Max(observation.Seated, observation.Floor);
        return age <= 2 * ageMax ? Math.Min(limit, Slack * busy) : Math.Max(Math.Min(limit, busy), limit * Math.Pow(DecayPerTick, elapsed / TickSeconds));
    }
}
