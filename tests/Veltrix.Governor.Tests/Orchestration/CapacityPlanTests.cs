using CsCheck;
using Veltrix.Governor.Orchestration;

namespace Veltrix.Governor.Tests.Orchestration;

public class CapacityPlanTests
{
    static readonly Demand Calm = new() { Servers = 3, PerServer = 10_000, Cpu = 0.4, Seated = 18_000, Waiting = 0, Limit = 50_000, Ceiling = 50_000 };

    [Fact]
    public void Where_servers_are_the_bottleneck_more_of_them_are_wanted()
    {
        var plan = CapacityPlan.Of(Calm with { Waiting = 12_000, ArrivalsPerSecond = 20, LeavesPerSecond = 5 });

        Assert.Equal((4, Bottleneck.Servers, 34_500d), (plan.Servers, plan.Bottleneck, plan.Hunters));
        Assert.Equal("4 servers wanted, 3 there: 18,000 play, 12,000 wait, 34,500 expected in 5 min, one carries 10,000", plan.Reason);
    }

    [Fact]
    public void Where_a_shared_part_sets_the_limit_no_server_is_asked_for_those_who_must_wait()
    {
        var plan = CapacityPlan.Of(Calm with { Waiting = 30_000, Limit = 20_000, IsSharedBound = true });

        Assert.Equal((3, Bottleneck.Shared, 20_000d), (plan.Servers, plan.Bottleneck, plan.Hunters));
        Assert.Contains("what all servers share", plan.Reason);
    }

    [Fact]
    public void Busy_processors_count_before_what_sockets_would_hold() =>
        // 6,000 on each at three quarters of its processors.
        Assert.Equal((6_000, 4_000), (CapacityPlan.Of(Calm with { Cpu = 0.75, CpuSoft = 0.75 }).PerServer, CapacityPlan.Of(Calm with { Cpu = 0.75, CpuSoft = 0.5 }).PerServer));

    [Fact]
    public void Nobody_knows_what_a_server_carries_before_anything_was_measured() =>
        Assert.Equal((3, (double?)null), (CapacityPlan.Of(Calm with { PerServer = null, Cpu = null }).Servers, CapacityPlan.Of(Calm with { PerServer = null, Cpu = null }).PerServer));

    [Fact]
    public void The_servers_wanted_carry_those_expected_and_those_who_play_and_never_fewer_for_more_demand() =>
        Gen.Select(Gen.Int[0, 50], Gen.Double[100, 50_000], Gen.Double[0, 100_000], Gen.Double[0, 100_000], Gen.Double[0, 1_000], Gen.Bool).Sample((servers, each, seated, waiting, arrivals, shared) =>
        {
            var demand = Calm with { Servers = servers, PerServer = each, Cpu = null, Seated = seated, Waiting = waiting, ArrivalsPerSecond = arrivals, IsSharedBound = shared, Limit = 20_000 };

            var plan = CapacityPlan.Of(demand);

            Assert.True(plan.Servers >= 1);
            Assert.True(plan.Servers * each >= seated);
            Assert.True(plan.Hunters <= Math.Max(50_000, seated));
            Assert.True(CapacityPlan.Of(demand with { Waiting = waiting + 1_000 }).Servers >= plan.Servers);
            if (shared) Assert.True(plan.Hunters <= Math.Max(20_000, seated));
        }, threads: 1);
}
