using Veltrix.Server.Admission;

namespace Veltrix.Server.Tests.Admission;

/// <summary>How long it will take, by how it went: a range that holds the truth, or nothing.</summary>
public sealed class DrainTests
{
    readonly ManualClock clock = new();

    [Fact]
    public void A_steady_pace_gives_a_range_around_the_truth_and_too_little_gives_none()
    {
        var drain = new Drain(clock);
        drain.Saw(1000);
        Assert.Null(drain.For(10));
        Pass(drain, seconds: 5, perSecond: 2, from: 1000);
        Assert.Null(drain.For(10));
        Pass(drain, seconds: 120, perSecond: 2, from: 1010);
        var (from, to) = drain.For(99)!.Value;
        Assert.InRange(from.TotalSeconds, 40, 50);
        Assert.InRange(to.TotalSeconds, 50, 60);
    }

    [Fact]
    public void A_queue_that_stands_still_is_not_foretold_for_ever_by_how_it_went_before()
    {
        var drain = new Drain(clock);
        Pass(drain, 60, 2, 0);
        Assert.NotNull(drain.For(10));
        Pass(drain, 181, 0, 120);
        Assert.Null(drain.For(10));
    }

    [Fact]
    public void When_a_rush_is_over_it_no_longer_foretells_and_the_slower_pace_after_it_does()
    {
        var drain = new Drain(clock);
        Pass(drain, 20, 60, 0);
        Assert.NotNull(drain.For(100));
        // The house is full, and nobody leaves.
        Pass(drain, 14, 0, 1_200);
        Assert.NotNull(drain.For(100));
        Pass(drain, 2, 0, 1_200);
        Assert.Null(drain.For(100));
        // Now somebody does, every second.
        Pass(drain, 100, 1, 1_200);
        var (from, to) = drain.For(99)!.Value;
        Assert.InRange(100, from.TotalSeconds, to.TotalSeconds);
    }

    [Fact]
    public void A_limit_that_rises_in_steps_is_one_pace()
    {
        var drain = new Drain(clock);
        for (var step = 0; step < 12; step++)
        {
            clock.Advance(TimeSpan.FromSeconds(5));
            drain.Saw(step * 50);
        }

        Assert.InRange(10, drain.For(99)!.Value.From.TotalSeconds, drain.For(99)!.Value.To.TotalSeconds);
    }

    [Fact]
    public void A_count_that_starts_anew_is_no_negative_pace()
    {
        var drain = new Drain(clock);
        Pass(drain, 60, 2, 0);
        drain.Saw(0);
        Assert.Null(drain.For(10));
    }

    void Pass(Drain drain, int seconds, int perSecond, long from)
    {
        for (var second = 1; second <= seconds; second++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            drain.Saw(from + second * perSecond);
        }
    }
}
