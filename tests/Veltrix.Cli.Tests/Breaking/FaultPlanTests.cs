using Veltrix.Cli.Chaos;

namespace Veltrix.Cli.Tests.Breaking;

public class FaultPlanTests
{
    [Theory, InlineData(1, 92), InlineData(2, 260), InlineData(77, 3_000)]
    public void Every_kind_comes_in_its_time_and_the_same_for_the_same_seed(int seed, int seconds)
    {
        var span = TimeSpan.FromSeconds(seconds);
        var plan = FaultPlan.Of(seed, span);

        Assert.Equal(plan, FaultPlan.Of(seed, span));
        Assert.NotEqual(plan, FaultPlan.Of(seed + 1, span));
        Assert.Equal(FaultKind.All.Order(), plan.Select(fault => fault.Kind).Distinct().Order());
        Assert.Equal(plan.OrderBy(fault => fault.At), plan);
        Assert.All(plan, fault => Assert.InRange(fault.At, TimeSpan.Zero, span));
        Assert.All(plan, fault => Assert.InRange(fault.Draw, 0, 1 - 1e-9));
    }

    [Fact]
    public void Too_short_a_time_says_how_long_it_takes()
    {
        var refused = Assert.Throws<CliException>(() => FaultPlan.Of(1, TimeSpan.FromSeconds(30)));
        Assert.Contains("88 s", refused.Remedy);
    }
}
