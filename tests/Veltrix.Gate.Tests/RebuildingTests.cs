namespace Veltrix.Gate.Tests;

public sealed class RedisRebuildingTests(RedisStore store) : RebuildingTests(store), IClassFixture<RedisStore>;

public sealed class ValkeyRebuildingTests(ValkeyStore store) : RebuildingTests(store), IClassFixture<ValkeyStore>;

public sealed class GarnetRebuildingTests(GarnetStore store) : RebuildingTests(store), IClassFixture<GarnetStore>;

/// <summary>A store that has lost its keys must not let in a second full house.</summary>
public abstract class RebuildingTests(TestStore store) : GateContract(store)
{
    [Fact]
    public async Task A_hunt_never_seen_is_closed_until_somebody_opens_it()
    {
        await Gate.Forget(Cancel);
        await Publish(10);
        await IsRebuilding(() => Ask("ada"));
        await Gate.Reopen(1, Cancel);
        Assert.Equal(SeatState.Seated, (await Ask("ada")).State);
    }

    [Fact]
    public async Task Whatever_could_seat_somebody_says_so_while_it_is_rebuilding()
    {
        await Gate.Forget(Cancel);
        await IsRebuilding(() => Ask("ada"));
        await IsRebuilding(() => Gate.Attach("ada", "s1", Cancel));
        await IsRebuilding(() => Admit());
        await IsRebuilding(() => Gate.Waiting(Cancel));
        await IsRebuilding(() => Gate.Seated(["ada"], Cancel));
        await IsRebuilding(() => Gate.Seen(["ada"], Cancel));
        await Publish(10);
        var live = await Gate.Renew("s1", Lease, null, Cancel);
        Assert.Equal((0, true, 10), (live.Epoch, live.WantsSeats, live.Limits!.Limit));
        var counts = await Gate.Counts(Cancel);
        Assert.Equal((0, true), (counts.Epoch, counts.Rebuilding));
    }

    [Fact]
    public async Task Those_who_were_reported_move_lose_connections_and_leave_while_it_is_rebuilding()
    {
        await Gate.Forget(Cancel);
        await Publish(5);
        await Join("s1", "ada", "bob", "cyd", "dan");
        await Join("s2");
        Assert.True(await Gate.Attach("ada", "s2", Cancel));
        await Gate.Detach(["bob"], "s1", Grace, Cancel);
        await Gate.Leave("cyd", Cancel);
        await Gate.Reopen(1, Cancel);
        await Gate.Detach(["ada"], "s1", TimeSpan.Zero, Cancel);
        Pass(Lease / 2);
        await Gate.Renew("s1", Lease, null, Cancel);
        await Gate.Renew("s2", Lease, null, Cancel);
        await Admit();
        Assert.Equal(["ada", "bob", "dan"], await Seated("ada", "bob", "cyd", "dan"));
    }

    [Fact]
    public async Task After_a_flush_the_seated_are_counted_again_and_no_second_house_gets_in()
    {
        const int limit = 1_200;
        await Publish(limit);
        string[] hunters = [.. Enumerable.Range(0, limit).Select(n => $"h{n:0000}")];
        await Join("s1");
        await Join("s2");
        foreach (var some in hunters.Index().Chunk(100)) await Task.WhenAll(some.Select(hunter => Sit(hunter.Item, hunter.Index % 2 == 0 ? "s1" : "s2")));
        Assert.Equal(SeatState.Waiting, (await Ask("late", 2)).State);
        var before = await Gate.Counts(Cancel);

        await Fixture.Command("FLUSHALL");

        await Publish(limit);
        await IsRebuilding(() => Ask("late", 2));
        foreach (var half in new[] { 0, 1 })
        {
            var server = half == 0 ? "s1" : "s2";
            Assert.True((await Gate.Renew(server, Lease, null, Cancel)).WantsSeats);
            var live = await Join(server, [.. hunters.Where((_, n) => n % 2 == half)]);
            Assert.False(live.WantsSeats);
            await IsRebuilding(() => Ask("late", 2));
        }
        Assert.Equal(["s1", "s2"], (await Gate.Counts(Cancel)).Servers);

        await Gate.Reopen(1, Cancel);

        var after = await Gate.Counts(Cancel);
        Assert.Equal((limit, false), (after.Seated, after.Rebuilding));
        Assert.True(after.Epoch > before.Epoch);
        Assert.Equal(after.Epoch, (await Gate.Renew("s1", Lease, null, Cancel)).Epoch);
        Assert.Equal(new SeatAnswer(SeatState.Waiting, 1, false, limit, limit, 1), await Ask("late", 2));
        Assert.Empty(await Admit());
        Assert.Empty(await Gate.Audit(Cancel));

        // All of them still play, wherever they connect.
        Assert.Equal(SeatState.Seated, (await Ask(hunters[0])).State);
        Assert.True(await Gate.Attach(hunters[0], "s2", Cancel));
    }

    [Fact]
    public async Task A_report_in_whose_middle_the_keys_are_lost_does_not_count()
    {
        string[] hunters = [.. Enumerable.Range(0, 5_000).Select(n => $"h{n:00000}")];
        // Another connection: on the same one it would come after the whole report.
        var other = (await Fixture.Connect()).Hunt(Gate.Id);
        other.Now = Gate.Now;
        var inTheMiddle = 0;
        for (var attempt = 0; attempt < 50 && inTheMiddle < 3; attempt++)
        {
            var report = Gate.Renew("s1", Lease, Connected(hunters), Cancel);
            while ((await other.Counts(Cancel)).Seated == 0) await Task.Yield();
            await other.Forget(Cancel);
            if ((await report).WantsSeats) inTheMiddle++;
            // On a busy machine the report is over before anybody sees its beginning: a longer one is not.
            else if (hunters.Length < 160_000) hunters = [.. Enumerable.Range(0, hunters.Length * 2).Select(n => $"h{n:00000}")];
            Assert.Empty((await Gate.Counts(Cancel)).Servers);
            await Gate.Forget(Cancel);
        }
        Assert.True(inTheMiddle > 0);
        Assert.False((await Gate.Renew("s1", Lease, Connected(hunters), Cancel)).WantsSeats);
        Assert.Equal(hunters.Length, (await Gate.Counts(Cancel)).Seated);
    }

    [Fact]
    public async Task A_server_that_reports_after_the_reopening_has_its_hunters_counted_beyond_the_limit_and_nobody_gets_in()
    {
        await Gate.Forget(Cancel);
        await Publish(1);
        await Gate.Reopen(1, Cancel);
        await Ask("late", 2);
        Assert.True((await Gate.Renew("s1", Lease, null, Cancel)).WantsSeats);
        await Join("s1", "ada", "bob");
        Assert.Equal(3, (await Gate.Counts(Cancel)).Seated);
        Assert.Equal(SeatState.Waiting, (await Ask("later", 3)).State);
        await Gate.Leave("ada", Cancel);
        await Gate.Leave("bob", Cancel);
        Assert.Empty(await Admit());
        Assert.Equal(["later"], await Gate.Waiting(Cancel));
    }

    /// <summary>Its server died or hung, say, as the store lost its keys, so that nobody could report its seat.</summary>
    [Fact]
    public async Task After_a_flush_nobody_new_gets_in_for_a_moment_while_those_come_back_who_had_a_seat()
    {
        await Fixture.Command("FLUSHALL");
        await Publish(3);
        await Join("s1", "ada");
        await Gate.Reopen(1, Cancel);
        Assert.True((await Gate.Renew("s1", Lease, null, Cancel)).IsReturning);
        Assert.True((await Gate.Counts(Cancel)).IsReturning);
        Assert.Equal(SeatState.Waiting, (await Ask("new", 2)).State);
        Assert.Equal(SeatState.Waiting, (await Ask("pass", 3, pass: true)).State);
        Assert.Empty(await Admit());
        // Bob is known for one who had a seat at once, cyd only later.
        Assert.Equal(SeatState.Waiting, (await Ask("cyd", 4)).State);
        Assert.Equal(SeatState.Waiting, (await Ask("bob", HuntGate.Returns)).State);
        Assert.Equal(["bob"], await Admit());
        Pass(TimeSpan.FromSeconds(14));
        Assert.Empty(await Admit());
        Assert.Equal(SeatState.Waiting, (await Ask("cyd", HuntGate.Returns)).State);
        Pass(TimeSpan.FromSeconds(1));
        Assert.False((await Gate.Counts(Cancel)).IsReturning);
        Assert.Equal(["cyd"], await Admit(passShare: 0));
    }

    [Fact]
    public async Task Who_may_have_had_a_seat_stands_before_all_others_after_a_flush_and_at_its_own_place_otherwise()
    {
        await Publish(1);
        await Join("s1");
        await Sit("ada", "s1");
        Assert.Equal(1, (await Ask("new", 2)).Place);
        Assert.Equal(2, (await Ask("bob", 99, hadSeat: true)).Place);

        await Fixture.Command("FLUSHALL");

        await Publish(3);
        await Join("s1", "ada");
        await Gate.Reopen(1, Cancel);
        Assert.Equal(1, (await Ask("new", 2)).Place);
        Assert.Equal(SeatState.Seated, (await Ask("cyd", 98, hadSeat: true)).State);
        // It asked before the gate knew, and again.
        Assert.Equal(2, (await Ask("bob", 99)).Place);
        Assert.Equal(SeatState.Seated, (await Ask("bob", 99, hadSeat: true)).State);
        Assert.Equal(["new"], await Gate.Waiting(Cancel));
    }

    /// <summary>They were playing a moment ago, and the pace of joins is meant for newcomers.</summary>
    [Fact]
    public async Task Neither_the_pace_nor_a_pause_holds_up_those_who_come_back()
    {
        await Fixture.Command("FLUSHALL");
        await Publish(5, pace: 1);
        await Join("s1", "ada");
        await Gate.Reopen(1, Cancel);
        foreach (var hunter in (string[])["bob", "cyd", "dan"]) Assert.Equal(SeatState.Seated, (await Ask(hunter, HuntGate.Returns)).State);
        await Publish(5, pause: true);
        Assert.Equal(SeatState.Seated, (await Ask("eve", HuntGate.Returns)).State);
        // The limit does.
        Assert.Equal(SeatState.Waiting, (await Ask("fay", HuntGate.Returns)).State);
        Assert.Empty(await Admit());
    }

    [Fact]
    public async Task The_first_opening_lets_in_everybody()
    {
        await Gate.Forget(Cancel);
        await Publish(3);
        await Join("s1");
        await Gate.Reopen(1, Cancel);
        Assert.False((await Gate.Counts(Cancel)).IsReturning);
        Assert.Equal(SeatState.Seated, (await Ask("new", 2)).State);
    }

    [Fact]
    public async Task A_clock_set_back_after_the_reopening_keeps_nobody_out()
    {
        await Gate.Forget(Cancel);
        await Publish(3);
        await Join("s1", "ada");
        await Gate.Reopen(1, Cancel);
        Pass(TimeSpan.FromHours(-1));
        Assert.Equal(SeatState.Seated, (await Ask("new", 2)).State);
    }

    [Fact]
    public async Task Who_is_in_its_grace_has_its_seat_again_where_the_keys_were_lost_and_nobody_else_told_of_it()
    {
        await Gate.Forget(Cancel);
        await Publish(3);
        await Join("s2", "bob");
        await Gate.Renew("s1", Lease, [("ada", TimeSpan.FromSeconds(30)), ("bob", TimeSpan.FromSeconds(30)), ("cyd", TimeSpan.Zero)], Cancel);
        await Gate.Reopen(1, Cancel);
        Assert.Equal(["ada", "bob", "cyd"], await Seated("ada", "bob", "cyd"));
        await Gate.Renew("s1", TimeSpan.FromMinutes(1), null, Cancel);
        await Gate.Renew("s2", TimeSpan.FromMinutes(1), null, Cancel);
        Pass(TimeSpan.FromSeconds(29));
        await Admit();
        Assert.Equal(["ada", "bob", "cyd"], await Seated("ada", "bob", "cyd"));
        Pass(TimeSpan.FromSeconds(1));
        await Admit();
        Assert.Equal(["bob", "cyd"], await Seated("ada", "bob", "cyd"));
        // The store is whole now, and knows better: it may have given the seat back long ago.
        await Gate.Renew("s1", Lease, [("ada", TimeSpan.FromSeconds(30)), ("cyd", TimeSpan.Zero)], Cancel);
        Assert.Equal(["bob", "cyd"], await Seated("ada", "bob", "cyd"));
    }

    [Fact]
    public async Task One_who_waits_at_one_server_and_plays_at_another_has_a_seat_and_no_place()
    {
        await Gate.Forget(Cancel);
        await Publish(0);
        await Gate.Reopen(1, Cancel);
        await Ask("ada", 2);
        await Join("s1", "ada");
        Assert.Empty(await Gate.Waiting(Cancel));
        Assert.Equal(["ada"], await Seated("ada"));
    }

    [Fact]
    public async Task Opening_an_open_gate_or_with_an_older_term_does_nothing()
    {
        await Gate.Publish(5, Limits(1), Cancel);
        var epoch = (await Gate.Counts(Cancel)).Epoch;
        await Gate.Reopen(5, Cancel);
        Assert.Equal(epoch, (await Gate.Counts(Cancel)).Epoch);
        await Fixture.Command("DEL", $"{{{Gate.Id}}}:epoch");
        await Gate.Reopen(4, Cancel);
        Assert.True((await Gate.Counts(Cancel)).Rebuilding);
        await Gate.Reopen(6, Cancel);
        Assert.True((await Gate.Counts(Cancel)).Epoch > epoch);
        Assert.False(await Gate.Publish(5, Limits(9), Cancel));
    }

    [Fact]
    public async Task A_term_that_grew_before_a_flush_is_older_than_the_next()
    {
        var lease = TimeSpan.FromSeconds(10);
        var first = await Fixture.Store.Lead("a", lease, Cancel);
        Assert.True(first.IsLeader);
        await Fixture.Command("FLUSHALL");
        var second = await Fixture.Store.Lead("b", lease, Cancel);
        Assert.True(second.IsLeader && second.Term > first.Term);
    }

    static async Task IsRebuilding(Func<Task> call) => Assert.Equal(GateFault.Rebuilding, (await Assert.ThrowsAsync<GateException>(call)).Fault);
}
