namespace Veltrix.Gate.Tests;

public sealed class RedisPublishTests(RedisStore store) : PublishTests(store), IClassFixture<RedisStore>;

public sealed class ValkeyPublishTests(ValkeyStore store) : PublishTests(store), IClassFixture<ValkeyStore>;

public sealed class GarnetPublishTests(GarnetStore store) : PublishTests(store), IClassFixture<GarnetStore>;

/// <summary>Live values, who may write them, and what is told of the gate.</summary>
public abstract class PublishTests(TestStore store) : GateContract(store)
{
    [Fact]
    public async Task What_was_published_is_read_as_it_was()
    {
        var limits = new GateLimits(29_800, 12.5, true, 0.25, 0.125, true, "31,200 → 29,800: redis memory 0.83 of 0.80", "redis_memory", true, 50_000, false, Time);
        Assert.True(await Gate.Publish(4, limits, Cancel));
        Assert.Equal(limits, (await Gate.Counts(Cancel)).Limits);
        Assert.Equal(limits, (await Join("s1")).Limits);
    }

    [Fact]
    public async Task Before_anybody_published_there_are_no_live_values()
    {
        Assert.Null((await Gate.Counts(Cancel)).Limits);
        Assert.Null((await Join("s1")).Limits);
    }

    [Fact]
    public async Task An_older_term_is_refused_and_changes_nothing()
    {
        Assert.True(await Gate.Publish(7, Limits(10), Cancel));
        Assert.False(await Gate.Publish(6, Limits(99), Cancel));
        Assert.Equal(10, (await Gate.Counts(Cancel)).Limits!.Limit);
        Assert.True(await Gate.Publish(7, Limits(11), Cancel));
        Assert.True(await Gate.Publish(8, Limits(12), Cancel));
        Assert.Equal(12, (await Gate.Counts(Cancel)).Limits!.Limit);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public async Task A_pace_that_is_no_number_is_refused(double pace) =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Gate.Publish(1, Limits(1, pace), Cancel));

    [Fact]
    public async Task Counts_are_stamped_by_the_clock_handed_in()
    {
        var before = TimeProvider.System.GetTimestamp();
        var counts = await Gate.Counts(Cancel);
        Assert.InRange(counts.At, before, TimeProvider.System.GetTimestamp());
    }

    [Fact]
    public async Task Every_grant_is_written_down_while_audited()
    {
        await Publish(2);
        await Ask("ada lovelace");
        await Ask("bob");
        await Ask("cyd");
        Assert.Equal([new GrantRecord("ada lovelace", 0, 2, Time), new GrantRecord("bob", 1, 2, Time)], await Gate.Audit(Cancel));
        await Gate.Publish(1, Limits(9) with { Audit = false }, Cancel);
        await Ask("dan");
        Assert.Equal(2, (await Gate.Audit(Cancel)).Count);
    }

    [Fact]
    public async Task Of_two_candidates_one_leads_and_the_other_takes_over_after_the_lease()
    {
        var (first, second) = ($"a-{Guid.NewGuid():N}", $"b-{Guid.NewGuid():N}");
        var (store, other) = (Fixture.Store, await Fixture.Connect());
        var lease = TimeSpan.FromMilliseconds(300);
        var leads = await store.Lead(first, lease, Cancel);
        while (!leads.IsLeader) leads = await store.Lead(first, lease, Cancel);
        var waits = await other.Lead(second, lease, Cancel);
        Assert.Equal((false, first, leads.Term), (waits.IsLeader, waits.Leader, waits.Term));
        Assert.InRange(waits.Until, DateTimeOffset.UtcNow - TimeSpan.FromSeconds(5), DateTimeOffset.UtcNow + lease);

        // Renewed, it goes on beyond the first lease, in the same term.
        while (DateTimeOffset.UtcNow < leads.Until + TimeSpan.FromMilliseconds(50))
        {
            var again = await store.Lead(first, lease, Cancel);
            Assert.Equal((true, leads.Term), (again.IsLeader, again.Term));
            Assert.False((await other.Lead(second, lease, Cancel)).IsLeader);
        }

        // Silent, it loses it, and no earlier than it believes itself.
        var last = await store.Lead(first, lease, Cancel);
        Leadership next;
        do next = await other.Lead(second, lease, Cancel);
        while (!next.IsLeader);
        Assert.True(DateTimeOffset.UtcNow >= last.Until);
        Assert.True(next.Term > last.Term);
        Assert.False((await store.Lead(first, lease, Cancel)).IsLeader);
    }

    [Fact]
    public async Task Memory_grows_with_seats_and_shrinks_when_they_go()
    {
        string[] hunters = [.. Enumerable.Range(0, 20_000).Select(n => $"hunter-{n:00000000000}")];

        // Once before it counts: buffers of the connection and the scripts stay.
        await Gate.Renew("s1", Lease, Connected(hunters), Cancel);
        await Gate.Forget(Cancel);

        await Gate.Renew("s1", Lease, Connected(hunters), Cancel);
        var full = await Fixture.Store.Memory(Cancel);
        await Gate.Forget(Cancel);

        // Redis frees what was unlinked by and by.
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(TimeSpan.FromSeconds(20));
        var after = await Fixture.Store.Memory(patience.Token);
        while (full.Used - after.Used < hunters.Length * 60) after = await Fixture.Store.Memory(patience.Token);
        Assert.InRange(full.Used - after.Used, hunters.Length * 60, hunters.Length * 300);
        Assert.True(full.Ping > TimeSpan.Zero && after.At > full.At);
    }
}
