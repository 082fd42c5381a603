using Veltrix.Governor.Policies;
using Veltrix.Governor.Simulation;

namespace Veltrix.Governor.Tests.Simulation;

/// <summary>The same story under the seeds 1 to 5, each beside its ungoverned run.</summary>
static class Seeds
{
    public static List<(Scores Run, Scores None)> Runs(string scenario, Func<IAdmissionPolicy>? policy = null, double ceiling = SimulatedPolicy.StandardCeiling)
    {
        var story = Scenarios.Find(scenario)!;
        return [.. Enumerable.Range(1, 5).Select(seed =>
        {
            var none = SimulatedHunt.Run(story, SimulatedPolicy.Ungoverned, PlantParameters.Nominal, seed);
            return (policy is null ? none : SimulatedHunt.Run(story, new SimulatedPolicy("test", policy(), ceiling), PlantParameters.Nominal, seed), none);
        })];
    }
}
