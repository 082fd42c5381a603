using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace Veltrix.EventLog.Kafka;

/// <summary>
/// The one producer of a process, for all of its logs: an idempotent one, which numbers the records of each topic so that a broker takes every one once and in order, however
/// often it is sent. It costs four threads or so and a connection per broker.
/// </summary>
/// <remarks>
/// Every log has a <see cref="Lane"/>. What is appended goes to librdkafka at once if the lane has been quiet, and otherwise once what is under way is reported and
/// <see cref="BatchEvery"/> has passed since it left, all that gathered meanwhile together. One append alone waits for nobody; under load every batch costs each server that reads it
/// some wakings, whatever its size. No more than <see cref="LanesAtOnce"/> lanes are under way, and no more than <see cref="BatchMost"/> records of each, because librdkafka spins,
/// without a pause, while it holds records and has as many requests under way as an idempotent producer may (five): measured, three servers at 500 records a second burnt both cores
/// that way and starved the broker, whose slowness kept them spinning.
/// <para>
/// A record stays in the queue until the cluster has it, however long that takes, so no later record can overtake it. Only what the cluster refuses for good (a topic
/// deleted, access withdrawn) leaves the queue undone. With the gapless guarantee librdkafka then declares the producer dead and reports all that it had not sent: the queue behind
/// a refused record never goes in without it. That producer's last reports are waited for, and a new one is made for who appends next. Logs with nothing wrong of their own are
/// hit by this too, for a moment: the price of one producer, and rare.
/// </para>
/// <para>
/// The death of a producer empties its queue once. A record that enters it in that same moment stays in it, neither sent nor reported (seen in one of twenty deaths under a crowd of
/// appends), so after <see cref="LastReportsWithin"/> all that is left is given up.
/// </para>
/// </remarks>
sealed class Sender : IDisposable
{
    static readonly TimeSpan BatchEvery = TimeSpan.FromMilliseconds(5);

    // A lane's batch is one request, two if librdkafka's time to linger ends before the whole was handed over.
    const int LanesAtOnce = 3;

    // Handed over in less than the millisecond that librdkafka lingers. Of what piles up behind a broker that hangs it would otherwise make more requests than it may have under way.
    const int BatchMost = 500;

    // Appends are refused while so much waits for the cluster: what a minute of a very busy hunt makes, and bounded memory while no broker can be reached.
    const long WaitingBytesMax = 256 << 20;

    // Of a record in librdkafka's queue, beside its bytes.
    const long RecordOverhead = 100;

    static readonly Error startsAnew = new(ErrorCode.Local_Fatal, "the producer starts anew");

    // Twice the time after which a request without an answer is given up by librdkafka.
    static readonly TimeSpan LastReportsWithin = TimeSpan.FromSeconds(20);

    // A producer that dies at once, for lack of rights for example, is not made again more often.
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    readonly Lock gate = new();
    readonly ProducerConfig config;
    readonly Trouble trouble;
    readonly Action abandoned;
    readonly HashSet<Lane> underWay = []; // under the gate, as all below
    readonly HashSet<Lane> resting = [];
    readonly Queue<Lane> ready = [];
    IProducer<Null, byte[]>? current;
    Task retiring = Task.CompletedTask;
    long waitingBytes;
    long madeAt;
    bool closed;

    /// <param name="abandoned">Called when no report will come any more for what was sent until now. Nothing can be sent before it returns.</param>
    public Sender(KafkaOptions options, Trouble trouble, Action abandoned)
    {
        (config, this.trouble, this.abandoned) = (options.Producer(), trouble, abandoned);
        current = Make();
    }

    /// <summary>Sends records in order, behind all that this lane was given before. The caller keeps two calls for one lane from running at once.</summary>
    /// <param name="reported">
    /// Called once for each record: on the producer's thread, or on the caller's before this returns if it is not even taken.
    /// </param>
    public void Send(Lane lane, IReadOnlyList<ReadOnlyMemory<byte>> records, Action<DeliveryReport<Null, byte[]>> reported)
    {
        var sending = new Sending(records, reported);
        Error? refusal = null;
        lock (gate)
        {
            if (Current() is null) refusal = startsAnew;
            else if (waitingBytes + sending.Bytes > WaitingBytesMax)
                refusal = new Error(ErrorCode.Local_QueueFull, $"{WaitingBytesMax:N0} bytes wait for the cluster, the most that may");
            else
            {
                var isFirst = lane.Waiting.Count == 0;
                waitingBytes += sending.Bytes;
                foreach (var record in records) lane.Waiting.Enqueue((sending, record));
                if (isFirst && lane.Waiting.Count > 0 && !underWay.Contains(lane)) Queue(lane);
            }
        }

        if (refusal is not null) sending.Refuse(refusal);
        else HandOver();
    }

    /// <summary>Hands to librdkafka what waits, for as many lanes as may be under way.</summary>
    void HandOver()
    {
        while (true)
        {
            Batch batch;
            IProducer<Null, byte[]>? producer;
            lock (gate)
            {
                if (underWay.Count >= LanesAtOnce || !ready.TryDequeue(out var lane)) return;
                underWay.Add(lane);
                lane.LeftAt = trouble.Clock.GetTimestamp();
                (batch, producer) = (new Batch(lane, lane.Take(BatchMost)), current);
            }

            HandOver(batch, producer);
        }
    }

    // Outside the gate: nobody else hands over for a lane that is under way.
    void HandOver(Batch batch, IProducer<Null, byte[]>? producer)
    {
        var refusal = producer is null ? startsAnew : null;
        foreach (var (sending, record) in batch.Records)
        {
            // What a call sends goes in from its beginning or not at all, also where it takes several batches.
            refusal ??= sending.Refusal ?? Produce(producer!, batch.Lane.To, record, Reported);
            if (refusal is not null) Reported(Refused(refusal));

            void Reported(DeliveryReport<Null, byte[]> report)
            {
                if (report.Error.IsError) sending.Refusal = report.Error;
                sending.Reported(report);
                if (batch.CountDown()) Over(batch);
            }
        }
    }

    /// <summary>Why it was not taken; null if it was.</summary>
    Error? Produce(IProducer<Null, byte[]> producer, TopicPartition to, ReadOnlyMemory<byte> record, Action<DeliveryReport<Null, byte[]>> reported)
    {
        try
        {
            producer.Produce(to, new Message<Null, byte[]> { Value = Array(record) }, reported);
            return null;
        }
        catch (KafkaException e)
        {
            if (e.Error.IsFatal || e.Error.Code == ErrorCode.Local_Fatal) Retire(producer);
            return e.Error;
        }
        catch (ObjectDisposedException)
        {
            // It was retired a moment ago.
            return startsAnew;
        }
    }

    void Over(Batch batch)
    {
        lock (gate)
        {
            waitingBytes -= batch.Bytes;
            underWay.Remove(batch.Lane);
            if (batch.Lane.Waiting.Count > 0) Queue(batch.Lane);
        }

        HandOver();
    }

    /// <summary>For a lane of which nothing is under way, and something waits.</summary>
    void Queue(Lane lane)
    {
        var rest = BatchEvery - trouble.Clock.GetElapsedTime(lane.LeftAt);
        if (rest <= TimeSpan.Zero || lane.Waiting.Count >= BatchMost) ready.Enqueue(lane);
        else if (resting.Add(lane)) lane.Rest(rest, trouble.Clock, Rested);
    }

    void Rested(Lane lane)
    {
        lock (gate)
            if (resting.Remove(lane)) ready.Enqueue(lane);
        HandOver();
    }

    static long BytesOf(ReadOnlyMemory<byte> record) => record.Length + RecordOverhead;

    static DeliveryReport<Null, byte[]> Refused(Error why) => new() { Error = why, Status = PersistenceStatus.NotPersisted };

    // librdkafka copies, so the caller's own array will do where it is a whole one.
    static byte[] Array(ReadOnlyMemory<byte> record) =>
        MemoryMarshal.TryGetArray(record, out var segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length ? segment.Array : record.ToArray();

    IProducer<Null, byte[]>? Current()
    {
        if (current is not null || closed || !retiring.IsCompleted) return current;
        if (trouble.Clock.GetElapsedTime(madeAt) < Pause) return null;
        return current = Make();
    }

    IProducer<Null, byte[]> Make()
    {
        madeAt = trouble.Clock.GetTimestamp();
        IProducer<Null, byte[]>? producer = null;
        return producer = new ProducerBuilder<Null, byte[]>(config)
            .SetErrorHandler((_, error) =>
            {
                trouble.Note(error);
                if (error.IsFatal && producer is not null) Retire(producer);
            })
            .SetLogHandler((_, _) => { })
            .Build();
    }

    void Retire(IProducer<Null, byte[]> producer)
    {
        lock (gate)
        {
            if (current != producer) return;
            current = null;
            retiring = Task.Run(() => Retired(producer));
        }
    }

    /// <summary>What was on its way may still go in, and must not do so behind what the next producer sends.</summary>
    async Task Retired(IProducer<Null, byte[]> producer)
    {
        for (var since = trouble.Clock.GetTimestamp(); IsAwaited() && trouble.Clock.GetElapsedTime(since) < LastReportsWithin;) await Task.Delay(20);
        producer.Dispose();
        List<(Sending Sending, ReadOnlyMemory<byte> Record)> unsent = [];
        lock (gate)
        {
            if (underWay.Count == 0) return;
            foreach (var lane in underWay.Concat(ready).Concat(resting))
            {
                unsent.AddRange(lane.Waiting);
                lane.Waiting.Clear();
            }

            underWay.Clear();
            ready.Clear();
            resting.Clear();
            waitingBytes = 0;
        }

        foreach (var (sending, _) in unsent) sending.Reported(Refused(startsAnew));
        abandoned();
    }

    bool IsAwaited()
    {
        lock (gate) return underWay.Count > 0;
    }

    /// <summary>Ends the producer. What still waits for the cluster is thrown away, so logs are closed before.</summary>
    public void Dispose()
    {
        IProducer<Null, byte[]>? producer;
        lock (gate) (closed, producer, current) = (true, current, null);
        retiring.Wait();
        producer?.Dispose();
    }

    /// <summary>The way of one log to its topic.</summary>
    public sealed class Lane(TopicPartition to)
    {
        public TopicPartition To => to;

        /// <summary>Not handed over yet. Under the sender's gate.</summary>
        internal Queue<(Sending Sending, ReadOnlyMemory<byte> Record)> Waiting { get; } = [];

        internal List<(Sending Sending, ReadOnlyMemory<byte> Record)> Take(int most)
        {
            var taken = new List<(Sending, ReadOnlyMemory<byte>)>(Math.Min(most, Waiting.Count));
            while (taken.Count < most && Waiting.TryDequeue(out var next)) taken.Add(next);
            return taken;
        }

        /// <summary>When its last batch was handed over, in ticks of the clock's timestamp; long ago at first.</summary>
        internal long LeftAt { get; set; } = long.MinValue / 2;

        ITimer? rest;

        internal void Rest(TimeSpan time, TimeProvider clock, Action<Lane> rested)
        {
            rest ??= clock.CreateTimer(_ => rested(this), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            rest.Change(time, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>What one call sends.</summary>
    internal sealed class Sending(IReadOnlyList<ReadOnlyMemory<byte>> records, Action<DeliveryReport<Null, byte[]>> reported)
    {
        public long Bytes { get; } = records.Sum(record => BytesOf(record));

        public Action<DeliveryReport<Null, byte[]>> Reported => reported;

        /// <summary>Why one of its records did not go in; null so far. Those behind it do not either.</summary>
        public Error? Refusal { get; set; }

        public void Refuse(Error why)
        {
            for (var i = 0; i < records.Count; i++) reported(Refused(why));
        }
    }

    /// <summary>What of a lane was handed over together.</summary>
    sealed class Batch(Lane lane, List<(Sending Sending, ReadOnlyMemory<byte> Record)> records)
    {
        int unreported = records.Count;

        public Lane Lane => lane;

        public List<(Sending Sending, ReadOnlyMemory<byte> Record)> Records => records;

        public long Bytes { get; } = records.Sum(each => BytesOf(each.Record));

        /// <summary>One more record is reported. Whether it was the last.</summary>
        public bool CountDown() => Interlocked.Decrement(ref unreported) == 0;
    }
}
