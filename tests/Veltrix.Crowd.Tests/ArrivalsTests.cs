using CsCheck;

namespace Veltrix.Crowd.Tests;

public class ArrivalsTests
{
    static readonly TimeSpan Ramp = TimeSpan.FromSeconds(60);

    [Fact]
    public void Even_arrivals_are_even()
    {
        for (int i = 0; i < 100; i++)
            Assert.Equal(0.6 * (i + 0.5), Arrivals.Even.At(i, 100, Ramp).TotalSeconds, 6);
    }

    [Fact]
    public void A_recorded_rush_stays_a_rush()
    {
        // A quarter of the time nothing, then nine tenths of the people, then the rest over the last half.
        var arrivals = Read("period,count\n1998-04-30 21:30:00,0\n1998-04-30 21:31:00,90\n1998-04-30 21:32:00,5\n1998-04-30 21:33:00,5\n");
        int[] quarters = Quarters(arrivals, 1000);
        Assert.Equal([0, 900, 50, 50], quarters);
    }

    [Fact]
    public void Periods_may_be_seconds_of_any_length_without_a_heading()
    {
        var arrivals = Read("0,10\n30,10\n45,20\n"); // the last is as long as the one before: 15 s
        Assert.Equal([5, 5, 10, 20], Quarters(arrivals, 40));
    }

    [Fact]
    public void Everybody_comes_in_order_within_the_ramp() =>
        Gen.Select(Gen.Int[0, 50].Array[1, 30], Gen.Int[1, 400]).Where((counts, _) => counts.Sum() > 0).Sample((counts, hunters) =>
        {
            var arrivals = Read(string.Concat(counts.Select((c, i) => $"{i * 5},{c}\n")));
            var times = Enumerable.Range(0, hunters).Select(i => arrivals.At(i, hunters, Ramp)).ToArray();
            return times.Zip(times.Skip(1)).All(p => p.First <= p.Second) && times[0] >= TimeSpan.Zero && times[^1] <= Ramp;
        });

    [Theory]
    [InlineData("timestamp,value\n2015-02-26 21:42:53,x\n", ":2: ")]
    [InlineData("t,n\n1,5\n1,6\n", ":3: ")]
    [InlineData("t,n\n1,-5\n", ":2: ")]
    [InlineData("t,n\n1,0\n2,0\n", "nobody arrives")]
    [InlineData("", "nobody arrives")]
    public void A_fault_names_the_line(string text, string part) => Assert.Contains(part, Assert.Throws<CrowdException>(() => Read(text)).Message);

    static int[] Quarters(Arrivals arrivals, int hunters)
    {
        var counts = new int[4];
        for (int i = 0; i < hunters; i++)
            counts[(int)(arrivals.At(i, hunters, Ramp) / Ramp * 4)]++;
        return counts;
    }

    static Arrivals Read(string text) => Arrivals.Read(new StringReader(text), "arrivals.csv");
}
