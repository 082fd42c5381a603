namespace Veltrix.Gate.Tests;

public sealed class RedisWaitingTests(RedisStore store) : WaitingTests(store), IClassFixture<RedisStore>;

public sealed class ValkeyWaitingTests(ValkeyStore store) : WaitingTests(store), IClassFixture<ValkeyStore>;

public sealed class GarnetWaitingTests(GarnetStore store) : WaitingTests(store), IClassFixture<GarnetStore>;

/// <summary>Who is let in when, and what keeps a place.</summary>
public abstract class WaitingTests(TestStore store) : GateContract(store)
{
    [Fact]
    public async Task First_come_first_served()
    {
        await Publish(0);
        string[] hunters = [.. Enumerable.Range(0, 1_100).Select(n => $"h{n:0000}")];
        foreach (var hunter in hunters.Reverse()) await Ask(hunter, 1_000 + int.Parse(hunter[1..]));
        Assert.Equal(hunters, await Gate.Waiting(Cancel));
        await Publish(1_050);
        Assert.Equal(hunters[..1_050], await Admit());
        Assert.Equal(hunters[1_050..], await Gate.Waiting(Cancel));
    }

    [Fact]
    public async Task Lots_drawn_before_the_opening_go_before_those_who_come_after_it()
    {
        await Publish(2);
        Assert.Equal(SeatState.Waiting, (await Ask("ada", 0.7, open: false)).State);
        Assert.Equal(SeatState.Waiting, (await Ask("bob", 0.2, open: false)).State);
        Assert.Empty(await Gate.Admit(Claim, Patience, Grace, Cancel, open: false));
        var late = await Ask("cyd", Time);
        Assert.Equal((SeatState.Waiting, 3), (late.State, late.Place));
        Assert.Equal(["bob", "ada"], await Admit());
        Assert.Equal(["cyd"], await Gate.Waiting(Cancel));
    }

    [Fact]
    public async Task Two_asks_have_one_place_and_asking_again_keeps_it()
    {
        await Publish(0);
        await Ask("ada", 1);
        await Ask("bob", 2);
        await Ask("cyd", 3);
        var again = await Ask("bob", 99);
        Assert.Equal((SeatState.Waiting, 2, 3), (again.State, again.Place, again.Waiting));
        Assert.Equal(["ada", "bob", "cyd"], await Gate.Waiting(Cancel));
    }

    [Fact]
    public async Task Nobody_passes_those_who_wait_although_a_seat_is_free()
    {
        await Publish(0);
        await Ask("ada", 1);
        await Publish(1);
        Assert.Equal((SeatState.Waiting, 2), ((await Ask("bob", 2)) is var bob ? (bob.State, bob.Place) : default));
        Assert.Equal(SeatState.Seated, (await Ask("ada", 1)).State);
    }

    [Fact]
    public async Task Passes_go_first_within_their_share_and_then_by_their_order()
    {
        await Publish(0);
        for (var n = 0; n < 20; n++)
        {
            await Ask($"h{n:00}", 10 + n);
            await Ask($"p{n:00}", 10.5 + n, pass: true);
        }
        Assert.Equal("p00", (await Gate.Waiting(Cancel))[0]);
        Assert.Equal(21, (await Ask("h00", 10)).Place);
        Assert.Equal(1, (await Ask("p00", 10.5, pass: true)).Place);
        await Publish(10);
        Assert.Equal(["p00", "p01", "h00", "h01", "h02", "p02", "h03", "p03", "h04", "p04"], await Admit(passShare: 0.2));
    }

    [Fact]
    public async Task A_seat_taken_by_pass_is_the_shares_again_when_it_is_given_back()
    {
        await Publish(0);
        foreach (var (hunter, order) in new[] { ("h0", 1), ("h1", 2), ("h2", 3) }) await Ask(hunter, order);
        await Ask("p0", 10, pass: true);
        await Ask("p1", 11, pass: true);
        await Publish(2);
        Assert.Equal(["p0", "h0"], await Admit(passShare: 0.1));
        await Gate.Leave("h0", Cancel);
        Assert.Equal(["h1"], await Admit(passShare: 0.1));
        await Gate.Leave("p0", Cancel);
        Assert.Equal(["p1"], await Admit(passShare: 0.1));
    }

    [Fact]
    public async Task A_pass_counts_for_nothing_where_its_share_is_none()
    {
        await Publish(0);
        await Ask("p0", 5, pass: true);
        await Ask("h0", 1);
        await Publish(1);
        Assert.Equal(["h0"], await Admit(passShare: 0));
    }

    [Fact]
    public async Task A_hunter_that_gets_a_pass_while_it_waits_has_one_place()
    {
        await Publish(0);
        await Ask("ada", 1);
        await Ask("bob", 2);
        Assert.Equal(1, (await Ask("bob", 2, pass: true)).Place);
        Assert.Equal(["bob", "ada"], await Gate.Waiting(Cancel));
        await Publish(5);
        Assert.Equal(["bob", "ada"], await Admit());
        Assert.Equal(2, (await Gate.Counts(Cancel)).Seated);
    }

    [Fact]
    public async Task A_place_is_dropped_when_its_hunter_is_not_seen_for_the_patience()
    {
        await Publish(0);
        await Ask("ada", 1);
        await Ask("bob", 2);
        await Ask("cyd", 3, pass: true);
        await Ask("dan", 4);
        Pass(Patience / 2);
        await Gate.Seen(["bob", "stranger"], Cancel);
        await Ask("dan", 4);
        Pass(Patience / 2);
        await Admit();
        Assert.Equal(["bob", "dan"], await Gate.Waiting(Cancel));
        Assert.Equal(2, (await Gate.Counts(Cancel)).Waiting);
    }

    [Fact]
    public async Task The_pace_lets_in_a_seconds_worth_at_once_and_no_more()
    {
        await Publish(1_000, pace: 5);
        var states = new List<SeatState>();
        for (var n = 0; n < 40; n++) states.Add((await Ask($"h{n:00}", n)).State);
        Assert.Equal(5, states.Count(state => state == SeatState.Seated));
        Assert.Empty(await Admit());
        Pass(TimeSpan.FromMilliseconds(199));
        Assert.Empty(await Admit());
        Pass(TimeSpan.FromMilliseconds(1));
        Assert.Equal(["h05"], await Admit());
        Pass(TimeSpan.FromMinutes(1));
        Assert.Equal(["h06", "h07", "h08", "h09", "h10"], await Admit());
    }

    [Fact]
    public async Task A_pace_under_one_a_second_lets_in_one_at_a_time()
    {
        await Publish(10, pace: 0.5);
        foreach (var n in Enumerable.Range(0, 4)) await Ask($"h{n}", n);
        Pass(TimeSpan.FromSeconds(1));
        Assert.Empty(await Admit());
        Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(["h1"], await Admit());
        Pass(TimeSpan.FromMinutes(1));
        Assert.Equal(["h2"], await Admit());
    }

    [Fact]
    public async Task A_clock_set_back_does_not_stop_the_pace()
    {
        await Publish(10, pace: 1);
        foreach (var n in Enumerable.Range(0, 4)) await Ask($"h{n}", n);
        Pass(TimeSpan.FromHours(-1));
        Assert.Empty(await Admit());
        Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(["h1"], await Admit());
    }

    [Fact]
    public async Task Nobody_is_let_in_during_a_pause()
    {
        await Publish(10, pause: true);
        Assert.Equal(SeatState.Waiting, (await Ask("ada")).State);
        Assert.Empty(await Admit());
        await Publish(10);
        Assert.Equal(["ada"], await Admit());
    }

    [Fact]
    public async Task One_call_lets_in_thousands()
    {
        await Publish(0);
        foreach (var some in Enumerable.Range(0, 2_500).Chunk(100)) await Task.WhenAll(some.Select(n => Ask($"h{n}", n)));
        await Publish(2_400);
        Assert.Equal(Enumerable.Range(0, 2_400).Select(n => $"h{n}"), await Admit());
    }
}
