using Veltrix.Governor.Policies;

namespace Veltrix.Governor.Tests.Simulation;

// What others do, in the space of hunters. Default shapes, not tuned; none of it is a measurement of those products.

/// <summary>A level that falls by a factor while anything is over, and rises by steps while nothing is: DAGOR's shape, and AIMD's.</summary>
/// <param name="cut">What is left of the level after a tick that is over.</param>
/// <param name="step">Share of the ceiling that a calm tick adds.</param>
/// <param name="fromSeated">The cut is taken from those who are seated where they are fewer: without it a level far above them does nothing for long.</param>
sealed class StepPolicy(double cut, double step, bool fromSeated = false) : IAdmissionPolicy
{
    public string Name => "step";

    public PolicyState Begin(double limit) => new State(limit);

    public Step Step(PolicyState state, Observation observation, double now)
    {
        var from = fromSeated ? Math.Min(state.Limit, observation.Seated) : state.Limit;
        var limit = observation.IsOver() ? from * cut : state.Limit + step * observation.Ceiling;
        limit = Math.Clamp(limit, observation.Floor, observation.Ceiling);
        return new(new State(limit), Baseline.Of(limit));
    }

    sealed record State(double Limit) : PolicyState(Limit);
}

/// <summary>Closed while anything is over, open otherwise.</summary>
sealed class BangBang : IAdmissionPolicy
{
    public string Name => "bang-bang";

    public PolicyState Begin(double limit) => new State(limit);

    public Step Step(PolicyState state, Observation observation, double now) => new(state, Baseline.Of(observation.Ceiling, pause: observation.IsOver()));

    sealed record State(double Limit) : PolicyState(Limit);
}

/// <summary>Aperture's load multiplier: it falls by how much the worst signal is over, at most to a tenth, and comes back by 0.025 every 10 s, up to 2; above 1 all pass.</summary>
sealed class LoadMultiplier : IAdmissionPolicy
{
    const double Highest = 2;

    public string Name => "load-multiplier";

    public PolicyState Begin(double limit) => new State(limit, Highest);

    public Step Step(PolicyState state, Observation observation, double now)
    {
        var before = (State)state;
        var worst = observation.Worst();
        var multiplier = worst > 1 ? before.Multiplier * Math.Clamp(1 / worst, 0.1, 1) : Math.Min(Highest, before.Multiplier + 0.0125);
        var limit = Math.Clamp(multiplier * observation.Ceiling, observation.Floor, observation.Ceiling);
        return new(new State(limit, multiplier), Baseline.Of(limit));
    }

    sealed record State(double Limit, double Multiplier) : PolicyState(Limit);
}

/// <summary>A PID controller of the worst pressure (0.6 / 0.01 / 4) around an open gate, whose integral stands still at the stops.</summary>
sealed class Pid : IAdmissionPolicy
{
    public string Name => "pid";

    public PolicyState Begin(double limit) => new State(limit, 0, 0);

    public Step Step(PolicyState state, Observation observation, double now)
    {
        var before = (State)state;
        var worst = Math.Min(2, observation.Worst());
        var error = 1 - worst;
        var level = 1 + 0.6 * error + 0.01 * before.Sum + 4 * (error - before.Error) / 5;
        var limit = Math.Clamp(level * observation.Ceiling, observation.Floor, observation.Ceiling);
        var isAtStop = limit >= observation.Ceiling || limit <= observation.Floor;
        return new(new State(limit, isAtStop ? before.Sum : before.Sum + error * 5, error), Baseline.Of(limit));
    }

    sealed record State(double Limit, double Sum, double Error) : PolicyState(Limit);
}
