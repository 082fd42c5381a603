namespace Veltrix.EventLog.Kafka;

/// <summary>Which topic is which log: <c>capitals/ledger</c> is <c>veltrix.capitals.ledger</c>. Names of logs have no dot, so the way back is as plain.</summary>
/// <remarks>A topic's name may have 249 characters and a log's 200, which leaves 48 for the prefix.</remarks>
readonly record struct TopicNames(string Prefix)
{
    public string TopicOf(string log) => $"{Prefix}.{log.Replace('/', '.')}";

    /// <summary>Null for a topic that is none of ours.</summary>
    public string? LogOf(string topic) =>
        topic.Length > Prefix.Length + 1 && topic.StartsWith(Prefix, StringComparison.Ordinal) && topic[Prefix.Length] == '.'
        && !topic.AsSpan(Prefix.Length + 1).Contains('/') && topic[(Prefix.Length + 1)..].Replace('.', '/') is var log && LogName.Is(log) ? log : null;
}
