using Veltrix.Governor.Policies;

namespace Veltrix.Governor.Tests.Simulation;

/// <summary>One number for ever.</summary>
sealed class FixedLimit(double fixedLimit) : IAdmissionPolicy
{
    public string Name => "fixed";

    public PolicyState Begin(double limit) => new State(fixedLimit);

    public Step Step(PolicyState state, Observation observation, double now) => new(state, Baseline.Of(fixedLimit));

    sealed record State(double Limit) : PolicyState(Limit);
}

static class Baseline
{
    public static Decision Of(double limit, bool pause = false) => new(limit, double.PositiveInfinity, pause, Brownout.None, Mode.Hold, Cause.None, "baseline");

    public static double Value(this Observation observation, Signal signal) => observation.Valid(signal)?.Value ?? 0;

    /// <summary>The highest pressure of all signals, 1 at the soft threshold.</summary>
    public static double Worst(this Observation observation) => observation.Readings.Where(reading => reading.IsValid).Select(reading => reading.Pressure).DefaultIfEmpty(0).Max();

    /// <summary>When the newest of what is observed was measured: a law that works by samples does nothing without one.</summary>
    public static double MeasuredAt(this Observation observation) => observation.Readings.Where(reading => reading.IsValid).Select(reading => reading.At).DefaultIfEmpty(double.NegativeInfinity).Max();

    public static bool IsOver(this Observation observation) => observation.Readings.Any(reading => reading.IsValid && reading.Pressure > 1);
}
