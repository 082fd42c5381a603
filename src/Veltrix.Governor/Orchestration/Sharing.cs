using Veltrix.Governor.Policies;

namespace Veltrix.Governor.Orchestration;

/// <summary>What one hunt would be allowed if it had the store to itself.</summary>
/// <param name="Weight">People's <c>room_weight</c>.</param>
/// <param name="Base">What it keeps in any case: its seated, and its floor.</param>
/// <param name="Alone">Its voted limit.</param>
public readonly record struct Claim(string Hunt, double Weight, long Base, long Alone)
{
    /// <summary>The room that its votes see in the store, in hunters of its own.</summary>
    public long Room => Math.Max(0, Alone - Base);
}

/// <summary>
/// Several hunts on one store. Each hunt's votes see the same free memory and would give all of it to that hunt: together they would fill it several times. So the room above those who play
/// is given once: hunt h gets the share w(h) / Σw of what it would get alone, Σ over the hunts that see room at all.
/// <para>
/// It follows that (1) the shares used add up to at most one, each in the hunt's own measure, so together they never get more than the one with most room would alone; (2) a hunt with more
/// weight never gets less; (3) one hunt alone is left as it is; (4) nobody is pushed under its seated or its floor. What a hunt does not fill is free memory again at the next round, and is
/// shared again: nothing is lost but a few rounds.
/// </para>
/// </summary>
public static class Sharing
{
    /// <summary>The share of the store's memory from which on hunts divide its room: below, growth is bounded by each hunt's own pace, and dividing it would only make all slow.</summary>
    public const double From = 0.6;

    /// <summary>Hunts go on sharing so long after the store was last scarce: else limits would swing at the edge.</summary>
    public static readonly TimeSpan Hold = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Whether the store is scarce. That a vote rests on its memory says nothing: a policy that looks ahead names the memory from the first hunter on, and hunts that then divide an empty store
    /// each creep to their part of it.
    /// </summary>
    public static bool IsDue(double? memoryRatio) => memoryRatio >= From;

    /// <summary>Gives each hunt its part. Pinned hunts are people's matter, and those without votes enough are held: neither takes part.</summary>
    public static void Among(IDictionary<string, Tally> tallies, Func<string, double> seated)
    {
        var claims = tallies.Where(hunt => hunt.Value is { HasQuorum: true, Terms.Pin: null })
            .Select(hunt => new Claim(hunt.Key, hunt.Value.Terms.RoomWeight, hunt.Value.Terms.Clamp(seated(hunt.Key)), hunt.Value.Voted)).ToList();
        var shared = Of(claims);
        var weights = claims.Where(claim => claim.Room > 0).Sum(claim => claim.Weight);
        foreach (var (claim, limit) in claims.Zip(shared))
        {
            var tally = tallies[claim.Hunt];
            if (limit == tally.Voted) continue;
            var why = $"{claim.Weight:0} of {weights:0} parts of the store's room; {Words.Whole(tally.Voted)} alone: {tally.Why}";
            tallies[claim.Hunt] = tally with { Voted = limit, Cause = Cause.RedisMemory, Why = why };
        }
    }

    /// <returns>The limit of each hunt, in the order given.</returns>
    public static IReadOnlyList<long> Of(IReadOnlyList<Claim> claims)
    {
        var all = claims.Where(claim => claim.Room > 0).Sum(Weight);
        return [.. claims.Select(claim => claim.Room == 0 ? claim.Alone : claim.Base + Part(claim, all))];
    }

    // The fraction first: a hunt that is alone has exactly 1.
    static long Part(Claim claim, double all) => (long)Math.Floor(claim.Room * (Weight(claim) / all));

    static double Weight(Claim claim) => Math.Max(1, claim.Weight);
}
