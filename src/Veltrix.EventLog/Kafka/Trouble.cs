using Confluent.Kafka;

namespace Veltrix.EventLog.Kafka;

/// <summary>
/// Turns what librdkafka reports into what the user of a log can act on. librdkafka tries for ever and says why only on the side, so that is kept here: an operation that
/// runs out of time names the reason. Thread-safe.
/// </summary>
sealed class Trouble(KafkaOptions options, TimeProvider clock)
{
    volatile Noted? last;

    public TimeProvider Clock => clock;

    /// <summary>Takes an error that belongs to no operation, such as a refused connection.</summary>
    public void Note(Error error)
    {
        // Who coordinates a group is librdkafka's question, not ours: nothing depends on the answer.
        if (error.Code == ErrorCode.GroupAuthorizationFailed) return;
        // That all are down follows what is wrong with each, which says more.
        if (error.Code != ErrorCode.Local_AllBrokersDown || last is null) last = new Noted(error, clock.GetTimestamp());
    }

    /// <summary>The reason, if we were turned away since <paramref name="since"/> rather than not heard.</summary>
    public EventLogException? DeniedSince(long since, string what) =>
        last is { } noted && noted.At >= since && FaultOf(noted.Error.Code) == EventLogFault.Denied ? Of(noted.Error, what) : null;

    /// <param name="what">What cannot be done, as the beginning of a sentence: <c>Log capitals/ledger cannot be opened</c>.</param>
    public EventLogException Of(Error error, string what, bool uncertain = false, Exception? inner = null)
    {
        var fault = FaultOf(error.Code);
        if (error.Code is ErrorCode.Local_TimedOut or ErrorCode.Local_Transport or ErrorCode.Local_AllBrokersDown or ErrorCode.Local_Fatal && last is { } noted
            && clock.GetElapsedTime(noted.At) < TimeSpan.FromSeconds(30) && FaultOf(noted.Error.Code) == EventLogFault.Denied)
            (error, fault) = (noted.Error, EventLogFault.Denied);
        return new EventLogException(fault, $"{what}: Kafka at {options.BootstrapServers} {Reason(error)}", inner) { Uncertain = uncertain };
    }

    /// <summary>Nothing answered in time.</summary>
    public EventLogException Silent(string what, bool uncertain = false) => Of(new Error(ErrorCode.Local_TimedOut), what, uncertain);

    /// <summary>A record has not enough copies yet, or nobody says so.</summary>
    /// <param name="copies">Of the topic, as found meanwhile; null: no broker answered.</param>
    /// <param name="inStepMin">Its <c>min.insync.replicas</c>.</param>
    public EventLogException Unacknowledged(string what, string topic, Copies? copies, int inStepMin)
    {
        var silent = Silent(what, uncertain: true);
        if (copies is null || silent.Fault != EventLogFault.Unavailable) return silent;
        var led = copies.Leader is { } leader ? $"led by broker {leader}" : "none of which leads";
        return new EventLogException(EventLogFault.Unavailable,
            $"{what}: Kafka at {options.BootstrapServers} answers, and has not acknowledged it. Topic {topic} has min.insync.replicas={inStepMin}: so many of its {copies.All.Count} copies must have a record before it counts. "
            + $"They are at brokers {string.Join(", ", copies.All.Order())}, {led}; in step were {copies.InStep.Count} ({string.Join(", ", copies.InStep.Order())}) when the cluster last counted"
            + $"{(last is { } noted && clock.GetElapsedTime(noted.At) < TimeSpan.FromSeconds(30) ? $", and since then: {noted.Error.Reason}" : "")}. Bring back brokers that are away or hang; it goes on by itself.") { Uncertain = true };
    }

    static EventLogFault FaultOf(ErrorCode code) => code switch
    {
        ErrorCode.Local_Authentication or ErrorCode.SaslAuthenticationFailed or ErrorCode.Local_Ssl or ErrorCode.TopicAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed
            or ErrorCode.GroupAuthorizationFailed => EventLogFault.Denied,
        ErrorCode.MsgSizeTooLarge => EventLogFault.TooLarge,
        ErrorCode.Local_BadMsg or ErrorCode.Local_BadCompression => EventLogFault.Corrupt,
        ErrorCode.InvalidReplicationFactor or ErrorCode.PolicyViolation or ErrorCode.InvalidConfig => EventLogFault.Misconfigured,
        _ => EventLogFault.Unavailable,
    };

    string Reason(Error error) => error.Code switch
    {
        ErrorCode.Local_Authentication or ErrorCode.SaslAuthenticationFailed =>
            $"did not accept the user '{options.SaslUsername}' ({error.Reason}). Compare kafka.sasl_username, kafka.sasl_mechanism and the file that kafka.sasl_password_file names with the broker's users.",
        ErrorCode.Local_Ssl =>
            $"could not agree on TLS with us ({error.Reason}). Name the authority that signed the brokers' certificates in kafka.ca_file, and brokers by names that their certificates carry; "
            + "and see that the port is one of security protocol " + options.SecurityProtocol + ".",
        ErrorCode.TopicAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed or ErrorCode.GroupAuthorizationFailed =>
            $"does not allow this to the user '{options.SaslUsername}' ({error.Reason}). docs/operate/kafka.md lists the access rights that a server needs on topics {options.TopicPrefix}.*.",
        ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic or ErrorCode.Local_UnknownPartition =>
            "does not have the topic any more, or not all of it. If it was deleted, its records are gone; restart the server to begin a new log, or restore the topic first.",
        ErrorCode.MsgSizeTooLarge =>
            "found the record larger than the topic's max.message.bytes, which was lowered since the log was opened. Raise it again, or restart the server to go by the new limit.",
        ErrorCode.InvalidReplicationFactor => $"has too few brokers for that many copies ({error.Reason}). Lower kafka.replication_factor, or add brokers.",
        ErrorCode.NotEnoughReplicas or ErrorCode.NotEnoughReplicasAfterAppend => "has fewer copies in step than the topic's min.insync.replicas. Bring brokers back; it goes on by itself.",
        ErrorCode.Local_TimedOut or ErrorCode.Local_Transport or ErrorCode.Local_AllBrokersDown or ErrorCode.Local_Resolve or ErrorCode.RequestTimedOut =>
            $"does not answer ({last?.Error.Reason ?? error.Reason}). See that the brokers run and can be reached from here, and that kafka.bootstrap_servers and kafka.security_protocol are right; "
            + "connections are tried again all the time.",
        _ => $"reported {error.Code} ({error.Reason}).",
    };

    sealed record Noted(Error Error, long At);
}
