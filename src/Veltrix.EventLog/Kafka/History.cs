using Confluent.Kafka;

namespace Veltrix.EventLog.Kafka;

/// <summary>
/// Reads what lies before the newest records: at a start, for an export, by who fell behind. A few consumers, made when they are needed and let go when they are not, are lent
/// for one batch at a time; one that stands where a reader goes on has its next records already.
/// </summary>
sealed class History(KafkaOptions options, Trouble trouble) : IDisposable
{
    // Each costs four threads or so, a connection per broker, and what is read ahead.
    const int ConsumersMax = 4;

    static readonly TimeSpan IdleMax = TimeSpan.FromSeconds(20);

    readonly Lock gate = new();
    readonly SemaphoreSlim free = new(ConsumersMax);
    readonly List<Lent> idle = [];
    readonly ConsumerConfig config = options.Consumer();
    int made;
    bool closed;

    /// <summary>
    /// Reads records above <paramref name="place"/> until there are <paramref name="max"/>, or <paramref name="batchBytes"/>, or the one at <paramref name="end"/> is among them.
    /// </summary>
    /// <returns>Null where the first of them is not there: truncated, or lost.</returns>
    /// <exception cref="EventLogException">The cluster does not give them within <paramref name="patience"/>, or will not.</exception>
    public List<LogRecord>? Read(KafkaLog log, long place, long end, int max, int batchBytes, TimeSpan patience, CancellationToken cancel)
    {
        free.Wait(cancel);
        Lent? lent = null;
        try
        {
            lent = Borrow(log, place);
            var batch = new List<LogRecord>();
            var since = trouble.Clock.GetTimestamp();
            for (var bytes = 0; batch.Count < max && bytes < batchBytes && place < end;)
            {
                cancel.ThrowIfCancellationRequested();
                if (Next(lent, log) is { } result)
                {
                    var record = Tail.RecordOf(result);
                    batch.Add(record);
                    bytes += record.Payload.Length;
                    lent.Place = place = record.Position;
                }
                else if (trouble.Clock.GetElapsedTime(since) > patience)
                {
                    // What came is given; the rest is asked for again.
                    return batch.Count > 0 ? batch : throw trouble.Silent($"Log {log.Name} cannot be read after position {place}");
                }
            }

            return batch;
        }
        catch (ConsumeException e)
        {
            // Whatever it is, this consumer's place is no longer known.
            lent?.Partition = null;
            return e.Error.Code == ErrorCode.Local_AutoOffsetReset ? null : throw trouble.Of(e.Error, $"Log {log.Name} cannot be read after position {place}", inner: e);
        }
        finally
        {
            if (lent is not null) GiveBack(lent, caughtUp: place >= end);
            free.Release();
        }
    }

    ConsumeResult<Ignore, byte[]>? Next(Lent lent, KafkaLog log)
    {
        try
        {
            return lent.Consumer.Consume(50);
        }
        catch (ConsumeException e) when (e.ConsumerRecord?.Topic != log.Partition.Topic)
        {
            trouble.Note(e.Error);
            return null;
        }
    }

    Lent Borrow(KafkaLog log, long place)
    {
        var partition = log.Partition;
        Lent? lent;
        lock (gate)
        {
            if (closed) throw log.ClosedError();
            lent = idle.Find(one => one.Partition == partition && one.Place == place) ?? idle.Find(one => one.Partition is null) ?? (made < ConsumersMax ? null : idle.MinBy(one => one.UsedAt));
            if (lent is null) made++;
            else idle.Remove(lent);
        }

        lent ??= new Lent(new ConsumerBuilder<Ignore, byte[]>(config).SetErrorHandler((_, error) => trouble.Note(error)).SetLogHandler((_, _) => { }).Build());
        if (lent.Partition != partition || lent.Place != place) lent.Consumer.Assign(new TopicPartitionOffset(partition, new Offset(place)));
        (lent.Partition, lent.Place) = (partition, place);
        return lent;
    }

    void GiveBack(Lent lent, bool caughtUp)
    {
        // Who has caught up reads on from the newest records: this one must not go on fetching for nobody.
        if (caughtUp || lent.Partition is null)
        {
            lent.Consumer.Unassign();
            lent.Partition = null;
        }

        lent.UsedAt = trouble.Clock.GetTimestamp();
        lock (gate)
        {
            if (!closed)
            {
                idle.Add(lent);
                return;
            }
        }

        lent.Consumer.Dispose();
    }

    /// <summary>Lets go of consumers that nobody used for a while. Called now and then.</summary>
    public void Tidy()
    {
        List<Lent> unused;
        lock (gate)
        {
            unused = idle.FindAll(one => trouble.Clock.GetElapsedTime(one.UsedAt) > IdleMax);
            made -= idle.RemoveAll(unused.Contains);
        }

        unused.ForEach(one => one.Consumer.Dispose());
    }

    public void Dispose()
    {
        List<Lent> all;
        lock (gate)
        {
            closed = true;
            all = [.. idle];
            idle.Clear();
        }

        all.ForEach(one => one.Consumer.Dispose());
    }

    sealed class Lent(IConsumer<Ignore, byte[]> consumer)
    {
        public IConsumer<Ignore, byte[]> Consumer => consumer;

        /// <summary>What it reads; null: nothing.</summary>
        public TopicPartition? Partition { get; set; }

        /// <summary>Position of the last record taken from it.</summary>
        public long Place { get; set; }

        public long UsedAt { get; set; }
    }
}
