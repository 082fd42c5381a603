using Veltrix.Governor.Orchestration;

namespace Veltrix.Governor.Tests.Orchestration;

public class PaceTests
{
    [Fact]
    public void A_pace_that_lets_in_nobody_never_becomes_none_at_all()
    {
        Assert.Equal([0, 0.01, 0.01, 12.5], new[] { double.PositiveInfinity, 0, -1, 12.5 }.Select(Vote.PaceOnWire));
        Assert.True(double.IsNaN(Vote.PaceOnWire(double.NaN)));

        var heard = Given.Sent("h", 30_000, 1, vote => vote.JoinsPerSecond = Vote.PaceOnWire(0));
        Assert.Equal(0.01, Vote.Read("g", heard, 0).JoinsPerSecond);
        Assert.False(Vote.Read("g", Given.Sent("h", 30_000, 1, vote => vote.JoinsPerSecond = double.NaN), 0).IsWellFormed);
    }
}
