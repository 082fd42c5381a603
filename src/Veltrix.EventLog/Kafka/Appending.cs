using Confluent.Kafka;

namespace Veltrix.EventLog.Kafka;

/// <summary>An append on its way: one record or several in order. Everything under the log's lock for appends.</summary>
sealed class Appending(KafkaLog log, int records, long since)
{
    // Continuations run elsewhere: the thread that reports is the producer's, and all logs wait for it.
    readonly TaskCompletionSource<long> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    int unreported = records;
    long position;
    bool wentIn;
    Error? failure;

    public Task<long> Task => done.Task;

    /// <summary>When it was made, in ticks of the clock's timestamp.</summary>
    public long Since => since;

    /// <summary>Nothing more will be reported of it.</summary>
    public bool IsReported => unreported == 0;

    public bool IsOver => done.Task.IsCompleted;

    /// <summary>Called by the producer for each record.</summary>
    public void Reported(DeliveryReport<Null, byte[]> report) => log.Reported(this, report);

    public void Note(DeliveryReport<Null, byte[]> report)
    {
        unreported--;
        wentIn |= report.Status != PersistenceStatus.NotPersisted;
        if (report.Error.IsError) failure ??= report.Error;
        else position = report.Offset.Value + 1;
    }

    /// <summary>Tells the caller, once all is reported.</summary>
    public void Finish(Func<Error, bool, EventLogException> explain)
    {
        if (failure is not null) done.TrySetException(explain(failure, wentIn));
        // A broker that remembers only that it has the record, and not where.
        else if (position <= IEventLog.Start) done.TrySetException(explain(new Error(ErrorCode.DuplicateSequenceNumber, "the record is there, at a place that is not known"), true));
        else done.TrySetResult(position);
    }

    public void GiveUp(EventLogException silence) => done.TrySetException(silence);
}
