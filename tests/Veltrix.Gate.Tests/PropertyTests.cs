using CsCheck;

namespace Veltrix.Gate.Tests;

public sealed class RedisPropertyTests(RedisStore store) : PropertyTests(store), IClassFixture<RedisStore>;

public sealed class ValkeyPropertyTests(ValkeyStore store) : PropertyTests(store), IClassFixture<ValkeyStore>;

public sealed class GarnetPropertyTests(GarnetStore store) : PropertyTests(store), IClassFixture<GarnetStore>;

/// <summary>Whatever several servers do in whatever order, the gate answers as the simplest one that could be right.</summary>
public abstract class PropertyTests(TestStore store) : GateContract(store)
{
    /// <summary>One thing that a server, an orchestrator or time does. It is done to both and the answers are compared.</summary>
    sealed record Step(string Name, Func<PropertyTests, GateOracle, Task> Do)
    {
        public override string ToString() => Name;
    }

    static readonly Gen<string> Hunter = Gen.Int[0, 7].Select(n => $"h{n}");
    static readonly Gen<string> Server = Gen.Int[0, 2].Select(n => $"s{n}");

    static readonly Gen<Step> Steps = Gen.Frequency(
        (10, Gen.Select(Hunter, Gen.Int[-1, 20], Gen.Bool, Gen.Frequency((8, Gen.Const(true)), (1, Gen.Const(false))), Gen.Bool, Gen.Bool)
            .Select((hunter, order, pass, open, comes, had) => new Step($"Ask {hunter} at {order} pass {pass} open {open} comes {comes} had {had}", async (test, oracle) =>
                await Same(() => test.Ask(hunter, order, pass, open, comes, had), oracle.Ask(hunter, order, pass, open, comes, had))))),
        (6, Gen.Select(Hunter, Server).Select((hunter, server) => new Step($"Attach {hunter} to {server}", async (test, oracle) =>
            await Same(() => test.Gate.Attach(hunter, server, Cancel), oracle.Attach(hunter, server))))),
        (4, Gen.Select(Hunter.Array[1, 3], Server).Select((hunters, server) => new Step($"Detach {string.Join(' ', hunters)} from {server}", async (test, oracle) =>
            await Same(Done(() => test.Gate.Detach(hunters, server, Grace, Cancel)), oracle.Detach(hunters, server))))),
        (2, Hunter.Select(hunter => new Step($"Leave {hunter}", async (test, oracle) =>
            await Same(Done(() => test.Gate.Leave(hunter, Cancel)), oracle.Leave(hunter))))),
        (2, Hunter.Select(hunter => new Step($"Seen {hunter}", async (test, oracle) =>
            await Same(Done(() => test.Gate.Seen([hunter], Cancel)), oracle.Seen(hunter))))),
        (8, Any(0, 0.1, 0.5).Select(share => new Step($"Admit with a share of {share}", async (test, oracle) =>
        {
            var expected = oracle.Admit(share);
            await Same(async () => string.Join(' ', await test.Admit(share)), expected is null ? null : string.Join(' ', expected));
        }))),
        (5, Server.Select(server => new Step($"Renew {server}", async (test, oracle) =>
            Assert.Equal(oracle.Renew(server, null), (await test.Gate.Renew(server, Lease, null, Cancel)).WantsSeats)))),
        (4, Gen.Select(Server, Gen.Select(Hunter, Any(0L, 0, 3_000)).Array[0, 4]).Select((server, held) => new Step($"{server} reports {string.Join(' ', held)}", async (test, oracle) =>
            Assert.Equal(oracle.Renew(server, held), (await test.Gate.Renew(server, Lease, [.. held.Select(one => (one.Item1, TimeSpan.FromMilliseconds(one.Item2)))], Cancel)).WantsSeats)))),
        (3, Gen.Select(Gen.Int[1, 6], Any(0, 0, 0.25, 2.0, 3.5), Gen.Frequency((6, Gen.Const(false)), (1, Gen.Const(true))))
            .Select((limit, pace, pause) => new Step($"Publish {limit} at {pace}/s pause {pause}", async (test, oracle) =>
            {
                await test.Publish(limit, pace, pause);
                oracle.Publish(Limits(limit, pace, pause));
            }))),
        (6, Any(50, 400, 3_000, 10_000, 45_000).Select(ms => new Step($"{ms} ms pass", (test, oracle) =>
        {
            test.Pass(TimeSpan.FromMilliseconds(ms));
            oracle.Now = test.Time;
            return Task.CompletedTask;
        }))),
        (1, Gen.Const(new Step("all keys are lost", async (test, oracle) =>
        {
            await test.Gate.Forget(Cancel);
            oracle.Flush();
        }))),
        (2, Gen.Const(new Step("Reopen", async (test, oracle) =>
        {
            await test.Gate.Reopen(1, Cancel);
            oracle.Reopen();
        }))));

    [Fact]
    public async Task The_gate_does_what_the_simplest_one_would()
    {
        // The gate is one, so samples take their turn; each begins with all keys lost.
        await Steps.Array[20, 80].SampleAsync(async steps =>
        {
            var oracle = new GateOracle(Claim, Patience, Grace, Lease) { Now = Time };
            await Gate.Forget(Cancel);
            await Gate.Reopen(1, Cancel);
            oracle.Reopen();
            await Publish(4);
            oracle.Publish(Limits(4));
            foreach (var step in steps) await step.Do(this, oracle);
            await SameState(oracle);
        }, iter: 100, threads: 1, print: steps => string.Join("; ", steps.Select(step => step.Name)));
    }

    async Task SameState(GateOracle oracle)
    {
        var counts = await Gate.Counts(Cancel);
        Assert.Equal(
            (!oracle.IsOpen, oracle.Seated.LongCount(), oracle.Waiting.LongCount(), oracle.Joins, oracle.Leaves),
            (counts.Rebuilding, counts.Seated, counts.Waiting, counts.Joins, counts.Leaves));
        Assert.Equal(oracle.Servers, counts.Servers.Order(StringComparer.Ordinal));
        Assert.Equal(oracle.Grants, await Gate.Audit(Cancel));
        Assert.All(oracle.Grants, grant => Assert.True(grant.Count < grant.Limit));
        if (!oracle.IsOpen) return;
        Assert.Equal(oracle.Waiting, await Gate.Waiting(Cancel));
        Assert.Equal(oracle.Seated, (await Seated([.. Enumerable.Range(0, 8).Select(n => $"h{n}")])).Order(StringComparer.Ordinal));
    }

    static Gen<T> Any<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(index => values[index]);

    static Func<Task<bool>> Done(Func<Task> call) => async () =>
    {
        await call();
        return true;
    };

    static async Task Same<T>(Func<Task<T>> gate, T? expected) where T : struct => Assert.Equal(expected, await OrRebuilding(async () => (T?)await gate()));

    static async Task Same(Func<Task<string>> gate, string? expected) => Assert.Equal(expected, await OrRebuilding(async () => (string?)await gate()));

    static async Task<T?> OrRebuilding<T>(Func<Task<T?>> call)
    {
        try
        {
            return await call();
        }
        catch (GateException e) when (e.Fault == GateFault.Rebuilding)
        {
            return default;
        }
    }
}
