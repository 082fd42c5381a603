using StackExchange.Redis;
using Veltrix.Cli.Chaos;
using Veltrix.Gate;
using Veltrix.Gate.Tests;

namespace Veltrix.Cli.Tests.Breaking;

/// <summary>A checker that cannot fail is none: what it is there for is written into a real store, behind the script's back.</summary>
public class GrantWatchTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_seat_given_at_a_full_house_is_seen_also_after_the_store_lost_its_keys()
    {
        using var redis = await RedisServer.Start();
        Assert.SkipWhen(redis is null, "redis-server is not installed");
        await using var store = await GateStore.Open(new GateStoreOptions { Endpoint = redis!.Endpoint }, Cancel);
        using var connection = await ConnectionMultiplexer.ConnectAsync($"{redis.Endpoint},allowAdmin=true");
        var watch = new GrantWatch(store.Hunt("quiz"));
        var database = connection.GetDatabase();

        await database.ListRightPushAsync("{quiz}:audit", ["8 10 1000 ada", "9 10 1001 bob"]);
        await watch.Look(Cancel);
        Assert.Equal((2, 0), (watch.Granted, watch.Overshoot));

        await database.ListRightPushAsync("{quiz}:audit", "10 10 1002 eve");
        await watch.Look(Cancel);
        await connection.GetServers()[0].FlushAllDatabasesAsync();
        await database.ListRightPushAsync("{quiz}:audit", "0 10 1003 ada");
        await watch.Look(Cancel);
        Assert.Equal((4, 1), (watch.Granted, watch.Overshoot));
    }
}
