using CsCheck;
using Veltrix.Governor.Orchestration;

namespace Veltrix.Governor.Tests.Orchestration;

public class SharingTests
{
    static readonly Gen<Claim[]> Claims = Gen.Select(Gen.Int[1, 1_000], Gen.Long[0, 50_000], Gen.Long[0, 80_000], (weight, own, alone) => (weight, own, alone)).Array[1, 8]
        .Select(claims => claims.Select((claim, i) => new Claim($"h{i}", claim.weight, claim.own, claim.alone)).ToArray());

    [Fact]
    public void Five_hunts_divide_the_room_by_weight()
    {
        var claims = new[] { 1, 1, 2, 4, 2 }.Select((weight, i) => new Claim($"h{i}", weight, 4_000, 14_000)).ToList();

        Assert.Equal([5_000, 5_000, 6_000, 8_000, 6_000], Sharing.Of(claims));
    }

    [Fact]
    public void A_hunt_that_wants_no_room_leaves_it_to_the_others() =>
        Assert.Equal([14_000, 3_000], Sharing.Of([new Claim("a", 1, 4_000, 14_000), new Claim("b", 9, 4_000, 3_000)]));

    [Fact]
    public void One_hunt_alone_is_left_as_it_is() =>
        Claims.Sample(claims => Assert.Equal([claims[0].Alone], Sharing.Of([claims[0]])), threads: 1);

    [Fact]
    public void The_room_is_given_once_and_nobody_falls_below_its_own() => Claims.Sample(claims =>
    {
        var limits = Sharing.Of(claims);

        var raises = claims.Zip(limits, (claim, limit) => limit - Math.Min(claim.Base, claim.Alone)).ToList();
        Assert.All(raises, raise => Assert.True(raise >= 0));
        Assert.True(raises.Sum() <= claims.Max(claim => claim.Room));
        // In each hunt's own measure of the room, too.
        Assert.True(claims.Zip(raises).Where(pair => pair.First.Room > 0).Sum(pair => (double)pair.Second / pair.First.Room) <= 1 + 1e-9);
        Assert.All(claims.Zip(limits), pair => Assert.True(pair.Second <= pair.First.Alone));
        // Nothing but fractions of hunters is kept back.
        if (claims.Select(claim => claim.Room).Where(room => room > 0).Distinct().Count() == 1) Assert.True(raises.Sum() > claims.Max(claim => claim.Room) - claims.Length);
    }, threads: 1);

    [Fact]
    public void More_weight_never_means_less() => Gen.Select(Claims, Gen.Int[0, 7], Gen.Int[1, 1_000]).Sample((claims, which, more) =>
    {
        which %= claims.Length;
        var heavier = claims.ToArray();
        heavier[which] = heavier[which] with { Weight = heavier[which].Weight + more };

        var (before, after) = (Sharing.Of(claims), Sharing.Of(heavier));

        Assert.True(after[which] >= before[which]);
        Assert.All(Enumerable.Range(0, claims.Length).Where(i => i != which), i => Assert.True(after[i] <= before[i]));
    }, threads: 1);
}
