using Veltrix.Governor.Simulation;

namespace Veltrix.Governor.Tests.Simulation;

public class RecordedArrivalsTests
{
    static readonly Scenario Plain = Scenarios.Find("hunt002")! with { Seconds = 0 };

    static RecordedArrivals Read(string text) => RecordedArrivals.Read(new StringReader(text), "crowd.csv");

    [Fact]
    public void Arrivals_come_in_the_second_they_were_recorded_in()
    {
        var scenario = Read("time,count\n100,10\n110,0\n120,30").Into(Plain, null, null);

        Assert.Equal(30 + RecordedArrivals.AfterSeconds, scenario.Seconds);
        Assert.Equal([1, 0, 3, 0], new[] { 0, 15, 29, 30 }.Select(second => scenario.Arrivals(0, second)));
    }

    [Theory]
    [InlineData(1_000_000, 7.5)]
    [InlineData(5_000, 600)]
    [InlineData(77, 1.25)]
    public void They_can_be_scaled_and_squeezed_and_nobody_is_lost(int hunters, double seconds)
    {
        var scenario = Read("2026-01-31 18:00:00,3\n2026-01-31 18:01:00,9\n# a quiet minute\n2026-01-31 18:02:00,1.5").Into(Plain, hunters, TimeSpan.FromSeconds(seconds));

        Assert.Equal(hunters, Enumerable.Range(0, scenario.Seconds).Sum(second => scenario.Arrivals(0, second)), 1e-6 * hunters);
        Assert.Equal(0, scenario.Arrivals(0, (int)Math.Ceiling(seconds)));
    }

    [Theory]
    [InlineData("time,count\n", "nobody arrives")]
    [InlineData("0,1\n0,2", "crowd.csv:2: the period begins at '0', not after")]
    [InlineData("0,1\nlater,2", "crowd.csv:2: 'later,2' is not a time")]
    [InlineData("0,1\n5,-2", "crowd.csv:2: '5,-2' is not a time")]
    public void A_file_that_is_none_is_refused_with_its_line(string text, string message) =>
        Assert.Contains(message, Assert.Throws<SimulationException>(() => Read(text)).Message);

    [Fact]
    public void A_season_is_not_simulated_in_real_time()
    {
        var season = Read("2026-01-01,1\n2026-03-01,1");

        Assert.Contains("--ramp 10m", Assert.Throws<SimulationException>(() => season.Into(Plain, null, null)).Message);
        Assert.Equal(600 + RecordedArrivals.AfterSeconds, season.Into(Plain, 100, TimeSpan.FromMinutes(10)).Seconds);
    }
}
