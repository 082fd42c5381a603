using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Veltrix.EventLog.Kafka;

namespace Veltrix.EventLog.Tests;

/// <summary>Which topics can be logs, who is let in, and what is said otherwise; and several processes on one log.</summary>
public sealed class KafkaTopicTests(SharedKafka kafka) : IAsyncLifetime
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    readonly string prefix = $"t{Guid.NewGuid():N}";
    readonly string passwords = Directory.CreateTempSubdirectory("veltrix-kafka-pw-").FullName;
    readonly List<IEventLogs> opened = [];
    KafkaOptions options = null!;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    string Topic => $"{prefix}.hunt.ledger";

    public async ValueTask InitializeAsync() => options = await kafka.Options(prefix);

    public async ValueTask DisposeAsync()
    {
        foreach (var logs in opened) await logs.DisposeAsync();
        Directory.Delete(passwords, recursive: true);
    }

    [Fact]
    public async Task A_topic_is_made_with_one_partition_and_nothing_that_goes_by_itself()
    {
        await Open(options);
        var described = await kafka.Tool("topics", "--bootstrap-server", kafka.Plaintext, "--describe", "--topic", Topic);
        Assert.Contains("PartitionCount: 1", described);
        foreach (var setting in (string[])["retention.ms=-1", "retention.bytes=-1", "cleanup.policy=delete", "message.timestamp.type=LogAppendTime", "min.insync.replicas=1", "unclean.leader.election.enable=false"])
            Assert.Contains(setting, described);
    }

    [Theory]
    [InlineData("retention.ms", "604800000")]
    [InlineData("retention.bytes", "1000000")]
    [InlineData("cleanup.policy", "compact")]
    [InlineData("cleanup.policy", "compact,delete")]
    [InlineData("message.timestamp.type", "CreateTime")]
    [InlineData("unclean.leader.election.enable", "true")]
    [InlineData("max.message.bytes", "100000")]
    public async Task A_topic_that_would_lose_records_is_refused_and_the_remedy_in_the_message_works(string setting, string value)
    {
        var log = await Open(options);
        await log.Append("a clue"u8.ToArray()).WaitAsync(Patience, Cancel);
        await Alter(setting, value);

        var refused = await Assert.ThrowsAsync<EventLogException>(() => Open(options));
        Assert.Equal(EventLogFault.Misconfigured, refused.Fault);
        Assert.Contains($"topic {Topic}", refused.Message);
        Assert.Contains($"{setting}={value}", refused.Message);

        // The command at its end, as an operator would type it.
        var command = refused.Message[(refused.Message.IndexOf("kafka-configs.sh ", StringComparison.Ordinal) + "kafka-configs.sh ".Length)..];
        await kafka.Tool(["configs", .. command.Split(' ')]);
        Assert.Single(Sample.All(await Open(options)));
    }

    [Fact]
    public async Task Every_fault_of_a_topic_is_named_at_once()
    {
        // As brokers make topics by themselves.
        await Make(new TopicSpecification { Name = Topic, NumPartitions = 3, ReplicationFactor = 1 });
        var refused = await Assert.ThrowsAsync<EventLogException>(() => Open(options));
        Assert.Contains("retention.ms=604800000 where -1 is needed", refused.Message);
        Assert.Contains("message.timestamp.type=CreateTime where LogAppendTime is needed", refused.Message);
        Assert.Contains("3 partitions where 1 is needed", refused.Message);
        Assert.Contains($"--delete --topic {Topic}", refused.Message);
    }

    [Fact]
    public async Task The_largest_record_goes_by_the_topic_as_somebody_made_it()
    {
        await Make(new TopicSpecification
        {
            Name = Topic, NumPartitions = 1, ReplicationFactor = 1,
            Configs = new() { ["retention.ms"] = "-1", ["message.timestamp.type"] = "LogAppendTime", ["max.message.bytes"] = "1200000" },
        });
        var log = await Open(options);
        Assert.InRange(log.MaxRecordBytes, 1_199_000, 1_200_000);
        await log.Append(new byte[log.MaxRecordBytes]).WaitAsync(Patience, Cancel);
        var refused = await Assert.ThrowsAsync<EventLogException>(() => log.Append(new byte[log.MaxRecordBytes + 1]));
        Assert.Equal((EventLogFault.TooLarge, false), (refused.Fault, refused.Uncertain));
        Assert.Contains($"max.message.bytes of topic {Topic}", refused.Message);
    }

    [Fact]
    public async Task More_copies_than_brokers_are_refused()
    {
        var refused = await Assert.ThrowsAsync<EventLogException>(() => Open(options with { ReplicationFactor = 3 }));
        Assert.Equal(EventLogFault.Misconfigured, refused.Fault);
        Assert.Contains("kafka.replication_factor", refused.Message);
    }

    [Fact]
    public async Task Over_TLS_with_a_password_the_log_works()
    {
        var log = await Open(Secured("veltrix", "veltrix-secret"));
        await log.Append("a clue"u8.ToArray()).WaitAsync(Patience, Cancel);
        Assert.Single(Sample.All(log));
    }

    [Fact]
    public async Task Who_may_not_use_the_topics_is_told_so()
    {
        foreach (var isThere in (bool[])[false, true])
        {
            if (isThere) await Open(options);
            var refused = await Assert.ThrowsAsync<EventLogException>(() => Open(Secured("stranger", "stranger-secret")));
            Assert.Equal(EventLogFault.Denied, refused.Fault);
            Assert.Contains("'stranger'", refused.Message);
            Assert.Contains("docs/operate/kafka.md", refused.Message);
        }
    }

    /// <summary>As docs/operate/kafka.md lists them, and nothing on groups or the cluster.</summary>
    [Fact]
    public async Task The_access_rights_in_the_documentation_are_enough()
    {
        string[] operations = ["Create", "Describe", "DescribeConfigs", "Read", "Write", "Delete"];
        await kafka.Tool(["acls", "--bootstrap-server", kafka.Plaintext, "--add", "--allow-principal", "User:stranger", "--resource-pattern-type", "prefixed", "--topic", $"{prefix}.",
            .. operations.SelectMany(operation => (string[])["--operation", operation])]);
        var log = await Open(Secured("stranger", "stranger-secret"));
        var positions = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => log.Append(BitConverter.GetBytes((long)i)))).WaitAsync(Patience, Cancel);
        await log.TruncateBefore(positions[5]).WaitAsync(Patience, Cancel);
        var again = await Open(Secured("stranger", "stranger-secret"));
        Assert.Equal(positions[5..], Sample.All(again).Select(record => record.Position));
        Assert.Equal(["hunt/ledger"], await opened[0].List(Cancel));
    }

    [Fact]
    public async Task A_wrong_password_and_an_unknown_certificate_are_told_apart_from_a_broker_that_is_away()
    {
        var refused = await Assert.ThrowsAsync<EventLogException>(() => Open(Secured("veltrix", "guessed")).WaitAsync(Patience, Cancel));
        Assert.Equal(EventLogFault.Denied, refused.Fault);
        Assert.Contains("kafka.sasl_password_file", refused.Message);

        refused = await Assert.ThrowsAsync<EventLogException>(() => Open(Secured("veltrix", "veltrix-secret") with { CaFile = "" }).WaitAsync(Patience, Cancel));
        Assert.Equal(EventLogFault.Denied, refused.Fault);
        Assert.Contains("kafka.ca_file", refused.Message);

        refused = await Assert.ThrowsAsync<EventLogException>(() => Open(options with { BootstrapServers = "127.0.0.1:9" }).WaitAsync(Patience, Cancel));
        Assert.Equal(EventLogFault.Unavailable, refused.Fault);
        Assert.Contains("127.0.0.1:9 does not answer", refused.Message);
    }

    [Theory]
    [InlineData("acks=1")]
    [InlineData("enable.idempotence=false")]
    [InlineData("message.timeout.ms=5000")]
    [InlineData("linger")]
    [InlineData("no.such.option=1")]
    [InlineData("socket.timeout.ms=soon")]
    public void Options_that_break_promises_or_are_none_are_refused(string option)
    {
        var refused = Assert.Throws<EventLogException>(() => KafkaLogs.Open(options with { MoreOptions = option }, TimeProvider.System));
        Assert.Equal(EventLogFault.Misconfigured, refused.Fault);
        Assert.Contains(option.Split('=')[0], refused.Message);
    }

    [Fact]
    public async Task Two_processes_on_one_log_see_all_records_in_one_order()
    {
        const int Each = 2000;
        var (one, other) = (await Open(options), await Open(options));
        using var oneReader = one.Read(IEventLog.Start);
        using var otherReader = other.Read(IEventLog.Start);
        var reading = (ReadAll(oneReader, 2 * Each), ReadAll(otherReader, 2 * Each));
        var appends = await Task.WhenAll(Append(one, 0), Append(other, Each)).WaitAsync(Patience, Cancel);

        var (seenByOne, seenByOther) = (await reading.Item1.WaitAsync(Patience, Cancel), await reading.Item2.WaitAsync(Patience, Cancel));
        Assert.Equal(seenByOne.Select(record => record.Position), seenByOther.Select(record => record.Position));
        Assert.Equal(seenByOne.Select(Number), seenByOther.Select(Number));
        foreach (var (own, first) in (ReadOnlySpan<(long[], int)>)[(appends[0], 0), (appends[1], Each)])
            Assert.Equal(own, seenByOne.Where(record => Number(record) / Each == first / Each).Select(record => record.Position));
        // The end follows what others append, too.
        Assert.Equal(seenByOne[^1].Position, one.End);
        Assert.Equal(one.End, other.End);

        Task<long[]> Append(IEventLog log, int first) => Task.WhenAll(Enumerable.Range(first, Each).Select(i => log.Append(BitConverter.GetBytes((long)i))));
    }

    [Fact]
    public async Task A_position_that_another_process_was_given_is_known_at_once()
    {
        var (one, other) = (await Open(options), await Open(options));
        for (var i = 0; i < 20; i++)
        {
            var position = await one.Append(BitConverter.GetBytes((long)i)).WaitAsync(Patience, Cancel);
            using var reader = other.Read(position);
            Assert.Empty(reader.ReadAvailable(1));
        }
    }

    [Fact]
    public async Task Truncation_by_another_process_is_noticed()
    {
        var (one, other) = (await Open(options), await Open(options));
        var positions = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => one.Append(BitConverter.GetBytes((long)i)))).WaitAsync(Patience, Cancel);
        await one.TruncateBefore(positions[60]).WaitAsync(Patience, Cancel);
        var third = await Open(options);
        using var reader = third.Read(positions[10]);
        Assert.Equal(positions[60..], reader.ReadAvailable(1000).Select(record => record.Position));
        // What another process appended is known where somebody reads, when the tail has brought it.
        using var follower = other.Read(IEventLog.Start);
        while (other.End < positions[^1]) await Task.Delay(20, Cancel);
        Assert.Equal(positions[^1], other.End);
    }

    [Fact]
    public async Task Logs_of_other_installations_are_not_listed()
    {
        await Open(options);
        await Open(options with { TopicPrefix = prefix + "2" });
        Assert.Equal(["hunt/ledger"], await opened[0].List(Cancel));
    }

    async Task<IEventLog> Open(KafkaOptions options)
    {
        var logs = KafkaLogs.Open(options, TimeProvider.System);
        opened.Add(logs);
        return await logs.Open("hunt/ledger", Cancel);
    }

    KafkaOptions Secured(string user, string password)
    {
        var file = Path.Combine(passwords, user);
        File.WriteAllText(file, password + "\n");
        return options with { BootstrapServers = kafka.SaslSsl, SecurityProtocol = "sasl_ssl", SaslUsername = user, SaslPasswordFile = file, CaFile = kafka.CaFile };
    }

    async Task Make(TopicSpecification topic)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.Plaintext }).Build();
        await admin.CreateTopicsAsync([topic]);
    }

    async Task Alter(string setting, string value)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.Plaintext }).Build();
        var resource = new ConfigResource { Type = ResourceType.Topic, Name = Topic };
        await admin.IncrementalAlterConfigsAsync(new() { [resource] = [new ConfigEntry { Name = setting, Value = value, IncrementalOperation = AlterConfigOpType.Set }] });
    }

    static long Number(LogRecord record) => BitConverter.ToInt64(record.Payload.Span);

    static async Task<List<LogRecord>> ReadAll(IEventLogReader reader, int count)
    {
        var records = new List<LogRecord>();
        while (records.Count < count) records.AddRange(await reader.Read(500, Cancel));
        return records;
    }
}
