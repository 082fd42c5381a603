using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Veltrix.EventLog.Kafka;

namespace Veltrix.EventLog.Tests;

/// <summary>What happens to brokers, done to the log on Kafka. The broker is this class's own.</summary>
[Trait("speed", "slow")]
public sealed class KafkaFaultTests(OwnKafka kafka) : IClassFixture<OwnKafka>, IAsyncLifetime
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    readonly string prefix = $"t{Guid.NewGuid():N}";
    KafkaOptions options = null!;
    KafkaLogs logs = null!;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // A broker that was killed may take half a minute to come back on a machine that runs everything else meanwhile; where a failed append is the point, the test has less patience of its own.
    public async ValueTask InitializeAsync() =>
        logs = KafkaLogs.Open(options = await kafka.Options(prefix) with { AppendPatience = TimeSpan.FromMinutes(2) }, TimeProvider.System);

    public async ValueTask DisposeAsync()
    {
        if (logs is not null) await logs.DisposeAsync();
    }

    /// <summary>Callers that wait, callers that do not, and a reader, while the broker is killed again and again.</summary>
    [Fact]
    public async Task After_kill_9_everything_acknowledged_is_there_once_and_in_order_and_readers_go_on()
    {
        const int Callers = 4;
        var log = await logs.Open("hunt/ledger", Cancel);
        using var reader = log.Read(IEventLog.Start);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var read = new List<LogRecord>();
        var reading = Task.Run(async () =>
        {
            while (true) read.AddRange(await reader.Read(100, Cancel));
        }, Cancel);
        var appending = Enumerable.Range(0, Callers).Select(caller => Task.Run(() => Append(log, caller, stop.Token), Cancel)).ToArray();
        for (var round = 0; round < 3; round++)
        {
            await Task.Delay(700 + 300 * round, Cancel);
            await kafka.KillAndRestart();
        }

        await Task.Delay(1000, Cancel);
        await stop.CancelAsync();
        var acknowledged = (await Task.WhenAll(appending).WaitAsync(Patience, Cancel)).SelectMany(own => own).ToList();
        Assert.True(acknowledged.Count > 1000, $"only {acknowledged.Count} records were acknowledged");

        // In this process, and as one that starts now finds it.
        await using var fresh = KafkaLogs.Open(options, TimeProvider.System);
        var records = Sample.All(await fresh.Open("hunt/ledger", Cancel));
        var found = records.ToDictionary(record => record.Position, Number);
        Assert.All(acknowledged, ack => Assert.Equal(ack.Number, found[ack.Position]));
        for (var caller = 0; caller < Callers; caller++)
        {
            // Nothing failed within two minutes, so each caller's records are all there, once each.
            var own = records.Select(Number).Where(number => number / 1_000_000 == caller).ToList();
            Assert.Equal(Enumerable.Range(caller * 1_000_000, own.Count).Select(i => (long)i), own);
        }

        await Until(() => read.Count >= records.Count);
        Assert.Equal(records.Select(record => record.Position), read.Take(records.Count).Select(record => record.Position));
        Assert.Equal(records[^1].Position, log.End);
        Assert.False(reading.IsFaulted, $"{reading.Exception}");
    }

    [Fact]
    public async Task An_append_that_the_broker_does_not_answer_fails_as_uncertain_with_all_behind_it_and_order_holds()
    {
        await using var hasty = KafkaLogs.Open(options with { AppendPatience = TimeSpan.FromSeconds(2) }, TimeProvider.System);
        var log = await hasty.Open("hunt/ledger", Cancel);
        await log.Append(BitConverter.GetBytes(0L)).WaitAsync(Patience, Cancel);
        kafka.Signal("STOP");
        Task<long>[] appends;
        try
        {
            appends = [.. Enumerable.Range(1, 100).Select(i => log.Append(BitConverter.GetBytes((long)i)))];
            foreach (var append in appends)
            {
                var failed = await Assert.ThrowsAsync<EventLogException>(() => append.WaitAsync(Patience, Cancel));
                Assert.Equal((EventLogFault.Unavailable, true), (failed.Fault, failed.Uncertain));
                Assert.Contains("within 2 s", failed.Message);
            }
        }
        finally
        {
            kafka.Signal("CONT");
        }

        // What was uncertain went in before this one, whole and in order.
        await Eventually(() => log.Append(BitConverter.GetBytes(1000L)));
        var numbers = Sample.All(log).Select(Number).ToList();
        Assert.Equal(Enumerable.Range(0, 101).Select(i => (long)i), numbers.Take(101));
        Assert.Equal(1000, numbers[^1]);
    }

    [Fact]
    public async Task A_broker_that_hangs_for_some_seconds_costs_time_and_nothing_else()
    {
        var log = await logs.Open("hunt/ledger", Cancel);
        await log.Append(BitConverter.GetBytes(0L)).WaitAsync(Patience, Cancel);
        kafka.Signal("STOP");
        var appends = Enumerable.Range(1, 500).Select(i => log.Append(BitConverter.GetBytes((long)i))).ToArray();
        await Task.Delay(6000, Cancel);
        Assert.DoesNotContain(appends, append => append.IsCompleted);
        kafka.Signal("CONT");
        var positions = await Task.WhenAll(appends).WaitAsync(Patience, Cancel);
        Assert.Equal(positions, Sample.All(log).Skip(1).Select(record => record.Position));
        Assert.Equal(Enumerable.Range(0, 501).Select(i => (long)i), Sample.All(log).Select(Number));
    }

    /// <summary>
    /// A broker that hung for longer than the cluster waits leads anew, in a new term. Who asks it in the old one is refused for as long as he believes what he was told, five minutes by default; and a standby
    /// that cannot ask for the ledger's end claims nothing.
    /// </summary>
    [Fact]
    public async Task The_end_of_a_log_is_asked_of_the_leader_of_today()
    {
        var log = await logs.Open("hunt/ledger", Cancel);
        await log.Append(BitConverter.GetBytes(0L)).WaitAsync(Patience, Cancel);
        Assert.Equal(1, await log.AskEnd(Cancel));
        for (var term = 1; term <= 3; term++)
        {
            kafka.Signal("STOP");
            await Task.Delay(4000, Cancel);
            kafka.Signal("CONT");
            Assert.Equal(term + 1, await log.Append(BitConverter.GetBytes((long)term)).WaitAsync(Patience, Cancel));
            // It may notice only now that it was away, and lead for a moment in the old term still.
            await Task.Delay(1500, Cancel);
            Assert.Equal(term + 1, await log.AskEnd(Cancel).WaitAsync(Patience, Cancel));
        }
    }

    /// <summary>librdkafka polls without a pause while it holds records that may not be sent yet; a broker that is slow for want of a processor would be so for ever.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(50_000)]
    public async Task Appends_behind_a_broker_that_does_not_answer_burn_no_processor(int atOnce)
    {
        using var hammer = Victim.Start("hammer", kafka.Plaintext, prefix, $"{atOnce}");
        try
        {
            Assert.Equal("ready", await hammer.StandardOutput.ReadLineAsync(Cancel).AsTask().WaitAsync(Patience, Cancel));
            kafka.Signal("STOP");
            await hammer.StandardInput.WriteLineAsync("go");
            var seconds = double.Parse((await hammer.StandardOutput.ReadLineAsync(Cancel).AsTask().WaitAsync(Patience, Cancel))!, System.Globalization.CultureInfo.InvariantCulture);
            Assert.InRange(seconds, 0, 2);
        }
        finally
        {
            kafka.Signal("CONT");
            hammer.Kill();
            await hammer.WaitForExitAsync(CancellationToken.None);
        }
    }

    [Fact]
    public async Task Who_reads_or_closes_while_the_broker_is_away_is_not_kept_for_ever()
    {
        var log = await logs.Open("hunt/ledger", Cancel);
        // What somebody reads, the tail follows.
        using var first = log.Read(IEventLog.Start);
        await log.Append([.. Enumerable.Range(0, 100).Select(i => (ReadOnlyMemory<byte>)BitConverter.GetBytes((long)i))]).WaitAsync(Patience, Cancel);
        await using var second = KafkaLogs.Open(options with { AppendPatience = TimeSpan.FromSeconds(2) }, TimeProvider.System);
        var cold = await second.Open("hunt/ledger", Cancel);
        Assert.Equal(100, Sample.All(log).Count);
        kafka.Kill();
        try
        {
            // The newest records are here; older ones are not to be had.
            Assert.Equal(100, Sample.All(log).Count);
            using var reader = cold.Read(IEventLog.Start);
            var failed = await Assert.ThrowsAsync<EventLogException>(() => Task.Run(() => reader.ReadAvailable(10), Cancel).WaitAsync(Patience, Cancel));
            Assert.Equal(EventLogFault.Unavailable, failed.Fault);
            using var patient = cold.Read(IEventLog.Start);
            var waiting = patient.Read(10, Cancel).AsTask();
            Assert.Throws<EventLogException>(() => cold.Read(cold.End + 1));

            var append = cold.Append(BitConverter.GetBytes(7L));
            await kafka.Restart();
            Assert.Equal(10, (await waiting.WaitAsync(Patience, Cancel)).Count);
            await Task.WhenAny(append).WaitAsync(Patience, Cancel);
            kafka.Kill();
            append = cold.Append(BitConverter.GetBytes(8L));
            await cold.DisposeAsync().AsTask().WaitAsync(Patience, Cancel);
            Assert.True((await Assert.ThrowsAsync<EventLogException>(() => append)).Uncertain);
        }
        finally
        {
            await kafka.Restart();
        }
    }

    [Fact]
    public async Task What_the_cluster_refuses_for_good_leaves_no_gap_and_other_logs_go_on()
    {
        var log = await logs.Open("hunt/ledger", Cancel);
        var other = await logs.Open("hunt/submissions", Cancel);
        await log.Append(BitConverter.GetBytes(0L)).WaitAsync(Patience, Cancel);
        await Alter($"{prefix}.hunt.ledger", "max.message.bytes", "20000");
        // A small one, one that is too large by now, and many behind it, all under way at once.
        var appends = new List<Task<long>> { log.Append(BitConverter.GetBytes(1L)), log.Append(new byte[50_000]) };
        for (var i = 2; i < 200; i++) appends.Add(log.Append(BitConverter.GetBytes((long)i)));
        var tooLarge = await Assert.ThrowsAsync<EventLogException>(() => appends[1].WaitAsync(Patience, Cancel));
        Assert.Equal((EventLogFault.TooLarge, false), (tooLarge.Fault, tooLarge.Uncertain));
        // It is not hammered with what it refuses.
        Assert.Equal(EventLogFault.TooLarge, (await Assert.ThrowsAsync<EventLogException>(() => log.Append(BitConverter.GetBytes(300L)))).Fault);

        await Task.WhenAll(appends.Select(append => append.ContinueWith(_ => { }, Cancel))).WaitAsync(Patience, Cancel);
        var records = Sample.All(log).Select(record => record.Payload.Length == 8 ? Number(record) : -1).ToList();
        foreach (var (append, number) in appends.Skip(2).Select((append, i) => (append, i + 2L)))
        {
            if (append.IsCompletedSuccessfully) Assert.Fail($"{number} went in behind one that did not");
            // Some may be called uncertain: those on which the dying producer kept silent.
            Assert.IsType<EventLogException>(append.Exception!.InnerException);
            Assert.DoesNotContain(number, records);
        }

        // All have a new producer in a moment.
        await Eventually(() => other.Append(BitConverter.GetBytes(7L)));
        await Alter($"{prefix}.hunt.ledger", "max.message.bytes", "2000000");
        await Eventually(() => log.Append(BitConverter.GetBytes(400L)));
        Assert.Equal(400, Number(Sample.All(log)[^1]));
    }

    [Fact]
    public async Task A_topic_that_is_deleted_is_named_by_appends_and_readers()
    {
        var log = await logs.Open("hunt/ledger", Cancel);
        await log.Append(BitConverter.GetBytes(0L)).WaitAsync(Patience, Cancel);
        using var reader = log.Read(log.End);
        var reading = reader.Read(1, Cancel).AsTask();
        using (var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.Plaintext }).Build())
            await admin.DeleteTopicsAsync([$"{prefix}.hunt.ledger"]);
        // While the broker is at it, it may first say that it no longer leads, or nothing: no record is taken, and then the reason is told.
        var since = TimeProvider.System.GetTimestamp();
        EventLogException gone;
        do gone = await Assert.ThrowsAsync<EventLogException>(() => log.Append(BitConverter.GetBytes(1L)).WaitAsync(Patience, Cancel));
        while (!gone.Message.Contains("does not have the topic any more", StringComparison.Ordinal) && TimeProvider.System.GetElapsedTime(since) < Patience);
        Assert.Contains("does not have the topic any more", gone.Message);
        gone = await Assert.ThrowsAsync<EventLogException>(() => reading.WaitAsync(Patience, Cancel));
        Assert.Contains("does not have the topic any more", gone.Message);
    }

    /// <summary>Appends until told to stop, mostly without waiting; gives what was acknowledged.</summary>
    static async Task<List<(long Position, long Number)>> Append(IEventLog log, int caller, CancellationToken stop)
    {
        var appends = new List<(Task<long> Task, long Number)>();
        for (var number = caller * 1_000_000L; !stop.IsCancellationRequested; number++)
        {
            appends.Add((log.Append(BitConverter.GetBytes(number)), number));
            if (caller % 2 == 0 || number % 20 == 0) await appends[^1].Task;
        }

        var acknowledged = new List<(long, long)>();
        foreach (var (task, number) in appends) acknowledged.Add((await task, number));
        return acknowledged;
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

    async Task Alter(string topic, string setting, string value)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.Plaintext }).Build();
        var resource = new ConfigResource { Type = ResourceType.Topic, Name = topic };
        await admin.IncrementalAlterConfigsAsync(new() { [resource] = [new ConfigEntry { Name = setting, Value = value, IncrementalOperation = AlterConfigOpType.Set }] });
        // Brokers hear of it a moment later.
        await Task.Delay(500, Cancel);
    }

    static long Number(LogRecord record) => BitConverter.ToInt64(record.Payload.Span);

    static async Task Until(Func<bool> holds)
    {
        for (var since = TimeProvider.System.GetTimestamp(); !holds(); await Task.Delay(20, Cancel))
            Assert.True(TimeProvider.System.GetElapsedTime(since) < Patience, "it did not come to hold");
    }
}
