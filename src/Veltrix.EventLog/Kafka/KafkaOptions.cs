using Confluent.Kafka;

namespace Veltrix.EventLog.Kafka;

/// <summary>Where the cluster is, who we are there, and how topics are named. What librdkafka is told follows from it; the parts that the log's promises rest on cannot be set.</summary>
public sealed record KafkaOptions
{
    /// <summary>host:port of some brokers, separated by commas.</summary>
    public required string BootstrapServers { get; init; }

    /// <summary><c>plaintext</c>, <c>ssl</c>, <c>sasl_plaintext</c> or <c>sasl_ssl</c>.</summary>
    public string SecurityProtocol { get; init; } = "plaintext";

    /// <summary><c>PLAIN</c>, <c>SCRAM-SHA-256</c> or <c>SCRAM-SHA-512</c>.</summary>
    public string SaslMechanism { get; init; } = "PLAIN";

    public string SaslUsername { get; init; } = "";

    /// <summary>A file that holds the password and nothing else; a line's end at its end does not count. Read once.</summary>
    public string SaslPasswordFile { get; init; } = "";

    /// <summary>PEM file of the authority that signed the brokers' certificates; empty: those that the machine trusts.</summary>
    public string CaFile { get; init; } = "";

    /// <summary>PEM files of our own certificate and its key, where brokers ask for one.</summary>
    public string CertificateFile { get; init; } = "";

    public string KeyFile { get; init; } = "";

    /// <summary>The log <c>capitals/ledger</c> is the topic <c>{prefix}.capitals.ledger</c>.</summary>
    public string TopicPrefix { get; init; } = "veltrix";

    /// <summary>Copies of a topic that is made; 0: three, or one per broker if there are fewer.</summary>
    public int ReplicationFactor { get; init; }

    /// <summary>How long an append waits for the cluster before it fails as uncertain.</summary>
    public TimeSpan AppendPatience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Further options of librdkafka, <c>name=value</c> separated by commas.</summary>
    public string MoreOptions { get; init; } = "";

    // What the promises of the log rest on: order, durability, no groups, no resets. The values are set by Producer and Consumer below.
    static readonly string[] ours =
    [
        "acks", "request.required.acks", "enable.idempotence", "enable.gapless.guarantee", "message.timeout.ms", "delivery.timeout.ms", "retries", "message.send.max.retries", "max.in.flight",
        "max.in.flight.requests.per.connection", "transactional.id", "auto.offset.reset", "enable.auto.commit", "enable.partition.eof", "allow.auto.create.topics", "bootstrap.servers",
        "metadata.broker.list",
    ];

    /// <summary>Options for the one producer of a process.</summary>
    internal ProducerConfig Producer() => With(new ProducerConfig(Common())
    {
        Acks = Acks.All,
        EnableIdempotence = true,
        // A record that the cluster refuses takes down the producer instead of leaving a gap behind which later ones go in: see Sender.
        EnableGaplessGuarantee = true,
        // For ever. Giving up in the queue would be such a gap; KafkaLog gives up waiting instead.
        MessageTimeoutMs = 0,
        MessageSendMaxRetries = int.MaxValue,
        RequestTimeoutMs = 10_000,
        // Sender keeps its own account of bytes, and refuses a whole append; these must never be met half way through one.
        QueueBufferingMaxMessages = 10_000_000,
        QueueBufferingMaxKbytes = 2_000_000,
        MessageMaxBytes = 100_000_000,
        BatchSize = 1_000_000,
        // As long as it takes to hand over a batch of the Sender, which becomes one request. With none, a long batch becomes many, and what that does the Sender says.
        LingerMs = 1,
        DeliveryReportFields = "status",
    });

    /// <summary>Options for the client that asks about topics.</summary>
    internal AdminClientConfig Admin() => With(new AdminClientConfig(Common()));

    /// <summary>Options for a consumer that is told what to read, belongs to no group and remembers nothing.</summary>
    internal ConsumerConfig Consumer() => With(new ConsumerConfig(Common())
    {
        // librdkafka wants a name of a group. It asks who coordinates it, and no more.
        GroupId = "veltrix",
        EnableAutoCommit = false,
        EnableAutoOffsetStore = false,
        AutoOffsetReset = Confluent.Kafka.AutoOffsetReset.Error,
        AllowAutoCreateTopics = false,
        CheckCrcs = true,
        // A log that has just been opened comes into the next request, so an idle one must not wait long.
        FetchWaitMaxMs = 100,
        FetchMinBytes = 1,
        // Bounds memory: a partition's records read ahead of us.
        QueuedMaxMessagesKbytes = 8 * 1024,
        QueuedMinMessages = 10_000,
        FetchQueueBackoffMs = 2,
        MaxPartitionFetchBytes = 4 << 20,
        ConsumeResultFields = "timestamp,topic",
    });

    /// <exception cref="EventLogException">Something in it cannot be.</exception>
    Dictionary<string, string> Common()
    {
        var config = new Dictionary<string, string>
        {
            ["bootstrap.servers"] = BootstrapServers,
            ["client.id"] = "veltrix",
            ["security.protocol"] = SecurityProtocol,
            // A broker that hangs (a stopped virtual machine, a lost route) is noticed after this and left for the next.
            ["socket.timeout.ms"] = "10000",
            ["socket.nagle.disable"] = "true",
            ["socket.keepalive.enable"] = "true",
            ["reconnect.backoff.ms"] = "50",
            ["reconnect.backoff.max.ms"] = "1000",
            ["retry.backoff.ms"] = "50",
            ["retry.backoff.max.ms"] = "1000",
            ["log.connection.close"] = "false",
            // So long a topic that is not in the cluster's list may be one that was just made.
            ["topic.metadata.propagation.max.ms"] = "10000",
        };
        if (SecurityProtocol.StartsWith("sasl", StringComparison.Ordinal))
        {
            config["sasl.mechanism"] = SaslMechanism;
            config["sasl.username"] = SaslUsername;
            config["sasl.password"] = Password();
        }

        foreach (var (name, file) in (ReadOnlySpan<(string, string)>)[("ssl.ca.location", CaFile), ("ssl.certificate.location", CertificateFile), ("ssl.key.location", KeyFile)])
            if (file.Length > 0) config[name] = File.Exists(file) ? file : throw Wrong($"the file {file} is not there, or may not be read");
        return config;
    }

    T With<T>(T config) where T : ClientConfig
    {
        foreach (var option in MoreOptions.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (option.Split('=', 2, StringSplitOptions.TrimEntries) is not [{ Length: > 0 } name, var value]) throw Wrong($"'{option}' is no option: write name=value, several of them separated by commas");
            if (ours.Contains(name)) throw Wrong($"the option {name} cannot be set: order and durability of the logs rest on it");
            config.Set(name, value);
        }
        return config;
    }

    string Password()
    {
        if (SaslPasswordFile.Length == 0) throw Wrong($"{SecurityProtocol} needs a password, and no file is named that holds it");
        try
        {
            return File.ReadAllText(SaslPasswordFile).TrimEnd('\r', '\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Wrong($"the password cannot be read: {e.Message}");
        }
    }

    EventLogException Wrong(string what) => new(EventLogFault.Misconfigured, $"The logs on Kafka at {BootstrapServers} cannot be opened: {what}.");
}
