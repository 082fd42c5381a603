using Veltrix.Governor.Policies;

namespace Veltrix.Governor.Tests.Simulation;

/// <summary>
/// Netflix' Gradient2, with the worst pressure in the place of the round-trip time: L' = 0.8 L + 0.2 (g L + √L), where g is 1.5 × long / now between ½ and 1, and long a mean over 600 samples.
/// Its window is a second, so that a tick is five of them with the same sample. While less than half of the limit is used it learns and leaves the limit.
/// </summary>
sealed class Gradient2 : IAdmissionPolicy
{
    const int WindowsPerTick = 5;
    const int LongWindow = 600;
    const int WarmUp = 10;
    const double Tolerance = 1.5;
    const double Smoothing = 0.2;

    public string Name => "gradient2";

    public PolicyState Begin(double limit) => new State(limit, 0, 0, double.NegativeInfinity);

    public Step Step(PolicyState state, Observation observation, double now)
    {
        var before = (State)state;
        if (!(observation.MeasuredAt() > before.At)) return new(state, Baseline.Of(before.Limit));
        var (limit, longTerm, samples, pressure) = (before.Limit, before.LongTerm, before.Samples, observation.Worst());
        for (var window = 0; window < WindowsPerTick; window++)
        {
            samples++;
            longTerm += (pressure - longTerm) * (samples <= WarmUp ? 1.0 / samples : 2.0 / (LongWindow + 1));
            if (longTerm > 2 * pressure) longTerm *= 0.95;
            if (observation.Seated < limit / 2) continue;
            var gradient = pressure > 0 ? Math.Clamp(Tolerance * longTerm / pressure, 0.5, 1) : 1;
            limit = Math.Clamp((1 - Smoothing) * limit + Smoothing * (gradient * limit + Math.Sqrt(limit)), observation.Floor, observation.Ceiling);
        }

        return new(new State(limit, longTerm, samples, observation.MeasuredAt()), Baseline.Of(limit));
    }

    sealed record State(double Limit, double LongTerm, int Samples, double At) : PolicyState(Limit);
}
