using Veltrix.Governor.Policies;
using Veltrix.Governor.Simulation;

namespace Veltrix.Governor.Tests.Simulation;

/// <summary>The plant against the published figures of the incident and of fixed limits: the reason to believe anything else that the simulator says.</summary>
public class CalibrationTests
{
    static readonly long[] Seeds = [1, 2, 3, 4, 5];

    internal static List<(Scores Run, Scores None)> Runs(string scenario, Func<IAdmissionPolicy>? policy, double ceiling = SimulatedPolicy.StandardCeiling) =>
    [
        .. Seeds.Select(seed =>
        {
            var story = Scenarios.Find(scenario)!;
            var none = SimulatedHunt.Run(story, SimulatedPolicy.Ungoverned, PlantParameters.Nominal, seed);
            return (policy is null ? none : SimulatedHunt.Run(story, new SimulatedPolicy("test", policy(), ceiling), PlantParameters.Nominal, seed), none);
        }),
    ];

    internal static string Row(string name, List<(Scores Run, Scores None)> runs) => FormattableString.Invariant(
        $"{name,-22} {100 * runs.Max(r => r.Run.PeakMemory):0.0} % | lag {runs.Max(r => r.Run.PeakLag):0} | over {runs.Average(r => r.Run.SecondsOver):0} s | freezes {runs.Average(r => r.Run.Freezes):0.0} | reversals {runs.Average(r => r.Run.Reversals):0.0} | {100 * runs.Average(r => r.Run.PlayerMinutesRatio(r.None)):0.0} % | wait {runs.Average(r => r.Run.WaitMean):0.0}/{runs.Average(r => r.Run.WaitP95):0} | min {runs.Min(r => r.Run.LimitMin):0} left {runs.Average(r => r.Run.GaveUp):0}");

    [Fact]
    public void Table()
    {
        var output = TestContext.Current.TestOutputHelper!;
        foreach (var scenario in Scenarios.All)
        {
            output.WriteLine(scenario.Name);
            output.WriteLine(Row("none", Runs(scenario.Name, null)));
            foreach (var limit in new[] { 2000, 40000, 38000, 36000 }) output.WriteLine(Row($"fixed {limit}", Runs(scenario.Name, () => new FixedLimit(limit))));
            output.WriteLine(Row("first sidecar 40k", Runs(scenario.Name, () => new FirstSidecar(), 40_000)));
            output.WriteLine(Row("linear 40k", Runs(scenario.Name, () => PolicyCatalog.Create("linear"), 40_000)));
        }
    }
}
