using StackExchange.Redis;

namespace Veltrix.Server.Tests.Admission;

/// <summary>What a shared store can do to two servers: nobody who plays notices, nobody is let in beyond the limit, and it heals by itself.</summary>
[Trait("speed", "slow")]
public sealed class StoreTroubleTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_store_that_becomes_read_only_closes_the_doors_until_it_can_be_written()
    {
        await using var house = await SharedHouse.Open();
        // A primary that is not there: its keys stay, and nothing can be written.
        await SharedHouse.Command(house.Redis, "REPLICAOF", "127.0.0.1", 1);
        await house.AdmissionCloses("replica");
        await house.EverybodyPlaysOn();
        await SharedHouse.Command(house.Redis, "REPLICAOF", "NO", "ONE");
        await house.Heals();
    }

    [Fact]
    public async Task A_store_that_stands_still_closes_the_doors_until_it_answers()
    {
        await using var house = await SharedHouse.Open();
        await SharedHouse.Command(house.Redis, "CLIENT", "PAUSE", 8_000, "ALL");
        await house.AdmissionCloses("did not answer|gave no answer");
        await house.EverybodyPlaysOn();
        await house.Heals();
    }

    [Fact]
    public async Task A_slow_wire_to_one_server_makes_its_joins_slow_and_nothing_else()
    {
        await using var house = await SharedHouse.Open();
        house.Wires[1].Delay = TimeSpan.FromMilliseconds(200);
        await house.EverybodyPlaysOn();
        await house.Heals();
    }

    [Fact]
    public async Task A_wire_that_is_cut_closes_one_door_and_leaves_the_seats_of_its_hunters()
    {
        await using var house = await SharedHouse.Open();
        house.Wires[1].Cut();
        await SmallHouse.Until(() => Task.FromResult(!house.Servers[1].Server.IsAdmitting(SharedHouse.Hunt)));
        Assert.True(house.Servers[0].Server.IsAdmitting(SharedHouse.Hunt));
        await house.EverybodyPlaysOn();
        Assert.Equal(4, (await house.Counts()).Seated);
        house.Wires[1].Mend();
        await house.Heals();
    }

    [Fact]
    public async Task A_full_store_goes_on_with_the_seats_it_has_and_gives_no_more_than_the_limit()
    {
        await using var house = await SharedHouse.Open("--maxmemory", "4mb");
        var junk = await Fill(house);
        await house.EverybodyPlaysOn();
        Assert.Equal(202, (int)(await house.Servers[1].Join(SharedHouse.Hunt, "Late"))["http"]!);
        // Leases are renewed all the while: nobody's seat is taken for an orphan's.
        var lease = DateTime.UtcNow + TimeSpan.FromSeconds(11);
        await SmallHouse.Until(async () => (await house.Counts()) is { Seated: 4, Servers.Count: 2 } && DateTime.UtcNow > lease);
        await SharedHouse.Command(house.Redis, "DEL", junk);
        await house.Heals();
    }

    [Fact]
    public async Task FLUSHALL_lets_in_no_second_house()
    {
        await using var house = await SharedHouse.Open();
        await SharedHouse.Command(house.Redis, "FLUSHALL");
        await house.EverybodyPlaysOn();
        await house.Heals();
    }

    [Fact]
    public async Task A_replica_that_is_promoted_without_the_last_writes_is_told_of_the_seats_it_missed()
    {
        await using var house = await SharedHouse.Open();
        var (first, second) = (house.Redis, await house.StartRedis());
        await SharedHouse.Command(second, "REPLICAOF", "127.0.0.1", first.Port);
        await SmallHouse.Until(async () => (await Info(second)).Contains("master_link_status:up", StringComparison.Ordinal));
        await SmallHouse.Until(async () => (int)await SharedHouse.Command(second, "HLEN", "{quiz}:seats") == 4);

        // From here on nothing reaches the replica; one more sits down, and then the primary dies at once, long before any lease has run out.
        await SharedHouse.Command(second, "REPLICAOF", "NO", "ONE");
        house.SetLimit(6);
        await SmallHouse.Until(async () => (string?)(await house.Servers[1].Get($"/v1/hunts/{SharedHouse.Hunt}/place", house.Ticket))["state"] == "admitted");
        await house.Seat("Lost", house.Servers[1]);
        await house.Look();
        first.Kill();
        house.Move(second);

        await house.EverybodyPlaysOn();
        await house.EverybodyIsSeated();
        foreach (var server in house.Servers) await SmallHouse.Until(() => Task.FromResult(server.Server.IsAdmitting(SharedHouse.Hunt)));
        await house.EverybodyPlaysOn();
        await house.NobodyTooMany();
        await house.NobodyWasPutOut();
    }

    static async Task<string> Info(Veltrix.Gate.Tests.RedisServer redis) => (string)(await SharedHouse.Command(redis, "INFO", "replication"))!;

    /// <summary>Until it refuses the smallest thing; gives the key of all of it.</summary>
    static async Task<string> Fill(SharedHouse house)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"{house.Redis.Endpoint},allowAdmin=true");
        foreach (var size in new[] { 10_000, 100, 1 })
            try
            {
                while (true) await connection.GetDatabase().ListRightPushAsync("junk", new byte[size]).WaitAsync(Cancel);
            }
            catch (RedisServerException e) when (e.Message.StartsWith("OOM", StringComparison.Ordinal))
            {
                // Smaller pieces fill the rest.
            }

        return "junk";
    }
}
