using Veltrix.Governor.Simulation;

namespace Veltrix.Governor.Tests.Simulation;

public class ChanceTests
{
    [Fact]
    public void The_logarithm_is_that_of_the_maths_library_to_the_last_digits()
    {
        var chance = new Chance(7, 0);
        for (var i = 0; i < 100_000; i++)
        {
            var x = chance.Between(1e-9, i % 2 == 0 ? 1 : 1000);
            Assert.Equal(Math.Log(x), Chance.Log(x), 1e-14 * (1 + Math.Abs(Math.Log(x))));
        }
    }

    [Fact]
    public void Normal_numbers_are_normal()
    {
        var chance = new Chance(1, 1);
        var drawn = Enumerable.Range(0, 400_000).Select(_ => chance.Normal()).ToArray();

        Assert.Equal(0, drawn.Average(), 0.006);
        Assert.Equal(1, drawn.Average(x => x * x), 0.01);
        Assert.Equal(3, drawn.Average(x => x * x * x * x), 0.06);
        Assert.Equal(0.0027, drawn.Count(x => Math.Abs(x) > 3) / 400_000.0, 0.0004);
        // One number tells nothing of the next.
        Assert.Equal(0, drawn.Zip(drawn.Skip(1), (x, y) => x * y).Average(), 0.006);
    }

    [Fact]
    public void The_same_seed_gives_the_same_numbers_on_every_machine()
    {
        var chance = new Chance(42, 1);

        Assert.Equal("bfea6289eaecd362 bff684fa820de9f8 bfe81edec7a7da45 bff02e46a0d5a501", string.Join(' ', Enumerable.Range(0, 4).Select(_ => BitConverter.DoubleToInt64Bits(chance.Normal()).ToString("x16"))));
    }

    [Fact]
    public void Streams_of_a_seed_and_seeds_of_a_stream_have_nothing_in_common()
    {
        var firsts = Enumerable.Range(0, 1000).SelectMany(seed => new[] { new Chance(seed, 1).Unit(), new Chance(seed, 2).Unit() }).ToArray();

        Assert.Equal(firsts.Length, firsts.Distinct().Count());
        Assert.Equal(0.5, firsts.Average(), 0.03);
    }
}
