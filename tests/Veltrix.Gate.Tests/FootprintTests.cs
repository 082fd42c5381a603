namespace Veltrix.Gate.Tests;

public sealed class RedisFootprintTests(RedisStore store) : FootprintTests(store), IClassFixture<RedisStore>;

public sealed class ValkeyFootprintTests(ValkeyStore store) : FootprintTests(store), IClassFixture<ValkeyStore>;

public sealed class GarnetFootprintTests(GarnetStore store) : FootprintTests(store), IClassFixture<GarnetStore>;

/// <summary>What 10,000 hunters cost. docs/reference/redis.md has the numbers that this prints.</summary>
public abstract class FootprintTests(TestStore store) : GateContract(store)
{
    const int Hunters = 10_000;

    [Fact]
    public async Task A_seated_hunter_costs_at_most_300_bytes_and_a_waiting_one_400()
    {
        await Publish(0);
        await Join("server-01");
        var keys = new Dictionary<string, long>();

        await Gate.Publish(1, Limits(0) with { Audit = false }, Cancel);
        await ForAll(n => Gate.Ask(Name(n), 1_800_000_000_000 + n, pass(n), Claim, true, true, Cancel));
        keys["waiting"] = await Bytes("waiting");
        keys["waiting-pass"] = await Bytes("waiting-pass");
        keys["seen"] = await Bytes("seen");

        await Gate.Publish(1, Limits(Hunters) with { Audit = true }, Cancel);
        await Admit(passShare: 0.1);
        keys["lost"] = await Bytes("lost");
        keys["pass"] = await Bytes("pass");
        keys["audit"] = await Bytes("audit");
        await ForAll(n => Gate.Attach(Name(n), "server-01", Cancel));
        keys["seats"] = await Bytes("seats");
        Assert.Equal(0, await Bytes("lost"));
        foreach (var (key, bytes) in keys) TestContext.Current.SendDiagnosticMessage($"{key}: {bytes / (double)Hunters:0} bytes a hunter");

        Assert.InRange((keys["seats"] + keys["pass"]) / Hunters, 50, 300);
        Assert.InRange(keys["lost"] / Hunters, 50, 200);
        Assert.InRange((keys["waiting"] + keys["waiting-pass"] + keys["seen"]) / Hunters, 50, 400);

        // A tenth holds a pass, which is the most that their share can be.
        static bool pass(int n) => n % 10 == 0;
    }

    /// <summary>Many at a time, as servers do, and not all at once.</summary>
    static Task ForAll(Func<int, Task> call) =>
        Parallel.ForAsync(0, Hunters, new ParallelOptions { MaxDegreeOfParallelism = 64, CancellationToken = Cancel }, async (n, _) => await call(n));

    static string Name(int n) => $"{n:0000000000000000}";

    async Task<long> Bytes(string key)
    {
        var answer = await Fixture.Command("MEMORY", "USAGE", $"{{{Gate.Id}}}:{key}", "SAMPLES", "0");
        return answer.IsNull ? 0 : (long)answer;
    }
}
