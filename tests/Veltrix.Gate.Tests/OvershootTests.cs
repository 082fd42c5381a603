namespace Veltrix.Gate.Tests;

public sealed class RedisOvershootTests(RedisStore store) : OvershootTests(store), IClassFixture<RedisStore>;

public sealed class ValkeyOvershootTests(ValkeyStore store) : OvershootTests(store), IClassFixture<ValkeyStore>;

public sealed class GarnetOvershootTests(GarnetStore store) : OvershootTests(store), IClassFixture<GarnetStore>;

/// <summary>Many servers at once, each with a connection of its own. The judge is what the script wrote down at every grant.</summary>
public abstract class OvershootTests(TestStore store) : GateContract(store)
{
    const int Servers = 10;

    [Fact]
    public async Task However_many_ask_at_once_as_many_get_in_as_there_are_seats_and_each_count_is_seen_once()
    {
        const int limit = 150;
        await Publish(limit);
        var gates = await ConnectAll();
        await Task.WhenAll(gates.Select((gate, server) => Task.Run(() =>
            Task.WhenAll(Enumerable.Range(0, 60).Select(n => gate.Ask($"h{server}-{n}", n, false, Claim, true, true, Cancel))), Cancel)));

        var grants = await Gate.Audit(Cancel);
        Assert.Equal(Enumerable.Range(0, limit).Select(count => (long)count), grants.Select(grant => grant.Count));
        Assert.Equal(limit, grants.Select(grant => grant.Hunter).Distinct().Count());
        var counts = await Gate.Counts(Cancel);
        Assert.Equal((limit, Servers * 60 - limit), (counts.Seated, counts.Waiting));
    }

    [Fact]
    public async Task Servers_that_ask_admit_lose_and_die_while_the_limit_moves_never_grant_beyond_it()
    {
        var gates = await ConnectAll();
        await Publish(40);
        await Task.WhenAll(gates.Select((gate, server) => Task.Run(() => Play(gate, server), Cancel)));

        var grants = await Gate.Audit(Cancel);
        Assert.True(grants.Count > 100, $"{grants.Count} grants are too few to show anything.");
        Assert.All(grants, grant => Assert.True(grant.Count < grant.Limit, $"{grant} is beyond the limit."));

        // The counts add up: no seat was lost, or counted twice.
        var counts = await Gate.Counts(Cancel);
        Assert.Equal(grants.Count, counts.Joins);
        Assert.Equal(counts.Joins - counts.Leaves, counts.Seated);
        string[] hunters = [.. Enumerable.Range(0, Servers).SelectMany(server => Enumerable.Range(0, 30).Select(n => Name(server, n)))];
        var seated = await Seated(hunters);
        Assert.Equal(counts.Seated, seated.Length);
        Assert.Empty(seated.Intersect(await Gate.Waiting(Cancel)));
    }

    [Fact]
    public async Task Keys_lost_in_the_middle_of_it_let_in_no_second_house()
    {
        const int limit = 60;
        Gate.Now = null;
        await Publish(limit);
        var gates = await ConnectAll();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var hosts = gates.Select((gate, server) => Task.Run(() => Host(gate, $"s{server}", over.Token), Cancel)).ToList();
        for (var losses = 0; losses < 5; losses++)
        {
            // A full house, so that a second one would show.
            await Until(counts => counts.Seated >= limit, hosts);
            // Garnet's FLUSHALL is not one step to scripts that run at that moment (docs/reference/redis.md); its DEL is, key by key.
            await (Fixture is GarnetStore ? Gate.Forget(Cancel) : Fixture.Command("FLUSHALL"));
            await Until(counts => counts.Servers.Count == Servers, hosts);
            Assert.Empty(await Gate.Audit(Cancel));
            await Publish(limit);
            await Gate.Reopen(1, Cancel);
        }
        await Until(counts => counts.Seated >= limit, hosts);
        await over.CancelAsync();
        var connected = (await Task.WhenAll(hosts)).SelectMany(hunters => hunters).ToList();

        Assert.InRange(connected.Count, 1, limit);
        Assert.Equal(connected.Order(), (await Seated([.. connected])).Order());
        Assert.All(await Gate.Audit(Cancel), grant => Assert.True(grant.Count < grant.Limit, $"{grant} is beyond the limit."));
    }

    /// <summary>As a server does, with hunters of its own, who stay; returns those that are connected at the end.</summary>
    static async Task<IReadOnlyCollection<string>> Host(HuntGate gate, string server, CancellationToken over)
    {
        var connected = new HashSet<string>();
        await gate.Renew(server, Lease, [], Cancel);
        for (var n = 0; !over.IsCancellationRequested; n++)
        {
            var hunter = $"{server}-{n % 30}";
            try
            {
                if (n % 4 == 0 && (await gate.Renew(server, Lease, null, Cancel)).WantsSeats) await gate.Renew(server, Lease, GateContract.Connected([.. connected]), Cancel);
                if (!connected.Contains(hunter) && (await gate.Ask(hunter, n, false, Claim, true, true, Cancel)).State == SeatState.Seated && await gate.Attach(hunter, server, Cancel))
                    connected.Add(hunter);
            }
            catch (GateException e) when (e.Fault == GateFault.Rebuilding)
            {
                // Its next sign of life reports.
            }
        }
        return connected;
    }

    /// <summary>Watches until it is so. A host that failed, or half a minute, ends it.</summary>
    async Task Until(Func<GateCounts, bool> isSo, IReadOnlyCollection<Task> hosts)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(TimeSpan.FromSeconds(30));
        while (!isSo(await Gate.Counts(patience.Token)))
            if (hosts.FirstOrDefault(host => host.IsCompleted) is { } ended)
                await ended;
    }

    async Task Play(HuntGate gate, int server)
    {
        var random = new Random(server);
        var name = $"s{server}";
        await gate.Renew(name, TimeSpan.FromMilliseconds(200), [], Cancel);
        for (var step = 0; step < 300; step++)
        {
            var hunter = Name(random.Next(Servers), random.Next(30));
            await (random.Next(12) switch
            {
                0 or 10 or 11 => gate.Leave(hunter, Cancel),
                1 => gate.Attach(hunter, name, Cancel),
                2 => gate.Detach([hunter], name, TimeSpan.FromMilliseconds(random.Next(20)), Cancel),
                3 => gate.Admit(TimeSpan.FromMilliseconds(30), Patience, TimeSpan.FromMilliseconds(20), Cancel, 0.1),
                // The first server moves the limit, the second is as good as dead for most of the time.
                4 when server == 0 => gate.Publish(1, Limits(random.Next(20, 60)), Cancel),
                4 when server != 1 => gate.Renew(name, TimeSpan.FromMilliseconds(200), null, Cancel),
                _ => gate.Ask(hunter, random.NextDouble(), random.Next(8) == 0, TimeSpan.FromMilliseconds(30), true, true, Cancel),
            });
        }
    }

    static string Name(int server, int n) => $"h{server}-{n}";

    /// <summary>The gate as each server sees it, by the store's own clock.</summary>
    async Task<HuntGate[]> ConnectAll()
    {
        var stores = await Task.WhenAll(Enumerable.Range(0, Servers).Select(_ => Fixture.Connect()));
        return [.. stores.Select(store => store.Hunt(Gate.Id))];
    }
}
