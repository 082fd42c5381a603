namespace Veltrix.Gate.Tests;

/// <summary>What only the store in this process has to show.</summary>
public sealed class EmbeddedStoreTests(GarnetStore store) : GateContract(store), IClassFixture<GarnetStore>
{
    [Fact]
    public async Task Lists_that_empty_and_fill_again_do_not_fill_its_log()
    {
        await Publish(1);
        await Ask("ada");
        await TurnOver(20);
        var before = (await Fixture.Store.Memory(Cancel)).Used;
        await TurnOver(1_000);
        Assert.InRange((await Fixture.Store.Memory(Cancel)).Used - before, -20_000, 20_000);

        // Whoever waits makes two lists, leaves them empty, and both are gone.
        async Task TurnOver(int times)
        {
            for (var n = 0; n < times; n++)
            {
                await Ask("bob", n);
                await Gate.Leave("bob", Cancel);
            }
        }
    }

    [Fact]
    public async Task Its_memory_is_what_its_keys_take_of_the_budget()
    {
        await using var store = await GateStore.Open(new GateStoreOptions { MemoryBudget = 2_000_000 }, Cancel);
        var empty = await store.Memory(Cancel);
        Assert.InRange(empty.Ratio!.Value, 0, 0.01);
        Assert.Equal(("garnet 2.2.8", null, false), (empty.Product, empty.Resident, empty.Saving));
        await store.Hunt("h").Renew("s1", Lease, [.. Enumerable.Range(0, 10_000).Select(n => ($"hunter-{n:00000}", TimeSpan.Zero))], Cancel);
        Assert.InRange((await store.Memory(Cancel)).Ratio!.Value, 0.4, 1);
    }

    [Fact]
    public async Task Two_in_one_process_know_nothing_of_each_other()
    {
        await using var other = await GateStore.Open(new GateStoreOptions(), Cancel);
        Assert.NotEqual(Fixture.Store.Endpoint, other.Endpoint);
        Assert.True((await other.Hunt(Gate.Id).Counts(Cancel)).Rebuilding);
    }

    [Fact]
    public async Task Another_process_reaches_it_at_its_endpoint_only_from_this_machine()
    {
        Assert.StartsWith("127.0.0.1:", Fixture.Store.Endpoint, StringComparison.Ordinal);
        var other = await Fixture.Connect();
        await Publish(7);
        Assert.Equal(7, (await other.Hunt(Gate.Id).Counts(Cancel)).Limits!.Limit);
    }
}
