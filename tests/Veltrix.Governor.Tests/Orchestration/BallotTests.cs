using CsCheck;
using Veltrix.Governor.Orchestration;
using Veltrix.Governor.Policies;
using Veltrix.Wire.Governor;
using static Veltrix.Governor.Tests.Orchestration.Given;
using Brownout = Veltrix.Governor.Policies.Brownout;

namespace Veltrix.Governor.Tests.Orchestration;

public class BallotTests
{
    [Theory]
    [InlineData(new double[] { 20_000 }, 20_000)]
    [InlineData(new double[] { 20_000, 10_000 }, 10_000)]
    [InlineData(new double[] { 30_000, 10_000, 20_000 }, 20_000)]
    [InlineData(new double[] { 40_000, 30_000, 10_000, 20_000 }, 20_000)]
    [InlineData(new double[] { 9_000, 8_000, 7_000, 6_000, 5_000, 4_000, 3_000, 2_900 }, 3_000)]
    [InlineData(new double[] { 9_000, 8_000, 7_000, 6_000, 5_000, 4_000, 3_500, 3_400, 3_300 }, 3_500)]
    public void The_lower_quartile_decides_and_never_the_lowest_of_three(double[] limits, long expected) => Assert.Equal(expected, Count(Votes(limits)).Voted);

    [Fact]
    public void The_reason_tells_the_move_the_vote_that_decided_and_of_how_many()
    {
        var tally = Count([Vote("a", 29_800), Vote("b", 12_000, Cause.LogLag, "log lag 4,000 of 1,000"), Vote("c", 50_000), Vote("d", 40_000), Vote("e", 41_000)], 31_200);

        Assert.Equal("31,200 → 29,800: redis memory 0.83 of 0.80 (2nd lowest of 5 votes)", tally.Reason(31_200));
        Assert.Equal("29,800: redis memory 0.83 of 0.80 (2nd lowest of 5 votes)", tally.Reason(29_800));
        Assert.Equal((Cause.RedisMemory, 29_800L), (tally.Cause, tally.Effective));
    }

    [Fact]
    public void The_reason_is_the_same_in_every_country()
    {
        var before = System.Globalization.CultureInfo.CurrentCulture;
        System.Globalization.CultureInfo.CurrentCulture = System.Globalization.CultureInfo.GetCultureInfo("de-DE");
        try
        {
            Assert.StartsWith("31,200 → 29,800: ", Count(Votes(29_800)).Reason(31_200));
        }
        finally
        {
            System.Globalization.CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Floor_and_ceiling_bind_and_say_so()
    {
        var above = Count(Votes(70_000, 70_000));
        Assert.Equal((50_000L, Cause.Ceiling), (above.Voted, above.Cause));
        Assert.StartsWith("30,000 → 50,000: the ceiling; 70,000 voted: redis memory", above.Reason(30_000));

        var below = Count(Votes(100, 100));
        Assert.Equal((2_500L, Cause.Floor), (below.Voted, below.Cause));
        Assert.StartsWith("30,000 → 2,500: the floor; 100 voted: redis memory", below.Reason(30_000));
    }

    [Fact]
    public void A_pin_holds_whatever_is_voted_and_names_who_set_it()
    {
        var pinned = Terms with { Pin = 12_000, PinOrigin = "ana: rehearsal, until 18:00" };

        var tally = Count([.. Votes(29_000, 30_000, 31_000).Select(vote => vote with { Terms = pinned })]);

        Assert.Equal((12_000L, 30_000L, Cause.Manual), (tally.Effective, tally.Voted, tally.EffectiveCause));
        Assert.StartsWith("20,000 → 12,000: pinned (ana: rehearsal, until 18:00); 30,000 voted: redis memory", tally.Reason(20_000));
    }

    [Fact]
    public void A_pin_that_one_of_three_invents_does_not_hold()
    {
        var liar = Vote("b", 29_000) with { Terms = Terms with { Pin = 0, PinOrigin = "nobody" } };

        Assert.Null(Count([Vote("a", 29_000), liar, Vote("c", 30_000)]).Terms.Pin);
    }

    [Fact]
    public void A_new_ceiling_is_taken_when_most_have_heard_of_it()
    {
        var heard = Vote("b", 40_000) with { Terms = Terms with { Ceiling = 20_000, Floor = 1_000 } };

        Assert.Equal(50_000, Count([Vote("a", 40_000), heard, Vote("c", 40_000)]).Terms.Ceiling);
        var most = Count([Vote("a", 40_000), heard, heard with { Governor = "c" }]);
        Assert.Equal((20_000d, 20_000L), (most.Terms.Ceiling, most.Voted));
    }

    // Votes in their order: f fresh, s stale, a abstains, x too old, e another epoch, h other rules, n not a number; then how many do not answer.
    [Theory]
    [InlineData("f", 0, true)]
    [InlineData("f", 1, true)]
    [InlineData("f", 2, false)]
    [InlineData("ff", 2, true)]
    [InlineData("ff", 3, false)]
    [InlineData("fs", 0, true)]
    [InlineData("fss", 0, false)]
    [InlineData("faa", 0, false)]
    [InlineData("ffaa", 0, true)]
    [InlineData("ffx", 0, true)]
    [InlineData("fxx", 0, false)]
    [InlineData("fee", 0, false)]
    [InlineData("ffh", 0, true)]
    [InlineData("fhhx", 0, true)]
    [InlineData("fnn", 0, false)]
    [InlineData("", 3, false)]
    public void Half_of_all_governors_must_have_a_fresh_vote(string votes, int silent, bool quorum)
    {
        var given = votes.Select((kind, i) => kind switch
        {
            's' => Vote($"g{i}", 20_000) with { State = VoteState.Stale },
            'a' => Vote($"g{i}", 20_000) with { State = VoteState.Abstain },
            'x' => Vote($"g{i}", 20_000) with { Until = Now },
            'e' => Vote($"g{i}", 20_000) with { Epoch = 6 },
            'h' => Vote($"g{i}", 20_000) with { PolicyHash = "linear-2" },
            'n' => Vote($"g{i}", double.NaN),
            _ => Vote($"g{i}", 20_000),
        }).ToList();

        var tally = Count(given, 30_000, votes.Length + silent);

        Assert.Equal(quorum, tally.HasQuorum);
        Assert.Equal(quorum ? 20_000 : 30_000, tally.Voted);
        Assert.Equal(votes.Length + silent, tally.Electorate);
        if (!quorum) Assert.Contains("needed: held", tally.Why);
    }

    [Fact]
    public void Without_a_quorum_the_limit_is_held_for_half_a_minute_and_then_falls_by_a_fiftieth_every_five_seconds_to_those_who_play()
    {
        var (standing, fell) = (Standing(30_000), new List<long>());
        for (var second = 5; second <= 200; second += 5)
        {
            var tally = Ballot.Count([], 3, standing, 21_000, 7, Now + second, 5)!;
            standing = standing.After(tally, Now + second);
            fell.Add(tally.Voted);
        }

        Assert.All(fell.Take(6), limit => Assert.Equal(30_000, limit));
        Assert.Equal(29_400, fell[6]);
        Assert.Equal(28_812, fell[7]);
        Assert.Equal(21_000, fell[^1]);
        Assert.Contains("0 of 3 governors vote, 2 needed for 35 s: lowered towards 21,000", Ballot.Count([], 3, Standing(30_000), 21_000, 7, Now + 35, 5)!.Reason(30_000));
    }

    [Fact]
    public void A_pause_without_votes_ends_only_with_no_room_left_beyond_those_who_play()
    {
        var paused = Standing(30_000) with { Pause = true };

        var held = Ballot.Count([], 3, paused, 12_000, 7, Now + 30, 5)!;
        Assert.Equal((true, 30_000L), (held.Pause, held.Voted));
        var ended = Ballot.Count([], 3, paused, 12_000, 7, Now + 31, 5)!;
        Assert.Equal((false, 12_000L), (ended.Pause, ended.Voted));
    }

    [Fact]
    public void A_pause_and_the_guard_need_as_many_votes_as_the_limit()
    {
        var votes = Votes(20_000, 30_000, 40_000);
        Vote Wants(int i) => votes[i] with { Pause = true, Guard = true };

        var one = Count([Wants(0), votes[1], votes[2]]);
        Assert.Equal((false, false), (one.Pause, one.Guard));
        var two = Count([Wants(0), votes[1], Wants(2)], 25_000);
        Assert.Equal((true, true, 25_000L), (two.Pause, two.Guard, two.Voted));
        Assert.Contains("joins are paused", two.Why);
        Assert.True(Count([Wants(0)]).Pause);
    }

    [Fact]
    public void The_pace_is_the_kth_smallest_and_brownout_the_median()
    {
        Vote With(string governor, double pace, double memory) => Vote(governor, 20_000) with { JoinsPerSecond = pace, Brownout = new Brownout(memory, memory / 2) };

        var tally = Count([With("a", double.PositiveInfinity, 0.2), With("b", 0, 1), With("c", 80, 0.4)]);

        Assert.Equal((80d, new Brownout(0.4, 0.2)), (tally.JoinsPerSecond, tally.Brownout));
        Assert.True(double.IsPositiveInfinity(Count(Votes(1, 2, 3)).JoinsPerSecond));
    }

    [Fact]
    public void Caps_of_servers_count_only_when_every_server_told_one()
    {
        Vote Cap(string governor, double? cap) => Vote(governor, 30_000) with { ServerCap = cap };

        Assert.Equal(30_000, Count([Cap("a", 8_000), Cap("b", null), Cap("c", 8_000)]).Voted);
        Assert.Equal(30_000, Count([Cap("a", 8_000), Cap("b", 8_000)], electorate: 3).Voted);
        var all = Count([Cap("a", 8_000), Cap("b", 7_000), Cap("c", 9_000)]);
        Assert.Equal((24_000L, true), (all.Voted, all.ServersBind));
        Assert.StartsWith("the servers take 24,000 together; 30,000 voted", all.Why);
    }

    [Fact]
    public void Of_two_rules_with_as_many_votes_the_more_careful_counts()
    {
        var tally = Count([Vote("a", 40_000), Vote("b", 20_000) with { PolicyHash = "headroom-1" }]);

        Assert.Equal((20_000L, 1, 1), (tally.Voted, tally.Fresh, tally.Rejected));
    }

    [Fact]
    public void Nobody_votes_twice() => Assert.Equal((10_000L, 1), (Count([Vote("a", 40_000), Vote("a", 10_000)]).Voted, Count([Vote("a", 40_000), Vote("a", 10_000)]).Fresh));

    /// <summary>P16.</summary>
    [Fact]
    public void One_faulty_vote_among_three_or_more_cannot_move_anything_beyond_what_the_honest_ones_say()
    {
        var ratio = Mostly(Gen.Double[0, 1], AnyDouble);
        var faulty =
            from limit in Mostly(Gen.Double[0, 100_000], AnyDouble)
            from pace in Mostly(Gen.Double[0, 1_000], AnyDouble)
            from memory in ratio
            from lag in ratio
            from state in Mostly(Gen.Const(VoteState.Fresh), AnyState)
            from flags in Gen.Bool.Array[2]
            from epoch in Mostly(Gen.Const(7L), Gen.Long)
            from hash in Mostly(Gen.Const("forecast-1"), Gen.OneOf("linear-2", ""))
            from ceiling in Mostly(Gen.Double[1, 1e6], AnyDouble)
            from floor in Mostly(Gen.Double[0, 1], AnyDouble)
            from pin in Mostly(Gen.OneOf<long?>(null, 0, 1, 60_000), Gen.OneOf<long?>(-5, long.MaxValue))
            from age in Mostly(Gen.Double[0, 14], AnyDouble)
            select Vote("zz", limit) with
            {
                State = state, JoinsPerSecond = pace, Pause = flags[0], Guard = flags[1], Epoch = epoch, PolicyHash = hash, Brownout = new Brownout(memory, lag),
                Terms = new HuntTerms(ceiling, floor * ceiling, pin, "liar"), Until = Now + 15 - age,
            };
        var honest = Gen.Select(Gen.Int[2_500, 50_000], Gen.Double[0, 500], Gen.Double[0, 1], (limit, pace, brownout) => (limit, pace, brownout)).Array[2, 12];

        Gen.Select(honest, faulty, Gen.Int[0, 12], Gen.Int[2_500, 50_000]).Sample((honest, liar, place, standing) =>
        {
            var votes = honest.Select((vote, i) => Vote($"g{i:00}", vote.limit) with { JoinsPerSecond = vote.pace, Brownout = new Brownout(vote.brownout, vote.brownout) }).ToList();
            votes.Insert(Math.Min(place, votes.Count), liar);

            var tally = Count(votes, standing, votes.Count);

            Assert.True(tally.HasQuorum);
            Assert.InRange(tally.Effective, honest.Min(vote => vote.limit), honest.Max(vote => vote.limit));
            Assert.InRange(tally.JoinsPerSecond, honest.Min(vote => vote.pace), honest.Max(vote => vote.pace));
            Assert.InRange(tally.Brownout.Memory, honest.Min(vote => vote.brownout), honest.Max(vote => vote.brownout));
            Assert.False(tally.Pause || tally.Guard);
            Assert.Equal(Terms, tally.Terms);
        }, iter: 20_000, threads: 1);
    }

    [Fact]
    public void A_faulty_cap_takes_or_adds_its_own_server_and_no_more()
    {
        Gen.Select(Gen.Int[100, 20_000].Array[2, 8], AnyDouble).Sample((caps, cap) =>
        {
            Vote Cap(string governor, double cap) => Vote(governor, 40_000) with { ServerCap = cap };

            var tally = Count([.. caps.Select((own, i) => Cap($"g{i}", own)), Cap("zz", cap)]);

            Assert.InRange(tally.Voted, Terms.Clamp(Math.Min(40_000, caps.Sum())), 40_000);
        }, threads: 1);
    }

    /// <summary>P1 and P2 of the combination, through any run of any votes.</summary>
    [Fact]
    public void Through_anything_the_limit_stays_within_its_bounds_and_never_rises_without_a_quorum_or_under_a_pause()
    {
        var vote =
            from governor in Gen.Int[0, 4]
            from numbers in AnyDouble.Array[5]
            from sane in Gen.Int[0, 3]
            from state in AnyState
            from pause in Gen.Bool
            from age in Gen.Double[0, 30]
            select Vote($"g{governor}", sane > 0 ? Math.Abs(numbers[0] % 60_000) : numbers[0]) with
            {
                State = sane > 0 ? VoteState.Fresh : state, Pause = pause, JoinsPerSecond = sane > 1 ? double.PositiveInfinity : numbers[1], Until = Now + 15 - age,
                Brownout = sane > 0 ? Brownout.None : new Brownout(numbers[2], numbers[3]), ServerCap = sane > 1 ? null : numbers[4],
            };
        var round = Gen.Select(vote.Array[0, 6], Gen.Int[0, 5], Gen.Int[0, 60_000], Gen.Double[0, 60]);

        round.Array[1, 30].Sample(rounds =>
        {
            var (standing, now) = (Standing(30_000), Now);
            foreach (var (votes, electorate, seated, elapsed) in rounds)
            {
                now += elapsed;
                var shifted = votes.Select(vote => vote with { Until = vote.Until - Now + now }).ToList();

                var tally = Ballot.Count(shifted, electorate, standing, seated, 7, now, elapsed)!;

                Assert.InRange(tally.Voted, 2_500, 50_000);
                Assert.InRange(tally.Brownout.Memory, 0, 1);
                Assert.InRange(tally.Brownout.Lag, 0, 1);
                Assert.True(tally.JoinsPerSecond >= 0);
                if (!tally.HasQuorum || tally.Pause) Assert.True(tally.Voted <= standing.Voted, $"{standing.Voted} rose to {tally.Voted}: {tally.Why}");
                if (!tally.HasQuorum) Assert.True(tally.Voted >= Math.Min(standing.Voted, seated), "those who play were cut");
                standing = standing.After(tally, now);
            }
        }, iter: 3_000, threads: 1);
    }

    [Fact]
    public void The_order_of_votes_decides_nothing() =>
        Gen.Select(Gen.Int[2_500, 50_000].Array[1, 9], Gen.Int[0, int.MaxValue]).Sample((limits, seed) =>
        {
            var votes = Votes([.. limits.Select(limit => (double)limit)]).ToArray();
            var before = Count(votes);
            new Random(seed).Shuffle(votes);

            Assert.Equal(before, Count(votes));
        }, threads: 1);
}
