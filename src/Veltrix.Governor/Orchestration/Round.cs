using System.Collections.Immutable;
using Veltrix.Gate;
using Veltrix.Governor.Policies;
using Veltrix.Hosting;

namespace Veltrix.Governor.Orchestration;

/// <summary>
/// One round of the orchestrator, every five seconds. Pure: state, what was heard and the time go in; state and rulings come out, the same on every machine.
/// <list type="number">
/// <item>The clock: where it ran backwards or leapt, <see cref="RoundState.Shifted"/>, and every limit is held this once.</item>
/// <item><see cref="Hear"/> the votes, each counting from when it was first heard.</item>
/// <item><see cref="Remember"/>: what the gate says is published goes before what this orchestrator remembers, so that a new leader goes on from the last limit.</item>
/// <item><see cref="Ballot.Count"/> for each hunt.</item>
/// <item><see cref="Sharing"/> of the store's room where it is scarce and several hunts want it.</item>
/// <item><see cref="Rule"/>: pins, the reason, whether the gate may open again, servers wanted.</item>
/// </list>
/// </summary>
public static class Round
{
    /// <summary>A longer time between two rounds was a sleep of the machine or a leap of its clock.</summary>
    public static readonly TimeSpan GapMax = TimeSpan.FromSeconds(60);

    /// <summary>A gate that lost its keys opens at the latest so long afterwards.</summary>
    public static readonly TimeSpan RebuildMax = TimeSpan.FromSeconds(10);

    /// <summary>A hunt that no governor speaks of any more, though some answer, is forgotten.</summary>
    public static readonly TimeSpan ForgetAfter = TimeSpan.FromSeconds(60);

    /// <summary>More hunts than this are not governed by one orchestrator.</summary>
    public const int HuntsMax = 1_000;

    // A governor gone wrong must neither invent hunts until there is no place for real ones, nor names that are no part of a key.
    const int HuntsOfOneMax = 200;
    const int NameMax = 100;

    // What one server may claim to carry, so that no claim makes a sum overflow.
    const long SocketsMax = 10_000_000;

    public static RoundOutcome Next(RoundState state, RoundInputs inputs, double now)
    {
        string? leap = null;
        if (state.At is { } last && !(now >= last && now - last <= GapMax.TotalSeconds))
        {
            leap = $"the clock {(now < last ? "ran back" : "leapt")} by {Words.Whole(Math.Abs(now - last))} s: held";
            state = state.Shifted(now - last);
        }

        var elapsed = leap is null && state.At is { } before ? now - before : 0;
        var (votes, heard) = Hear(state, inputs, now);
        var hunts = Remember(state, inputs, votes, now);
        var silent = inputs.Answers.Count(answer => answer.Response is null);
        var tallies = new SortedDictionary<string, Tally>(StringComparer.Ordinal);
        foreach (var (hunt, memory) in hunts)
        {
            var own = votes[hunt].ToList();
            var epoch = inputs.Gates.GetValueOrDefault(hunt) is { Rebuilding: false } gate ? gate.Epoch : (long?)null;
            var tally = leap is not null ? Ballot.Hold(memory.Standing, leap) : Ballot.Count(own, own.Count + silent, memory.Standing, memory.Seated, epoch, now, elapsed);
            if (tally is not null) tallies[hunt] = tally;
        }

        var memoryRatio = inputs.MemoryRatio ?? MemoryAsTold(inputs.Answers);
        var sharedUntil = Sharing.IsDue(memoryRatio) ? now + Sharing.Hold.TotalSeconds : state.SharedUntil;
        if (now < sharedUntil) Sharing.Among(tallies, hunt => hunts[hunt].Seated);

        var rulings = ImmutableArray.CreateBuilder<HuntRuling>();
        foreach (var (hunt, tally) in tallies)
        {
            var (memory, ruling) = Rule(hunt, hunts[hunt], tally, [.. votes[hunt]], inputs, now);
            hunts = hunts.SetItem(hunt, memory);
            rulings.Add(ruling);
        }

        var next = new RoundState { Hunts = hunts, Heard = heard, At = now, SharedUntil = sharedUntil };
        return new RoundOutcome(next, rulings.ToImmutable(), Plan(rulings, hunts, inputs), Shares(rulings, inputs), memoryRatio);
    }

    /// <summary>The hunts that these answers speak of, known ones first.</summary>
    public static IReadOnlyList<string> Hunts(RoundState state, IReadOnlyList<GovernorAnswer> answers) =>
        [.. state.Hunts.Keys.Union(answers.SelectMany(answer => answer.Response is { } response ? Sane(response).Select(vote => vote.Hunt) : [])).Take(HuntsMax)];

    static IEnumerable<Wire.Governor.HuntVote> Sane(Wire.Governor.VoteResponse response) =>
        response.Votes.Where(vote => vote.Hunt.Length is > 0 and <= NameMax && vote.Hunt.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.')).Take(HuntsOfOneMax);

    static (ILookup<string, Vote> Votes, ImmutableDictionary<(string, string), (long, double)> Heard) Hear(RoundState state, RoundInputs inputs, double now)
    {
        var votes = new List<Vote>();
        var heard = ImmutableDictionary.CreateBuilder<(string, string), (long Seq, double At)>();
        foreach (var answer in inputs.Answers)
        {
            // One that is late keeps what was heard of it: were it forgotten, an old vote would be new again.
            if (answer.Response is not { } response)
            {
                foreach (var known in state.Heard) if (known.Key.Endpoint == answer.Endpoint) heard[known.Key] = known.Value;
                continue;
            }

            foreach (var wire in Sane(response))
            {
                var key = (answer.Endpoint, wire.Hunt);
                var at = state.Heard.TryGetValue(key, out var known) && known.Seq == wire.Seq ? known.At : now;
                heard[key] = (wire.Seq, at);
                votes.Add(Vote.Read(answer.Endpoint, wire, at));
            }
        }

        return (votes.GroupBy(vote => (vote.Hunt, vote.Governor)).Select(own => own.Last()).ToLookup(vote => vote.Hunt), heard.ToImmutable());
    }

    static ImmutableSortedDictionary<string, HuntMemory> Remember(RoundState state, RoundInputs inputs, ILookup<string, Vote> votes, double now)
    {
        var hunts = state.Hunts.ToBuilder();
        var answering = inputs.Answers.Count(answer => answer.Response is not null);
        var anybody = answering > 0;
        foreach (var (hunt, memory) in state.Hunts)
            if (anybody && !votes.Contains(hunt) && now - memory.SeenAt > ForgetAfter.TotalSeconds) hunts.Remove(hunt);
        foreach (var hunt in votes.Select(own => own.Key).Order(StringComparer.Ordinal))
            if (!hunts.ContainsKey(hunt) && hunts.Count < HuntsMax && Begin(inputs.Gates.GetValueOrDefault(hunt), [.. votes[hunt]], answering, now) is { } begun) hunts[hunt] = begun;

        foreach (var (hunt, memory) in hunts.ToList())
            hunts[hunt] = Look(memory with { SeenAt = anybody && !votes.Contains(hunt) ? memory.SeenAt : now }, inputs.Gates.GetValueOrDefault(hunt), votes[hunt], now);
        return hunts.ToImmutable();
    }

    /// <summary>
    /// A hunt that is new here: it goes on from what is published. Where nothing ever was, it opens with the first window and not with the ceiling. Without a gate to read nobody knows
    /// which it is, and it is not begun. Nor is one that a few governors name and no server carries: invented hunts would share the room of real ones.
    /// </summary>
    static HuntMemory? Begin(GateCounts? gate, IReadOnlyList<Vote> votes, int answering, double now)
    {
        if (gate is null || (gate.Servers.Count == 0 && gate.Seated == 0 && votes.Count * 2 < answering)) return null;
        if (gate.Limits is { } limits) return new HuntMemory { Standing = Published(limits, null, now), Published = limits, SeenAt = now };
        var told = votes.Where(vote => vote.IsWellFormed).ToList();
        if (Middle(told.Select(vote => vote.FirstWindow)) is not { } window) return null;
        var terms = told.OrderBy(vote => vote.Terms.Ceiling).ElementAt((told.Count - 1) / 2).Terms;
        var limit = terms.Clamp(window * terms.Ceiling);
        return new HuntMemory { Standing = Standing.Of(limit, now), Opened = Words.Invariant($"opened with {window:0.00} of the ceiling, {Words.Whole(limit)}"), SeenAt = now };
    }

    static HuntMemory Look(HuntMemory memory, GateCounts? gate, IEnumerable<Vote> votes, double now)
    {
        if (gate is null)
        {
            // The governors read the gate too, maybe a moment earlier.
            var told = votes.Where(vote => Vote.IsAmount(vote.Seated) && Vote.IsAmount(vote.Waiting)).OrderBy(vote => vote.Seated).ToList();
            return told.Count == 0 ? memory : memory with { Seated = told[(told.Count - 1) / 2].Seated, Waiting = told[(told.Count - 1) / 2].Waiting };
        }

        return memory with
        {
            // Another leader may have published since.
            Standing = gate.Limits is { } limits && limits != memory.Published ? Published(limits, memory.Standing, memory.Standing.QuorumAt) : memory.Standing,
            Published = gate.Limits ?? memory.Published,
            Seated = gate.Seated,
            Waiting = gate.Waiting,
            Trend = gate.Rebuilding ? memory.Trend : memory.Trend?.Next(gate, now) ?? Trend.Begin(gate, now),
            RebuildingSince = gate.Rebuilding ? memory.RebuildingSince ?? now : null,
            Servers = gate.Rebuilding ? memory.Servers : [.. gate.Servers],
        };
    }

    static Standing Published(GateLimits limits, Standing? known, double quorumAt) => new(
        limits.Pinned && known is not null ? known.Voted : limits.Limit,
        limits.JoinsPerSecond <= 0 ? double.PositiveInfinity : limits.JoinsPerSecond,
        limits.Pause,
        new Brownout(limits.BrownoutMemory, limits.BrownoutLag),
        limits.Guard,
        known?.Terms ?? (limits.Ceiling >= 1 ? new HuntTerms(limits.Ceiling, 0, limits.Pinned ? limits.Limit : null) : null),
        quorumAt);

    static (HuntMemory Memory, HuntRuling Ruling) Rule(string hunt, HuntMemory memory, Tally tally, ImmutableArray<Vote> votes, RoundInputs inputs, double now)
    {
        var from = memory.Published?.Limit ?? memory.Standing.Voted;
        if (memory is { Published: null, Opened: { } opened }) tally = tally with { Why = $"{opened}; {tally.Why}" };
        if (memory.Published is { } before) tally = ByHand(before, tally);
        var reopens = MayReopen(memory, votes.Length, inputs.Gates.GetValueOrDefault(hunt), now);
        // The gate itself lets in nobody else, whoever leads; here it is only put into words.
        var isReturning = inputs.Gates.GetValueOrDefault(hunt) is { IsReturning: true };
        var limits = new GateLimits(
            tally.Effective,
            Vote.PaceOnWire(tally.JoinsPerSecond),
            tally.Pause,
            tally.Brownout.Memory,
            tally.Brownout.Lag,
            tally.Guard,
            isReturning ? $"the store lost its seats, and for a moment those alone are let in who had one; {tally.Reason(from)}" : tally.Reason(from),
            Words.Name(tally.EffectiveCause),
            tally.Terms.Pin is not null,
            (long)tally.Terms.Ceiling,
            inputs.Audit || tally.Terms.Audit,
            inputs.AtMs);
        var (plan, wanted) = Plan(memory, tally, votes, inputs, now);
        return (
            memory with { Standing = memory.Standing.After(tally, now), Published = limits, Wanted = wanted },
            new HuntRuling(hunt, limits, tally, votes, plan, memory.Seated, memory.Waiting, reopens));
    }

    /// <summary>Where people moved the limit, they are the reason, and what was measured only says where it came to rest.</summary>
    static Tally ByHand(GateLimits before, Tally tally)
    {
        var ceiling = (long)tally.Terms.Ceiling;
        if (before.Ceiling >= 1 && before.Ceiling != ceiling)
            tally = tally with { Why = $"the ceiling is {Words.Whole(ceiling)}, it was {Words.Whole(before.Ceiling)}; {tally.Why}", Cause = tally.Voted == ceiling && ceiling < before.Limit ? Cause.Ceiling : tally.Cause };
        return before.Pinned && tally.Terms.Pin is null ? tally with { Why = $"no longer pinned; {tally.Why}" } : tally;
    }

    static bool MayReopen(HuntMemory memory, int voters, GateCounts? gate, double now) =>
        gate is { Rebuilding: true } && memory.RebuildingSince is { } since
        && (now - since >= RebuildMax.TotalSeconds
            // All that had a lease before; where that is not known, as many as have a governor.
            || (memory.Servers.IsEmpty ? voters > 0 && gate.Servers.Count >= voters : memory.Servers.IsSubsetOf(gate.Servers)));

    static (CapacityPlan Plan, ImmutableList<(double At, int Servers)> Wanted) Plan(HuntMemory memory, Tally tally, ImmutableArray<Vote> votes, RoundInputs inputs, double now)
    {
        var caps = votes.Where(vote => vote.IsWellFormed && vote.ServerCap is > 0).Select(vote => vote.ServerCap!.Value).ToList();
        var plan = CapacityPlan.Of(Load(inputs, caps) with
        {
            Servers = votes.Length,
            Seated = memory.Seated,
            Waiting = memory.Waiting,
            ArrivalsPerSecond = memory.Trend?.ArrivalsPerSecond ?? 0,
            LeavesPerSecond = memory.Trend?.LeavesPerSecond ?? 0,
            Limit = tally.Effective,
            Ceiling = tally.Terms.Ceiling,
            IsSharedBound = IsShared(tally.Cause),
        });
        var wanted = memory.Wanted.RemoveAll(old => now - old.At > CapacityPlan.FewerAfter.TotalSeconds).Add((now, plan.Servers));
        var most = wanted.Max(old => old.Servers);
        return (most == plan.Servers ? plan : plan with { Servers = most, Reason = $"{most} servers were wanted within {CapacityPlan.FewerAfter.TotalMinutes:0} min; now {plan.Reason}" }, wanted);
    }

    static CapacityPlan Plan(IReadOnlyCollection<HuntRuling> rulings, ImmutableSortedDictionary<string, HuntMemory> hunts, RoundInputs inputs)
    {
        var together = CapacityPlan.Of(Load(inputs, []) with
        {
            Seated = rulings.Sum(ruling => ruling.Seated),
            Waiting = rulings.Sum(ruling => ruling.Waiting),
            ArrivalsPerSecond = rulings.Sum(ruling => hunts[ruling.Hunt].Trend?.ArrivalsPerSecond ?? 0),
            LeavesPerSecond = rulings.Sum(ruling => hunts[ruling.Hunt].Trend?.LeavesPerSecond ?? 0),
            Limit = rulings.Sum(ruling => IsShared(ruling.Tally.Cause) ? ruling.Limits.Limit : ruling.Tally.Terms.Ceiling),
            Ceiling = rulings.Sum(ruling => ruling.Tally.Terms.Ceiling),
            IsSharedBound = rulings.Any(ruling => IsShared(ruling.Tally.Cause)),
        });
        // No hunt's own wish is forgotten over the sum, least of all one that lasts (FewerAfter).
        var most = rulings.Select(ruling => ruling.Plan).Append(together).MaxBy(plan => plan.Servers)!;
        return most.Servers > together.Servers ? together with { Servers = most.Servers, Reason = most.Reason } : together;
    }

    static Demand Load(RoundInputs inputs, IReadOnlyList<double> caps)
    {
        var loads = inputs.Answers.Select(answer => answer.Response?.Load).OfType<Wire.Governor.ServerLoad>().ToList();
        var cpu = loads.Where(load => load.CpuRatio is > 0 and <= 1).Select(load => load.CpuRatio).ToList();
        var sockets = loads.Where(load => load.SocketsMax is > 0 and <= SocketsMax).Select(load => (double)load.SocketsMax).ToList();
        return new Demand
        {
            Servers = inputs.Answers.Count(answer => answer.Response is not null),
            PerServer = caps.Count > 0 ? caps.Average() : sockets.Count > 0 ? sockets.Average() : null,
            Cpu = cpu.Count > 0 ? cpu.Average() : null,
            CpuSoft = Middle(loads.Select(load => load.HasCpuSoft ? load.CpuSoft : Keys.CpuSoft.Default).Where(Keys.CpuSoft.Allows)) ?? Keys.CpuSoft.Default,
            Seated = 0,
            Waiting = 0,
            Limit = 0,
            Ceiling = 0,
        };
    }

    /// <summary>
    /// How full the store is by the governors' word, for one that names no limit where the orchestrator asks: the median, of an even number the higher one, since hunts that share room for
    /// nothing are merely slow. Unknown where fewer than half of the governors say it.
    /// </summary>
    static double? MemoryAsTold(IReadOnlyList<GovernorAnswer> answers)
    {
        var told = answers.Where(answer => answer.Response is { HasMemoryRatio: true }).Select(answer => answer.Response!.MemoryRatio).Where(Vote.IsAmount).Order().ToList();
        return told.Count > 0 && told.Count * 2 >= answers.Count ? told[told.Count / 2] : null;
    }

    /// <summary>The lower median, which one liar among three cannot place; null: of nothing.</summary>
    static double? Middle(IEnumerable<double> told) => told.Order().ToList() is { Count: > 0 } ordered ? ordered[(ordered.Count - 1) / 2] : null;

    static ImmutableArray<(string Endpoint, long Hunters)> Shares(IReadOnlyCollection<HuntRuling> rulings, RoundInputs inputs)
    {
        var servers = inputs.Answers.Where(answer => answer.Response is not null).ToList();
        var parts = servers.Select(server => server.Response!.Load is { } load
            ? new ServerPart(Math.Clamp(load.Sockets, 0, SocketsMax), Math.Clamp(load.SocketsMax, 0, SocketsMax) - Math.Clamp(load.Sockets, 0, SocketsMax))
            : default).ToList();
        return [.. servers.Select(server => server.Endpoint).Zip(ServerShares.Of(rulings.Sum(ruling => ruling.Limits.Limit), parts))];
    }

    /// <summary>Rests on what all servers share: the store, or the one scorer of a hunt.</summary>
    static bool IsShared(Cause cause) => cause is Cause.RedisMemory or Cause.LogLag or Cause.LogLagSeconds or Cause.ScorerQueue;
}
