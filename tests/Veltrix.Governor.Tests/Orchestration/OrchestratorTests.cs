using Veltrix.Gate;
using Veltrix.Governor.Orchestration;
using Veltrix.Wire.Governor;

namespace Veltrix.Governor.Tests.Orchestration;

/// <summary>Whole orchestrators between governors and a store that are really there. The tests say when a round is; only leases run by real time.</summary>
public sealed class OrchestratorTests(SharedRedis shared) : IClassFixture<SharedRedis>, IAsyncDisposable
{
    static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;
    // Longer than anything here takes on a busy machine; one test waits for the short one.
    static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);
    static readonly TimeSpan ShortLease = TimeSpan.FromSeconds(3);
    static readonly TimeSpan Claim = TimeSpan.FromSeconds(30);

    readonly HeardLog log = new();
    readonly List<IAsyncDisposable> started = [];

    async Task<ScriptedGovernor[]> Governors(params double[] limits)
    {
        var governors = await Task.WhenAll(limits.Select(limit => ScriptedGovernor.Start(("h", limit))));
        started.AddRange(governors);
        return governors;
    }

    async Task<GateStore> Store(string? endpoint = null)
    {
        var store = endpoint is null ? await shared.Open() : await GateStore.Open(new GateStoreOptions { Endpoint = endpoint }, Cancel);
        started.Add(store);
        return store;
    }

    Orchestrator Orchestrator(string name, GateStore store, params ScriptedGovernor[] governors) => Orchestrator(name, store, TimeSpan.FromSeconds(10), Lease, governors);

    Orchestrator Orchestrator(string name, GateStore store, TimeSpan within, TimeSpan lease, params ScriptedGovernor[] governors) =>
        Orchestrator(name, store, within, lease, TimeSpan.FromSeconds(5), governors);

    Orchestrator Orchestrator(string name, GateStore store, TimeSpan within, TimeSpan lease, TimeSpan every, params ScriptedGovernor[] governors)
    {
        var options = new OrchestratorOptions { Governors = [], Name = name, Lease = lease, Within = within, Every = every };
        var faults = new Faults(log);
        var addresses = governors.Select(governor => GovernorAddress.TryParse(governor.Url, out var address, out _) ? address : throw new ArgumentException(governor.Url));
        var calls = new Governors([.. addresses], () => "a-token-of-the-test", within, TimeProvider.System, faults);
        started.Add(new Ends(calls));
        return new Orchestrator(store, calls, options, faults, log);
    }

    /// <summary>Rounds until the gate is open and the governors measure it.</summary>
    static async Task<HuntGate> Open(Orchestrator orchestrator, GateStore store, params ScriptedGovernor[] governors)
    {
        var gate = store.Hunt("h");
        for (var i = 0; i < governors.Length; i++) await gate.Renew($"s{i}", TimeSpan.FromMinutes(1), [], Cancel);
        await orchestrator.Once(Cancel);
        var epoch = (await gate.Counts(Cancel)).Epoch;
        Assert.NotEqual(0, epoch);
        foreach (var governor in governors) governor.Epoch = epoch;
        return gate;
    }

    [Fact]
    public async Task A_round_publishes_the_limit_of_all_votes_and_tells_every_governor()
    {
        var governors = await Governors(20_000, 30_000, 40_000);
        var store = await Store();
        var orchestrator = Orchestrator("a", store, governors);
        var gate = await Open(orchestrator, store, governors);

        await orchestrator.Once(Cancel);

        var limits = (await gate.Counts(Cancel)).Limits!;
        Assert.Equal((30_000L, 50_000L, "redis_memory"), (limits.Limit, limits.Ceiling, limits.Cause));
        Assert.EndsWith("redis memory 0.70 of 0.80 (2nd lowest of 3 votes)", limits.Reason);
        Assert.All(governors, governor => Assert.Equal((30_000L, limits.Reason), (governor.Told.Last().Applied[0].Limit, governor.Told.Last().Applied[0].Reason)));
        // What was applied is told again with the next question.
        await orchestrator.Once(Cancel);
        Assert.All(governors, governor => Assert.Equal(30_000, governor.Asked.Last().Applied[0].Limit));
        Assert.True(orchestrator.Now.IsLeader);
    }

    [Fact]
    public async Task The_limit_that_was_published_is_the_one_that_the_gate_goes_by()
    {
        var governors = await Governors(3);
        var store = await Store();
        var orchestrator = Orchestrator("a", store, governors);
        var gate = await Open(orchestrator, store, governors);
        await gate.Publish(orchestrator.Now.Term, (await gate.Counts(Cancel)).Limits! with { Limit = 3 }, Cancel);
        governors[0].Limits["h"] = 2_500;

        for (var i = 0; i < 5; i++) await gate.Ask($"n{i}", i, false, Claim, true, true, Cancel);
        Assert.Equal(3, (await gate.Counts(Cancel)).Seated);
        await orchestrator.Once(Cancel);

        Assert.Equal(5, (await gate.Admit(Claim, Claim, Claim, Cancel)).Count + 3);
        Assert.Equal(3, orchestrator.Now.Outcome.Rulings[0].Seated);
    }

    [Fact]
    public async Task A_standby_publishes_nothing_and_goes_on_from_the_published_limit_when_the_leader_is_gone()
    {
        var governors = await Governors(31_000, 32_000);
        var store = await Store();
        Orchestrator Candidate(string name) => Orchestrator(name, store, TimeSpan.FromSeconds(10), ShortLease, governors);
        var (a, b) = (Candidate("a"), Candidate("b"));
        var gate = await Open(a, store, governors);
        await a.Once(Cancel);
        foreach (var governor in governors) (governor.State, governor.Limits["h"]) = (VoteState.Abstain, 50_000);

        await b.Once(Cancel);
        var (told, warm) = (governors[0].Told.Count, b.Now);
        Assert.Equal((false, "a", 31_000L), (warm.IsLeader, warm.Leader, warm.Outcome.Rulings[0].Limits.Limit));
        Assert.True(a.Now.IsLeader);
        for (var i = 0; !b.Now.IsLeader; i++)
        {
            Assert.True(i < 200, "nobody leads");
            Assert.Equal(told, governors[0].Told.Count);
            await Task.Delay(25, Cancel);
            await b.Once(Cancel);
        }

        Assert.True(b.Now.Term > a.Now.Term);
        Assert.Equal(31_000, (await gate.Counts(Cancel)).Limits!.Limit);
        Assert.Equal((b.Now.Term, 31_000L), (governors[0].Told.Last().Term, governors[0].Told.Last().Applied[0].Limit));

        await a.Once(Cancel);
        Assert.False(a.Now.IsLeader);
        Assert.Equal(b.Now.Term, governors[0].Told.Last().Term);
    }

    [Fact]
    public async Task One_that_a_newer_term_has_outrun_publishes_and_applies_nothing_more()
    {
        var governors = await Governors(31_000, 32_000);
        var store = await Store();
        var orchestrator = Orchestrator("a", store, governors);
        var gate = await Open(orchestrator, store, governors);
        var newer = (await gate.Counts(Cancel)).Limits! with { Limit = 9_000, Reason = "newer" };
        await gate.Publish(orchestrator.Now.Term + 1, newer, Cancel);
        var told = governors[0].Told.Count;

        await orchestrator.Once(Cancel);

        Assert.Equal("newer", (await gate.Counts(Cancel)).Limits!.Reason);
        Assert.Equal((told, false), (governors[0].Told.Count, orchestrator.Now.IsLeader));
        Assert.Contains(log.Lines, line => line.Contains("a newer one has spoken", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_governor_that_has_heard_of_a_newer_orchestrator_ends_this_ones_round_as_leader()
    {
        var governors = await Governors(31_000, 32_000);
        var store = await Store();
        var orchestrator = Orchestrator("a", store, governors);
        await Open(orchestrator, store, governors);
        governors[1].IsOutrun = true;

        await orchestrator.Once(Cancel);

        Assert.False(orchestrator.Now.IsLeader);
    }

    [Fact]
    public async Task A_store_that_is_killed_and_comes_back_empty_is_led_published_and_opened_again()
    {
        await using var redis = await RealRedis.Start();
        var governors = await Governors(31_000, 32_000);
        var store = await Store(redis.Endpoint);
        var orchestrator = Orchestrator("a", store, TimeSpan.FromSeconds(2), Lease, governors);
        await Open(orchestrator, store, governors);
        await orchestrator.Once(Cancel);
        var term = orchestrator.Now.Term;
        await redis.Kill();

        for (var i = 0; i < 3; i++) await orchestrator.Once(Cancel);
        Assert.Equal(1, log.Lines.Count(line => line.StartsWith("gate of h: ", StringComparison.Ordinal) && !line.EndsWith("well again", StringComparison.Ordinal)));

        await redis.Run();
        var gate = store.Hunt("h");
        for (var i = 0; !orchestrator.Now.IsLeader || (await Counted(gate))?.Limits is null; i++)
        {
            Assert.True(i < 200, "it was not led again");
            await Task.Delay(25, Cancel);
            await orchestrator.Once(Cancel);
        }

        // Published before it opens, from what was in force and not from the ceiling; the two servers are not back yet.
        Assert.Equal((31_000L, true), ((await gate.Counts(Cancel)).Limits!.Limit, (await gate.Counts(Cancel)).Rebuilding));
        Assert.True(orchestrator.Now.Term >= term);
        for (var i = 0; i < 2; i++) await gate.Renew($"s{i}", TimeSpan.FromMinutes(1), [], Cancel);
        await orchestrator.Once(Cancel);
        Assert.False((await gate.Counts(Cancel)).Rebuilding);
    }

    /// <summary>Until the next round nobody gets in, so it comes at once and not in its own time: here an hour, otherwise five seconds.</summary>
    [Fact]
    public async Task A_gate_that_is_put_together_again_is_looked_at_every_second()
    {
        var governors = await Governors(3, 3);
        var store = await Store();
        var gate = store.Hunt("h");
        await gate.Renew("s0", Lease, [], Cancel);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var running = Orchestrator("a", store, TimeSpan.FromSeconds(10), Lease, every: TimeSpan.FromHours(1), governors).Run(over.Token);
        for (var i = 0; (await gate.Counts(Cancel)).Limits is null; i++)
        {
            Assert.True(i < 1_200, "there was no first round");
            await Task.Delay(25, Cancel);
        }

        // Only now have as many servers reported as there are governors.
        Assert.True((await gate.Counts(Cancel)).Rebuilding);
        await gate.Renew("s1", Lease, [], Cancel);

        for (var i = 0; (await gate.Counts(Cancel)).Rebuilding; i++)
        {
            Assert.True(i < 1_200, "there was no second round");
            await Task.Delay(25, Cancel);
        }

        await over.CancelAsync();
        await running;
    }

    static async Task<GateCounts?> Counted(HuntGate gate)
    {
        try
        {
            return await gate.Counts(Cancel);
        }
        catch (GateException)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var one in Enumerable.Reverse(started)) await one.DisposeAsync();
    }

    sealed class Ends(IDisposable disposable) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            disposable.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
