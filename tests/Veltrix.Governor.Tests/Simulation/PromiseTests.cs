using Veltrix.Governor.Policies;
using Veltrix.Governor.Simulation;

namespace Veltrix.Governor.Tests.Simulation;

/// <summary>What the policies promise, on the scenarios and on plants that nobody tuned them on.</summary>
public class PromiseTests
{
    static IAdmissionPolicy Product(string name) => PolicyCatalog.Create(name);

    [Fact]
    public void Forecast_keeps_89_percent_of_the_incident_at_80_6_percent_memory_1000_records_and_20_seconds()
    {
        foreach (var (run, none) in Seeds.Runs("hunt002", () => Product("forecast")))
        {
            Assert.InRange(run.PlayerMinutesRatio(none), 0.89, 1);
            Assert.InRange(run.PeakMemory, 0, 0.806);
            Assert.InRange(run.PeakLag, 0, 1000);
            Assert.InRange(run.WaitMean, 0, 20);
            Assert.InRange(run.Freezes, 0, 0.01);
        }
    }

    // Published: peak memory, peak lag, player-minutes. What cannot be had by admission (a slow scorer, a lost broker) is had by cheaper service.
    [Theory]
    [InlineData("spike60", "forecast", 0.81, 1000, 0.90)]
    [InlineData("sustain", "forecast", 0.81, 1000, 0.96)]
    [InlineData("sawtooth", "forecast", 0.815, 1000, 0.87)]
    [InlineData("twospike", "forecast", 0.81, 1000, 0.98)]
    [InlineData("slowcons", "forecast", 0.81, 4500, 0.98)]
    [InlineData("broker", "forecast", 0.81, 46_000, 0.98)]
    [InlineData("failover", "forecast", 0.835, 1000, 0.98)]
    [InlineData("outage", "forecast", 0.81, 1000, 0.80)]
    [InlineData("flap", "forecast", 0.905, 1000, 0.94)]
    [InlineData("skew", "forecast", 0.81, 1000, 0.72)]
    [InlineData("poisoned", "forecast", 0.806, 1000, 0.89)]
    [InlineData("five-hunts", "forecast", 0.81, 1000, 0.75)]
    [InlineData("five-hunts", "headroom", 0.75, 1000, 0.78)]
    [InlineData("clock", "forecast", 0.81, 1000, 0.90)]
    [InlineData("clock", "headroom", 0.785, 1100, 0.80)]
    [InlineData("retry", "forecast", 0.81, 1000, 0.92)]
    [InlineData("hunt002", "headroom", 0.785, 1100, 0.81)]
    [InlineData("sustain", "headroom", 0.79, 1000, 0.88)]
    [InlineData("sawtooth", "headroom", 0.79, 1000, 0.76)]
    [InlineData("slowcons", "headroom", 0.785, 4500, 0.95)]
    [InlineData("outage", "headroom", 0.785, 2600, 0.77)]
    public void Policies_do_in_each_scenario_what_their_pages_say(string scenario, string policy, double memory, double lag, double playerMinutes)
    {
        var runs = Seeds.Runs(scenario, () => Product(policy));

        Assert.InRange(runs.Max(run => run.Run.PeakMemory), 0, memory);
        Assert.InRange(runs.Max(run => run.Run.PeakLag), 0, lag);
        Assert.InRange(runs.Average(run => run.Run.PlayerMinutesRatio(run.None)), playerMinutes, 1.001);
        Assert.InRange(runs.Average(run => run.Run.Reversals), 0, 12);
    }

    [Fact, Trait("speed", "slow")]
    public void Forecast_keeps_fresh_wide_plants_under_85_percent()
    {
        SimulatedPolicy[] policies = [new("forecast", Product("forecast"), 50_000), new("headroom", Product("headroom"), 50_000)];
        var runs = MonteCarlo.Run(PlantRanges.Wide, policies, PlantParameters.Nominal, 240, 31_000, TestContext.Current.CancellationToken);
        var (forecast, headroom) = (MonteCarloSummary.Of(runs, 0), MonteCarloSummary.Of(runs, 1));
        TestContext.Current.TestOutputHelper?.WriteLine($"{forecast}\n{headroom}");

        Assert.InRange(forecast.MemoryOver85, 0, 0.01);
        Assert.Equal(0, forecast.MemoryOver90);
        Assert.InRange(forecast.MemoryP95, 0, 0.82);
        Assert.InRange(forecast.LagOver2000, 0, 0.06);
        Assert.InRange(forecast.VersusFixedTotal, 1.05, 1.2);
        Assert.InRange(forecast.ReversalsMedian, 0, 6);
        Assert.True(forecast.LagOver2000 < headroom.LagOver2000 / 2, "what the second output is for");
    }
}
