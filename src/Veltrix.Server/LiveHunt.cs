using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Veltrix.EventLog;
using Veltrix.Hosting;
using Veltrix.Hunts;
using Veltrix.Server.Admission;
using Veltrix.Server.Leaderboards;
using Veltrix.Server.Live;
using Veltrix.Server.Organising;
using Veltrix.Server.Scoring;
using Veltrix.Server.Submissions;

namespace Veltrix.Server;

/// <summary>
/// One hunt as it runs in this process: its two logs, the view that folds the ledger, the scorer, and those who are connected.
/// </summary>
public sealed partial class LiveHunt : IAsyncDisposable
{
    // As long as a takeover lasts, and a bit.
    static readonly TimeSpan NewsWithin = TimeSpan.FromSeconds(5);
    static readonly TimeSpan NewsEvery = TimeSpan.FromMilliseconds(25);

    readonly IEventLog submissions;
    readonly Checkpoints checkpoints;
    readonly CancellationTokenSource stop = new();
    readonly TimeProvider clock;
    readonly ILogger logger;
    readonly HuntSettings settings;
    Task running = Task.CompletedTask;
    Task checkpointing = Task.CompletedTask;

    // No other server can reach these logs.
    readonly bool alone;

    LiveHunt(string id, bool alone, IEventLog submissions, IEventLog ledger, Checkpoints checkpoints, TimeProvider clock, Settings settings, Func<LiveService> service, ILogger logger)
    {
        Id = id;
        this.alone = alone;
        this.submissions = submissions;
        Ledger = ledger;
        this.checkpoints = checkpoints;
        this.logger = logger;
        Service = service;
        View = new HuntView(id, ledger, checkpoints.Newest(ledger.End), clock) { OnNews = Tell, OnDecided = Decided, IsHeard = Audience.Hears, OnCheckpoint = Checkpoint, OnAway = Away };
        this.settings = new HuntSettings(View, settings, logger);
        View.OnSettings = this.settings.Show;
        BoardFrames = new BoardFrames(View, clock);
        GraphFrames = new GraphFrames(View, clock);
        Backlog = new Backlog(clock, isNumbered: !alone);
        this.clock = clock;
        Scorer = new Scorer(
            id, submissions, ledger, View, $"{Environment.MachineName}:{Environment.ProcessId}",
            () => this.settings.AreShown ? (long)LateCredit.Most(settings, id).TotalMilliseconds : null, clock, logger);
    }

    public string Id { get; }

    public HuntView View { get; }

    public Audience Audience { get; } = new();

    public BoardFrames BoardFrames { get; }

    public GraphFrames GraphFrames { get; }

    public IEventLog Ledger { get; }

    /// <summary>What its boards and graphs cost at present.</summary>
    public Func<LiveService> Service { get; }

    /// <summary>Every open socket, also those that have not said hello.</summary>
    public OpenSockets Sockets { get; } = new();

    /// <summary>Commands taken here and not decided yet.</summary>
    public Backlog Backlog { get; }

    /// <summary>Told of everything the audience is told of, by the folding task.</summary>
    public Action<IReadOnlyList<News>>? OnNews { get; set; }

    /// <summary>Told how many commands have just been decided so late that their hunters felt a stall.</summary>
    public Action<long>? OnStalled { get; set; }

    /// <summary>Told by the pacer how many boards have just left later than the ones before them promised.</summary>
    public Action<int>? OnLate { get; set; }

    /// <summary>Told how many commands the log has just not taken, or not said so in time.</summary>
    public Action<int>? OnUntaken { get; set; }

    /// <summary>Why the hunt does not move any more; null while all is well.</summary>
    public Exception? Broken { get; private set; }

    public Scorer Scorer { get; }

    /// <summary>Opens the hunt's logs, loads its newest checkpoint and starts to follow, to score and to serve.</summary>
    public static async Task<LiveHunt> Start(string id, IEventLogs logs, string dataFolder, TimeProvider clock, Settings settings, Func<LiveService> service, ILogger logger, CancellationToken cancel)
    {
        var submissions = await logs.Open($"{id}/submissions", cancel);
        var ledger = await logs.Open($"{id}/ledger", cancel);
        var hunt = new LiveHunt(id, !logs.AreShared, submissions, ledger, CheckpointsOf(dataFolder, id), clock, settings, service, logger);
        await hunt.CatchUp(cancel);
        hunt.settings.Show();
        LimitsInForce.Log(LimitsInForce.Of(settings, id), logger);
        hunt.running = hunt.Run();
        return hunt;
    }

    /// <summary>Hands what the hunt sets of its own, as decided so far, to the <see cref="Settings"/>. The fold does so by itself; who waited for a decision need not wait for that too.</summary>
    public void ShowSettings() => settings.Show();

    internal static Checkpoints CheckpointsOf(string dataFolder, string hunt) => new(Path.Combine(dataFolder, "checkpoints", hunt), hunt);

    /// <summary>
    /// Whether there is such a hunter. One with a good token that is not known here has joined at another server, mostly a moment ago: what that one has read arrives here too, and is waited for.
    /// </summary>
    public async ValueTask<bool> Knows(string hunter)
    {
        for (var since = clock.GetTimestamp(); ; await Task.Delay(NewsEvery, clock))
        {
            if (View.Read((state, _) => state.FindHunter(hunter) is not null)) return true;
            if (alone || stop.IsCancellationRequested || clock.GetElapsedTime(since) > NewsWithin) return false;
        }
    }

    /// <summary>
    /// Waits until all that had been taken when this was asked is decided and folded, though not for ever: mostly some milliseconds, a second where the last command came to nothing.
    /// </summary>
    public async Task Settle(CancellationToken cancel)
    {
        var taken = submissions.End;
        for (var since = clock.GetTimestamp(); View.DecidedUpTo < taken && clock.GetElapsedTime(since) < NewsWithin; await Task.Delay(NewsEvery, clock, cancel))
        {
        }
    }

    /// <summary>Appends a command, and completes with its position once it is durable.</summary>
    /// <exception cref="EventLogException">It may not have been taken.</exception>
    public Task<long> Append(Envelope envelope) => Append([envelope]);

    /// <summary>Appends commands in order, and completes with the last one's position once all are durable.</summary>
    /// <exception cref="EventLogException">Some first ones of them may have been taken.</exception>
    public async Task<long> Append(IReadOnlyList<Envelope> envelopes)
    {
        try
        {
            if (Broken is { } broken) throw new EventLogException(EventLogFault.Unavailable, $"hunt {Id} stands still: {broken.Message}");
            var asked = clock.GetTimestamp();
            var position = await submissions.Append([.. envelopes.Select(envelope => (ReadOnlyMemory<byte>)CommandCodec.Encode(envelope))]);
            Backlog.Appended(position, envelopes.Count, asked);
            return position;
        }
        catch (EventLogException)
        {
            OnUntaken?.Invoke(envelopes.Count);
            throw;
        }
    }

    /// <summary>Appends a command and waits until it was decided and read back.</summary>
    /// <exception cref="EventLogException">It was not taken, or (<see cref="EventLogException.Uncertain"/>) not decided in time.</exception>
    public async Task<LedgerRecord.Decided> Play(Envelope envelope, CancellationToken cancel)
    {
        var patience = TimeSpan.FromSeconds(10);
        var decided = View.Expect(envelope.Id);
        try
        {
            await Append(envelope);
            return await decided.WaitAsync(patience, cancel);
        }
        catch (TimeoutException)
        {
            throw new EventLogException(EventLogFault.Unavailable, $"taken, but not decided within {patience.TotalSeconds} s; look again later") { Uncertain = true };
        }
        finally
        {
            View.Forget(envelope.Id);
        }
    }

    /// <summary>Folds what the ledger holds already, so that the hunt is served only with what it knew before.</summary>
    async Task CatchUp(CancellationToken cancel)
    {
        using var reader = Ledger.Read(View.Read((_, _, position) => position));
        while (reader.ReadAvailable(4096) is { Count: > 0 } batch)
        {
            cancel.ThrowIfCancellationRequested();
            View.Fold(batch);
            await Task.Yield();
        }
    }

    async Task Run()
    {
        Task[] both = [Task.Run(() => View.Follow(stop.Token)), Task.Run(() => Scorer.Run(alone, stop.Token))];
        try
        {
            // Both run until they are stopped. If one ends by itself, the other must not go on alone.
            await await Task.WhenAny(both);
        }
        catch (Exception e)
        {
            Broken = e;
            LogBroken(Id, e);
        }

        await stop.CancelAsync();
        await Task.WhenAll(both).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    void Tell(IReadOnlyList<News> news)
    {
        Audience.Tell(news);
        OnNews?.Invoke(news);
    }

    void Decided(long position)
    {
        if (Backlog.Decided(position) is > 0 and var stalled) OnStalled?.Invoke(stalled);
    }

    void Away(EventLogException? why)
    {
        if (why is null) LogReadAgain(Id);
        else LogAway(Id, why.Message);
    }

    // Called under the view's lock: the bytes are made here, the disk waits outside.
    void Checkpoint(Folded folded)
    {
        if (!checkpointing.IsCompleted) return;
        var bytes = CheckpointCodec.Encode(folded);
        checkpointing = Task.Run(() => Write(folded.Position, bytes));
    }

    void Write(long position, byte[] fold)
    {
        try
        {
            checkpoints.Write(position, fold);
        }
        catch (IOException e)
        {
            LogNoCheckpoint(Id, e.Message);
        }
    }

    /// <summary>Stops following and scoring, and leaves a checkpoint so that the next start is quick. The logs belong to the server.</summary>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running;
        await checkpointing;
        var fold = View.Snapshot();
        var folded = CheckpointCodec.Decode(fold)!;
        if (Broken is null && folded.Records > 0) Write(folded.Position, fold);
        stop.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "hunt {Hunt} stands still: something in its log cannot be read or understood")]
    partial void LogBroken(string hunt, Exception e);

    [LoggerMessage(Level = LogLevel.Warning, Message = "hunt {Hunt}: its boards stand still here, as its ledger cannot be read; they go on by themselves: {Reason}")]
    partial void LogAway(string hunt, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "hunt {Hunt}: its ledger can be read again")]
    partial void LogReadAgain(string hunt);

    [LoggerMessage(Level = LogLevel.Warning, Message = "hunt {Hunt}: no checkpoint was written, the next start takes longer: {Reason}")]
    partial void LogNoCheckpoint(string hunt, string reason);
}

/// <summary>The outboxes of open sockets. Thread-safe.</summary>
public sealed class OpenSockets
{
    readonly ConcurrentDictionary<Outbox, bool> open = new();

    volatile Func<CloseCode>? closed;

    public int Count => open.Count;

    /// <summary>One that comes after all were closed is closed too.</summary>
    public void Add(Outbox outbox)
    {
        open[outbox] = true;
        if (closed is { } code) outbox.Close(code());
    }

    public void Remove(Outbox outbox) => open.TryRemove(outbox, out _);

    /// <summary>Closes all.</summary>
    /// <param name="elsewhere">Addresses over which they are spread; empty: they come back where they came from.</param>
    public void Close(CloseCode code, IReadOnlyList<string> elsewhere)
    {
        // Servers that go one after another do not all begin with the same.
        var next = Random.Shared.Next(elsewhere.Count + 1);
        var farewell = closed = () => elsewhere.Count == 0 ? code : code with { Go = elsewhere[(Interlocked.Increment(ref next) & int.MaxValue) % elsewhere.Count] };
        foreach (var outbox in open.Keys) outbox.Close(farewell());
    }
}
