namespace Veltrix.Gate.Tests;

/// <summary>What stores say of themselves, as they say it.</summary>
public sealed class StoreInfoTests
{
    [Fact]
    public void Redis_that_saves_says_so_and_how_long_its_last_fork_took()
    {
        var info = new StoreInfo("# Server\r\nredis_version:7.2.4\r\n# Memory\r\nused_memory:800\r\nused_memory_rss:1000\r\nmaxmemory:1000\r\nmaxmemory_policy:noeviction\r\n"
            + "# Persistence\r\nrdb_bgsave_in_progress:1\r\naof_rewrite_in_progress:0\r\n# Stats\r\nlatest_fork_usec:2500\r\n# Replication\r\nrole:master\r\n");
        var memory = info.Memory(budget: 5, TimeSpan.FromMilliseconds(1), at: 9);
        Assert.Equal(new StoreMemory(800, 1_000, 1_000, true, TimeSpan.FromMicroseconds(2_500), TimeSpan.FromMilliseconds(1), "redis 7.2.4", 9), memory);
        Assert.Equal((0.8, 1.25), (memory!.Ratio, memory.Fragmentation));
        Assert.Null(info.Evicts);
        Assert.False(info.IsReplica);
    }

    [Theory]
    [InlineData("redis_version:7.2.4\nvalkey_version:8.1.0\n", "valkey 8.1.0")]
    [InlineData("redis_version:7.4.0\ndragonfly_version:df-v1.30.0\n", "dragonfly df-v1.30.0")]
    [InlineData("garnet_version:2.2.8\nredis_version:7.4.3\n", "garnet 2.2.8")]
    [InlineData("", "redis ?")]
    public void Stores_that_resemble_redis_are_known_by_their_own_name(string answer, string product) => Assert.Equal(product, new StoreInfo(answer).Product);

    [Theory]
    [InlineData("maxmemory:1000\nmaxmemory_policy:allkeys-lru\n", "allkeys-lru")]
    [InlineData("maxmemory:1000\nmaxmemory_policy:volatile-ttl\n", "volatile-ttl")]
    [InlineData("maxmemory:1000\nmaxmemory_policy:noeviction\n", null)]
    [InlineData("maxmemory:0\nmaxmemory_policy:allkeys-lru\n", null)]
    [InlineData("maxmemory_policy:allkeys-lru\n", null)]
    public void Only_a_store_that_may_get_full_evicts(string answer, string? policy) => Assert.Equal(policy, new StoreInfo(answer).Evicts);

    [Fact]
    public void Numbers_that_are_none_count_as_not_told()
    {
        Assert.Null(new StoreInfo("used_memory:nan\nmaxmemory:5\n").Memory(0, TimeSpan.Zero, 0));
        Assert.Null(new StoreInfo("garnet_version:2.2.8\n").Memory(0, TimeSpan.Zero, 0));
        var memory = new StoreInfo("used_memory:0\nused_memory_rss:\nmaxmemory:many\nlatest_fork_usec:-1\nno colon here\n:\n").Memory(0, TimeSpan.Zero, 0);
        Assert.Equal(new StoreMemory(0, null, null, false, null, TimeSpan.Zero, "redis ?", 0), memory);
        Assert.Null(memory!.Ratio);
        Assert.Null(memory.Fragmentation);
    }

    [Fact]
    public void The_ninety_ninth_percentile_forgets_one_bad_ping_of_a_hundred_and_not_two()
    {
        var pings = new Pings();
        Assert.Equal(TimeSpan.Zero, pings.Percentile99);
        for (var n = 0; n < 150; n++) pings.Add(TimeSpan.FromMilliseconds(1));
        pings.Add(TimeSpan.FromMilliseconds(70));
        Assert.Equal(TimeSpan.FromMilliseconds(1), pings.Percentile99);
        pings.Add(TimeSpan.FromMilliseconds(50));
        Assert.Equal(TimeSpan.FromMilliseconds(50), pings.Percentile99);
        for (var n = 0; n < 100; n++) pings.Add(TimeSpan.FromMilliseconds(2));
        Assert.Equal(TimeSpan.FromMilliseconds(2), pings.Percentile99);
    }
}
