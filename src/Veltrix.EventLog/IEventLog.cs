namespace Veltrix.EventLog;

/// <summary>
/// An append-only log of records with one order, durable at acknowledgement. A hunt has two: its submissions and its ledger.
/// Implemented by the embedded log (FASTER, on disk) and by Kafka (one partition a log); both pass <c>EventLogContract</c>.
/// </summary>
/// <remarks>
/// A position is a number above zero that grows with every record and need not be dense: a byte address in the embedded log, an offset plus one in Kafka.
/// Zero (<see cref="Start"/>) is the place before the first record. All members may be called from any thread.
/// </remarks>
public interface IEventLog : IAsyncDisposable
{
    /// <summary>The place before the first record.</summary>
    public const long Start = 0;

    /// <summary>The largest record, in bytes. A larger one is refused with <see cref="EventLogFault.TooLarge"/> before anything is written.</summary>
    int MaxRecordBytes { get; }

    /// <summary>Position of the last durable record, or <see cref="Start"/>. Readers never see beyond it.</summary>
    long End { get; }

    /// <summary>Asks whoever keeps the log for its end. <see cref="End"/> is what this process knows of it: one that is cut off does not hear how it grows.</summary>
    /// <exception cref="EventLogException">There was no answer.</exception>
    Task<long> AskEnd(CancellationToken cancel);

    /// <summary>
    /// Appends one record, and completes with its position once it is durable. Records of one caller keep the order of its calls, whether it awaits or not.
    /// So when an append fails, all those made before its failure was reported and not yet durable fail with it; one made afterwards may go in.
    /// The bytes are taken before this returns, and are then the caller's again.
    /// </summary>
    /// <exception cref="EventLogException">The record is not in the log, or (<see cref="EventLogException.Uncertain"/>) may or may not be.</exception>
    Task<long> Append(ReadOnlyMemory<byte> record);

    /// <summary>Appends records in order (others' may lie between them), and completes with the last one's position once all are durable; with <see cref="End"/> if there are none.</summary>
    /// <exception cref="EventLogException">Some prefix of them may be in the log; never a later one without the earlier.</exception>
    Task<long> Append(IReadOnlyList<ReadOnlyMemory<byte>> records);

    /// <summary>
    /// Reads from the first record above <paramref name="after"/> (a position this log gave, or <see cref="Start"/>), or the first one left after truncation.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The log never gave this position; one beyond <see cref="End"/> is always found out.</exception>
    /// <exception cref="EventLogException">What lies there is damaged (<see cref="EventLogFault.Corrupt"/>).</exception>
    IEventLogReader Read(long after);

    /// <summary>Gives up the records before <paramref name="position"/>; the record at it stays. Space comes back some time later.</summary>
    Task TruncateBefore(long position);
}

/// <summary>A reader's own place in a log. One thread at a time.</summary>
public interface IEventLogReader : IDisposable
{
    /// <summary>
    /// Waits until there is at least one durable record after the last one read, and gives what is there, in order: at most <paramref name="max"/> records,
    /// and no more than some megabytes of them at once.
    /// The payloads are the caller's to keep. With <paramref name="max"/> = 0 nothing is read.
    /// </summary>
    /// <exception cref="EventLogException">The next record is damaged. Whole ones before it were given by the calls before.</exception>
    /// <exception cref="OperationCanceledException">Cancelled, or the log was closed while waiting.</exception>
    ValueTask<IReadOnlyList<LogRecord>> Read(int max, CancellationToken cancel);

    /// <summary>The same without waiting: empty where there is nothing new.</summary>
    IReadOnlyList<LogRecord> ReadAvailable(int max);
}

/// <summary>One record as read.</summary>
/// <param name="Position">Its place in the log.</param>
/// <param name="TimeMs">When the log took it, in milliseconds since 1970, as its clock said: it may jump back.</param>
/// <param name="Payload">The bytes appended.</param>
public readonly record struct LogRecord(long Position, long TimeMs, ReadOnlyMemory<byte> Payload);

/// <summary>What went wrong with a log.</summary>
public enum EventLogFault
{
    TooLarge,
    DiskFull,
    Unavailable,
    Corrupt,
    InUse,
    Closed,

    /// <summary>Whoever keeps the log did not let us in, or not do this: password, certificate, access rights.</summary>
    Denied,

    /// <summary>The log is kept in a way that breaks what a log promises, for example with a retention.</summary>
    Misconfigured,
}

/// <summary>A log could not do what was asked. The message says what, where and the remedy.</summary>
public sealed class EventLogException(EventLogFault fault, string message, Exception? inner = null) : IOException(message, inner)
{
    public EventLogFault Fault { get; } = fault;

    /// <summary>True where the record may have become durable in spite of the error.</summary>
    public bool Uncertain { get; init; }
}

/// <summary>Opens logs by name, for example <c>capitals/ledger</c>: the names are paths of lower-case letters, digits, <c>-</c> and <c>/</c>.</summary>
public interface IEventLogs : IAsyncDisposable
{
    /// <summary>Whether other processes may append to these logs too, and make others.</summary>
    bool AreShared { get; }

    /// <summary>Opens a log, making it if it is not there. Asking again gives the same one.</summary>
    Task<IEventLog> Open(string name, CancellationToken cancel);

    /// <summary>The names of all logs that exist, sorted.</summary>
    Task<IReadOnlyList<string>> List(CancellationToken cancel);
}
