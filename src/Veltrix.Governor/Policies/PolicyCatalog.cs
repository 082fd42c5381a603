using Veltrix.Hosting;

namespace Veltrix.Governor.Policies;

public sealed record PolicyParameters
{
    public double SignalAgeMax { get; init; } = 15;

    public double LinearStep { get; init; } = 0.10;

    public double LinearEvery { get; init; } = 30;

    public double StaticLimit { get; init; } = 1;

    public static PolicyParameters From(Settings settings, string hunt) => new()
    {
        SignalAgeMax = settings.Get(Keys.SignalAgeMax).TotalSeconds,
        LinearStep = settings.Get(Keys.LinearStep, hunt),
        LinearEvery = settings.Get(Keys.LinearEvery, hunt).TotalSeconds,
        StaticLimit = settings.Get(Keys.StaticLimit, hunt),
    };
}

public static class PolicyCatalog
{
    public static IAdmissionPolicy Create(string name) => Create(name, new PolicyParameters());

    public static IAdmissionPolicy Create(string name, PolicyParameters parameters) => name switch
    {
        "static" => new StaticPolicy(parameters),
        "linear" or "headroom" or "forecast" or "scaled" or "aimd" or "stabilizing-aimd" => new LinearPolicy(name, parameters),
        _ => throw new ArgumentException($"There is no policy '{name}'; there are {string.Join(", ", Keys.PolicyNames)}.", nameof(name)),
    };
}

sealed class StaticPolicy(PolicyParameters parameters) : IAdmissionPolicy
{
    sealed record State(double Limit) : PolicyState(Limit);

    public string Name => "static";

    public PolicyState Begin(double limit) => new State(limit);

    public Step Step(PolicyState state, Observation observation, double now)
    {
        var limit = Math.Clamp(Math.Round(parameters.StaticLimit * observation.Ceiling), observation.Floor, observation.Ceiling);
        return new(new State(limit), new Decision(limit, double.PositiveInfinity, false, Brownout.None, Mode.Hold, Cause.None, "a fixed share of the ceiling"));
    }
}

sealed class LinearPolicy(string name, PolicyParameters parameters) : IAdmissionPolicy
{
    sealed record State(double Limit, double CutAt, double CalmSince) : PolicyState(Limit);

    public string Name => name;

    public PolicyState Begin(double limit) => new State(limit, double.NegativeInfinity, double.NaN);

    public Step Step(PolicyState state, Observation observation, double now)
    {
        var s = (State)state;
        foreach (var reading in observation.Readings)
            if (reading.Required && (!reading.IsValid || now - reading.At > parameters.SignalAgeMax))
                return new(s, new Decision(s.Limit, double.PositiveInfinity, false, Brownout.None, Mode.Stale, Cause.Stale, $"{reading.Signal} is not measured"));
        var worst = observation.Readings.Where(r => r.IsValid).OrderByDescending(r => r.Pressure).First();
        var pause = observation.Readings.Any(r => r.IsValid && r.Value >= r.Critical);
        var cause = worst.Signal switch { Signal.RedisMemory => Cause.RedisMemory, Signal.LogLag => Cause.LogLag, _ => Cause.OutcomeSeconds };
        var reason = FormattableString.Invariant($"{worst.Signal} {worst.Value:0.00##} of {worst.Soft:0.00##}");
        if (worst.Pressure > 1)
        {
            if (now - s.CutAt < parameters.LinearEvery) return new(s with { CalmSince = double.NaN }, new Decision(s.Limit, double.PositiveInfinity, pause, Brownout.None, Mode.Hold, cause, reason));
            var limit = Math.Max(observation.Floor, s.Limit - parameters.LinearStep * observation.Ceiling);
            return new(new State(limit, now, double.NaN), new Decision(limit, double.PositiveInfinity, pause, Brownout.None, Mode.Brake, cause, reason));
        }
        if (double.IsNaN(s.CalmSince)) s = s with { CalmSince = now };
        if (now - s.CalmSince >= 2 * parameters.LinearEvery && s.Limit < observation.Ceiling)
        {
            var limit = Math.Min(observation.Ceiling, s.Limit + parameters.LinearStep / 2 * observation.Ceiling);
            return new(s with { Limit = limit, CalmSince = now - parameters.LinearEvery }, new Decision(limit, double.PositiveInfinity, pause, Brownout.None, Mode.Ramp, Cause.None, reason));
        }
        return new(s, new Decision(s.Limit, double.PositiveInfinity, pause, Brownout.None, Mode.Hold, Cause.None, reason));
    }
}
