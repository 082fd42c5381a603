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

    /// <summary>Servers that share a log know their own commands by heart and those of the others by the numbers between.</summary>
    [Fact]
    public void Where_positions_number_the_records_what_others_appended_counts_too()
    {
        var backlog = new Backlog(clock, isNumbered: true);
        backlog.Appended(1_000, 1, clock.GetTimestamp());
        Assert.Equal(1, backlog.Look().Records);
        backlog.Decided(1_000);
        backlog.Appended(1_040, 2, clock.GetTimestamp());
        Assert.Equal((40, 1_040L), (backlog.Look().Records, backlog.Submitted));
        backlog.Decided(1_030);
        Assert.Equal(10, backlog.Look().Records);
        backlog.Decided(1_050);
        Assert.Equal((0, 1_050L), (backlog.Look().Records, backlog.Submitted));
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
        Assert.InRange(backlog.P95!.Value.TotalMilliseconds, 2, 2.2);
        clock.Advance(TimeSpan.FromSeconds(11));
        Assert.Null(backlog.Look().P99);
        Assert.Null(backlog.P95);
        backlog.Appended(2000, 7, clock.GetTimestamp());
        clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(7, backlog.Decided(2000));
    }
}
