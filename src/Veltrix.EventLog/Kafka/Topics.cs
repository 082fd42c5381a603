using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Veltrix.EventLog.Kafka;

/// <summary>A topic that can be a log, as found when it was opened.</summary>
/// <param name="Low">Offset of the first record there is.</param>
/// <param name="High">Offset of the next record there will be.</param>
/// <param name="InStepMin">Copies that must have a record before it is acknowledged: <c>min.insync.replicas</c>.</param>
sealed record Topic(TopicPartition Partition, long Low, long High, int RecordBytesMax, int InStepMin);

/// <summary>The copies of a topic, as a broker knows them that answers. Brokers that died together with most of those that count them may be in step here.</summary>
/// <param name="Leader">The broker that takes records; null: there is none.</param>
/// <param name="All">The brokers that have a copy, by number.</param>
/// <param name="InStep">Those of them whose copy had every record when it was last counted.</param>
sealed record Copies(int? Leader, IReadOnlyList<int> All, IReadOnlyList<int> InStep);

/// <summary>
/// Finds, makes and checks topics. A topic is made by us with all that a log promises, or refused: the brokers' defaults (seven days of retention, times as producers say) would
/// break it silently. So nothing here or elsewhere asks brokers for a topic in a way that lets them make it by themselves.
/// </summary>
/// <remarks>
/// It has a client of its own. A broker answers the requests of a connection one after the other, and on the tail's one a request to fetch waits most of the time for records:
/// every question would wait behind it.
/// </remarks>
sealed class Topics(KafkaOptions options, Trouble trouble) : IDisposable
{
    /// <summary>What a topic is made with: room for a record as large as the embedded log takes.</summary>
    const int MessageBytesMax = (2 << 20) + 1024;

    /// <summary>Less than this (Kafka's own default is a little more) and a hunt's definition would not fit.</summary>
    const int MessageBytesLeast = 1 << 20;

    /// <summary>What surrounds a record that travels alone: 61 bytes of its batch, and at most 20 of its own.</summary>
    const int RecordOverhead = 100;

    /// <summary>Space comes back a segment at a time; Kafka's default of 1 GiB would keep most hunts' commands for a week after they were truncated.</summary>
    const int SegmentBytes = 128 << 20;

    static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);

    static readonly TimeSpan WatermarksWithin = TimeSpan.FromSeconds(5);

    // How copies stand is asked for an error's message only, which does not wait for it.
    static readonly TimeSpan CopiesWithin = TimeSpan.FromSeconds(2);

    static readonly TimeSpan AskedAnewEvery = TimeSpan.FromSeconds(1);

    // One refused connection may be followed by a good one to another broker.
    static readonly TimeSpan DeniedAfter = TimeSpan.FromSeconds(1);

    // Setting, value, and what would happen otherwise.
    static readonly (string Name, string Value, string Why)[] needed =
    [
        ("cleanup.policy", "delete", "compaction would take records away"),
        ("retention.ms", "-1", "acknowledged records would vanish after that time"),
        ("retention.bytes", "-1", "acknowledged records would vanish beyond that size"),
        ("message.timestamp.type", "LogAppendTime", "game time would be what producers say"),
        ("unclean.leader.election.enable", "false", "a broker without the newest records could become the leader"),
    ];

    readonly IAdminClient admin = new AdminClientBuilder(options.Admin()).SetErrorHandler((_, error) => trouble.Note(error)).SetLogHandler((_, _) => { }).Build();

    /// <summary>The topic of a log, made if it is not there.</summary>
    /// <exception cref="EventLogException">It cannot be had, or is kept in a way that breaks what a log promises.</exception>
    public async Task<Topic> Open(string log, string topic, CancellationToken cancel)
    {
        var what = $"Log {log} (topic {topic}) cannot be opened";
        var settings = await Settings(topic, what, cancel);
        if (settings is null)
        {
            await Create(topic, what, cancel);
            // The broker that answers may not have heard of it yet.
            for (var since = trouble.Clock.GetTimestamp(); (settings = await Settings(topic, what, cancel)) is null; await Task.Delay(20, cancel))
                if (trouble.Clock.GetElapsedTime(since) > AnswerWithin) throw trouble.Silent(what);
        }

        var room = int.Parse(settings["max.message.bytes"], CultureInfo.InvariantCulture);
        Check(topic, settings, room, await Partitions(topic, what, cancel), what);
        var partition = new TopicPartition(topic, 0);
        var (low, high) = await Watermarks(partition, what, cancel);
        return new Topic(partition, low, high, Math.Min(room, MessageBytesMax) - RecordOverhead, int.Parse(settings["min.insync.replicas"], CultureInfo.InvariantCulture));
    }

    /// <exception cref="EventLogException">Something about the topic breaks what a log promises; all of it is named.</exception>
    void Check(string topic, Dictionary<string, string> settings, int room, int partitions, string what)
    {
        var wrong = needed.Where(need => settings[need.Name] != need.Value).ToList();
        if (room < MessageBytesLeast)
            wrong.Add(("max.message.bytes", MessageBytesMax.ToString(CultureInfo.InvariantCulture), $"a hunt's definition would not fit; at least {MessageBytesLeast} is needed"));
        var faults = wrong.ConvertAll(need => $"{need.Name}={settings[need.Name]} where {need.Value} is needed ({need.Why})");
        if (partitions != 1) faults.Insert(0, $"{partitions} partitions where 1 is needed (a log has one order)");
        if (faults.Count == 0) return;
        // kafka-configs.sh wants brackets around a value with a comma; none of ours has one. Partitions cannot be taken away.
        var remedy = partitions == 1
            ? $"kafka-configs.sh --bootstrap-server {options.BootstrapServers} --alter --entity-type topics --entity-name {topic} --add-config {string.Join(",", wrong.Select(need => $"{need.Name}={need.Value}"))}"
            : $"kafka-topics.sh --bootstrap-server {options.BootstrapServers} --delete --topic {topic} if nothing in it is wanted; it is then made as it must be";
        throw new EventLogException(EventLogFault.Misconfigured, $"{what}: it has {string.Join("; ", faults)}. Nothing was changed. To remedy it: {remedy}");
    }

    /// <summary>What is wrong with a topic that is there, as <see cref="Open"/> would say it; null: nothing. Changes nothing.</summary>
    /// <exception cref="EventLogException">It cannot be asked.</exception>
    public async Task<string?> Fault(string log, string topic, CancellationToken cancel)
    {
        var what = $"Log {log} (topic {topic}) cannot be opened";
        try
        {
            if (await Settings(topic, what, cancel) is not { } settings) return null;
            Check(topic, settings, int.Parse(settings["max.message.bytes"], CultureInfo.InvariantCulture), await Partitions(topic, what, cancel), what);
            var asked = admin.DescribeTopicsAsync(TopicCollection.OfTopicNames([topic]), new DescribeTopicsOptions { RequestTimeout = AnswerWithin, IncludeAuthorizedOperations = true });
            // A cluster without access rules does not say what is allowed, or says all.
            var allowed = (await Ask(what, asked, cancel)).TopicDescriptions[0].AuthorizedOperations;
            var lacks = allowed is not { Count: > 0 } ? [] : new[] { AclOperation.Read, AclOperation.Write }.Where(operation => !allowed.Contains(operation)).Select(operation => operation.ToString().ToLowerInvariant()).ToList();
            return lacks.Count == 0 ? null
                : $"{what}: the user '{options.SaslUsername}' may not {string.Join(" or ", lacks)} it. docs/operate/kafka.md lists the access rights that a server needs on topics {options.TopicPrefix}.*.";
        }
        catch (EventLogException e) when (e.Fault is EventLogFault.Misconfigured or EventLogFault.Denied)
        {
            return e.Message;
        }
    }

    /// <summary>How many brokers there are.</summary>
    public async Task<int> Brokers(CancellationToken cancel) => (await Cluster("The logs cannot be opened", cancel)).Nodes.Count;

    /// <summary>The names of all topics.</summary>
    public async Task<IReadOnlyList<string>> List(CancellationToken cancel)
    {
        const string What = "The logs cannot be listed";
        var metadata = await Ask(What, Task.Run(() => admin.GetMetadata(AnswerWithin), cancel), cancel);
        return [.. metadata.Topics.Where(topic => !topic.Error.IsError).Select(topic => topic.Topic)];
    }

    /// <summary>
    /// The offsets of the first record there is and of the next one there will be. Asks the partition's leader, and if that is not who librdkafka takes it for, finds out first: by itself it would ask the old one,
    /// or one of an old term, for the five minutes that it believes what it was told.
    /// </summary>
    /// <exception cref="KafkaException">It does not answer in time.</exception>
    public async Task<(long Low, long High)> Watermarks(TopicPartition partition)
    {
        try
        {
            return await Offsets(partition);
        }
        catch (KafkaException e) when (e.Error.Code is ErrorCode.FencedLeaderEpoch or ErrorCode.UnknownLeaderEpoch or ErrorCode.NotLeaderForPartition or ErrorCode.LeaderNotAvailable or ErrorCode.Local_NoEnt)
        {
            await Task.Run(AskMembers);
            return await Offsets(partition);
        }
    }

    async Task<(long Low, long High)> Offsets(TopicPartition partition)
    {
        var offsets = await Task.WhenAll(Offset(OffsetSpec.Earliest()), Offset(OffsetSpec.Latest()));
        return (offsets[0], offsets[1]);

        async Task<long> Offset(OffsetSpec which)
        {
            try
            {
                var asked = await admin.ListOffsetsAsync([new TopicPartitionOffsetSpec { TopicPartition = partition, OffsetSpec = which }], new ListOffsetsOptions { RequestTimeout = WatermarksWithin });
                return asked.ResultInfos[0].TopicPartitionOffsetError.Offset.Value;
            }
            catch (ListOffsetsException e)
            {
                throw new KafkaException(e.Result.ResultInfos[0].TopicPartitionOffsetError.Error, e);
            }
        }
    }

    /// <summary>How the copies of a log's topic stand; null: no broker says so. Waits for the answer.</summary>
    public Copies? Copies(TopicPartition of)
    {
        try
        {
            var partition = admin.GetMetadata(CopiesWithin).Topics.Find(topic => topic.Topic == of.Topic)?.Partitions.Find(partition => partition.PartitionId == of.Partition.Value);
            return partition is null ? null : new Copies(partition.Leader < 0 ? null : partition.Leader, partition.Replicas, partition.InSyncReplicas);
        }
        catch (KafkaException)
        {
            return null;
        }
    }

    public async Task<string> ClusterId(CancellationToken cancel) => (await Cluster("The logs cannot be opened", cancel)).ClusterId;

    /// <summary>Deletes the records before an offset; gives the offset of the first one left.</summary>
    public async Task<long> DeleteBefore(TopicPartition partition, long offset, string log)
    {
        var what = $"Log {log} cannot be truncated";
        try
        {
            var deleted = await admin.DeleteRecordsAsync([new TopicPartitionOffset(partition, new Offset(offset))], new DeleteRecordsOptions { RequestTimeout = AnswerWithin, OperationTimeout = AnswerWithin });
            return deleted[0].Offset.Value;
        }
        catch (DeleteRecordsException e)
        {
            throw trouble.Of(e.Results[0].Error, what, inner: e);
        }
        catch (KafkaException e)
        {
            throw trouble.Of(e.Error, what, inner: e);
        }
    }

    /// <summary>What is set for a topic, defaults of the brokers included; null if there is no such topic.</summary>
    async Task<Dictionary<string, string>?> Settings(string topic, string what, CancellationToken cancel)
    {
        try
        {
            var asked = admin.DescribeConfigsAsync([new ConfigResource { Type = ResourceType.Topic, Name = topic }], new DescribeConfigsOptions { RequestTimeout = AnswerWithin });
            var answer = await Ask(what, asked, cancel);
            return answer[0].Entries.Values.ToDictionary(entry => entry.Name, entry => entry.Value);
        }
        catch (DescribeConfigsException e) when (e.Results[0].Error.Code == ErrorCode.UnknownTopicOrPart)
        {
            return null;
        }
        catch (DescribeConfigsException e)
        {
            throw trouble.Of(e.Results[0].Error, what, inner: e);
        }
    }

    Task<DescribeClusterResult> Cluster(string what, CancellationToken cancel) => Ask(what, admin.DescribeClusterAsync(new DescribeClusterOptions { RequestTimeout = AnswerWithin }), cancel);

    async Task<int> Partitions(string topic, string what, CancellationToken cancel)
    {
        // A broker that has not heard of a new topic yet says so.
        for (var since = trouble.Clock.GetTimestamp(); ; await Task.Delay(20, cancel))
            try
            {
                var asked = admin.DescribeTopicsAsync(TopicCollection.OfTopicNames([topic]), new DescribeTopicsOptions { RequestTimeout = AnswerWithin });
                var found = (await Ask(what, asked, cancel)).TopicDescriptions[0];
                return found.Partitions.Count;
            }
            catch (DescribeTopicsException e)
            {
                var error = e.Results.TopicDescriptions[0].Error;
                if (error.Code != ErrorCode.UnknownTopicOrPart || trouble.Clock.GetElapsedTime(since) > AnswerWithin) throw trouble.Of(error, what, inner: e);
            }
    }

    async Task Create(string topic, string what, CancellationToken cancel)
    {
        var copies = options.ReplicationFactor;
        if (copies == 0) copies = Math.Clamp((await Cluster(what, cancel)).Nodes.Count, 1, 3);

        var configs = needed.ToDictionary(need => need.Name, need => need.Value);
        configs["max.message.bytes"] = MessageBytesMax.ToString(CultureInfo.InvariantCulture);
        configs["segment.bytes"] = SegmentBytes.ToString(CultureInfo.InvariantCulture);
        // A majority of three and more: one broker may go, and no acknowledged record is on one disk alone.
        configs["min.insync.replicas"] = (copies < 3 ? 1 : copies / 2 + 1).ToString(CultureInfo.InvariantCulture);
        try
        {
            var specification = new TopicSpecification { Name = topic, NumPartitions = 1, ReplicationFactor = (short)copies, Configs = configs };
            await Ask(what, Created(admin.CreateTopicsAsync([specification], new CreateTopicsOptions { RequestTimeout = AnswerWithin, OperationTimeout = AnswerWithin })), cancel);
        }
        catch (CreateTopicsException e) when (e.Results[0].Error.Code == ErrorCode.TopicAlreadyExists)
        {
            // Another server was faster.
        }
        catch (CreateTopicsException e)
        {
            throw trouble.Of(e.Results[0].Error, what, inner: e);
        }

        static async Task<bool> Created(Task creating)
        {
            await creating;
            return true;
        }
    }

    async Task<(long Low, long High)> Watermarks(TopicPartition partition, string what, CancellationToken cancel)
    {
        // A topic made a moment ago has no leader yet.
        for (var since = trouble.Clock.GetTimestamp(); ; await Task.Delay(20, cancel))
            try
            {
                return await Watermarks(partition).WaitAsync(cancel);
            }
            catch (KafkaException e)
            {
                if (e.Error.Code is not (ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownPartition or ErrorCode.LeaderNotAvailable or ErrorCode.NotLeaderForPartition or ErrorCode.OffsetNotAvailable)
                    || trouble.Clock.GetElapsedTime(since) > AnswerWithin)
                    throw trouble.Of(e.Error, what, inner: e);
            }
    }

    /// <summary>
    /// Waits for an answer, though not where we were turned away: librdkafka would go on trying until the time is up. Meanwhile it is asked for the cluster's members anew: a question goes to the
    /// one that brokers name for that, which for some seconds may be one that just died, and librdkafka would wait for it alone.
    /// </summary>
    async Task<T> Ask<T>(string what, Task<T> asked, CancellationToken cancel)
    {
        var members = Task.CompletedTask;
        var askedAnew = trouble.Clock.GetTimestamp();
        for (var since = askedAnew; !asked.IsCompleted;)
        {
            await Task.WhenAny(asked, Task.Delay(100, cancel));
            cancel.ThrowIfCancellationRequested();
            if (members.IsCompleted && trouble.Clock.GetElapsedTime(askedAnew) > AskedAnewEvery) (members, askedAnew) = (Task.Run(AskMembers, cancel), trouble.Clock.GetTimestamp());
            if (!asked.IsCompleted && trouble.Clock.GetElapsedTime(since) > DeniedAfter && trouble.DeniedSince(since, what) is { } denied) throw denied;
        }

        try
        {
            return await asked;
        }
        catch (KafkaException e) when (e is not (DescribeConfigsException or DescribeTopicsException or CreateTopicsException))
        {
            throw trouble.Of(e.Error, what, inner: e);
        }
    }

    void AskMembers()
    {
        try
        {
            admin.GetMetadata(AskedAnewEvery);
        }
        catch (Exception e) when (e is KafkaException or ObjectDisposedException)
        {
            // Whoever asks the real question hears why.
        }
    }

    public void Dispose() => admin.Dispose();
}
