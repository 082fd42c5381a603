using Veltrix.Governor.Policies;

namespace Veltrix.Governor.Tests.Policies;

/// <summary>What <c>forecast</c> says and does where not the crowd changes but what people or stores do around it.</summary>
public class ForecastTests
{
    /// <summary>A store that costs 0.30 and 0.45 for each 50,000 hunters, whatever the ceiling is.</summary>
    static double Store(double seated) => 0.30 + 0.45 * seated / 50_000;

    static Driver Settled(double seated, double ceiling = 50_000)
    {
        var driver = new Driver(PolicyCatalog.Create("forecast"), 0.3 * ceiling, ceiling);
        var now = 0.0;
        for (var i = 0; i < 120; i++)
        {
            var joins = Math.Min(Math.Min(seated - now, 1_000), Math.Max(0, driver.Limit - now));
            now += joins;
            driver.Tick(Store(now), seated: now, joins: joins);
        }

        return driver;
    }

    /// <summary>Of a crowd that sends a fifth of what one would expect, more may come a second than of one that sends what one would.</summary>
    [Fact]
    public void What_the_crowd_sends_is_counted_and_sets_the_pace()
    {
        var (counted, guessed) = (Settled(20_000), Settled(20_000));
        for (var i = 0; i < 24; i++)
        {
            counted.Tick(Store(20_000), seated: 20_000, sent: 160);
            guessed.Tick(Store(20_000), seated: 20_000);
        }

        Assert.True(counted.Last.JoinsPerSecond > 1.2 * guessed.Last.JoinsPerSecond, $"{counted.Last.JoinsPerSecond:N0} counted, {guessed.Last.JoinsPerSecond:N0} guessed");
    }

    /// <summary>A store that hardly fills says nothing about how late its readings are; a lag must not be laid to a crowd of ten seconds ago because of it.</summary>
    [Fact]
    public void A_small_lag_in_a_rush_is_not_taken_for_a_scorer_that_stands_still()
    {
        var driver = new Driver(PolicyCatalog.Create("forecast"), 15_000);
        for (var i = 0; i < 12; i++) driver.Tick(0.03, seated: 0);
        var seated = 0;
        foreach (var lag in (int[])[0, 0, 130, 0, 0])
        {
            driver.Tick(0.03 + 0.003 * (seated / 1_000 % 2), lag, seated += 3_800, joins: 3_800, sent: 780);
            Assert.False(driver.Last.Pause, driver.Last.Reason);
        }

        Assert.True(driver.Last.JoinsPerSecond > 200, $"{driver.Last.JoinsPerSecond:N0}: {driver.Last.Reason}");
    }

    /// <summary>
    /// A pause of some seconds when the rush begins leaves a lag that a scorer at its end would leave too. When it keeps up for a minute it was none; and a pace never falls to a trickle for want of having been tried.
    /// </summary>
    [Theory]
    [InlineData(0.02, 300, 300), InlineData(0.02, 300, 700), InlineData(0.02, 300, 3_000), InlineData(0.02, 300, 300, 700), InlineData(0.02, 300, 1_000, 1_000), InlineData(0.02, 300, 700, 1_500, 300)]
    [InlineData(0.1, 50, 300), InlineData(0.1, 50, 3_000), InlineData(0.1, 50, 1_000, 1_000), InlineData(0.1, 50, 700, 1_500, 300), InlineData(0.1, 50, 0, 0, 700, 1_500, 300)]
    public void A_lag_of_a_moment_does_not_slow_the_rush_for_long(double sentByEach, double pace, params int[] lags)
    {
        var driver = new Driver(PolicyCatalog.Create("forecast"), 30_000, ceiling: 60_000);
        for (var i = 0; i < 12; i++) driver.Tick(0.03, seated: 0, sent: 0);
        var (seated, paces) = (0.0, new List<double>());
        foreach (var lag in (int[])[0, .. lags, .. Enumerable.Repeat(0, 36)])
        {
            var joins = driver.Last.Pause ? 0 : Math.Min(50_000 - seated, Math.Min(800, driver.Last.JoinsPerSecond) * 5);
            seated += joins;
            driver.Tick(0.03 + 0.3 * seated / 60_000, lag, seated, joins: joins, sent: sentByEach * seated);
            paces.Add(driver.Last.JoinsPerSecond);
            if (paces.Count > lags.Length + 24)
                Assert.True(seated == 50_000 || paces.TakeLast(12).Average() >= pace, $"{seated:N0} seated, joins a second at each tick: {string.Join(' ', paces.Select(each => $"{each:0}"))}");
        }
    }

    [Theory, InlineData(30_000), InlineData(45_000), InlineData(100_000)]
    public void A_ceiling_that_is_moved_changes_nothing_of_what_was_learnt(double ceiling)
    {
        var (kept, moved) = (Settled(20_000), Settled(20_000));
        moved.Ceiling = ceiling;
        for (var i = 0; i < 24; i++)
        {
            var expected = kept.Tick(Store(20_000), seated: 20_000);
            var decision = moved.Tick(Store(20_000), seated: 20_000);
            Assert.DoesNotContain("jumped", decision.Reason);
            Assert.True(
                decision.Limit >= Math.Min(ceiling, 0.97 * expected.Limit), $"{decision.Limit:N0} under a ceiling of {ceiling:N0}, {expected.Limit:N0} under that of before: {decision.Reason}");
        }
    }

    [Fact]
    public void A_ceiling_under_the_limit_is_the_reason_of_the_cut()
    {
        var driver = Settled(10_000);
        Assert.True(driver.Limit > 15_000);
        driver.Ceiling = 12_000;
        var decision = driver.Tick(Store(10_000), seated: 10_000);
        Assert.Equal((12_000, Cause.Ceiling), (decision.Limit, decision.Cause));
        Assert.StartsWith("room for all 12,000 of the ceiling", decision.Reason);
    }

    /// <summary>A store that was still for minutes has taught that it measures without noise; its next page of memory is no failover.</summary>
    [Fact]
    public void A_still_store_that_stirs_has_not_jumped()
    {
        var driver = Settled(20_000);
        for (var i = 0; i < 120; i++) driver.Tick(Store(20_000), seated: 20_000);
        for (var i = 0; i < 24; i++) Assert.DoesNotContain("jumped", driver.Tick(Store(20_000) + 0.008, seated: 20_000).Reason);
    }

    [Fact]
    public void A_failover_has_jumped()
    {
        var driver = Settled(20_000);
        var seated = 20_000;
        for (var i = 0; i < 2; i++) driver.Tick(Store(seated += 1_000) * 1.18, seated: seated, joins: 1_000);
        Assert.Contains("memory jumped unexplained; no rise for 55 s", driver.Tick(Store(seated += 1_000) * 1.18, seated: seated, joins: 1_000).Reason);
    }
}
