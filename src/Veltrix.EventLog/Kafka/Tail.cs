using System.Collections.Concurrent;
using Confluent.Kafka;

namespace Veltrix.EventLog.Kafka;

/// <summary>
/// The one consumer of a process that follows the ends of all its logs: one thread takes what comes and hands it to the logs, which keep the newest records for their readers.
/// It is told what to follow, joins no group and commits nothing.
/// </summary>
sealed class Tail : IDisposable
{
    const int RecordsAtOnce = 1000;

    // How soon Dispose is noticed; records wake the thread by themselves.
    const int LookMs = 100;

    static readonly TimeSpan AgainAfter = TimeSpan.FromMilliseconds(500);

    readonly IConsumer<Ignore, byte[]> consumer;
    readonly Topics topics;
    readonly Trouble trouble;
    readonly ConcurrentDictionary<string, KafkaLog> logs = new(StringComparer.Ordinal);
    readonly Thread thread;
    volatile bool stopping;

    public Tail(KafkaOptions options, Topics topics, Trouble trouble)
    {
        (this.topics, this.trouble) = (topics, trouble);
        consumer = new ConsumerBuilder<Ignore, byte[]>(options.Consumer()).SetErrorHandler((_, error) => trouble.Note(error)).SetLogHandler((_, _) => { }).Build();
        thread = new Thread(Run) { IsBackground = true, Name = "kafka tail" };
        thread.Start();
    }

    /// <summary>Brings a log all records above <paramref name="after"/> from now on.</summary>
    public void Follow(KafkaLog log, long after)
    {
        logs[log.Partition.Topic] = log;
        consumer.IncrementalAssign([new TopicPartitionOffset(log.Partition, new Offset(after))]);
    }

    public void Leave(KafkaLog log)
    {
        if (logs.TryRemove(new(log.Partition.Topic, log))) consumer.IncrementalUnassign([log.Partition]);
    }

    void Run()
    {
        var batch = new List<LogRecord>(RecordsAtOnce);
        while (!stopping)
        {
            KafkaLog? log = null;
            // All that is there of one log in a row is handed over together: one lock and one waking of readers.
            for (var wait = LookMs; Next(wait) is { } result && !stopping; wait = 0)
            {
                if (log is null || result.Topic != log.Partition.Topic || batch.Count == RecordsAtOnce)
                {
                    HandOver(log, batch);
                    log = logs.GetValueOrDefault(result.Topic);
                }

                if (log is not null) batch.Add(RecordOf(result));
            }

            HandOver(log, batch);
        }
    }

    /// <summary>A record as librdkafka gives it.</summary>
    public static LogRecord RecordOf(ConsumeResult<Ignore, byte[]> result) => new(result.Offset.Value + 1, result.Message.Timestamp.UnixTimestampMs, result.Message.Value ?? []);

    static void HandOver(KafkaLog? log, List<LogRecord> batch)
    {
        if (batch.Count > 0) log!.Arrived(batch);
        batch.Clear();
    }

    ConsumeResult<Ignore, byte[]>? Next(int waitMs)
    {
        try
        {
            return consumer.Consume(waitMs);
        }
        catch (ConsumeException e)
        {
            // librdkafka goes on by itself with all but what it names here.
            if (e.ConsumerRecord?.Topic is { } topic && logs.TryGetValue(topic, out var log)) Failed(log, e);
            else trouble.Note(e.Error);
            return null;
        }
    }

    void Failed(KafkaLog log, ConsumeException e)
    {
        if (e.Error.Code == ErrorCode.Local_AutoOffsetReset) _ = Task.Run(() => Find(log));
        else log.TailFailed(trouble.Of(e.Error, $"Log {log.Name} cannot be followed", inner: e));
    }

    /// <summary>The record that should come next is not there: truncated by another process, or the topic lost what it had.</summary>
    async Task Find(KafkaLog log)
    {
        // librdkafka has given this one up, so it is for us to try until the cluster answers.
        for (; !stopping && !log.IsClosed; await Task.Delay(AgainAfter))
            try
            {
                var (low, high) = await topics.Watermarks(log.Partition);
                consumer.IncrementalUnassign([log.Partition]);
                if (log.Relocate(low, high) is { } place) consumer.IncrementalAssign([new TopicPartitionOffset(log.Partition, new Offset(place))]);
                return;
            }
            catch (KafkaException e)
            {
                trouble.Note(e.Error);
            }
    }

    public void Dispose()
    {
        stopping = true;
        thread.Join();
        consumer.Dispose();
    }
}
