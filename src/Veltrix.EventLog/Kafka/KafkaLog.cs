using Confluent.Kafka;

namespace Veltrix.EventLog.Kafka;

/// <summary>
/// A log in the one partition of a topic. A record's position is its offset plus one.
/// <list type="number">
/// <item><see cref="Append(IReadOnlyList{ReadOnlyMemory{byte}})"/> hands records to the producer that all logs share, in the order of calls.</item>
/// <item><see cref="Reported"/>, on the producer's thread: all copies in step have a record, or it was refused.</item>
/// <item><see cref="Arrived"/>, on the tail's thread: the newest records, ours and others', for readers.</item>
/// <item><see cref="Sweep"/>, once in a while: who has waited too long for the cluster is told so.</item>
/// </list>
/// </summary>
/// <remarks>
/// <see cref="End"/> is the highest position that this process has heard of: from the tail, from its own appends, or, when somebody names a higher one, from the broker. What
/// another process appended is in it as soon as the tail brought it, milliseconds later; reading it costs nothing. The tail follows a log from its first reader on: a server that
/// only appends to a log, as standbys do to submissions, is not sent what all others append.
/// <para>
/// An append that is not acknowledged within <see cref="KafkaOptions.AppendPatience"/> fails as uncertain, and with it all that wait behind it. They stay in the producer's queue,
/// and what is appended later stays behind them, so order holds even then: what was called uncertain is in the log before what came after, or not at all.
/// </para>
/// </remarks>
public sealed class KafkaLog : IEventLog
{
    // Enough for a reader to fall some seconds behind at a thousand records a second; beyond that it reads from the broker.
    const int RecentBytesMax = 2 << 20;

    // An append that was refused for good is not sent again before this: each try costs all logs their producer.
    static readonly TimeSpan RefusedFor = TimeSpan.FromSeconds(5);

    readonly Sender sender;
    readonly Sender.Lane lane;
    readonly Tail tail;
    readonly Trouble trouble;
    readonly Topics topics;
    readonly TimeSpan patience;
    readonly int inStepMin;

    readonly Lock appendGate = new();
    readonly Queue<Appending> underway = []; // under appendGate, as the next five
    Task<Copies?>? looking; // at what holds up the oldest of them
    EventLogException? refusal;
    long refusedAt;
    bool closing;
    TaskCompletionSource? drained;

    // A monitor: readers that do not await wait on it for the tail.
    readonly object gate = new();
    RecentRecords recent; // under gate, as the next two
    EventLogException? tailFault;
    bool isFollowed;
    long begin;
    long end;
    volatile bool closed;
    volatile TaskCompletionSource grown = new(TaskCreationOptions.RunContinuationsAsynchronously);
    Task? ending;

    internal KafkaLog(string name, Topic topic, Sender sender, Tail tail, History history, Topics topics, Trouble trouble, TimeSpan patience)
    {
        Name = name;
        Partition = topic.Partition;
        lane = new Sender.Lane(topic.Partition);
        MaxRecordBytes = topic.RecordBytesMax;
        inStepMin = topic.InStepMin;
        History = history;
        this.sender = sender;
        this.tail = tail;
        this.topics = topics;
        this.trouble = trouble;
        this.patience = patience;
        begin = topic.Low;
        end = topic.High;
        recent = new RecentRecords(topic.High, RecentBytesMax);
    }

    /// <summary>By the topic's <c>max.message.bytes</c> when the log was opened, less what surrounds a record.</summary>
    public int MaxRecordBytes { get; }

    public long End => Volatile.Read(ref end);

    internal string Name { get; }

    internal TopicPartition Partition { get; }

    internal History History { get; }

    internal Trouble Trouble => trouble;

    internal TimeSpan Patience => patience;

    /// <summary>The place before the first record that truncation left.</summary>
    internal long Begin => Volatile.Read(ref begin);

    internal bool IsClosed => closed;

    internal bool IsClosing => ending is not null;

    /// <summary>Completes when the tail brought something, or the log is closed.</summary>
    internal Task Grown => grown.Task;

    public Task<long> Append(ReadOnlyMemory<byte> record) => Append([record]);

    public Task<long> Append(IReadOnlyList<ReadOnlyMemory<byte>> records)
    {
        if (records.Count == 0) return Task.FromResult(End);
        foreach (var record in records)
            if (record.Length > MaxRecordBytes)
                return Failed(EventLogFault.TooLarge,
                    $"A record of {record.Length:N0} bytes does not fit: log {Name} takes at most {MaxRecordBytes:N0} bytes a record, by max.message.bytes of topic {Partition.Topic}. Nothing was written.");
        lock (appendGate)
        {
            if (closing) return Task.FromException<long>(ClosedError());
            if (refusal is not null && trouble.Clock.GetElapsedTime(refusedAt) < RefusedFor) return Task.FromException<long>(refusal);
            var appending = new Appending(this, records.Count, trouble.Clock.GetTimestamp());
            underway.Enqueue(appending);
            sender.Send(lane, records, appending.Reported);
            return appending.Task;
        }
    }

    /// <summary>The producer's word on one record.</summary>
    internal void Reported(Appending appending, DeliveryReport<Null, byte[]> report)
    {
        lock (appendGate)
        {
            appending.Note(report);
            if (!report.Error.IsError) Advance(report.Offset.Value + 1);
            else if (IsRefusalOfOurs(report.Error)) Refused(report.Error);
            if (!appending.IsReported) return;
            appending.Finish(Explain);
            while (underway.TryPeek(out var oldest) && oldest.IsOver) underway.Dequeue();
            if (underway.Count == 0) drained?.TrySetResult();
        }
    }

    void Refused(Error error)
    {
        (refusal, refusedAt) = (Explain(error, false), trouble.Clock.GetTimestamp());
        // A consumer waits for a topic that was deleted as if it were late; only a producer is told.
        if (error.Code is ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic or ErrorCode.Local_UnknownPartition) TailFailed(refusal);
    }

    /// <summary>Gives up waiting for appends if the oldest has waited too long. Half way there it begins to look for the reason.</summary>
    internal void Sweep()
    {
        lock (appendGate)
        {
            if (!underway.TryPeek(out var oldest) || trouble.Clock.GetElapsedTime(oldest.Since) < patience / 2)
            {
                looking = null;
                return;
            }

            looking ??= Task.Run(() => topics.Copies(Partition));
            if (trouble.Clock.GetElapsedTime(oldest.Since) < patience) return;
            GiveUp(trouble.Unacknowledged($"Log {Name} did not take a record within {patience.TotalSeconds:0.#} s, and may still do so", Partition.Topic, looking.IsCompletedSuccessfully ? looking.Result : null, inStepMin));
        }
    }

    /// <summary>The producer died without a word on the appends that are under way.</summary>
    internal void Abandon()
    {
        lock (appendGate) GiveUp(Explain(new Error(ErrorCode.Local_Fatal), uncertain: true));
    }

    void GiveUp(EventLogException why)
    {
        while (underway.TryDequeue(out var appending)) appending.GiveUp(why);
        drained?.TrySetResult();
    }

    /// <summary>Records in order, from the tail.</summary>
    internal void Arrived(List<LogRecord> records)
    {
        TaskCompletionSource waiting;
        lock (gate)
        {
            tailFault = null;
            foreach (var record in records)
                if (record.Position > recent.Last) recent.Add(record);
            Advance(recent.Last);
            Monitor.PulseAll(gate);
            waiting = grown;
            grown = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        waiting.TrySetResult();
    }

    /// <summary>The tail cannot go on for now. Readers that reached its end are told; the next record that comes clears it.</summary>
    internal void TailFailed(EventLogException fault)
    {
        TaskCompletionSource waiting;
        lock (gate)
        {
            tailFault = fault;
            Monitor.PulseAll(gate);
            waiting = grown;
            grown = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        waiting.TrySetResult();
    }

    /// <summary>Where the tail goes on after the record that should come next was not there; null if it cannot.</summary>
    internal long? Relocate(long low, long high)
    {
        if (high < End)
        {
            TailFailed(Lost(high));
            return null;
        }

        lock (gate)
        {
            AdvanceBegin(low);
            return Math.Max(low, recent.Last);
        }
    }

    /// <summary>
    /// Records above <paramref name="place"/> from the newest ones; empty if there are none yet, null if they lie further back.
    /// </summary>
    /// <param name="place">Moved to the last one given, and over what was truncated.</param>
    /// <param name="within">How long to wait for those that are known to be there and that the tail has not brought yet; zero: not at all.</param>
    internal IReadOnlyList<LogRecord>? TakeRecent(ref long place, int max, int batchBytes, TimeSpan within)
    {
        lock (gate)
        {
            var known = End;
            for (var since = trouble.Clock.GetTimestamp(); ;)
            {
                if (closed) throw ClosedError();
                place = Math.Max(place, begin);
                if (place < recent.After && place < End) return null;
                var isThere = recent.Last > place;
                // Acknowledged to us a moment ago, so the tail is about to bring it. Positions are dense: nobody compacts, and nobody writes in transactions.
                var isWaitedFor = recent.Last < known && recent.Last - place < max && within > TimeSpan.Zero && tailFault is null;
                if (isWaitedFor && within - trouble.Clock.GetElapsedTime(since) is var left && left > TimeSpan.Zero)
                {
                    Monitor.Wait(gate, left);
                    continue;
                }

                if (isThere)
                {
                    var batch = recent.Take(place, max, batchBytes);
                    place = batch[^1].Position;
                    return batch;
                }

                if (tailFault is not null) throw new EventLogException(tailFault.Fault, tailFault.Message, tailFault);
                return place >= known || within == TimeSpan.Zero ? [] : throw trouble.Silent($"Log {Name} cannot be read after position {place}");
            }
        }
    }

    /// <summary>What to do about a record that is not where it should be: go on behind what was truncated, or say that it is lost.</summary>
    internal void Missed(long place)
    {
        var (low, high) = Watermarks();
        if (low <= place) throw Lost(high);
        AdvanceBegin(low);
    }

    public IEventLogReader Read(long after)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(after);
        if (closed) throw ClosedError();
        CheckGiven(after, nameof(after));
        Follow();
        return new KafkaReader(this, after);
    }

    void Follow()
    {
        lock (gate)
        {
            if (isFollowed) return;
            isFollowed = true;
            recent = new RecentRecords(End, RecentBytesMax);
            tail.Follow(this, End);
        }
    }

    public async Task TruncateBefore(long position)
    {
        if (closed) throw ClosedError();
        if (position - 1 <= Begin) return;
        await Task.Run(() => CheckGiven(position, nameof(position)));
        AdvanceBegin(await topics.DeleteBefore(Partition, position - 1, Name));
    }

    /// <summary>Waits for what was accepted, then closes. Waiting readers get an <see cref="OperationCanceledException"/>.</summary>
    public ValueTask DisposeAsync()
    {
        lock (appendGate) return new ValueTask(ending ??= Close());
    }

    async Task Close()
    {
        Task last;
        lock (appendGate)
        {
            closing = true;
            drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (underway.Count == 0) drained.SetResult();
            last = drained.Task;
        }

        await last;
        tail.Leave(this);
        lock (gate)
        {
            closed = true;
            Monitor.PulseAll(gate);
        }

        grown.TrySetResult();
    }

    internal EventLogException ClosedError() => new(EventLogFault.Closed, $"Log {Name} was closed.");

    void Advance(long position)
    {
        for (var known = End; position > known && Interlocked.CompareExchange(ref end, position, known) != known;) known = End;
    }

    void AdvanceBegin(long place)
    {
        for (var known = Begin; place > known && Interlocked.CompareExchange(ref begin, place, known) != known;) known = Begin;
    }

    /// <summary>Throws for a position that the log never gave. One that others were given a moment ago is asked for at the broker.</summary>
    void CheckGiven(long position, string argument)
    {
        if (position <= End) return;
        var (_, high) = Watermarks();
        Advance(high);
        if (position > End)
            throw new ArgumentOutOfRangeException(argument, position, $"No record of log {Name} is at this position: its last is {End}. Give one that this log gave, or {IEventLog.Start} for its start.");
    }

    public async Task<long> AskEnd(CancellationToken cancel)
    {
        // Not on the caller's thread: the first question makes a connection.
        var (_, high) = await Task.Run(Watermarks, cancel).WaitAsync(cancel);
        return high;
    }

    (long Low, long High) Watermarks()
    {
        try
        {
            return topics.Watermarks(Partition).GetAwaiter().GetResult();
        }
        catch (KafkaException e)
        {
            throw trouble.Of(e.Error, $"The end of log {Name} cannot be asked for", inner: e);
        }
    }

    EventLogException Lost(long high) => new(EventLogFault.Corrupt,
        $"Log {Name}: topic {Partition.Topic} ends at position {high}, and records up to {End} were acknowledged. They are lost: the topic was made anew, or a broker without them was made its leader. "
        + "Restore the topic from a copy, or start the server with an empty data folder to go on with what is there.");

    EventLogException Explain(Error error, bool uncertain) => error.Code switch
    {
        ErrorCode.Local_QueueFull => new EventLogException(EventLogFault.Unavailable, $"Log {Name} takes nothing more now: {error.Reason}. Append again once it keeps up.") { Uncertain = uncertain },
        ErrorCode.DuplicateSequenceNumber => new EventLogException(EventLogFault.Unavailable, $"Log {Name}: {error.Reason}.") { Uncertain = true },
        ErrorCode.Local_PurgeQueue or ErrorCode.Local_PurgeInflight or ErrorCode.Local_Fatal or ErrorCode.Local_GaplessGuarantee => trouble.Of(
            new Error(ErrorCode.Local_Fatal, "the producer of this process had to start anew, and takes appends again in a second"), $"Log {Name} did not take a record", uncertain),
        _ => trouble.Of(error, $"Log {Name} did not take a record", uncertain),
    };

    // Not what befell the producer, but what the cluster has against this topic or record.
    static bool IsRefusalOfOurs(Error error) => !error.IsLocalError || error.Code is ErrorCode.Local_UnknownTopic or ErrorCode.Local_UnknownPartition;

    static Task<long> Failed(EventLogFault fault, string message) => Task.FromException<long>(new EventLogException(fault, message));
}
