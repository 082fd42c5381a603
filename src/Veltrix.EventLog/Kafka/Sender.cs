using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace Veltrix.EventLog.Kafka;

/// <summary>
/// The one producer of a process, for all of its logs: an idempotent one, which numbers the records of each topic so that a broker takes every one once and in order, however
/// often it is sent. It costs four threads or so and a connection per broker.
/// </summary>
/// <remarks>
/// A record stays in the producer's queue until the cluster has it, however long that takes, so no later record can overtake it. Only what the cluster refuses for good (a topic
/// deleted, access withdrawn) leaves the queue undone. With the gapless guarantee librdkafka then declares the producer dead and reports all that it had not sent: the queue behind
/// a refused record never goes in without it. That producer's last reports are waited for, and a new one is made for who appends next. Logs with nothing wrong of their own are
/// hit by this too, for a moment: the price of one producer, and rare.
/// <para>
/// The death of a producer empties its queue once. A record that enters it in that same moment stays in it, neither sent nor reported (seen in one of twenty deaths under a crowd of
/// appends), so after <see cref="LastReportsWithin"/> all that is left is given up.
/// </para>
/// </remarks>
sealed class Sender : IDisposable
{
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
    Line? current;
    Task retiring = Task.CompletedTask;
    long madeAt;
    bool closed;

    /// <param name="abandoned">Called when no report will come any more for what was sent until now. Nothing can be sent before it returns.</param>
    public Sender(KafkaOptions options, Trouble trouble, Action abandoned)
    {
        (config, this.trouble, this.abandoned) = (options.Producer(), trouble, abandoned);
        current = Make();
    }

    /// <summary>Hands records over in order. The caller keeps two calls for one topic from running at once.</summary>
    /// <param name="reported">Called once for each record taken, on the producer's thread.</param>
    /// <param name="refusal">Why the rest was not taken.</param>
    /// <returns>How many were taken.</returns>
    public int Send(TopicPartition to, IReadOnlyList<ReadOnlyMemory<byte>> records, Action<DeliveryReport<Null, byte[]>> reported, out Error? refusal)
    {
        refusal = startsAnew;
        if (Current() is not { } line) return 0;
        long bytes = 0;
        foreach (var record in records) bytes += SizeOf(record);
        if (Interlocked.Add(ref line.WaitingBytes, bytes) > WaitingBytesMax)
        {
            Interlocked.Add(ref line.WaitingBytes, -bytes);
            refusal = new Error(ErrorCode.Local_QueueFull, $"{WaitingBytesMax:N0} bytes wait for the cluster, the most that may");
            return 0;
        }

        var taken = 0;
        try
        {
            for (; taken < records.Count; taken++)
            {
                var size = SizeOf(records[taken]);
                line.Producer.Produce(to, new Message<Null, byte[]> { Value = Array(records[taken]) }, report =>
                {
                    reported(report);
                    Interlocked.Add(ref line.WaitingBytes, -size);
                });
                bytes -= size;
            }

            refusal = null;
        }
        catch (KafkaException e)
        {
            refusal = e.Error;
            if (e.Error.IsFatal || e.Error.Code == ErrorCode.Local_Fatal) Retire(line);
        }
        catch (ObjectDisposedException)
        {
            // It was retired a moment ago.
        }

        Interlocked.Add(ref line.WaitingBytes, -bytes);
        return taken;
    }

    static long SizeOf(ReadOnlyMemory<byte> record) => record.Length + RecordOverhead;

    // librdkafka copies, so the caller's own array will do where it is a whole one.
    static byte[] Array(ReadOnlyMemory<byte> record) =>
        MemoryMarshal.TryGetArray(record, out var segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length ? segment.Array : record.ToArray();

    Line? Current()
    {
        lock (gate)
        {
            if (current is not null || closed || !retiring.IsCompleted) return current;
            if (trouble.Clock.GetElapsedTime(madeAt) < Pause) return null;
            return current = Make();
        }
    }

    Line Make()
    {
        madeAt = trouble.Clock.GetTimestamp();
        Line? line = null;
        var producer = new ProducerBuilder<Null, byte[]>(config)
            .SetErrorHandler((_, error) =>
            {
                trouble.Note(error);
                if (error.IsFatal && line is not null) Retire(line);
            })
            .SetLogHandler((_, _) => { })
            .Build();
        return line = new Line(producer);
    }

    void Retire(Line line)
    {
        lock (gate)
        {
            if (current != line) return;
            current = null;
            retiring = Task.Run(() => Retired(line));
        }
    }

    /// <summary>What was on its way may still go in, and must not do so behind what the next producer sends.</summary>
    async Task Retired(Line line)
    {
        for (var since = trouble.Clock.GetTimestamp(); Interlocked.Read(ref line.WaitingBytes) > 0 && trouble.Clock.GetElapsedTime(since) < LastReportsWithin;)
            await Task.Delay(20);
        line.Producer.Dispose();
        if (Interlocked.Read(ref line.WaitingBytes) > 0) abandoned();
    }

    /// <summary>Ends the producer. What still waits for the cluster is thrown away, so logs are closed before.</summary>
    public void Dispose()
    {
        Line? line;
        lock (gate) (closed, line, current) = (true, current, null);
        retiring.Wait();
        line?.Producer.Dispose();
    }

    /// <summary>One life of the producer.</summary>
    sealed class Line(IProducer<Null, byte[]> producer)
    {
        public IProducer<Null, byte[]> Producer => producer;

        /// <summary>Of records taken whose fate is not known.</summary>
        public long WaitingBytes;
    }
}
