using CsCheck;
using Veltrix.Gate;
using Veltrix.Governor.Orchestration;
using Veltrix.Wire.Governor;
using static Veltrix.Governor.Tests.Orchestration.Given;

namespace Veltrix.Governor.Tests.Orchestration;

/// <summary>Whole rounds under a clock that the test moves. What a round publishes is in the gates of the next one, as a store would have it.</summary>
public class RoundTests
{
    readonly Dictionary<string, GateCounts> gates = new() { ["h"] = GateAt(seated: 20_000) };
    RoundState state = RoundState.New;
    double now = Now;
    long seq;

    RoundOutcome Play(IReadOnlyList<GovernorAnswer> answers, double seconds = 5, double? memory = null)
    {
        now += seconds;
        var outcome = Round.Next(state, new RoundInputs(answers, gates, memory, false, 1), now);
        state = outcome.State;
        foreach (var ruling in outcome.Rulings)
            if (gates.TryGetValue(ruling.Hunt, out var gate)) gates[ruling.Hunt] = gate with { Limits = ruling.Limits };
        return outcome;
    }

    /// <summary>Governors g0, g1, … each with one limit for the hunt.</summary>
    RoundOutcome Vote(params double[] limits) => Play(Answers(limits));

    List<GovernorAnswer> Answers(params double[] limits)
    {
        seq++;
        return [.. limits.Select((limit, i) => Answer($"g{i}", Sent("h", limit, seq)))];
    }

    static HuntRuling Only(RoundOutcome outcome) => Assert.Single(outcome.Rulings);

    [Fact]
    public void A_new_leader_goes_on_from_the_published_limit_and_not_from_the_ceiling()
    {
        gates["h"] = GateAt(seated: 20_000, limits: Limits(31_000));

        var started = Only(Play([Answer("g0", Sent("h", 50_000, 1, vote => vote.State = VoteState.Abstain)), Silent("g1")]));
        Assert.Equal(31_000, started.Limits.Limit);
        Assert.StartsWith("31,000: 0 of 2 governors vote", started.Limits.Reason);

        Assert.StartsWith("31,000 → 29,000: redis memory", Only(Vote(29_000, 30_000)).Limits.Reason);
    }

    [Fact]
    public void A_new_leader_keeps_a_pin_until_it_hears_that_it_is_gone()
    {
        gates["h"] = GateAt(limits: Limits(9_000, pinned: true));

        var silent = Only(Play([Answer("g0", Sent("h", 50_000, 1, vote => vote.Ceiling = double.NaN)), Silent("g1")]));
        Assert.Equal((9_000L, true), (silent.Limits.Limit, silent.Limits.Pinned));
        Assert.False(Only(Vote(29_000, 30_000)).Limits.Pinned);
    }

    [Fact]
    public void A_hunt_that_nobody_governed_yet_opens_with_the_first_window()
    {
        var opened = Only(Play([Answer("g0", Sent("h", 0, 1, vote => vote.State = VoteState.Abstain))]));

        Assert.Equal((15_000, "15,000: opened with 0.30 of the ceiling, 15,000; 0 of 1 governors vote, 1 needed: held"), (opened.Limits.Limit, opened.Limits.Reason));
    }

    [Fact]
    public void It_opens_with_the_first_window_that_most_governors_were_told()
    {
        var opened = Only(Play([.. new double?[] { 0.1, null, 0.1, 0.45, double.NaN, 7, -1 }.Select((window, i) => Answer($"g{i}", Sent("h", 0, 1, vote =>
        {
            vote.State = VoteState.Abstain;
            if (window is { } set) vote.FirstWindow = set;
        })))]));

        Assert.Equal(5_000, opened.Limits.Limit);
        Assert.StartsWith("5,000: opened with 0.10 of the ceiling, 5,000; 0 of 7 governors vote", opened.Limits.Reason);
    }

    [Fact]
    public void Servers_are_wanted_by_the_processors_share_that_people_set()
    {
        CapacityPlan Plan(params double?[] soft) => Only(Play([.. soft.Select((one, i) =>
        {
            var answer = Answer($"g{i}", Sent("h", 30_000, ++seq));
            (answer.Response!.Load.CpuRatio, answer.Response.Load.SocketsMax) = (0.4, 0);
            if (one is { } set) answer.Response.Load.CpuSoft = set;
            return answer;
        })])).Plan;

        // 20,000 on three servers at 0.40 of their processors.
        Assert.Equal(20_000 / 3.0 * 0.85 / 0.4, Plan(null, null, null).PerServer!.Value, 6);
        Assert.Equal(20_000 / 3.0 * 0.5 / 0.4, Plan(0.5, 0.5, 1).PerServer!.Value, 6);
        Assert.Equal(20_000 / 3.0 * 0.5 / 0.4, Plan(0.5, 1e-9, double.NaN).PerServer!.Value, 6);
    }

    [Fact]
    public void Without_a_gate_to_read_a_new_leader_publishes_nothing()
    {
        gates.Clear();

        Assert.Empty(Vote(30_000, 30_000).Rulings);
    }

    [Fact]
    public void A_gate_that_is_away_for_a_while_changes_nothing_for_one_that_knows()
    {
        Vote(30_000, 30_000);
        var gate = gates["h"];
        gates.Clear();
        Assert.Equal(28_000, Only(Vote(28_000, 29_000)).Limits.Limit);
        gates["h"] = gate;

        // What was published is what the store says, not what was meant to be.
        Assert.StartsWith("30,000 → 27,000", Only(Vote(27_000, 27_000)).Limits.Reason);
    }

    [Fact]
    public void What_another_leader_published_in_the_meantime_is_where_it_goes_on()
    {
        Vote(30_000, 30_000);
        gates["h"] = gates["h"] with { Limits = Limits(22_000) };

        var held = Only(Play([Silent("g0"), Silent("g1")]));

        Assert.StartsWith("22,000: 0 of 2", held.Limits.Reason);
    }

    [Fact]
    public void A_limit_that_a_moved_ceiling_moved_says_so()
    {
        Vote(30_000, 30_000, 30_000);
        var answers = Answers(20_000, 20_000, 20_000);
        foreach (var answer in answers) answer.Response!.Votes[0].Ceiling = 20_000;

        var cut = Only(Play(answers));

        Assert.Equal((20_000L, "ceiling"), (cut.Limits.Limit, cut.Limits.Cause));
        Assert.StartsWith("30,000 → 20,000: the ceiling is 20,000, it was 50,000; redis memory", cut.Limits.Reason);
    }

    [Fact]
    public void Pins_are_taken_and_given_back_as_people_say_and_the_vote_goes_on_beneath()
    {
        Vote(30_000, 30_000, 30_000);
        List<GovernorAnswer> Pinned(double limit)
        {
            var answers = Answers(limit, limit, limit);
            foreach (var answer in answers) (answer.Response!.Votes[0].PinLimit, answer.Response.Votes[0].PinOrigin) = (12_000, "ana: rehearsal, until 18:00");
            return answers;
        }

        var pinned = Only(Play(Pinned(29_000)));
        Assert.Equal((12_000L, true, "manual"), (pinned.Limits.Limit, pinned.Limits.Pinned, pinned.Limits.Cause));
        Assert.StartsWith("30,000 → 12,000: pinned (ana: rehearsal, until 18:00); 29,000 voted", pinned.Limits.Reason);
        Assert.Equal(12_000, Only(Play(Pinned(28_000))).Limits.Limit);
        // Nobody answers: what a person set is still set.
        Assert.Equal(12_000, Only(Play([Silent("g0"), Silent("g1"), Silent("g2")])).Limits.Limit);
        // It has run out: the governors no longer tell it.
        var free = Only(Vote(27_500, 27_500, 27_500));
        Assert.Equal((27_500L, false), (free.Limits.Limit, free.Limits.Pinned));
        Assert.StartsWith("12,000 → 27,500: no longer pinned; redis memory", free.Limits.Reason);
    }

    /// <summary>P18.</summary>
    [Theory]
    [InlineData(3_600)]
    [InlineData(-3_600)]
    [InlineData(61)]
    [InlineData(-1)]
    public void A_leap_of_the_clock_holds_every_limit_once_and_ages_nothing(double seconds)
    {
        Vote(30_000, 30_000, 30_000);
        Play([Silent("g0"), Silent("g1"), Silent("g2")], 20);

        var held = Only(Play(Answers(50_000, 50_000, 50_000), seconds));
        Assert.Equal(30_000, held.Limits.Limit);
        Assert.Contains(seconds > 0 ? "the clock leapt by" : "the clock ran back by", held.Limits.Reason);

        // Twenty seconds without votes are still twenty.
        Assert.Equal(30_000, Only(Play([Silent("g0"), Silent("g1"), Silent("g2")], 10)).Limits.Limit);
        Assert.Equal(29_400, Only(Play([Silent("g0"), Silent("g1"), Silent("g2")])).Limits.Limit);
    }

    [Fact]
    public void Wall_clocks_of_governors_decide_nothing()
    {
        Vote(30_000, 30_000);
        var odd = Answers(28_000, 28_000);
        odd[0].Response!.Votes[0].ObservedAtMs += 3_600_000;
        odd[0].Response!.Votes[0].ValidUntilMs += 3_600_000;
        odd[1].Response!.Votes[0].ObservedAtMs -= 3_600_000;
        odd[1].Response!.Votes[0].ValidUntilMs -= 3_600_000;

        Assert.Equal(28_000, Only(Play(odd)).Limits.Limit);
    }

    [Fact]
    public void A_governor_that_repeats_its_last_vote_is_heard_for_fifteen_seconds_even_if_it_was_away_in_between()
    {
        var stuck = Answer("g0", Sent("h", 30_000, 99));
        Assert.Equal(1, Only(Play([stuck])).Tally.Fresh);
        Assert.Equal(1, Only(Play([stuck])).Tally.Fresh);
        Assert.Equal((0, 0), (Only(Play([Silent("g0")])).Tally.Fresh, state.Hunts.Count - 1));

        var late = Only(Play([stuck])).Tally;

        Assert.Equal((0, 1, false), (late.Fresh, late.Expired, late.HasQuorum));
    }

    [Fact]
    public void A_poisoned_governor_among_five_decides_nothing_for_minutes()
    {
        var chance = new Random(4);
        for (var second = 0; second < 600; second += 5)
        {
            var honest = Enumerable.Range(0, 4).Select(_ => 30_000.0 + chance.Next(-500, 500)).ToArray();
            var answers = Answers(honest);
            var poison = (second / 5 % 6) switch
            {
                0 => Sent("h", double.NaN, seq),
                1 => Sent("h", 0, seq, vote => (vote.Pause, vote.JoinsPerSecond, vote.Guard) = (true, 0, true)),
                2 => Sent("h", 50_000, seq, vote => (vote.Ceiling, vote.Floor, vote.PinLimit) = (1e9, 1e9, 1)),
                3 => Sent("h", 2_500, -seq, vote => vote.PolicyHash = "evil"),
                4 => Sent("h", 1e308, seq, vote => (vote.Epoch, vote.Brownout) = (99, new Brownout { Memory = 1, Lag = 1 })),
                _ => Sent("h", 1, seq, vote => vote.Reason = new string('x', 100_000)),
            };
            answers.Insert(chance.Next(5), poison is null ? Silent("evil") : Answer("evil", poison, Sent("hunt-that-is-not", 1, seq)));

            var ruling = Assert.Single(Play(answers).Rulings, ruling => ruling.Hunt == "h");

            Assert.InRange(ruling.Limits.Limit, honest.Min(), honest.Max());
            Assert.False(ruling.Limits.Pause || ruling.Limits.Guard || ruling.Limits.Pinned);
            Assert.Equal((50_000L, 0d, 0d), (ruling.Limits.Ceiling, ruling.Limits.JoinsPerSecond, ruling.Limits.BrownoutLag));
            Assert.True(ruling.Limits.Reason.Length < 500);
        }
    }

    [Fact]
    public void With_all_governors_gone_for_minutes_nothing_rises_and_nobody_who_plays_is_cut()
    {
        Vote(30_000, 30_000);
        var limits = Enumerable.Range(0, 120).Select(_ => Only(Play([Silent("g0"), Silent("g1")])).Limits.Limit).ToList();

        Assert.Equal(limits.OrderDescending(), limits);
        Assert.Equal(20_000, limits[^1]);
        Assert.Equal(33_000, Only(Vote(33_000, 33_000)).Limits.Limit);
    }

    [Fact]
    public void Five_hunts_share_a_scarce_store_by_weight_and_as_they_like_while_it_is_not()
    {
        var weights = new[] { 1, 1, 2, 4, 2 };
        for (var i = 0; i < 5; i++) gates[$"h{i}"] = GateAt(seated: 4_000, limits: Limits(5_000));
        gates.Remove("h");
        GovernorAnswer All(string endpoint, string cause)
        {
            seq++;
            return Answer(endpoint, [.. weights.Select((weight, i) => Sent($"h{i}", 14_000, seq, vote => (vote.RoomWeight, vote.Cause) = (weight, cause)))]);
        }

        Assert.All(Play([All("g0", "none"), All("g1", "none")], memory: 0.4).Rulings, ruling => Assert.Equal(14_000, ruling.Limits.Limit));

        var shared = Play([All("g0", "none"), All("g1", "none")], memory: 0.61);
        Assert.Equal([5_000, 5_000, 6_000, 8_000, 6_000], shared.Rulings.Select(ruling => ruling.Limits.Limit));
        Assert.StartsWith("14,000 → 8,000: 4 of 10 parts of the store's room; 14,000 alone: redis memory", shared.Rulings[3].Limits.Reason);

        // The same while the store cannot be measured, and a while longer.
        Assert.Equal(5_000, Play([All("g0", "redis_memory")]).Rulings[0].Limits.Limit);
        Assert.Equal(5_000, Play([All("g0", "none")], 50, 0.4).Rulings[0].Limits.Limit);
        Assert.Equal(14_000, Play([All("g0", "none")], 15, 0.4).Rulings[0].Limits.Limit);
    }

    // Of two nobody knows who lies: hunts that share for nothing are merely slow.
    [Theory]
    [InlineData(true, 0.7)]
    [InlineData(true, 0.7, 0.1)]
    [InlineData(true, 0.7, 0.1, 0.7)]
    [InlineData(true, 0.7, 0.8, double.NaN)]
    [InlineData(true, 0.7, -3.0, null, 0.7)]
    [InlineData(false, 0.5, 0.99, 0.5)]
    [InlineData(false, 0.5, double.PositiveInfinity, 0.5)]
    [InlineData(false, 0.9, null, null)]
    [InlineData(false, null, null)]
    public void Where_the_store_names_no_limit_its_governors_say_how_full_it_is_and_no_single_one_decides(bool isShared, params double?[] told)
    {
        gates.Remove("h");
        foreach (var hunt in (string[])["h0", "h1"]) gates[hunt] = GateAt(seated: 4_000, limits: Limits(5_000));

        var outcome = Play([.. told.Select((ratio, i) =>
        {
            var answer = Answer($"g{i}", Sent("h0", 14_000, 1), Sent("h1", 14_000, 1));
            if (ratio is { } set) answer.Response!.MemoryRatio = set;
            return answer;
        })]);

        Assert.All(outcome.Rulings, ruling => Assert.Equal(isShared ? 9_000 : 14_000, ruling.Limits.Limit));
    }

    [Fact]
    public void What_the_orchestrator_measured_itself_goes_before_what_it_is_told()
    {
        gates.Remove("h");
        foreach (var hunt in (string[])["h0", "h1"]) gates[hunt] = GateAt(seated: 4_000, limits: Limits(5_000));
        var answer = Answer("g0", Sent("h0", 14_000, 1), Sent("h1", 14_000, 1));
        answer.Response!.MemoryRatio = 0.9;

        Assert.All(Play([answer], memory: 0.4).Rulings, ruling => Assert.Equal(14_000, ruling.Limits.Limit));
    }

    [Fact]
    public void Hunts_on_one_store_never_get_more_room_together_than_one_would_alone() =>
        Gen.Select(Gen.Int[0, 20_000], Gen.Int[0, 50_000], Gen.Int[1, 100], (seated, limit, weight) => (seated, limit, weight)).Array[1, 6].Array[1, 12].Sample(rounds =>
        {
            var (state, now) = (RoundState.New, Now);
            foreach (var hunts in rounds)
            {
                now += 5;
                var gates = hunts.Select((hunt, i) => (Id: $"h{i}", Gate: GateAt(hunt.seated, limits: Limits(20_000)))).ToDictionary(hunt => hunt.Id, hunt => hunt.Gate);
                var answer = Answer("g0", [.. hunts.Select((hunt, i) => Sent($"h{i}", hunt.limit, (long)now, vote => vote.RoomWeight = hunt.weight))]);
                var outcome = Round.Next(state, new RoundInputs([answer], gates, 0.7, false, 1), now);
                state = outcome.State;

                long Least(int i) => Math.Max(hunts[i].seated, 2_500);
                var raises = Enumerable.Range(0, hunts.Length).Select(i => Math.Max(0, outcome.Rulings[i].Limits.Limit - Least(i))).ToList();
                Assert.True(raises.Sum() <= hunts.Select((hunt, i) => Math.Max(0, hunt.limit - Least(i))).Max());
                for (var i = 0; i < hunts.Length; i++) Assert.True(outcome.Rulings[i].Limits.Limit >= Math.Min(hunts[i].seated, Math.Max(2_500, hunts[i].limit)));
            }
        }, iter: 300, threads: 1);

    [Fact]
    public void A_gate_that_lost_its_keys_opens_when_every_server_is_back_or_ten_seconds_are_over()
    {
        gates["h"] = GateAt(seated: 20_000, servers: ["s1", "s2", "s3"]);
        Assert.False(Only(Vote(30_000, 30_000, 30_000)).Reopen);

        gates["h"] = GateAt(epoch: 0, rebuilding: true, servers: ["s1", "s2"]);
        var waits = Only(Vote(30_000, 30_000, 30_000));
        Assert.Equal((false, 30_000L), (waits.Reopen, waits.Limits.Limit));
        gates["h"] = GateAt(epoch: 0, rebuilding: true, servers: ["s2", "s1", "s4", "s3"]);
        Assert.True(Only(Vote(30_000, 30_000, 30_000)).Reopen);

        gates["h"] = GateAt(epoch: 8, servers: ["s1", "s2", "s3", "s4"]);
        Vote(30_000, 30_000, 30_000);
        gates["h"] = GateAt(epoch: 0, rebuilding: true, servers: ["s1"]);
        Assert.False(Only(Vote(30_000, 30_000, 30_000)).Reopen);
        Assert.False(Only(Vote(30_000, 30_000, 30_000)).Reopen);
        Assert.True(Only(Vote(30_000, 30_000, 30_000)).Reopen);
    }

    [Fact]
    public void People_are_told_that_a_gate_that_opened_again_lets_in_those_alone_who_had_a_seat()
    {
        gates["h"] = GateAt(seated: 20_000) with { IsReturning = true };
        Assert.StartsWith("the store lost its seats, and for a moment those alone are let in who had one; ", Only(Vote(30_000, 30_000)).Limits.Reason);
        gates["h"] = GateAt(seated: 20_000);
        Assert.DoesNotContain("lost its seats", Only(Vote(30_000, 30_000)).Limits.Reason);
    }

    [Fact]
    public void A_first_gate_opens_when_as_many_servers_are_there_as_governors_vote()
    {
        gates["h"] = GateAt(epoch: 0, rebuilding: true, servers: ["s1"]);
        Assert.False(Only(Vote(30_000, 30_000)).Reopen);
        gates["h"] = GateAt(epoch: 0, rebuilding: true, servers: ["s1", "s2"]);
        Assert.True(Only(Vote(30_000, 30_000)).Reopen);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(double.PositiveInfinity, 0)]
    [InlineData(120, 120)]
    [InlineData(1e-9, 0.01)]
    public void No_pace_is_nought_on_the_wire_and_next_to_nobody_is_still_a_pace(double voted, double published) =>
        Assert.Equal(published, Only(Play([Answer("g0", Sent("h", 30_000, 1, vote => vote.JoinsPerSecond = voted))])).Limits.JoinsPerSecond);

    [Fact]
    public void A_hunt_of_which_nobody_speaks_any_more_is_forgotten_but_not_because_all_are_silent()
    {
        Vote(30_000, 30_000);
        for (var i = 0; i < 30; i++) Assert.Single(Play([Silent("g0"), Silent("g1")]).Rulings);
        for (var i = 0; i < 13; i++) Play([Answer("g0"), Answer("g1")]);

        Assert.Empty(state.Hunts);
    }

    [Fact]
    public void Servers_are_wanted_from_the_trend_and_fewer_only_after_minutes()
    {
        List<GovernorAnswer> Capped()
        {
            var answers = Answers(50_000, 50_000);
            // Processors at rest: only the cap says what a server carries.
            foreach (var answer in answers) (answer.Response!.Votes[0].ServerCap, answer.Response.Load.CpuRatio) = (12_000, 0.05);
            return answers;
        }

        gates["h"] = GateAt(seated: 18_000);
        Assert.Equal((2, 24_000L), (Only(Play(Capped())).Plan.Servers, state.Hunts["h"].Published!.Limit));
        var joins = 0;
        for (var i = 0; i < 12; i++) gates["h"] = GateAt(18_000 + (joins += 400), 1_000, Only(Play(Capped())).Limits, joins: joins);
        var rising = Only(Play(Capped()));
        Assert.Equal(Bottleneck.Servers, rising.Plan.Bottleneck);
        Assert.InRange(rising.Plan.Servers, 4, 5);

        gates["h"] = GateAt(seated: 500, joins: joins, leaves: 24_000);
        Assert.Equal(rising.Plan.Servers, Only(Play(Capped())).Plan.Servers);
        for (var i = 0; i < 62; i++) Play(Capped());
        Assert.Equal(1, Only(Play(Capped())).Plan.Servers);
    }

    [Fact]
    public void Nothing_that_a_governor_sends_stops_a_round_or_moves_a_limit_beyond_the_honest_votes()
    {
        var whole = Gen.OneOf(Gen.Long, Gen.OneOf(0L, -1, 1, long.MaxValue, long.MinValue, 7));
        var text = Gen.OneOf("", "h", "k", "h}:seats", "\n\0", new string('a', 5_000), "redis_memory", "forecast-1", "ceiling");
        var vote =
            from numbers in AnyDouble.Array[10]
            from wholes in whole.Array[7]
            from texts in text.Array[5]
            from flags in Gen.Bool.Array[4]
            from state in AnyState
            select new HuntVote
            {
                Hunt = texts[0], Epoch = wholes[0], Seq = wholes[1], State = state, Limit = numbers[0], JoinsPerSecond = numbers[1], Pause = flags[0], Guard = flags[1], Audit = flags[2],
                Brownout = flags[3] ? new Brownout { Memory = numbers[2], Lag = numbers[3] } : null, Mode = texts[1], Cause = texts[2], Reason = texts[3], ObservedAtMs = wholes[2], ValidUntilMs = wholes[3],
                PolicyHash = texts[4], Ceiling = numbers[4], Floor = numbers[5], PinLimit = wholes[4], PinOrigin = texts[3], RoomWeight = wholes[5], Seated = numbers[6], Waiting = numbers[7],
                ServerCap = numbers[8], FirstWindow = numbers[9],
            };
        var invented = Gen.Int[0, 5].Select(i => Sent($"invented-{i}", 50_000, i, vote => vote.RoomWeight = 1_000));
        var plausible = Gen.Select(AnyDouble, Gen.Double[0, 100_000], Gen.Bool, Gen.Int[0, 9]).Select((any, limit, pause, die) =>
            Sent("h", die == 0 ? any : limit, die, vote => (vote.Pause, vote.Ceiling, vote.JoinsPerSecond) = (pause, die == 1 ? any : 40_000, die == 2 ? any : 1)));
        var liar = Gen.Select(Gen.OneOf(vote, invented, plausible).Array[0, 5], AnyDouble, whole, whole).Array[1, 8];

        Gen.Select(liar, Gen.Int[2_500, 50_000].Array[3, 5], Gen.Double[-100, 100]).Sample((answers, honest, memory) =>
        {
            var (state, now) = (RoundState.New, Now);
            foreach (var (votes, cpu, sockets, socketsMax) in answers)
            {
                now += 5;
                var evil = new VoteResponse { Governor = "evil", MemoryRatio = cpu, Load = new ServerLoad { CpuRatio = cpu, CpuSoft = cpu, Sockets = sockets, SocketsMax = socketsMax } };
                evil.Votes.AddRange(votes);
                List<GovernorAnswer> all = [.. honest.Select((limit, i) => Answer($"g{i}", Sent("h", limit, (long)now))), new GovernorAnswer("evil", evil)];
                var gates = Round.Hunts(state, all).ToDictionary(hunt => hunt, hunt => GateAt(hunt == "h" ? 2_600 : 0));

                var outcome = Round.Next(state, new RoundInputs(all, gates, memory, false, 1), now);

                state = outcome.State;
                Assert.InRange(Assert.Single(outcome.Rulings, ruling => ruling.Hunt == "h").Limits.Limit, honest.Min(), honest.Max());
                Assert.All(outcome.Rulings, ruling => Assert.True(double.IsFinite(ruling.Limits.JoinsPerSecond) && ruling.Limits.BrownoutMemory is >= 0 and <= 1 && ruling.Limits.BrownoutLag is >= 0 and <= 1));
                _ = OrchestratorView.Of(new Snapshot(true, 1, "", 1, TimeSpan.Zero, 1, all, outcome), new Dictionary<string, string>());
            }
        }, iter: 2_000, threads: 1);
    }

    [Fact]
    public void A_hunt_that_one_of_many_names_is_begun_when_a_server_carries_it()
    {
        gates["k"] = GateAt(epoch: 0, rebuilding: true);
        List<GovernorAnswer> Some() => [.. Answers(30_000, 30_000, 30_000), Answer("g3", Sent("k", 10_000, seq))];
        Assert.Equal(["h"], Play(Some()).Rulings.Select(ruling => ruling.Hunt));

        gates["k"] = GateAt(epoch: 0, rebuilding: true, servers: ["s3"]);

        Assert.Equal(["h", "k"], Play(Some()).Rulings.Select(ruling => ruling.Hunt));
    }

    [Fact]
    public void Grants_are_written_down_where_people_want_it()
    {
        List<GovernorAnswer> answers = [.. Enumerable.Range(0, 3).Select(i => Answer($"g{i}", Sent("h", 30_000, 1, vote => vote.Audit = i > 0)))];

        Assert.True(Only(Play(answers)).Limits.Audit);
        Assert.False(Only(Vote(30_000, 30_000, 30_000)).Limits.Audit);
    }

    /// <summary>P14.</summary>
    [Fact]
    public void The_same_rounds_give_the_same_rulings()
    {
        IEnumerable<string> Run()
        {
            var (state, now, chance) = (RoundState.New, Now, new Random(1));
            for (var i = 0; i < 50; i++)
            {
                now += chance.NextDouble() * 10;
                var answers = Enumerable.Range(0, 5).Select(g => chance.Next(4) == 0 ? Silent($"g{g}") : Answer($"g{g}", Sent("h", chance.Next(60_000), chance.Next(100)), Sent("k", chance.Next(60_000), i))).ToList();
                var outcome = Round.Next(state, new RoundInputs(answers, new Dictionary<string, GateCounts> { ["h"] = GateAt(10_000), ["k"] = GateAt(20_000) }, chance.NextDouble(), false, 1), now);
                state = outcome.State;
                foreach (var ruling in outcome.Rulings) yield return $"{ruling.Hunt} {ruling.Limits} {ruling.Plan}";
            }
        }

        Assert.Equal(Run().ToList(), Run().ToList());
    }
}
