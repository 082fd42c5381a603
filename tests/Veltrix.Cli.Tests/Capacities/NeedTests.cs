using CsCheck;
using Veltrix.Cli.Capacities;

namespace Veltrix.Cli.Tests.Capacities;

public class NeedTests
{
    static readonly Demand Evening = new(50_000, 1, 0.02, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(60), 4, 18_000);

    [Fact]
    public void Fifty_thousand_need_three_servers_for_their_sockets_and_one_to_spare()
    {
        var need = Need.Of(Evening);
        Assert.Equal((4, 1), (need.Servers, need.Groups));
        Assert.Equal(3, need.Reasons.Single(reason => reason.What == "sockets").Servers);
        Assert.InRange(need.RedisBytes, 4e6, 15e6);
        Assert.True(need.IsSeen);
        Assert.False(Need.Of(Evening with { Hunters = 50_001 }).IsSeen);
    }

    /// <summary>The rows of docs/operate/capacity.md: what is reckoned must be what was measured.</summary>
    [Theory]
    [InlineData(1, 5_000, 0.02, 3, 0.22)]
    [InlineData(1, 5_000, 0.2, 3, 0.41)]
    [InlineData(1, 15_000, 0.02, 3, 0.37)]
    [InlineData(1, 15_000, 0.02, 1, 0.62)]
    [InlineData(3, 5_000, 0.02, 3, 0.30)]
    [InlineData(3, 5_000, 0.2, 3, 0.71)]
    [InlineData(3, 15_000, 0.02, 3, 0.55)]
    [InlineData(3, 15_000, 0.02, 1, 0.78)]
    [InlineData(3, 30_000, 0.02, 3, 0.80)]
    [InlineData(3, 35_000, 0.02, 1, 0.94)]
    [InlineData(3, 50_000, 0.02, 3, 0.88)]
    [InlineData(3, 50_000, 0.02, 2, 0.95)]
    public void What_was_measured_is_reckoned_within_a_sixth(int servers, long hunters, double rate, double cadence, double cores) =>
        Assert.InRange(Need.Cores(Evening with { Hunters = hunters, PerHunter = rate, Cadence = TimeSpan.FromSeconds(cadence) }, servers, groups: 1), cores * 5 / 6, cores * 7 / 6);

    [Fact]
    public void More_of_anything_never_needs_less() => Gen.Select(
            Gen.Long[1_000, 5_000_000], Gen.Int[1, 50], Gen.Double[0.001, 0.2], Gen.Double[1, 10], Gen.Int[2, 32])
        .Sample((hunters, hunts, rate, cadence, cores) =>
        {
            var one = Need.Of(new Demand(hunters, hunts, rate, TimeSpan.FromSeconds(cadence), TimeSpan.FromSeconds(60), cores, 18_000));
            var more = Need.Of(one.Asked with { Hunters = 2 * hunters });
            Assert.True(more.Servers >= one.Servers || more.Servers == 0);
            Assert.True(more.Strains.Max(strain => strain.Share) >= one.Strains.Max(strain => strain.Share) || more.Groups > one.Groups);
            Assert.True(more.RedisBytes > one.RedisBytes && more.NetworkOutBytes > one.NetworkOutBytes);
        });

    [Fact]
    public async Task What_no_number_of_servers_bears_is_said_with_what_would_help()
    {
        var refused = await Shell.Run("capacity", "--hunters", "50000000", "--rate", "1", "--cores", "1");
        Assert.Equal(ExitCode.Failed, refused.Code);
        Assert.Contains("--hunts", refused.Error);
        Assert.Contains("was not seen by anybody", (await Shell.Run("capacity", "--hunters", "5000000", "--hunts", "100", "--cores", "8")).Out);
    }
}
