using Veltrix.Governor.Policies;
using Veltrix.Governor.Signals;

namespace Veltrix.Governor.Tests.Signals;

public sealed class RecordFlowTests
{
    [Fact]
    public void The_flow_is_what_the_log_grew_by_between_two_reports()
    {
        var flow = new RecordFlow();
        Assert.Null(flow.Next(null));
        Assert.Null(flow.Next((1_000, 10)));
        Assert.Equal(new Flow(40, 10, 15), flow.Next((1_200, 15)));
        Assert.Equal(new Flow(0, 15, 20), flow.Next((1_200, 20)));
    }

    [Fact]
    public void A_report_that_was_heard_before_or_counts_anew_tells_nothing()
    {
        var flow = new RecordFlow();
        flow.Next((1_000, 10));
        Assert.Null(flow.Next((1_000, 10)));
        Assert.Null(flow.Next((1_010, 10.5)));
        Assert.Equal(new Flow(20, 10, 15), flow.Next((1_100, 15)));
        // The server was started anew, or another one speaks.
        Assert.Null(flow.Next((7, 20)));
        Assert.Equal(new Flow(2, 20, 25), flow.Next((17, 25)));
        // A clock that ran back.
        Assert.Null(flow.Next((30, 24)));
    }
}
