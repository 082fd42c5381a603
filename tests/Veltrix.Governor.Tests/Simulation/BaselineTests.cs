using Veltrix.Governor.Policies;

namespace Veltrix.Governor.Tests.Simulation;

/// <summary>How others do on the incident, roughly as published: what is worth beating, and that nobody beats it by the shape of a step alone.</summary>
public class BaselineTests
{
    public static TheoryData<string, double, double, double> Published => new()
    {
        // name, peak memory, its tolerance, player-minutes
        { "aimd", 0.926, 0.025, 0.96 },
        { "dagor", 0.912, 0.03, 0.93 },
        { "bang-bang", 0.893, 0.015, 0.95 },
        { "load-multiplier", 0.951, 0.045, 0.98 },
        { "pid", 0.933, 0.04, 0.97 },
    };

    static IAdmissionPolicy Make(string name) => name switch
    {
        "aimd" => new StepPolicy(0.9, 0.01),
        // −5 % and +1 % a second, at a tick of 5 s.
        "dagor" => new StepPolicy(0.774, 0.05),
        "bang-bang" => new BangBang(),
        "load-multiplier" => new LoadMultiplier(),
        "pid" => new Pid(),
        _ => throw new ArgumentException(name),
    };

    [Theory, MemberData(nameof(Published))]
    public void Peers_do_roughly_what_was_published(string name, double memory, double tolerance, double playerMinutes)
    {
        var runs = Seeds.Runs("hunt002", () => Make(name));

        Assert.Equal(memory, runs.Max(run => run.Run.PeakMemory), tolerance);
        Assert.Equal(playerMinutes, runs.Average(run => run.Run.PlayerMinutesRatio(run.None)), 0.06);
    }
}
