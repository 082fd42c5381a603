using System.Collections.Concurrent;
using Confluent.Kafka;
using Veltrix.EventLog.Kafka;

namespace Veltrix.EventLog.Tests;

/// <summary>Brokers of a cluster of three die while records are appended. Copies are three, of which two must have a record before it is acknowledged.</summary>
[Trait("speed", "slow")]
public sealed class KafkaClusterTests(OwnKafkaCluster kafka) : IClassFixture<OwnKafkaCluster>, IAsyncLifetime
{
    /// <summary>A broker comes back in half a minute on a machine that runs everything else meanwhile.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    readonly string prefix = $"t{Guid.NewGuid():N}";
    KafkaOptions options = null!;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => options = await kafka.Options(prefix);

    // The next test wants all three.
    public async ValueTask DisposeAsync() => await kafka.Restart();

    [Fact]
    public async Task The_leader_is_killed_and_what_was_acknowledged_is_there_once_in_order_and_appends_go_on()
    {
        const int Callers = 4;
        await using var logs = KafkaLogs.Open(options with { AppendPatience = Patience }, TimeProvider.System);
        var log = await logs.Open("hunt/ledger", Cancel);
        using var reader = log.Read(IEventLog.Start);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var counts = new int[Callers];
        var appending = Enumerable.Range(0, Callers).Select(caller => Task.Run(() => Append(log, caller, counts, stop.Token), Cancel)).ToArray();
        await Until(() => counts.Sum() > 500);

        var killed = State().Leader;
        kafka.Kill(killed);
        // None of what is on its way now may count as going on.
        await Until(() => IsLedByAnotherThan(killed));
        var before = counts.Sum();
        await Until(() => counts.Sum() > before + 500);
        await stop.CancelAsync();
        var acknowledged = (await Task.WhenAll(appending).WaitAsync(Patience, Cancel)).SelectMany(own => own).ToList();

        // In this process, where a reader has followed all the while, and as one that starts now finds it, both without the broker that led.
        await using var fresh = KafkaLogs.Open(options, TimeProvider.System);
        var records = Sample.All(await fresh.Open("hunt/ledger", Cancel));
        var found = records.ToDictionary(record => record.Position, Number);
        Assert.All(acknowledged, ack => Assert.Equal(ack.Number, found[ack.Position]));
        Assert.Equal(acknowledged.Count, records.Count);
        for (var caller = 0; caller < Callers; caller++)
        {
            var own = records.Select(Number).Where(number => number / 1_000_000 == caller).ToList();
            Assert.Equal(Enumerable.Range(caller * 1_000_000, own.Count).Select(i => (long)i), own);
        }

        var read = new List<LogRecord>();
        while (read.Count < records.Count) read.AddRange(await reader.Read(1000, Cancel).AsTask().WaitAsync(Patience, Cancel));
        Assert.Equal(records.Select(record => record.Position), read.Select(record => record.Position));
    }

    /// <summary>For some seconds brokers still name the dead one to those who ask for somebody who answers questions about topics.</summary>
    [Fact]
    public async Task A_log_is_opened_while_brokers_do_not_know_yet_that_one_is_dead()
    {
        await using (var logs = KafkaLogs.Open(options, TimeProvider.System)) await (await logs.Open("hunt/ledger", Cancel)).Append(BitConverter.GetBytes(0L)).WaitAsync(Patience, Cancel);
        var leader = State().Leader;
        kafka.Kill(Enumerable.Range(1, 3).First(node => node != leader));
        // One of three is named by chance, so that one question alone would prove nothing.
        await Task.WhenAll(Enumerable.Range(0, 12).Select(async _ =>
        {
            await using var logs = KafkaLogs.Open(options, TimeProvider.System);
            Assert.Single(Sample.All(await logs.Open("hunt/ledger", Cancel)));
        }));
    }

    /// <summary>Where one broker of three is left, no record has a second copy: none is acknowledged, and whoever appends is told which limit that is.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task With_one_broker_left_an_append_fails_by_a_limit_that_is_named_and_one_that_comes_back_heals_it(bool leaderIsLeft)
    {
        await using var logs = KafkaLogs.Open(options with { AppendPatience = TimeSpan.FromSeconds(8) }, TimeProvider.System);
        var log = await logs.Open("hunt/ledger", Cancel);
        await Until(() => State().InStep == 3);
        await log.Append(BitConverter.GetBytes(0L)).WaitAsync(Patience, Cancel);
        var leader = State().Leader;
        var others = Enumerable.Range(1, 3).Where(node => node != leader).ToList();
        kafka.Kill(others[0]);
        await Until(() => State().InStep == 2);
        await log.Append(BitConverter.GetBytes(1L)).WaitAsync(Patience, Cancel);

        kafka.Kill(leaderIsLeft ? others[1] : leader);
        var appends = Enumerable.Range(2, 50).Select(i => log.Append(BitConverter.GetBytes((long)i))).ToList();
        foreach (var append in appends)
        {
            var failed = await Assert.ThrowsAsync<EventLogException>(() => append.WaitAsync(Patience, Cancel));
            Assert.Equal((EventLogFault.Unavailable, true), (failed.Fault, failed.Uncertain));
            Assert.Contains("did not take a record within 8 s", failed.Message);
            Assert.Contains("min.insync.replicas=2", failed.Message);
            Assert.Contains("Bring back brokers", failed.Message);
        }

        await kafka.Restart();
        await Eventually(() => log.Append(BitConverter.GetBytes(1000L)));
        // What was uncertain went in before this one, whole and in order.
        await using var fresh = KafkaLogs.Open(options, TimeProvider.System);
        var numbers = Sample.All(await fresh.Open("hunt/ledger", Cancel)).ConvertAll(Number);
        Assert.Equal(Enumerable.Range(0, 52).Select(i => (long)i), numbers.Take(52));
        Assert.Equal(1000, numbers[^1]);
    }

    /// <summary>Appends until told to stop, mostly without waiting; gives what was acknowledged. Nothing may fail.</summary>
    static async Task<List<(long Position, long Number)>> Append(IEventLog log, int caller, int[] counts, CancellationToken stop)
    {
        var acknowledged = new ConcurrentQueue<(long, long)>();
        var appends = new List<Task>();
        for (var number = caller * 1_000_000L; !stop.IsCancellationRequested; number++)
        {
            appends.Add(One(number));
            if (caller % 2 == 0 || number % 20 == 0) await appends[^1];
        }

        await Task.WhenAll(appends);
        return [.. acknowledged];

        async Task One(long number)
        {
            acknowledged.Enqueue((await log.Append(BitConverter.GetBytes(number)), number));
            Interlocked.Increment(ref counts[caller]);
        }
    }

    bool IsLedByAnotherThan(int node) => State().Leader is var leader && leader > 0 && leader != node;

    /// <summary>The node that leads the ledger's partition, -1 where there is none, and how many copies of it are in step.</summary>
    (int Leader, int InStep) State()
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.Plaintext }).SetLogHandler((_, _) => { }).Build();
        var partition = admin.GetMetadata(Patience).Topics.Single(topic => topic.Topic == $"{prefix}.hunt.ledger").Partitions.Single();
        return (partition.Leader, partition.InSyncReplicas.Length);
    }

    static async Task Eventually(Func<Task<long>> append)
    {
        for (var since = TimeProvider.System.GetTimestamp(); ; await Task.Delay(500, Cancel))
            try
            {
                await append().WaitAsync(Patience, Cancel);
                return;
            }
            catch (EventLogException) when (TimeProvider.System.GetElapsedTime(since) < Patience)
            {
                // Not yet.
            }
    }

    static long Number(LogRecord record) => BitConverter.ToInt64(record.Payload.Span);

    static async Task Until(Func<bool> holds)
    {
        for (var since = TimeProvider.System.GetTimestamp(); !holds(); await Task.Delay(100, Cancel))
            Assert.True(TimeProvider.System.GetElapsedTime(since) < Patience, "it did not come to hold");
    }
}
