using System.Net;
using System.Text.Json.Nodes;
using StackExchange.Redis;

namespace Veltrix.Cli.Tests.EndToEnd;

/// <summary>A real Redis forgets everything, or is full, in the middle of a governed hunt.</summary>
[Trait("speed", "slow")]
public class StoreTroubleTests
{
    [Fact]
    public async Task FLUSHALL_in_mid_hunt_lets_in_no_second_full_house_and_keeps_every_place()
    {
        const int full = 30, waiting = 8;
        await using var fleet = await Fleet.Governed($"pin_limit: {full}\nseat.grace: 10s\n");
        await Fleet.Until("the pin holds", async () => (await fleet.Counts()).Limits!.Limit == full);
        var players = await fleet.Seat(full);
        var tickets = new List<string>();
        for (var i = 0; i < waiting; i++)
        {
            var knock = await fleet.Ask($"W{i}");
            Assert.True(knock.Waits, $"{knock}");
            tickets.Add(knock.Ticket!);
        }

        var before = players.Select(player => player.Decided).ToList();
        await using var watch = LimitsSeen.Begin(fleet);
        await fleet.Store.ExecuteAsync("FLUSHALL");

        var closed = 0;
        await Fleet.Until("the gate is open again", async () =>
        {
            var knock = await fleet.Ask("Newcomer");
            Assert.False(knock.IsIn, "somebody new was let into a full hunt");
            if (knock.Status is HttpStatusCode.ServiceUnavailable) closed++;
            return knock.Waits && (await fleet.Counts()).Epoch != 0;
        }, TimeSpan.FromSeconds(30));
        Assert.True(closed > 0, "the gate never was closed, so nothing was lost and nothing tested");

        await Fleet.Until("those who played have their seats again", async () =>
            (await fleet.Gate.Seated([.. players.Select(player => player.Hunter)], TestContext.Current.CancellationToken)).Count == full, TimeSpan.FromSeconds(20));
        Assert.All(watch.All, counts => Assert.InRange(counts.Seated, 0, full));
        await Fleet.Until("everybody played on", () => Task.FromResult(players.Zip(before).All(pair => pair.First.Decided > pair.Second)), TimeSpan.FromSeconds(10));

        // Whoever holds a ticket stands before all who came later, in the order of arrival.
        foreach (var ticket in tickets) await Player.Place(fleet.Url, Fleet.Hunt, ticket);
        var places = new JsonNode?[waiting];
        async Task<bool> AreAsBefore()
        {
            for (var i = 0; i < waiting; i++) places[i] = await Player.Place(fleet.Url, Fleet.Hunt, tickets[i]);
            return places.Select(card => (int?)card!["place"] ?? 0).SequenceEqual(Enumerable.Range(1, waiting));
        }

        for (var patience = DateTime.UtcNow.AddSeconds(20); !await AreAsBefore() && DateTime.UtcNow < patience;) await Task.Delay(200, TestContext.Current.CancellationToken);
        Assert.True(await AreAsBefore(), string.Join('\n', places.Select(card => card!.ToJsonString())));

        await players[0].DisposeAsync();
        await Fleet.Until("the first of those who wait gets the seat that is free", async () => (await fleet.Ask("W0", tickets[0])).IsIn, TimeSpan.FromSeconds(30));
        Assert.True((await fleet.Ask("W1", tickets[1])).Waits);
        await AssertUntouched(players.Skip(1), welcomes: 1);
    }

    [Fact]
    public async Task At_maxmemory_those_who_play_go_on_reconnects_work_the_door_closes_and_it_heals()
    {
        await using var fleet = await Fleet.Governed("max_concurrent_hunters: 200\nforecast.hold: 15s\n", "--maxmemory", "32mb");
        var players = await fleet.Seat(40);
        await fleet.Servers[0].Veltrix("config", "set", "gate.audit", "on", "--hunt", Fleet.Hunt, "--why", "to count grants");

        var junk = await FillUp(fleet.Store);
        await Assert.ThrowsAsync<RedisServerException>(() => fleet.Store.StringSetAsync("one-more", new byte[1_000_000]));
        await Fleet.Until("the door closes", async () => (await fleet.Counts()).Limits!.Pause, TimeSpan.FromSeconds(20));

        // Seats are renewed and limits published while the store refuses every plain write.
        var (before, published) = (players.Select(player => player.Decided).ToList(), (await fleet.Counts()).Limits!.AtMs);
        foreach (var player in players.Take(20)) player.Drop();
        await Fleet.Until("those who were dropped are back, and everybody plays on", () =>
            Task.FromResult(players.Zip(before).All(pair => pair.First.Decided > pair.Second + 1) && players.Take(20).All(player => player.Welcomes == 2)), TimeSpan.FromSeconds(20));
        await Fleet.Until("limits are still published", async () => (await fleet.Counts()).Limits!.AtMs > published, TimeSpan.FromSeconds(20));
        var late = await fleet.Ask("Late");
        Assert.True(late.Waits, $"a place, and no seat: {late}");
        Assert.Single((await fleet.Counts()).Servers);
        Assert.Equal(players.Count, (await fleet.Gate.Seated([.. players.Select(player => player.Hunter)], TestContext.Current.CancellationToken)).Count);

        await fleet.Store.KeyDeleteAsync([.. junk]);
        await Fleet.Until("the door opens, and who waits is let in", async () => (await fleet.Ask("Late", late.Ticket)).IsIn, TimeSpan.FromSeconds(75));
        var grants = await fleet.Gate.Audit(TestContext.Current.CancellationToken);
        Assert.NotEmpty(grants);
        foreach (var grant in grants) Assert.True(grant.Count < grant.Limit, $"{grant}");
        await AssertUntouched(players.Take(20), welcomes: 2);
        await AssertUntouched(players.Skip(20), welcomes: 1);
    }

    static async Task<List<RedisKey>> FillUp(IDatabase store)
    {
        var junk = new List<RedisKey>();
        foreach (var size in (int[])[1_000_000, 100_000, 10_000, 1_000, 100])
            try
            {
                while (true)
                {
                    RedisKey key = $"junk:{junk.Count}";
                    await store.StringSetAsync(key, new byte[size]);
                    junk.Add(key);
                }
            }
            catch (RedisServerException full) when (full.Message.StartsWith("OOM", StringComparison.Ordinal))
            {
                // Smaller pieces fill the rest.
            }

        return junk;
    }

    static async Task AssertUntouched(IEnumerable<Player> players, int welcomes)
    {
        foreach (var player in players)
        {
            await player.Finish();
            Assert.Empty(player.Undecided);
            Assert.Empty(player.Errors);
            Assert.Equal((welcomes, 0), (player.Welcomes, player.Waited));
            Assert.All(player.Verdicts, verdict => Assert.Equal("incorrect", verdict));
            await player.DisposeAsync();
        }
    }
}
