using CsCheck;
using Veltrix.Governor.Orchestration;

namespace Veltrix.Governor.Tests.Orchestration;

public class ServerSharesTests
{
    /// <summary>P17, and P7 of shares.</summary>
    [Fact]
    public void Shares_add_up_to_the_last_hunter_and_nobody_has_less_than_it_carries()
    {
        var room = Gen.OneOf(Gen.Double[0, 1e5], Gen.OneOf<double>(0, double.NaN, double.PositiveInfinity, -1, 1e300, double.Epsilon));
        Gen.Select(Gen.Long[0, 10_000_000], Gen.Select(Gen.Long[0, 50_000], room, (seated, room) => new ServerPart(seated, room)).Array[1, 40]).Sample((limit, servers) =>
        {
            var shares = ServerShares.Of(limit, servers);

            Assert.Equal(Math.Max(limit, servers.Sum(server => server.Seated)), shares.Sum());
            Assert.All(servers.Zip(shares), pair => Assert.True(pair.Second >= pair.First.Seated));
        }, iter: 20_000, threads: 1);
    }

    [Fact]
    public void What_is_left_goes_by_room_and_the_largest_remainder_first() =>
        Assert.Equal([102, 201, 301], ServerShares.Of(604, [new(100, 0.5), new(200, 0.3), new(300, 0.2)]));

    [Fact]
    public void Within_the_room_of_all_nobody_gets_more_than_its_own() =>
        Gen.Select(Gen.Int[1, 5_000].Array[1, 20], Gen.Double[0, 1]).Sample((rooms, part) =>
        {
            var shares = ServerShares.Of((long)(rooms.Sum() * part), [.. rooms.Select(room => new ServerPart(0, room))]);

            Assert.All(rooms.Zip(shares), pair => Assert.True(pair.Second <= pair.First));
        }, threads: 1);

    [Fact]
    public void Without_servers_there_are_no_shares() => Assert.Empty(ServerShares.Of(10, []));
}
