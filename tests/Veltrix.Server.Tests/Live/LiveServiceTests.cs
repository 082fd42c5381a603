using CsCheck;
using Veltrix.Server.Live;

namespace Veltrix.Server.Tests.Live;

/// <summary>The ladder of a brownout: cadences first, then presence, then the graph.</summary>
public class LiveServiceTests
{
    static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(0, 1000, 10, true)]
    [InlineData(0.25, 1500, 35, true)]
    [InlineData(0.49, 1980, 59, true)]
    [InlineData(0.5, 2000, 60, false)]
    [InlineData(0.74, 2480, 60, false)]
    [InlineData(0.75, 2500, null, false)]
    [InlineData(1, 3000, null, false)]
    public void Each_rung_is_where_the_manual_says(double brownout, int cadenceMs, int? graphS, bool presence)
    {
        var service = LiveService.At(brownout, Second, 3 * Second, 7);
        Assert.Equal((cadenceMs, graphS, presence ? 7 : null), (service.CadenceMs, (int?)service.GraphEvery?.TotalSeconds, service.Present));
    }

    [Fact]
    public void More_of_a_brownout_never_gives_more_and_gives_up_in_order() =>
        Gen.Select(Gen.Double[-0.5, 1.5], Gen.Double[-0.5, 1.5], Gen.Int[250, 10_000], Gen.Int[250, 30_000], Gen.Long[0, 1_000_000]).Sample((one, other, least, most, present) =>
        {
            var (lighter, heavier) = (At(Math.Min(one, other)), At(Math.Max(one, other)));
            Assert.True(lighter.CadenceMs <= heavier.CadenceMs && least <= lighter.CadenceMs && heavier.CadenceMs <= Math.Max(least, most));
            Assert.True((lighter.GraphEvery ?? TimeSpan.MaxValue) <= (heavier.GraphEvery ?? TimeSpan.MaxValue));
            Assert.True(lighter.Present is not null || heavier.Present is null);

            // Presence goes only once the graph cannot get slower, the graph only after presence.
            Assert.True(heavier.Present is not null || heavier.GraphEvery is null || heavier.GraphEvery == LiveService.GraphMost);
            Assert.True(heavier.GraphEvery is not null || heavier.Present is null);

            LiveService At(double brownout) => LiveService.At(brownout, TimeSpan.FromMilliseconds(least), TimeSpan.FromMilliseconds(most), present);
        });
}
