using Veltrix.Governor.Simulation;

namespace Veltrix.Governor.Tests.Simulation;

public class MonteCarloTests
{
    [Theory, InlineData("narrow"), InlineData("wide")]
    public void Table(string name)
    {
        var ranges = PlantRanges.All.Single(r => r.Name == name);
        SimulatedPolicy[] policies = [SimulatedPolicy.Ungoverned, new("38k", new FixedLimit(38000), 50000), new("first", new FirstSidecar(), 40000), SimulatedPolicy.Parse("linear@40000", 0)!];
        var watch = System.Diagnostics.Stopwatch.StartNew();
        var runs = MonteCarlo.Run(ranges, policies, PlantParameters.Nominal, 240, 2002, TestContext.Current.CancellationToken);
        TestContext.Current.TestOutputHelper!.WriteLine($"{watch.Elapsed}");
        for (var i = 0; i < 4; i++) TestContext.Current.TestOutputHelper!.WriteLine(MonteCarloSummary.Of(runs, i).ToString());
    }
}
