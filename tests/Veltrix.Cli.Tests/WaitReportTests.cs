using Veltrix.Cli.Verbs;

namespace Veltrix.Cli.Tests;

/// <summary>Whether waiting cost ranks, in one number.</summary>
public sealed class WaitReportTests
{
    [Theory]
    [InlineData(new long[] { 0, 10, 20, 30 }, 1.0)]
    [InlineData(new long[] { 30, 20, 10, 0 }, -1.0)]
    [InlineData(new long[] { 0, 10, 10, 0 }, 0.0)]
    public void Waits_that_go_with_ranks_give_one_against_them_minus_one_and_neither_zero(long[] waited, double expected) =>
        Assert.Equal(expected, Report(waited).Correlation!.Value, 6);

    [Fact]
    public void Where_all_waited_the_same_there_is_nothing_to_say() => Assert.Null(Report([5, 5, 5]).Correlation);

    [Fact]
    public void The_table_names_every_team_with_its_wait()
    {
        var text = new StringWriter();
        Report([0, 65_000]).Write(text);
        Assert.Contains("0:01:05", text.ToString());
        Assert.Contains("Team 1", text.ToString());
    }

    static WaitReport Report(long[] waited) =>
        new([.. waited.Select(ms => (ms, 0L))], [.. waited.Select((_, team) => (team, team + 1, $"Team {team}"))]);
}
