using StackExchange.Redis;

namespace Veltrix.Cli.Tests.EndToEnd;

[Trait("speed", "slow")]
public class DepartedTests
{
    /// <summary>What is promised, after grace and patience have run out.</summary>
    static readonly TimeSpan GoneWithin = TimeSpan.FromSeconds(60);

    /// <summary>More than the keys and fields of a hunt that belong to nobody: epoch, lease, counters, live values.</summary>
    const int OfTheHunt = 30;

    static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);
    static readonly TimeSpan WaitingPatience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task What_departed_hunters_cost_in_Redis_is_gone_soon_after_their_grace()
    {
        const int seats = 100, waiting = 50;
        await using var fleet = await Fleet.Open();
        await fleet.AddServer($"max_concurrent_hunters: {seats}\nseat.grace: {Grace.TotalSeconds}s\nwaiting.patience: {WaitingPatience.TotalSeconds}s\n");
        await Fleet.Until("the gate is open", async () => (await fleet.Counts()).Epoch != 0);

        var players = await fleet.Seat(seats / 2);
        // Half of those who have a seat never connect; others wait and never ask again.
        var hunters = players.Select(player => player.Hunter).ToList();
        for (var i = 0; i < seats / 2; i++) hunters.Add((await fleet.Ask($"Silent {i}")).Hunter);
        for (var i = 0; i < waiting; i++) Assert.True((await fleet.Ask($"Waiting {i}")).Waits);
        var busy = await Contents(fleet.Store);
        Assert.True(hunters.TrueForAll(hunter => busy.Any(entry => entry.Contains(hunter, StringComparison.Ordinal))), "what is counted is not where seats are kept");
        Assert.True(busy.Count > seats + waiting);

        foreach (var player in players) await player.DisposeAsync();
        await Task.Delay(WaitingPatience > Grace ? WaitingPatience : Grace, TestContext.Current.CancellationToken);
        await Fleet.Until("Redis holds nothing of anybody", async () =>
        {
            // Those who waited were given the seats that became free, and did not take them either.
            var (counts, left) = (await fleet.Counts(), await Contents(fleet.Store));
            return counts is { Seated: 0, Waiting: 0 } && left.Count < OfTheHunt && !hunters.Exists(hunter => left.Any(entry => entry.Contains(hunter, StringComparison.Ordinal)));
        }, GoneWithin);
    }

    /// <summary>Every key, field and member in the store, as <c>key: field</c>.</summary>
    static async Task<IReadOnlyList<string>> Contents(IDatabase store)
    {
        var entries = new List<string>();
        foreach (var key in ((RedisValue[])(await store.ExecuteAsync("KEYS", "*"))!).Select(key => (RedisKey)(string)key!))
            entries.AddRange(await store.KeyTypeAsync(key) switch
            {
                RedisType.Hash => (await store.HashGetAllAsync(key)).Select(field => $"{key}: {field.Name}"),
                RedisType.SortedSet => (await store.SortedSetRangeByRankAsync(key)).Select(member => $"{key}: {member}"),
                RedisType.Set => (await store.SetMembersAsync(key)).Select(member => $"{key}: {member}"),
                RedisType.List => (await store.ListRangeAsync(key)).Select(item => $"{key}: {item}"),
                _ => [$"{key}"],
            });
        return entries;
    }
}
