using Veltrix.Gate;
using Veltrix.Governor.Policies;
using Veltrix.Governor.Sidecar;
using Veltrix.Governor.Signals;
using Veltrix.Wire.Governor;
using Brownout = Veltrix.Governor.Policies.Brownout;

namespace Veltrix.Governor.Tests.Sidecar;

public class HuntGovernorTests
{
    [Fact]
    public async Task It_abstains_until_it_was_told_the_limit_and_has_three_samples()
    {
        using var hunt = new ScriptedHunt();

        Assert.Equal(Mode.Abstain, (await hunt.Tick(5)).Mode);
        Assert.Contains("not told the limit", hunt.Decision.Reason);
        Assert.Equal(VoteState.Abstain, hunt.Sidecar.Vote().Votes.Single().State);

        using var young = new ScriptedHunt();
        await young.Tick();
        young.Apply(40_000);
        Assert.Equal(Mode.Abstain, (await young.Tick()).Mode);
        Assert.Contains("2 samples of redis memory", young.Decision.Reason);
        Assert.NotEqual(Mode.Abstain, (await young.Tick()).Mode);
    }

    [Fact]
    public async Task It_learns_the_limit_from_where_it_was_published()
    {
        using var hunt = new ScriptedHunt { Published = new GateLimits(33_000, 0, false, 0, 0, false, "as before", "none", false, 50_000, false, 1) };

        await hunt.Tick(3);

        Assert.Equal(33_000, hunt.Now.Told!.Limit);
        Assert.Equal(33_000, hunt.Decision.Limit);
        Assert.Equal(VoteState.Fresh, hunt.Sidecar.Vote().Votes.Single().State);
    }

    [Fact]
    public async Task A_decision_has_a_reason_in_words_and_numbers()
    {
        using var hunt = await new ScriptedHunt().Running();

        hunt.MemoryRatio = 0.83;
        await hunt.Tick();

        Assert.Equal(35_000, hunt.Decision.Limit);
        Assert.StartsWith("40,000 → 35,000: ", hunt.Now.Text);
        Assert.Contains("0.83", hunt.Now.Text);
        Assert.Equal(hunt.Now.Text, hunt.Sidecar.Of(ScriptedHunt.Id).Log.Last(1, changesOnly: true).Single().Text);
    }

    [Fact]
    public async Task A_vote_that_holds_what_is_not_yet_in_force_gives_the_reason_of_the_move()
    {
        using var hunt = await new ScriptedHunt().Running();
        HuntVote Vote() => hunt.Sidecar.Vote(toOrchestrator: false).Votes.Single();
        hunt.MemoryRatio = 0.83;
        await hunt.Tick();
        var move = hunt.Decision.Reason;

        hunt.MemoryRatio = 0.81; // Between two cuts, and so the limit is held.
        await hunt.Tick();
        Assert.Equal(35_000, hunt.Decision.Limit);
        Assert.NotEqual(move, hunt.Decision.Reason);
        Assert.Equal(move, Vote().Reason);

        hunt.Apply(35_000);
        await hunt.Tick();
        Assert.Equal(hunt.Decision.Reason, Vote().Reason);
    }

    [Fact]
    public async Task A_vote_says_whether_grants_are_to_be_written_down()
    {
        using var hunt = await new ScriptedHunt().Running();
        Assert.False(hunt.Sidecar.Vote().Votes.Single().Audit);

        hunt.Settings["gate.audit"] = "on";
        await hunt.Tick();

        Assert.True(hunt.Sidecar.Vote().Votes.Single().Audit);
    }

    [Theory]
    [InlineData("memory away", SampleFault.Missing, Signal.RedisMemory)]
    [InlineData("lag missing", SampleFault.Missing, Signal.LogLag)]
    [InlineData("lag NaN", SampleFault.Nan, Signal.LogLag)]
    [InlineData("lag negative", SampleFault.Negative, Signal.LogLag)]
    [InlineData("server silent", SampleFault.Stale, Signal.LogLag)]
    [InlineData("memory NaN", SampleFault.Missing, Signal.RedisMemory)]
    public async Task With_a_broken_signal_the_vote_goes_stale_and_never_rises(string what, SampleFault fault, Signal signal)
    {
        using var hunt = await new ScriptedHunt().Running(20_000);

        switch (what)
        {
            case "memory away": hunt.StoreIsAway = true; break;
            case "memory NaN": hunt.StoreIsAway = true; break;
            case "lag missing": hunt.Lag = null; break;
            case "lag NaN": hunt.Lag = double.NaN; break;
            case "lag negative": hunt.Lag = -5; break;
            case "server silent": hunt.ServerIsSilent = true; break;
        }
        var before = hunt.Decision.Limit;
        for (var i = 0; i < 40; i++)
        {
            await hunt.Tick();
            // The first three ticks still stand on a sample that is young enough.
            if (i < 3) before = hunt.Decision.Limit;
            Assert.True(hunt.Decision.Limit <= before, $"rose at tick {i}");
            before = hunt.Decision.Limit;
        }

        Assert.Equal(Mode.Stale, hunt.Decision.Mode);
        Assert.Equal(VoteState.Stale, hunt.Sidecar.Vote().Votes.Single().State);
        Assert.True(hunt.Now.Signal(signal).FaultCount(fault) > 0);
        Assert.False(hunt.Now.Signal(signal).IsFresh);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task A_jump_of_the_servers_clock_by_an_hour_makes_nothing_old_fresh(int hours)
    {
        using var hunt = await new ScriptedHunt().Running();
        hunt.ServerClockIsOff = TimeSpan.FromHours(hours);
        await hunt.Tick(6);
        Assert.True(hunt.Now.Signal(Signal.LogLag).IsFresh);

        // The server goes silent after its clock has jumped: its last sample ages like any other.
        hunt.ServerIsSilent = true;
        await hunt.Tick(4);
        Assert.False(hunt.Now.Signal(Signal.LogLag).IsFresh);
        Assert.Equal(Mode.Stale, hunt.Decision.Mode);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task A_jump_of_our_own_wall_clock_changes_no_age(int hours)
    {
        using var hunt = await new ScriptedHunt().Running();
        hunt.Clock.Jump = TimeSpan.FromHours(hours);
        hunt.ServerClockIsOff = TimeSpan.FromHours(-hours);

        await hunt.Tick();

        Assert.True(hunt.Now.Signal(Signal.LogLag).IsFresh);
        Assert.InRange(hunt.Now.Signal(Signal.RedisMemory).Age, 0, 0.1);
        Assert.NotEqual(Mode.Stale, hunt.Decision.Mode);
    }

    [Fact]
    public async Task While_the_gate_is_rebuilt_or_away_nothing_rises()
    {
        foreach (var rebuilding in new[] { true, false })
        {
            using var hunt = await new ScriptedHunt().Running(20_000);
            if (rebuilding) (hunt.Rebuilding, hunt.Seated, hunt.Epoch) = (true, 0, 2);
            else hunt.GateIsAway = true;

            await hunt.Tick(8);

            Assert.Equal(Mode.Stale, hunt.Decision.Mode);
            Assert.Equal(20_000, hunt.Now.Seated);
        }
    }

    [Fact]
    public async Task What_flowed_through_the_gate_is_counted_between_ticks_and_not_over_an_epoch()
    {
        using var hunt = await new ScriptedHunt("static").Running();
        Observation Last() => File.ReadLines(DecisionLog.PathOf(hunt.Folder, ScriptedHunt.Id)).Select(line => Replay.Read(line)?.Tick).OfType<TickRecord>().Last().Observation;

        hunt.Flow(joined: 700, left: 200);
        await hunt.Tick();
        Assert.Equal((700, 200), (Last().Joins, Last().Leaves));

        hunt.Epoch = 2;
        hunt.Flow(joined: 90_000, left: 0);
        await hunt.Tick();
        Assert.Equal((0, 0), (Last().Joins, Last().Leaves));
    }

    [Fact]
    public async Task A_cut_is_not_undone_by_hearing_of_the_limit_of_a_moment_before()
    {
        using var hunt = await new ScriptedHunt().Running(40_000);
        hunt.Sidecar.Vote();
        hunt.MemoryRatio = 0.85;
        await hunt.Tick();
        Assert.Equal(35_000, hunt.Decision.Limit);

        // The orchestrator answers the vote it was handed before that tick.
        hunt.Sidecar.Apply(1, [new Applied { Hunt = ScriptedHunt.Id, Limit = 40_000, AtMs = hunt.Clock.GetUtcNow().ToUnixTimeMilliseconds() }]);
        await hunt.Tick();

        Assert.Equal(35_000, hunt.Decision.Limit);
    }

    [Fact]
    public async Task Where_something_else_was_applied_the_policy_works_from_there()
    {
        using var hunt = await new ScriptedHunt().Running(40_000);

        hunt.Apply(22_000);
        await hunt.Tick();

        Assert.Equal(22_000, hunt.Decision.Limit);
    }

    [Fact]
    public async Task A_policy_that_is_switched_under_load_begins_from_the_limit_in_force()
    {
        using var hunt = await new ScriptedHunt("linear", "scaled").Running(40_000);
        hunt.MemoryRatio = 0.85;
        for (var i = 0; i < 12; i++)
        {
            await hunt.Tick();
            hunt.Apply();
        }
        var inForce = hunt.Now.Told!.Limit;
        Assert.True(inForce < 40_000);
        hunt.MemoryRatio = 0.7;

        foreach (var policy in new[] { "scaled", "aimd" })
        {
            hunt.Sidecar.SetPolicy(ScriptedHunt.Id, policy, ["linear"], "anna", "a test");
            await hunt.Tick();

            Assert.Equal(policy, hunt.Now.Policy);
            Assert.Equal(inForce, hunt.Now.From);
            Assert.Equal("linear", hunt.Now.Shadows.Single().Policy);
        }

        Assert.Contains("policy aimd by anna: a test", hunt.Sidecar.Of(ScriptedHunt.Id).Log.Last(50, true).Select(entry => entry.Text));
        // The lasting way is the key: when it changes, it holds.
        hunt.Settings["governor.policy"] = "static";
        await hunt.Tick();
        Assert.Equal("static", hunt.Now.Policy);
    }

    [Fact]
    public async Task A_change_of_parameters_keeps_the_state_and_changes_the_hash()
    {
        using var hunt = await new ScriptedHunt().Running(40_000);
        var hash = hunt.Now.PolicyHash;
        var step = 0.10;
        using var log = new DecisionLog(hunt.Folder, "other", Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        var governor = new HuntGovernor("other", new HuntSettings(Hosting.Settings.Defaults, "other"), log, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, _ => PolicyParameters.From(Hosting.Settings.Defaults, "other") with { LinearStep = step });

        governor.Tell(new Told(40_000, 0, false, Brownout.None, "", "", 1, false, false));
        for (var i = 1; i <= 3; i++) Tick(governor, i);
        var before = governor.Snapshot;
        step = 0.2;
        Tick(governor, 4);

        Assert.NotEqual(before.PolicyHash, governor.Snapshot.PolicyHash);
        Assert.Equal(before.Decision.Limit, governor.Snapshot.From);
        Assert.EndsWith("-linear", hash);
        void Tick(HuntGovernor one, int i)
        {
            var load = new HuntLoad { Hunt = "other", LogLagRecords = 1 };
            load.Settings["governor.policy"] = "linear";
            one.Take("s", load, i * 5, null);
            one.Tick(i * 5, i * 5_000, hunt.Memory with { At = 0 }, i * 5, hunt.Counts, i * 5);
        }
    }

    [Fact]
    public async Task A_pin_names_who_and_why_and_runs_out()
    {
        using var hunt = await new ScriptedHunt().Running();
        hunt.Sidecar.Override(ScriptedHunt.Id, new Pin(12_000, "anna", "the venue is small", hunt.Clock.GetUtcNow().AddMinutes(1)), "anna", "the venue is small");

        var vote = hunt.Sidecar.Vote().Votes.Single();
        Assert.Equal(12_000, vote.PinLimit);
        Assert.StartsWith("anna: the venue is small, until 2026-01-01 00:", vote.PinOrigin);

        await hunt.Tick(13);
        Assert.False(hunt.Sidecar.Vote().Votes.Single().HasPinLimit);
        Assert.Contains("the pin of anna has run out", hunt.Sidecar.Of(ScriptedHunt.Id).Log.Last(50, true).Select(entry => entry.Text));
    }

    [Fact]
    public async Task What_people_change_is_a_line_of_the_log_be_it_by_a_file_or_a_command()
    {
        using var hunt = await new ScriptedHunt().Running();
        hunt.Settings["pin_limit"] = "12000";
        await hunt.Tick(3);
        hunt.Settings.Remove("pin_limit");
        hunt.Settings["max_concurrent_hunters"] = "30000";
        await hunt.Tick(3);

        Assert.Equal(
            [("pin", "pin_limit: none → 12000"), ("ceiling", "max_concurrent_hunters: 50000 → 30000"), ("pin", "pin_limit: 12000 → none")],
            hunt.Sidecar.Of(ScriptedHunt.Id).Log.Last(50, true).Where(entry => entry.Policy == "person").Select(entry => (entry.Mode, entry.Text)));
    }

    [Fact]
    public void The_guard_goes_up_before_seats_run_out()
    {
        var guard = new JoinGuard();
        Assert.False(guard.Next(waiting: 0, taken: 0.79, scarce: 0.8, "auto"));
        Assert.True(guard.Next(waiting: 0, taken: 0.8, scarce: 0.8, "auto"));
        for (var i = 0; i < JoinGuard.OffAfter - 1; i++) Assert.True(guard.Next(0, 0.5, 0.8, "auto"));
        Assert.False(guard.Next(0, 0.5, 0.8, "auto"));
    }

    [Fact]
    public async Task The_guard_goes_up_when_the_queue_grows_and_down_a_minute_after_it_stopped()
    {
        using var hunt = await new ScriptedHunt().Running();
        async Task<bool> Waiting(long waiting)
        {
            hunt.Waiting = waiting;
            await hunt.Tick();
            return hunt.Now.Guard;
        }

        Assert.False(await Waiting(10));
        Assert.True(await Waiting(50));
        for (var i = 0; i < JoinGuard.OffAfter - 1; i++) Assert.True(await Waiting(50 - i));
        Assert.False(await Waiting(20));

        hunt.Settings["join.guard"] = "on";
        Assert.True(await Waiting(0));
        hunt.Settings["join.guard"] = "off";
        Assert.False(await Waiting(100));
        Assert.False(await Waiting(1_000));
    }

    [Fact]
    public async Task While_the_orchestrator_is_away_it_keeps_measuring_and_nothing_rises_at_the_server()
    {
        using var hunt = await new ScriptedHunt("static").Running(20_000);
        for (var i = 0; i < 120; i++)
        {
            await hunt.Tick();
            var guidance = hunt.Sidecar.Guidance("server").Hunts.Single();
            Assert.Equal((20_000, false), (guidance.Limit, guidance.Pause));
        }
        // Its vote says otherwise; only an orchestrator can apply it.
        Assert.Equal(50_000, hunt.Decision.Limit);
    }

    [Fact]
    public async Task While_the_orchestrator_is_away_a_full_store_still_closes_the_door()
    {
        using var hunt = await new ScriptedHunt("headroom").Running(20_000);
        hunt.MemoryRatio = 0.95;

        await hunt.Tick();
        Assert.Equal(20_000, hunt.Sidecar.Guidance("server").Hunts.Single().Limit);
        await hunt.Tick(3);

        var guidance = hunt.Sidecar.Guidance("server").Hunts.Single();
        Assert.True(guidance.Pause);
        Assert.Contains("while no orchestrator answers", guidance.Reason);
        hunt.Apply(20_000);
        Assert.False(hunt.Sidecar.Guidance("server").Hunts.Single().Pause);
    }

    [Fact]
    public async Task An_orchestrator_of_an_older_term_is_not_heard()
    {
        using var hunt = await new ScriptedHunt().Running(20_000);
        Assert.True(hunt.Sidecar.Apply(7, []));

        Assert.False(hunt.Sidecar.Apply(6, [new Applied { Hunt = ScriptedHunt.Id, Limit = 50_000, AtMs = long.MaxValue }]));

        Assert.Equal(20_000, hunt.Now.Told!.Limit);
    }

    [Fact]
    public async Task A_vote_says_everything_that_is_combined()
    {
        using var hunt = await new ScriptedHunt().Running(20_000);
        hunt.Settings["pin_limit"] = "9000";
        hunt.Settings["first_window_ratio"] = "0.2";
        await hunt.Tick();

        var said = hunt.Sidecar.Vote();
        var vote = said.Votes.Single();

        Assert.Equal((50_000.0, 2_500.0, 20_000.0, 9_000L, 1L), (vote.Ceiling, vote.Floor, vote.Seated, vote.PinLimit, vote.Epoch));
        Assert.Equal(15_000, vote.ValidUntilMs - hunt.Now.DecidedAtMs);
        Assert.InRange(hunt.Now.DecidedAtMs - vote.ObservedAtMs, 0, 100);
        Assert.Equal(20_000 + 29_000, vote.ServerCap);
        Assert.Equal((0.2, 0.85), (vote.FirstWindow, said.Load.CpuSoft));
        Assert.Equal(0.5, said.MemoryRatio, 6);
        var seq = vote.Seq;
        await hunt.Tick();
        Assert.Equal(seq + 1, hunt.Sidecar.Vote().Votes.Single().Seq);

        hunt.Settings["governor.hunters_per_server"] = "4000";
        await hunt.Tick();
        Assert.Equal(4_000, hunt.Sidecar.Vote().Votes.Single().ServerCap);
    }

    [Fact]
    public async Task A_hunt_of_which_nobody_speaks_is_forgotten()
    {
        using var hunt = await new ScriptedHunt().Running();
        hunt.ServerIsSilent = true;

        hunt.Clock.Advance(TimeSpan.FromMinutes(6));
        await hunt.Sidecar.Tick(TestContext.Current.CancellationToken);

        Assert.Empty(hunt.Sidecar.Hunts);
        Assert.Empty(hunt.Sidecar.Vote().Votes);
    }

    [Fact]
    public async Task Reversals_of_the_applied_limit_are_counted_outside_of_a_band()
    {
        using var hunt = await new ScriptedHunt().Running(40_000);
        foreach (var limit in new[] { 38_000, 38_300, 38_000, 36_000, 37_000, 37_200, 36_000 }) hunt.Apply(limit);

        // Down to 36,000; up to 37,200 (one); down again (two). The turns of 300 are noise.
        Assert.Equal(2, hunt.Now.Reversals);
    }

    [Fact]
    public async Task A_policy_that_wants_nobody_let_in_votes_for_a_pace_and_not_for_none()
    {
        using var hunt = await new ScriptedHunt("headroom") { Seated = 40_000, MemoryRatio = 0.83 }.Running();

        Assert.Equal((Mode.Brake, 0.0), (hunt.Decision.Mode, hunt.Decision.JoinsPerSecond));
        Assert.Equal(0.01, hunt.Sidecar.Vote().Votes.Single().JoinsPerSecond);
    }

    [Fact]
    public async Task The_vote_says_whether_people_want_every_grant_written_down()
    {
        using var hunt = await new ScriptedHunt().Running();
        Assert.False(hunt.Sidecar.Vote().Votes.Single().Audit);

        hunt.Settings["gate.audit"] = "true";
        await hunt.Tick();

        Assert.True(hunt.Sidecar.Vote().Votes.Single().Audit);
    }
}
