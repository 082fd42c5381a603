using Veltrix.Server.Submissions;

namespace Veltrix.Server.Tests.Submissions;

public class PaceTests
{
    readonly ManualClock clock = new();

    [Fact]
    public void A_burst_of_twenty_is_taken_and_the_next_is_told_when_to_come_back()
    {
        var pace = new Pace(clock);
        for (var i = 0; i < Pace.Burst; i++) Assert.True(pace.TryTake(out _));
        Assert.False(pace.TryTake(out var retry));
        Assert.Equal(1000 / Pace.PerSecond, retry);
    }

    [Fact]
    public void Who_comes_back_when_told_is_taken()
    {
        var pace = new Pace(clock);
        while (pace.TryTake(out _))
        {
        }

        for (var i = 0; i < 50; i++)
        {
            Assert.False(pace.TryTake(out var retry));
            clock.Advance(TimeSpan.FromMilliseconds(retry));
            Assert.True(pace.TryTake(out _));
        }
    }

    [Fact]
    public void Five_a_second_is_the_most_in_the_long_run_and_asking_in_vain_costs_nothing()
    {
        var pace = new Pace(clock);
        var taken = 0;
        for (var ms = 0; ms < 60_000; ms += 10)
        {
            if (pace.TryTake(out _)) taken++;
            clock.Advance(TimeSpan.FromMilliseconds(10));
        }

        Assert.InRange(taken, Pace.Burst + 60 * Pace.PerSecond - 2, Pace.Burst + 60 * Pace.PerSecond);
    }

    [Fact]
    public void Rest_fills_the_burst_and_no_more()
    {
        var pace = new Pace(clock);
        clock.Advance(TimeSpan.FromHours(1));
        for (var i = 0; i < Pace.Burst; i++) Assert.True(pace.TryTake(out _));
        Assert.False(pace.TryTake(out _));
    }
}
