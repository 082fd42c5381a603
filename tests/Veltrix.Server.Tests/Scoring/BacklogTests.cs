using Veltrix.Server.Scoring;

namespace Veltrix.Server.Tests.Scoring;

/// <summary>What is not decided yet is counted in records and in time, whatever the positions of the log look like.</summary>
public sealed class BacklogTests
{
    readonly ManualClock clock = new();

    [Fact]
    public void Records_are_counted_and_the_oldest_gives_the_age()
    {
        var backlog = new Backlog(clock);
        backlog.Appended(64, 1, clock.GetTimestamp());
        clock.Advance(TimeSpan.FromSeconds(1));
        backlog.Appended(4096, 3, clock.GetTimestamp());
        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal((4, TimeSpan.FromSeconds(3), null), backlog.Look());
        backlog.Decided(64);
        Assert.Equal((3, TimeSpan.FromSeconds(2)), (backlog.Look().Records, backlog.Look().Oldest));
        backlog.Decided(4096);
        Assert.Equal((0, TimeSpan.Zero), (backlog.Look().Records, backlog.Look().Oldest));
    }

    [Fact]
    public void What_was_decided_before_its_append_was_noted_is_no_backlog()
    {
        var backlog = new Backlog(clock);
        backlog.Decided(100);
        backlog.Appended(64, 2, clock.GetTimestamp());
        Assert.Equal(0, backlog.Look().Records);
        Assert.NotNull(backlog.Look().P99);
    }

    [Fact]
    public void The_99th_percentile_is_that_of_the_last_ten_seconds_and_stalls_are_counted()
    {
        var backlog = new Backlog(clock);
        for (var i = 1; i <= 1000; i++)
        {
            var at = clock.GetTimestamp();
            clock.Advance(TimeSpan.FromMilliseconds(i % 50 == 0 ? 40 : 2));
            backlog.Appended(i, 1, at);
            Assert.Equal(0, backlog.Decided(i));
        }

        Assert.InRange(backlog.Look().P99!.Value.TotalMilliseconds, 40, 44);
        clock.Advance(TimeSpan.FromSeconds(11));
        Assert.Null(backlog.Look().P99);
        backlog.Appended(2000, 7, clock.GetTimestamp());
        clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(7, backlog.Decided(2000));
    }
}
