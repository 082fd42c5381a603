using Veltrix.Governor.Policies;
using VoteState = Veltrix.Wire.Governor.VoteState;

namespace Veltrix.Governor.Orchestration;

/// <summary>
/// Makes one limit of many governors' votes. Neither the lowest nor the highest decides: one sidecar that is stuck at 99 % would shut a hunt for all, one that is blind would open it.
/// <list type="number">
/// <item><see cref="Sort"/>: what is malformed, too old or of another gate counts for nothing.</item>
/// <item><see cref="Terms"/>: ceiling, floor, pin and weight as most governors were told them.</item>
/// <item><see cref="OneRule"/>: fresh votes of the policy that most follow.</item>
/// <item>Fewer of them than half of all governors: <see cref="WithoutQuorum"/>.</item>
/// <item><see cref="Combine"/>: the k-th smallest, k = 1 of one or two votes, else max(2, ⌈n/4⌉); a pause and the guard need k votes, brownout is the median.</item>
/// </list>
/// </summary>
public static class Ballot
{
    /// <summary>Without votes enough the limit is held for so long; then it goes down.</summary>
    public static readonly TimeSpan HoldMax = TimeSpan.FromSeconds(30);

    /// <summary>What is left of the limit after <see cref="DecayEvery"/> of decay.</summary>
    public const double Decay = 0.98;

    public static readonly TimeSpan DecayEvery = TimeSpan.FromSeconds(5);

    /// <param name="votes">At most one of each governor; of several the last counts.</param>
    /// <param name="electorate">How many governors should have voted.</param>
    /// <param name="seated">Hunters with a seat: without votes the limit does not fall below.</param>
    /// <param name="epoch">Of the hunt's gate; null: it could not be read.</param>
    /// <param name="now">Seconds of the monotonic clock.</param>
    /// <param name="elapsed">Seconds since the last count.</param>
    /// <returns>Null where nobody ever said what the ceiling is.</returns>
    public static Tally? Count(IReadOnlyList<Vote> votes, int electorate, Standing standing, double seated, long? epoch, double now, double elapsed)
    {
        var sorted = Sort(votes, epoch, now);
        electorate = Math.Max(electorate, sorted.Live.Count + sorted.Expired + sorted.Rejected);
        if (Terms(sorted.Live, standing.Terms) is not { } terms) return null;

        var (fresh, otherRules) = OneRule([.. sorted.Live.Where(vote => vote.State == VoteState.Fresh)]);
        var needed = Math.Max(1, (electorate + 1) / 2);
        var tally = fresh.Count < needed
            ? WithoutQuorum(standing, terms, seated, $"{fresh.Count} of {electorate} governors vote, {needed} needed", now - standing.QuorumAt, elapsed)
            : Combine(fresh, [.. sorted.Live.Select(vote => vote.ServerCap)], electorate, standing, terms);
        return tally with
        {
            Fresh = fresh.Count,
            Silent = sorted.Live.Count - fresh.Count - otherRules,
            Expired = sorted.Expired,
            Rejected = sorted.Rejected + otherRules,
            Electorate = electorate,
            Spread = fresh.Count == 0 ? 0 : (fresh.Max(vote => vote.Limit) - fresh.Min(vote => vote.Limit)) / terms.Ceiling,
        };
    }

    /// <summary>Everything stays, whatever was voted.</summary>
    public static Tally? Hold(Standing standing, string why) => standing.Terms is { } terms ? Stay(standing, terms, standing.Voted, why) : null;

    static (List<Vote> Live, int Expired, int Rejected) Sort(IReadOnlyList<Vote> votes, long? epoch, double now)
    {
        var (live, expired, rejected) = (new List<Vote>(), 0, 0);
        foreach (var vote in votes.GroupBy(vote => vote.Governor).Select(own => own.Last()))
            // A governor that could not read the gate abstains or is stale; its epoch is then 0 and no reason to drop what people have set.
            if (!vote.IsWellFormed || (epoch is { } gate && vote.Epoch != gate && (vote.State == VoteState.Fresh || vote.Epoch != 0))) rejected++;
            else if (!(now < vote.Until)) expired++;
            else live.Add(vote);
        return (live, expired, rejected);
    }

    /// <summary>Each setting for itself, by those who know best: fresh votes, else stale ones, else those who just started.</summary>
    static HuntTerms? Terms(IReadOnlyList<Vote> live, HuntTerms? standing)
    {
        var heard = new[] { VoteState.Fresh, VoteState.Stale, VoteState.Abstain }
            .Select(state => live.Where(vote => vote.State == state).Select(vote => vote.Terms).ToList()).FirstOrDefault(told => told.Count > 0);
        if (heard is null) return standing;
        var ceiling = Majority(heard, told => told.Ceiling, standing?.Ceiling);
        var pin = Majority(heard, told => told.Pin ?? -1, standing is null ? null : standing.Pin ?? -1);
        return new HuntTerms(
            ceiling,
            Math.Min(ceiling, Majority(heard, told => told.Floor, standing?.Floor)),
            pin < 0 ? null : pin,
            pin < 0 ? "" : heard.FirstOrDefault(told => told.Pin == pin)?.PinOrigin ?? standing?.PinOrigin ?? "",
            Majority(heard, told => told.RoomWeight, standing?.RoomWeight),
            Majority(heard, told => told.Audit, standing?.Audit));
    }

    /// <summary>What more than half say; else what held, so that a change is taken when most have heard of it; else the middle one, which one liar cannot place.</summary>
    static T Majority<T>(IReadOnlyList<HuntTerms> heard, Func<HuntTerms, T> setting, T? standing) where T : struct
    {
        var most = heard.GroupBy(setting).MaxBy(same => same.Count())!;
        return most.Count() * 2 > heard.Count ? most.Key : standing ?? heard.Select(setting).Order().ElementAt((heard.Count - 1) / 2);
    }

    /// <summary>Where two rules have as many votes each (a new policy is being rolled out), the more careful one counts.</summary>
    static (List<Vote> Fresh, int Others) OneRule(IReadOnlyList<Vote> fresh)
    {
        if (fresh.Count == 0) return ([], 0);
        var most = fresh.GroupBy(vote => vote.PolicyHash)
            .OrderByDescending(same => same.Count()).ThenBy(same => same.Min(vote => vote.Limit)).ThenBy(same => same.Key, StringComparer.Ordinal).First();
        return ([.. most.OrderBy(vote => vote.Limit).ThenBy(vote => vote.Governor, StringComparer.Ordinal)], fresh.Count - most.Count());
    }

    /// <summary>Never raises: held at first, then down towards those who play. A pause is not let go into room that nobody measures.</summary>
    static Tally WithoutQuorum(Standing standing, HuntTerms terms, double seated, string why, double missing, double elapsed)
    {
        if (missing <= HoldMax.TotalSeconds) return Stay(standing, terms, standing.Voted, $"{why}: held");
        var least = Math.Max(terms.Floor, seated);
        var decayed = standing.Pause ? least : Math.Max(least, standing.Voted * Math.Pow(Decay, Math.Max(0, elapsed) / DecayEvery.TotalSeconds));
        return Stay(standing with { Pause = false }, terms, Math.Min(standing.Voted, decayed), $"{why} for {Words.Whole(missing)} s: lowered towards {Words.Whole(least)}");
    }

    static Tally Stay(Standing standing, HuntTerms terms, double limit, string why) => new()
    {
        Terms = terms,
        Voted = terms.Clamp(Math.Floor(limit)),
        JoinsPerSecond = standing.JoinsPerSecond,
        Pause = standing.Pause,
        Brownout = standing.Brownout,
        Guard = standing.Guard,
        Cause = Cause.Stale,
        Why = why,
        HasQuorum = false,
    };

    static Tally Combine(IReadOnlyList<Vote> ordered, IReadOnlyList<double?> caps, int electorate, Standing standing, HuntTerms terms)
    {
        var n = ordered.Count;
        var k = n <= 2 ? 1 : Math.Max(2, (n + 3) / 4);
        var decider = ordered[k - 1];
        var (limit, cause) = (decider.Limit, decider.Cause);
        var why = $"{(decider.Reason.Length > 0 ? decider.Reason : "no reason given")} ({(n == 1 ? "the only vote" : $"{Words.Lowest(k)} of {n} votes")})";
        var pause = ordered.Count(vote => vote.Pause) >= k;
        if (pause)
        {
            limit = Math.Min(limit, standing.Voted);
            why += "; joins are paused";
        }

        // Only where every server has told its cap is their sum the hunt's.
        var room = caps.Count >= electorate && caps.All(cap => cap is not null) ? caps.Sum()!.Value : double.PositiveInfinity;
        var serversBind = room < limit;
        if (serversBind)
        {
            why = $"the servers take {Words.Whole(room)} together; {Words.Whole(limit)} voted: {why}";
            (limit, cause) = (room, Cause.None);
        }

        if (limit > terms.Ceiling) (cause, why) = (Cause.Ceiling, $"the ceiling; {Words.Whole(limit)} voted: {why}");
        else if (limit < terms.Floor) (cause, why) = (Cause.Floor, $"the floor; {Words.Whole(limit)} voted: {why}");
        return new Tally
        {
            Terms = terms,
            Voted = terms.Clamp(limit),
            JoinsPerSecond = ordered.Select(vote => vote.JoinsPerSecond).Order().ElementAt(k - 1),
            Pause = pause,
            Brownout = new Brownout(Median(ordered, vote => vote.Brownout.Memory), Median(ordered, vote => vote.Brownout.Lag)),
            Guard = ordered.Count(vote => vote.Guard) >= k,
            Cause = cause,
            Why = why,
            HasQuorum = true,
            ServersBind = serversBind,
        };
    }

    static double Median(IReadOnlyList<Vote> votes, Func<Vote, double> value)
    {
        var ordered = votes.Select(value).Order().ToList();
        return (ordered[(ordered.Count - 1) / 2] + ordered[ordered.Count / 2]) / 2;
    }
}
