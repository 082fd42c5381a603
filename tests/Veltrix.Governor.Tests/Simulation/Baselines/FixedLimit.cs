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

    public static bool IsOver(this Observation observation) => observation.Readings.Any(reading => reading.IsValid && reading.Pressure > 1);
}
