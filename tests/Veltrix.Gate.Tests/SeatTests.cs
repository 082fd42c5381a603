namespace Veltrix.Gate.Tests;

public sealed class RedisSeatTests(RedisStore store) : SeatTests(store), IClassFixture<RedisStore>;

public sealed class ValkeySeatTests(ValkeyStore store) : SeatTests(store), IClassFixture<ValkeyStore>;

public sealed class GarnetSeatTests(GarnetStore store) : SeatTests(store), IClassFixture<GarnetStore>;

/// <summary>How a seat is given, claimed, moved, kept and given back.</summary>
public abstract class SeatTests(TestStore store) : GateContract(store)
{
    [Fact]
    public async Task A_free_seat_is_given_at_once()
    {
        await Publish(2);
        Assert.Equal(new SeatAnswer(SeatState.Seated, 0, IsNew: true, 1, 2, 0), await Ask("ada"));
        Assert.Equal(["ada"], await Seated("ada", "bob"));
    }

    [Fact]
    public async Task Nobody_is_let_in_before_a_limit_was_published()
    {
        Assert.Equal(new SeatAnswer(SeatState.Waiting, 1, false, 0, 0, 1), await Ask("ada"));
        Assert.Empty(await Admit());
    }

    [Fact]
    public async Task Servers_hear_where_the_others_are_as_long_as_those_live_and_do_not_go()
    {
        Assert.Empty((await Gate.Renew("s1", Lease, [], Cancel, "http://a")).Elsewhere);
        await Gate.Renew("s2", Lease, [], Cancel, "http://b");
        await Join("s3");
        Assert.Equal(["http://b"], (await Gate.Renew("s1", Lease, null, Cancel, "http://a")).Elsewhere);
        // s2 goes, and still hears of the other.
        Assert.Equal(["http://a"], (await Gate.Renew("s2", Lease, null, Cancel)).Elsewhere);
        Assert.Empty((await Gate.Renew("s1", Lease, null, Cancel, "http://a")).Elsewhere);
        Pass(Lease);
        Assert.Empty((await Join("s3")).Elsewhere);
        await Admit();
        // One whose lease ran out is not named before it has reported again.
        await Gate.Renew("s1", Lease, null, Cancel, "http://a");
        Assert.Empty((await Join("s3")).Elsewhere);
    }

    [Fact]
    public async Task Asking_twice_takes_one_seat()
    {
        await Publish(5);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Ask("ada")));
        Assert.All(answers, answer => Assert.Equal(SeatState.Seated, answer.State));
        Assert.Single(answers, answer => answer.IsNew);
        Assert.Equal(1, (await Gate.Counts(Cancel)).Seated);
    }

    [Fact]
    public async Task A_seat_that_is_not_claimed_is_free_again()
    {
        await Publish(1);
        await Ask("ada");
        await Ask("bob", 2);
        Pass(Claim - TimeSpan.FromMilliseconds(1));
        Assert.Empty(await Admit());
        Pass(TimeSpan.FromMilliseconds(1));
        Assert.Equal(["bob"], await Admit());
        Assert.Empty(await Seated("ada"));
    }

    [Fact]
    public async Task Asking_where_one_stands_keeps_no_seat()
    {
        await Publish(1);
        await Ask("ada");
        for (var i = 0; i < 2; i++)
        {
            Pass(Claim * 0.4);
            Assert.Equal(SeatState.Seated, (await Ask("ada", comes: false)).State);
        }

        Pass(Claim * 0.2);
        await Admit();
        Assert.Empty(await Seated("ada"));
    }

    [Fact]
    public async Task Asking_again_keeps_an_unclaimed_seat_for_another_claim()
    {
        await Publish(1);
        await Ask("ada");
        Pass(Claim / 2);
        Assert.False((await Ask("ada")).IsNew);
        Pass(Claim * 0.75);
        await Admit();
        Assert.Equal(["ada"], await Seated("ada"));
    }

    [Fact]
    public async Task A_seat_with_a_connection_lives_as_long_as_its_server()
    {
        await Publish(1);
        await Join("s1");
        await Sit("ada", "s1");
        for (var second = 0; second < 100; second++)
        {
            Pass(TimeSpan.FromSeconds(9));
            Assert.False((await Gate.Renew("s1", Lease, null, Cancel)).WantsSeats);
            await Admit();
        }
        Assert.Equal(["ada"], await Seated("ada"));
    }

    [Fact]
    public async Task A_hunter_without_a_seat_cannot_attach()
    {
        await Publish(1);
        await Join("s1");
        Assert.False(await Gate.Attach("ada", "s1", Cancel));
        Assert.Empty(await Seated("ada"));
    }

    [Fact]
    public async Task A_lost_connection_keeps_its_seat_for_the_grace()
    {
        await Publish(1);
        await Join("s1");
        await Sit("ada", "s1");
        await Gate.Detach(["ada"], "s1", Grace, Cancel);
        await Ask("bob", 2);
        Pass(Grace - TimeSpan.FromMilliseconds(1));
        Assert.Empty(await Admit());
        Assert.Equal(SeatState.Seated, (await Ask("ada")).State);
        Assert.True(await Gate.Attach("ada", "s1", Cancel));
        await Join("s1", "ada");
        Pass(TimeSpan.FromSeconds(5));
        Assert.Empty(await Admit());
        Assert.Equal(["ada"], await Seated("ada", "bob"));
    }

    [Fact]
    public async Task After_the_grace_the_seat_is_somebody_elses()
    {
        await Publish(1);
        await Join("s1");
        await Sit("ada", "s1");
        await Gate.Detach(["ada"], "s1", Grace, Cancel);
        await Ask("bob", 2);
        Pass(Grace);
        Assert.Equal(["bob"], await Admit());
        Assert.False(await Gate.Attach("ada", "s1", Cancel));
        var counts = await Gate.Counts(Cancel);
        Assert.Equal((1, 2, 1), (counts.Seated, counts.Joins, counts.Leaves));
    }

    [Fact]
    public async Task A_seat_moves_with_its_hunter_and_a_late_detach_from_the_old_server_does_nothing()
    {
        await Publish(1);
        await Join("s1");
        await Join("s2");
        await Sit("ada", "s1");
        Assert.True(await Gate.Attach("ada", "s2", Cancel));
        await Gate.Detach(["ada"], "s1", TimeSpan.Zero, Cancel);
        await Admit();
        Assert.Equal(["ada"], await Seated("ada"));
        await Gate.Detach(["ada"], "s2", TimeSpan.Zero, Cancel);
        await Admit();
        Assert.Empty(await Seated("ada"));
    }

    [Fact]
    public async Task A_second_detach_does_not_lengthen_the_grace()
    {
        await Publish(1);
        await Join("s1");
        await Sit("ada", "s1");
        await Gate.Detach(["ada"], "s1", Grace, Cancel);
        Pass(Grace / 2);
        await Gate.Detach(["ada"], "s1", Grace, Cancel);
        Pass(Grace / 2);
        await Admit();
        Assert.Empty(await Seated("ada"));
    }

    [Fact]
    public async Task Leaving_frees_the_seat_at_once_and_gives_up_a_place()
    {
        await Publish(1);
        await Ask("ada");
        await Ask("bob", 2);
        await Ask("cyd", 3);
        await Gate.Leave("bob", Cancel);
        await Gate.Leave("ada", Cancel);
        await Gate.Leave("nobody", Cancel);
        Assert.Equal(["cyd"], await Admit());
        var counts = await Gate.Counts(Cancel);
        Assert.Equal((1, 0, 2, 1), (counts.Seated, counts.Waiting, counts.Joins, counts.Leaves));
    }

    [Fact]
    public async Task Seats_of_a_dead_server_get_their_grace_and_then_go()
    {
        await Publish(3);
        await Join("s1");
        await Join("s2");
        await Sit("ada", "s1");
        await Sit("bob", "s1");
        await Sit("cyd", "s2");
        Pass(Lease);
        await Join("s2", "cyd");
        await Admit();
        Assert.Equal(["s2"], (await Gate.Counts(Cancel)).Servers);
        Assert.Equal(["ada", "bob", "cyd"], await Seated("ada", "bob", "cyd"));

        // One of them finds another server within the grace.
        Assert.True(await Gate.Attach("bob", "s2", Cancel));
        for (var left = Grace; left > TimeSpan.Zero; left -= TimeSpan.FromSeconds(5))
        {
            Pass(TimeSpan.FromSeconds(5));
            await Gate.Renew("s2", Lease, null, Cancel);
        }
        await Admit();
        Assert.Equal(["bob", "cyd"], await Seated("ada", "bob", "cyd"));
    }

    [Fact]
    public async Task All_seats_of_a_dead_server_are_found_however_many()
    {
        await Publish(5_000);
        await Join("s2");
        await Gate.Renew("s1", Lease, [.. Enumerable.Range(0, 3_000).Select(n => ($"h{n}", TimeSpan.Zero))], Cancel);
        Assert.Equal(3_000, (await Gate.Counts(Cancel)).Seated);
        Pass(Lease);
        await Admit();
        Pass(Grace);
        await Admit();
        Assert.Equal(0, (await Gate.Counts(Cancel)).Seated);
    }

    [Fact]
    public async Task A_server_that_was_silent_for_a_lease_reports_its_seats_and_has_them_back()
    {
        await Publish(2);
        await Join("s1");
        await Join("s2");
        await Sit("ada", "s1");
        await Sit("bob", "s1");
        Pass(Lease);
        await Join("s2");
        await Admit();
        Assert.True(await Gate.Attach("bob", "s2", Cancel));
        Assert.True((await Gate.Renew("s1", Lease, null, Cancel)).WantsSeats);
        Assert.False((await Join("s1", "ada", "bob")).WantsSeats);

        // What moved meanwhile stays where it is: the old server's detach does nothing.
        await Gate.Detach(["bob"], "s1", TimeSpan.Zero, Cancel);
        await Gate.Detach(["ada"], "s1", TimeSpan.Zero, Cancel);
        await Admit();
        Assert.Equal(["bob"], await Seated("ada", "bob"));
    }

    [Fact]
    public async Task A_server_that_starts_again_within_its_lease_does_not_keep_the_seats_of_its_run_before()
    {
        await Publish(3);
        await Join("s1");
        foreach (var hunter in new[] { "ada", "bob", "cyd" }) await Sit(hunter, "s1");
        await Join("s1", "ada");
        Assert.True(await Gate.Attach("bob", "s1", Cancel));
        for (var second = 0; second < 10; second++)
        {
            Pass(TimeSpan.FromSeconds(1));
            await Gate.Renew("s1", Lease, null, Cancel);
        }
        await Admit();
        Assert.Equal(["ada", "bob"], await Seated("ada", "bob", "cyd"));
    }

    [Fact]
    public async Task What_is_called_after_a_long_report_takes_effect_after_it()
    {
        await Publish(5_000);
        string[] hunters = [.. Enumerable.Range(0, 2_600).Select(n => $"h{n:0000}")];
        var report = Gate.Renew("s1", Lease, Connected(hunters), Cancel);
        var detached = Gate.Detach([hunters[^1]], "s1", TimeSpan.Zero, Cancel);
        await Task.WhenAll(report, detached);
        await Admit();
        Assert.Equal(hunters[..^1], await Seated(hunters));
    }

    [Fact]
    public async Task A_hunter_whose_server_died_is_the_servers_that_reports_it()
    {
        await Publish(1);
        await Join("s1");
        await Sit("ada", "s1");
        Pass(Lease);
        await Join("s2", "ada");
        await Gate.Detach(["ada"], "s1", TimeSpan.Zero, Cancel);
        await Admit();
        Assert.Equal(["ada"], await Seated("ada"));
    }

    [Fact]
    public async Task A_seat_attached_to_a_server_without_a_lease_is_only_lent()
    {
        await Publish(1);
        await Sit("ada", "s1");
        Assert.True((await Gate.Renew("s1", Lease, null, Cancel)).WantsSeats);
        Pass(TimeSpan.FromSeconds(10));
        await Admit();
        Assert.Empty(await Seated("ada"));
    }

    [Fact]
    public async Task Lowering_the_limit_below_the_seated_evicts_nobody_and_lets_nobody_in()
    {
        await Publish(3);
        await Join("s1");
        foreach (var hunter in new[] { "ada", "bob", "cyd" }) await Sit(hunter, "s1");
        await Publish(1);
        Assert.Equal(SeatState.Waiting, (await Ask("dan", 4)).State);
        Assert.Empty(await Admit());
        Assert.Equal(["ada", "bob", "cyd"], await Seated("ada", "bob", "cyd", "dan"));
        await Gate.Leave("ada", Cancel);
        await Gate.Leave("bob", Cancel);
        Assert.Empty(await Admit());
        await Gate.Leave("cyd", Cancel);
        Assert.Equal(["dan"], await Admit());
    }

    [Fact]
    public async Task A_seat_held_is_kept_during_a_pause_and_at_a_limit_of_zero()
    {
        await Publish(1);
        await Join("s1");
        await Sit("ada", "s1");
        await Gate.Detach(["ada"], "s1", Grace, Cancel);
        await Publish(0, pause: true);
        Assert.Equal(SeatState.Seated, (await Ask("ada")).State);
        Assert.True(await Gate.Attach("ada", "s1", Cancel));
    }

    [Fact]
    public async Task Many_hunters_are_asked_for_in_one_call()
    {
        await Publish(2_000);
        string[] hunters = [.. Enumerable.Range(0, 1_200).Select(n => $"h{n}")];
        await Gate.Renew("s1", Lease, Connected(hunters), Cancel);
        Assert.Equal(hunters, await Seated([.. hunters, "nobody"]));
        Assert.Empty(await Seated());
    }

    [Fact]
    public async Task Forgetting_a_hunt_leaves_nothing_of_it()
    {
        await Publish(1);
        await Join("s1");
        await Sit("ada", "s1");
        await Ask("bob", 2);
        await Gate.Forget(Cancel);
        Assert.True((await Gate.Counts(Cancel)).Rebuilding);
        Assert.Empty(await Gate.Audit(Cancel));
        await Gate.Reopen(1, Cancel);
        var counts = await Gate.Counts(Cancel);
        Assert.Equal((0, 0, 0, 0), (counts.Seated, counts.Waiting, counts.Joins, counts.Leaves));
        Assert.Null(counts.Limits);
        Assert.Empty(counts.Servers);
    }
}
