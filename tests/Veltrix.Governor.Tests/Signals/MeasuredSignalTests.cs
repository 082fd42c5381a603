using Veltrix.Gate;
using Veltrix.Governor.Policies;
using Veltrix.Governor.Signals;
using Veltrix.Hosting;
using Veltrix.Wire.Governor;

namespace Veltrix.Governor.Tests.Signals;

public class MeasuredSignalTests
{
    static MeasuredSignal Memory() => new(Signal.RedisMemory, true, Keys.RedisMemorySoft, Keys.RedisMemoryCritical);

    [Theory]
    [InlineData(double.NaN, 10, SampleFault.Nan)]
    [InlineData(double.PositiveInfinity, 10, SampleFault.Nan)]
    [InlineData(0.5, double.NaN, SampleFault.Nan)]
    [InlineData(-0.1, 10, SampleFault.Negative)]
    [InlineData(0.5, 4, SampleFault.OutOfOrder)]
    public void A_bad_sample_is_counted_and_changes_nothing(double value, double at, SampleFault fault)
    {
        var signal = Memory();
        signal.Offer(0.7, 5, 5, 15);

        signal.Offer(value, at, 10, 15);

        Assert.Equal((0.7, 5.0, 1L), (signal.Value, signal.At, signal.Samples));
        Assert.Equal(1, signal.Faults(fault));
        Assert.Equal(1, Enum.GetValues<SampleFault>().Sum(signal.Faults));
    }

    [Fact]
    public void An_old_sample_is_stale_when_it_comes()
    {
        var signal = Memory();

        signal.Offer(0.7, 5, 21, 15);

        Assert.Equal(0, signal.Samples);
        Assert.Equal(1, signal.Faults(SampleFault.Stale));
    }

    [Fact]
    public void The_same_sample_again_is_none()
    {
        var signal = Memory();
        signal.Offer(0.7, 5, 5, 15);
        signal.Offer(0.7, 5, 6, 15);

        Assert.Equal(1, signal.Samples);
        Assert.Equal(0, Enum.GetValues<SampleFault>().Sum(signal.Faults));
    }

    [Fact]
    public void What_is_required_is_shown_as_missing_and_the_rest_is_left_out()
    {
        Assert.False(Memory().Read(0.8, 0.9, true)!.Value.IsValid);
        Assert.Null(new MeasuredSignal(Signal.OutcomeSeconds, false, Keys.OutcomeSecondsSoft, Keys.OutcomeSecondsCritical).Read(0.5, 3, true));
    }

    [Fact]
    public void A_hunt_of_which_nothing_is_known_lets_no_sample_stand()
    {
        var signal = Memory();
        signal.Offer(0.7, 5, 5, 15);

        Assert.True(signal.Read(0.8, 0.9, true)!.Value.IsValid);
        Assert.False(signal.Read(0.8, 0.9, false)!.Value.IsValid);
    }

    [Theory]
    [InlineData(false, 0.80, 0.95, 0.80)] // No save: used memory is what a store refuses writes by.
    [InlineData(true, 0.80, 0.85, 0.80)] // A save with room for the copies: no jump that would teach a forecast noise.
    [InlineData(true, 0.80, 0.90, 0.90)] // A save that may end in the kernel's hands.
    [InlineData(true, 0.95, 0.70, 0.95)] // Swapped out: what is used counts.
    [InlineData(true, 0.80, null, 0.80)] // Nobody says what is resident.
    public void During_a_save_the_copies_count_where_they_could_kill(bool saving, double used, double? resident, double expected)
    {
        var memory = new StoreMemory((long)(used * 1e9), 1_000_000_000, (long?)(resident * 1e9), saving, null, default, "redis", 0);

        Assert.Equal(expected, StoreMemoryRule.Effective(memory, 0.9)!.Value, 6);
    }

    [Fact]
    public void Without_a_maximum_there_is_no_ratio() => Assert.Null(StoreMemoryRule.Effective(new StoreMemory(1, null, 2, true, null, default, "redis", 0), 0.9));

    [Fact]
    public void The_worst_server_counts_and_the_oldest_report()
    {
        var loads = new ServerLoads();
        loads.Take("a", new HuntLoad { LogLagRecords = 100 }, 10);
        loads.Take("b", new HuntLoad { LogLagRecords = 900 }, 12);
        loads.Take("c", new HuntLoad(), 11);

        Assert.Equal((900.0, 10.0), loads.Worst(load => load.HasLogLagRecords ? load.LogLagRecords : null));
        loads.Forget(11.5);
        Assert.Equal((900.0, 12.0), loads.Worst(load => load.HasLogLagRecords ? load.LogLagRecords : null));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(-1)]
    public void A_server_that_reports_nonsense_is_not_hidden_by_one_that_is_well(double nonsense)
    {
        foreach (var first in new[] { true, false })
        {
            var loads = new ServerLoads();
            loads.Take(first ? "a" : "b", new HuntLoad { LogLagRecords = nonsense }, 10);
            loads.Take(first ? "b" : "a", new HuntLoad { LogLagRecords = 5 }, 10);

            Assert.Equal(nonsense, loads.Worst(load => load.LogLagRecords)!.Value.Value);
        }
    }

    [Fact]
    public void The_slowest_board_counts_as_lag()
    {
        var (signals, loads) = (new HuntSignals(), new ServerLoads());
        loads.Take("a", new HuntLoad { LogLagRecords = 3, BoardLagRecords = 2_000 }, 10);

        signals.Take(loads, 10, 15);

        Assert.Equal(2_000, signals.LogLag.Value);
        Assert.Equal(0, signals.Outcome.Faults(SampleFault.Missing));
    }

    [Fact]
    public void A_busy_second_does_not_shut_a_server_and_three_do()
    {
        var cap = new ServerCap();
        void Busy(double cpu) => cap.Take(new ServerLoad { CpuRatio = cpu }, 0);
        Busy(0.5);
        Busy(0.99);
        Assert.Null(cap.Of(700, 0.85));

        Busy(0.99);
        Assert.Equal(700, cap.Of(700, 0.85));

        Busy(0.2);
        Busy(0.2);
        Assert.Null(cap.Of(700, 0.85));
    }

    [Fact]
    public void What_a_person_set_caps_a_server_below_what_it_could_bear_and_never_above()
    {
        var cap = new ServerCap();
        Assert.Equal(500, cap.Of(700, 0.85, set: 500));

        cap.Take(new ServerLoad { CpuRatio = 0.1, Sockets = 900, SocketsMax = 1_000 }, waiting: 0);
        Assert.Equal(500, cap.Of(700, 0.85, set: 500));
        Assert.Equal(800, cap.Of(700, 0.85, set: 5_000));
    }

    [Fact]
    public void Sockets_left_are_seats_left()
    {
        var cap = new ServerCap();
        cap.Take(new ServerLoad { CpuRatio = 0.1, Sockets = 900, SocketsMax = 1_000 }, waiting: 0);
        Assert.Equal(800, cap.Of(700, 0.85));

        cap.Take(new ServerLoad { CpuRatio = 0.1, Sockets = 1_000, SocketsMax = 1_000 }, waiting: 150);
        Assert.Equal(850, cap.Of(700, 0.85));
    }
}
