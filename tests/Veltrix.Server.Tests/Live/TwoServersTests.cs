using Veltrix.EventLog;
using Veltrix.EventLog.Tests;
using Veltrix.Gate;

namespace Veltrix.Server.Tests.Live;

/// <summary>Two servers serve one hunt over logs on Kafka, with one store of seats and one key for tokens. One of them scores.</summary>
public sealed class TwoServersTests(SharedKafka kafka) : IAsyncLifetime
{
    readonly string prefix = $"t{Guid.NewGuid():N}";
    readonly List<IAsyncDisposable> opened = [];
    GateStore store = null!;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await kafka.Start();
        store = await GateStore.Open(new GateStoreOptions(), Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        for (var last = opened.Count - 1; last >= 0; last--) await opened[last].DisposeAsync();
        if (store is not null) await store.DisposeAsync();
    }

    [Fact]
    [Trait("speed", "slow")]
    public async Task Hunters_of_both_play_one_hunt_and_when_the_scorer_goes_the_other_decides()
    {
        var one = await Start(null);
        await one.Publish(TestServer.Quiz);
        var other = await Start(one);
        var ada = (string)(await one.Join("quiz", "Ada"))["token"]!;
        var bob = (string)(await other.Join("quiz", "Bob"))["token"]!;
        await using (var live = await one.Connect("quiz", ada))
        await using (var elsewhere = await other.Connect("quiz", bob))
        {
            Assert.Equal("correct", (string)(await live.Submit(1, "a", "one"))["verdict"]!);
            Assert.Equal("incorrect", (string)(await elsewhere.Submit(1, "b", "one"))["verdict"]!);
            Assert.Equal((true, 0), (Written(one) > 0, Written(other)));

            await one.Restart(async _ =>
            {
                // While the first is away.
                Assert.Equal("correct", (string)(await elsewhere.Submit(2, "b", "two"))["verdict"]!);
                Assert.True(Written(other) > 0);
            });
        }

        await using (var back = await one.Connect("quiz", ada)) Assert.Equal("correct", (string)(await back.Submit(2, "b", "two"))["verdict"]!);
        foreach (var server in (TestServer[])[one, other])
        {
            var rows = (await server.Get("/v1/hunts/quiz/board"))["rows"]!.AsArray();
            Assert.Equal([3, 2], rows.Select(row => (int)row!["score"]!));
            Assert.True((bool)(await server.Post("/v1/hunts/quiz/verify", new { }, one.Server.AuditKey("quiz")))["equal"]!);
        }

        // A folder remembers whose positions its checkpoints have.
        await one.Restart(folder =>
        {
            var forgotten = Assert.Throws<EventLogException>(() => DataFolder.OpenLogs(folder, TimeProvider.System));
            Assert.Equal(EventLogFault.Misconfigured, forgotten.Fault);
            Assert.Contains($"in topics {prefix}.*", forgotten.Message);
            return Task.CompletedTask;
        });
    }

    [Fact]
    public async Task A_folder_with_logs_of_its_own_is_not_turned_to_Kafka()
    {
        var server = await TestServer.Start();
        opened.Add(server);
        await server.Publish(TestServer.Quiz);
        var refused = await Assert.ThrowsAsync<EventLogException>(() => server.Restart(folder => File.WriteAllTextAsync(Path.Combine(folder, "hunt-config.yml"), Settings, Cancel)));
        Assert.Equal(EventLogFault.Misconfigured, refused.Fault);
        Assert.Contains("holds logs of its own", refused.Message);
    }

    string Settings => $"kafka: {{ bootstrap_servers: \"{kafka.Plaintext}\", topic_prefix: {prefix} }}\n";

    async Task<TestServer> Start(TestServer? first)
    {
        var gate = await GateStore.Open(new GateStoreOptions { Endpoint = store.Endpoint }, Cancel);
        opened.Add(gate);
        var server = await TestServer.Start(options =>
        {
            File.WriteAllText(Path.Combine(options.DataFolder, "hunt-config.yml"), Settings);
            if (first is not null) File.Copy(Path.Combine(first.Folder, "token.key"), Path.Combine(options.DataFolder, "token.key"));
            return options with { Gate = gate };
        });
        opened.Add(server);
        return server;
    }

    static long Written(TestServer server) => server.Server.Find("quiz")!.Scorer.Written;
}
