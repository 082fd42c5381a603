using CsCheck;
using Veltrix.Governor.Signals;

namespace Veltrix.Governor.Tests.Signals;

public class SourceClockTests
{
    const long Wall = 1_800_000_000_000;
    const double HourMs = 3_600_000;

    /// <summary>A source that reports once a second; its clock can be put wrong, and the way can take long.</summary>
    sealed class Source
    {
        readonly SourceClock clock = new();

        public double Now { get; private set; } = 1_000;

        /// <summary>Our wall clock and the source's, against true time.</summary>
        public double OursOffMs { get; set; }

        public double SourceOffMs { get; set; }

        long True => Wall + (long)(Now * 1_000);

        public (SampleFault? Fault, double Age) Next(double delay = 0, double pause = 1)
        {
            Now += pause;
            return Arrives(True + (long)SourceOffMs - (long)(delay * 1_000));
        }

        public long StampOf(double delay) => True + (long)SourceOffMs - (long)(delay * 1_000);

        public (SampleFault? Fault, double Age) Arrives(long stamp)
        {
            var fault = clock.Convert(stamp, Now, True + (long)OursOffMs, out var at);
            return (fault, Now - at);
        }
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(HourMs, 0)]
    [InlineData(-HourMs, 0)]
    [InlineData(0, HourMs)]
    [InlineData(0, -HourMs)]
    public void A_live_sample_is_fresh_however_wrong_the_clocks_are(double source, double ours)
    {
        var from = new Source { SourceOffMs = source, OursOffMs = ours };

        for (var i = 0; i < 10; i++)
        {
            var (fault, age) = from.Next();
            Assert.Null(fault);
            Assert.InRange(age, 0, 0.01);
        }
    }

    [Fact]
    public void A_sample_that_was_long_on_its_way_is_as_old_as_that()
    {
        var from = new Source { SourceOffMs = 12_345 };
        from.Next();
        from.Next();

        Assert.InRange(from.Next(delay: 0.9).Age, 0.89, 0.91);
        Assert.InRange(from.Next(delay: 1.5).Age, 1.49, 1.51);
        var (fault, age) = from.Next(delay: 20, pause: 21);
        Assert.Null(fault);
        Assert.InRange(age, 19.9, 20.1);
    }

    [Fact]
    public void The_first_sample_is_as_old_as_plausible_clocks_say()
    {
        Assert.InRange(new Source().Next(delay: 7).Age, 6.99, 7.01);
        Assert.InRange(new Source { SourceOffMs = -HourMs }.Next(delay: 7).Age, 0, 0);
    }

    [Theory]
    [InlineData(HourMs)]
    [InlineData(-HourMs)]
    public void Our_own_clock_may_jump_without_anybody_noticing(double jump)
    {
        var from = new Source();
        from.Next();
        from.OursOffMs = jump;

        Assert.Equal((null, 0), from.Next());
    }

    [Fact]
    public void A_source_put_forward_is_believed_at_once_and_an_old_stamp_of_before_is_not()
    {
        var from = new Source();
        from.Next();
        var old = from.StampOf(0.5);
        from.SourceOffMs = HourMs;

        Assert.Equal((null, 0), from.Next());
        Assert.Equal(SampleFault.OutOfOrder, from.Arrives(old).Fault);
    }

    [Fact]
    public void A_source_put_back_is_believed_after_three_samples_that_keep_pace()
    {
        var from = new Source();
        from.Next();
        from.SourceOffMs = -HourMs;

        Assert.Equal(SampleFault.OutOfOrder, from.Next().Fault);
        Assert.Equal(SampleFault.OutOfOrder, from.Next().Fault);
        Assert.Null(from.Next().Fault);
        Assert.Null(from.Next().Fault);
    }

    [Fact]
    public void Old_samples_that_come_out_of_a_buffer_are_never_fresh()
    {
        var from = new Source();
        from.Next();
        from.Next(pause: 300);

        // A minute of samples, measured two minutes ago, all at once.
        for (var i = 0; i < 60; i++)
        {
            var (fault, _) = from.Next(delay: 180 - i, pause: 0.001);
            Assert.NotNull(fault);
        }
        Assert.Null(from.Next().Fault);
    }

    [Fact]
    public void The_same_stamp_again_and_an_earlier_one_are_out_of_order()
    {
        var from = new Source();
        from.Next();
        var stamp = from.StampOf(0);

        Assert.Equal(SampleFault.OutOfOrder, from.Arrives(stamp).Fault);
        Assert.Equal(SampleFault.OutOfOrder, from.Arrives(stamp - 500).Fault);
    }

    [Fact]
    public void Clocks_that_drift_apart_do_not_age_samples()
    {
        var from = new Source();
        for (var i = 0; i < 20_000; i++)
        {
            // 200 parts in a million, for five hours and a half.
            from.SourceOffMs -= 0.2;
            var (fault, age) = from.Next();
            Assert.Null(fault);
            Assert.InRange(age, 0, 0.1);
        }
    }

    [Fact]
    public void Whatever_arrives_no_sample_is_ever_younger_than_nothing_or_from_the_future() =>
        Gen.Select(Gen.Double[-2, 2].Select(hours => (long)(hours * HourMs)), Gen.Double[0, 100]).Array[1, 40].Sample(steps =>
        {
            var from = new Source();
            foreach (var (off, pause) in steps)
            {
                from.SourceOffMs = off;
                Assert.True(from.Next(pause: pause).Age >= 0);
            }
        });
}
