using System.Text.RegularExpressions;

namespace Veltrix.EventLog.Kafka;

/// <summary>A cluster as it was found.</summary>
/// <param name="Logs">Topics of it that are logs.</param>
/// <param name="Faults">What keeps some of them from being used, with the remedy.</param>
public sealed record KafkaState(string ClusterId, int Brokers, int Logs, IReadOnlyList<string> Faults);

/// <summary>
/// Logs on Apache Kafka, which several processes may share: a log is a topic of one partition. All logs of a process share one producer, one consumer for their ends, and one client
/// that asks about topics; older records come through up to four consumers more, for as long as somebody reads them.
/// </summary>
/// <remarks>
/// Measured with librdkafka 2.16 on one broker: 20 logs with two readers each take 20 threads, 4 connections and 39 MB; more logs take what their newest records do, 2 MiB each at most.
/// </remarks>
public sealed partial class KafkaLogs : IEventLogs
{
    static readonly TimeSpan SweepEvery = TimeSpan.FromMilliseconds(500);

    readonly KafkaOptions options;
    readonly TopicNames names;
    readonly Trouble trouble;
    readonly Sender sender;
    readonly Tail tail;
    readonly History history;
    readonly Topics topics;
    readonly ITimer sweeping;
    readonly SemaphoreSlim gate = new(1);
    readonly Dictionary<string, KafkaLog> open = [];
    volatile KafkaLog[] swept = [];
    bool closed;

    KafkaLogs(KafkaOptions options, TimeProvider clock)
    {
        this.options = options;
        names = new TopicNames(options.TopicPrefix);
        trouble = new Trouble(options, clock);
        sender = new Sender(options, trouble, Abandon);
        history = new History(options, trouble);
        topics = new Topics(options, trouble);
        tail = new Tail(options, topics, trouble);
        sweeping = clock.CreateTimer(_ => Sweep(), null, SweepEvery, SweepEvery);
    }

    /// <summary>Begins to connect; whether that succeeds is seen at the first use.</summary>
    /// <exception cref="EventLogException">The options cannot be used.</exception>
    public static KafkaLogs Open(KafkaOptions options, TimeProvider clock)
    {
        if (!PrefixPattern().IsMatch(options.TopicPrefix))
            throw new EventLogException(EventLogFault.Misconfigured,
                $"'{options.TopicPrefix}' cannot begin the names of topics: up to 48 small letters, digits, '.', '_' and '-' can, with a letter first. Change kafka.topic_prefix.");
        try
        {
            return new KafkaLogs(options, clock);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // librdkafka names the option and the values it takes.
            throw new EventLogException(EventLogFault.Misconfigured, $"The logs on Kafka at {options.BootstrapServers} cannot be opened: {e.Message}", e);
        }
    }

    public bool AreShared => true;

    /// <summary>What the cluster calls itself, for ever; also a way to find out whether it can be used at all.</summary>
    /// <exception cref="EventLogException">It cannot.</exception>
    public Task<string> ClusterId(CancellationToken cancel) => topics.ClusterId(cancel);

    /// <summary>Looks at the cluster and at every topic that is a log, and changes nothing.</summary>
    /// <exception cref="EventLogException">It cannot be used.</exception>
    public async Task<KafkaState> Examine(CancellationToken cancel)
    {
        var (id, brokers, found) = (await topics.ClusterId(cancel), await topics.Brokers(cancel), await List(cancel));
        List<string> faults = [];
        foreach (var log in found)
            if (await topics.Fault(log, names.TopicOf(log), cancel) is { } fault) faults.Add(fault);
        return new KafkaState(id, brokers, found.Count, faults);
    }

    public async Task<IEventLog> Open(string name, CancellationToken cancel)
    {
        LogName.Check(name);
        await gate.WaitAsync(cancel);
        try
        {
            if (closed) throw ClosedError();
            if (open.TryGetValue(name, out var log))
            {
                if (!log.IsClosing) return log;
                await log.DisposeAsync();
            }

            var topic = await topics.Open(name, names.TopicOf(name), cancel);
            log = open[name] = new KafkaLog(name, topic, sender, tail, history, topics, trouble, options.AppendPatience);
            swept = [.. open.Values];
            return log;
        }
        finally
        {
            gate.Release();
        }
    }

    public async Task<IReadOnlyList<string>> List(CancellationToken cancel) =>
        [.. (await topics.List(cancel)).Select(names.LogOf).OfType<string>().Order(StringComparer.Ordinal)];

    void Sweep()
    {
        foreach (var log in swept) log.Sweep();
        history.Tidy();
    }

    void Abandon()
    {
        foreach (var log in swept) log.Abandon();
    }

    EventLogException ClosedError() => new(EventLogFault.Closed, $"The logs on Kafka at {options.BootstrapServers} were closed.");

    /// <summary>Closes every log, once what it accepted is durable or given up, then the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        await gate.WaitAsync();
        try
        {
            if (closed) return;
            closed = true;
            await Task.WhenAll(open.Values.Select(log => log.DisposeAsync().AsTask()));
            open.Clear();
            await sweeping.DisposeAsync();
            await Task.Run(() =>
            {
                sender.Dispose();
                history.Dispose();
                tail.Dispose();
                topics.Dispose();
            });
        }
        finally
        {
            gate.Release();
        }
    }

    [GeneratedRegex(@"^[a-z]([a-z0-9._-]{0,46}[a-z0-9])?\z", RegexOptions.NonBacktracking)]
    private static partial Regex PrefixPattern();
}
