using Veltrix.Governor.Signals;
using Veltrix.Wire.Governor;

namespace Veltrix.Governor.Tests.Signals;

public sealed class ServerLoadsTests
{
    static HuntLoad Lag(double records) => new() { Hunt = "h", LogLagRecords = records };

    static double? Read(HuntLoad load) => load.HasLogLagRecords ? load.LogLagRecords : null;

    [Fact]
    public void The_worst_of_several_servers_counts_as_old_as_the_oldest()
    {
        var loads = new ServerLoads();
        loads.Take("a", Lag(10), at: 100);
        loads.Take("b", Lag(700), at: 103);
        Assert.Equal((700.0, 100.0), loads.Worst(Read));
    }

    [Fact]
    public void A_server_that_went_away_does_not_hold_back_the_one_that_came_in_its_place()
    {
        var loads = new ServerLoads();
        loads.Take("before", Lag(900), at: 100);
        loads.Take("after", Lag(5), at: 120);
        loads.Gone("before");
        Assert.Equal((5.0, 120.0), loads.Worst(Read));
        loads.Gone("after");
        Assert.Null(loads.Worst(Read));
        Assert.Equal(120, loads.LastAt);
    }
}
