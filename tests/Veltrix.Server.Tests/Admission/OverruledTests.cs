using StackExchange.Redis;
using Veltrix.Gate;

namespace Veltrix.Server.Tests.Admission;

/// <summary>A server that nobody governs meets a gate that somebody has governed: the last word of that one stands, and is said to be the reason.</summary>
public sealed class OverruledTests
{
    const string Reason = "an orchestrator's last word";

    static readonly GateLimits LastWord = new(1, 0, false, 0, 0, false, "1: redis memory 0.83 of 0.80", "redis_memory", false, 3, true, 1);

    [Fact]
    public async Task Those_who_wait_hear_that_the_limit_is_not_this_servers_until_the_gate_is_given_back()
    {
        await using var house = await SmallHouse.Open(limit: 3);
        await house.Enter("Ada");
        Assert.True(await house.Gate.Publish(1_795_000_000_000, LastWord, TestContext.Current.CancellationToken));
        await SmallHouse.Until(async () => (int)(await house.Join("Bob"))["http"]! == 202);
        var bob = await house.Queue("Cyd", 2);

        await SmallHouse.Until(async () => ((string)(await house.Place(bob))["set_by"]!["why"]!).Contains(Reason));
        house.SetLimit(2);
        Assert.Equal(1, (int)(await house.Place(bob))["limit"]!);

        // As the log advises.
        Assert.Matches("^redis-cli -u redis://[^ ]+ HDEL '[^ ]*quiz}:gate' term$", house.Gate.EndOfTerms);
        var words = house.Gate.EndOfTerms.Split(' ');
        await using (var redis = await ConnectionMultiplexer.ConnectAsync(new Uri(words[2]).Authority))
            Assert.True(await redis.GetDatabase().HashDeleteAsync(words[4].Trim('\''), words[5]));
        await SmallHouse.Until(async () => (int)(await house.Place(bob))["limit"]! == 2);
        Assert.DoesNotContain(Reason, (string)(await house.Place(bob))["set_by"]!["why"]!);
    }
}
