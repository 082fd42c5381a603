using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Veltrix.Gate;
using Veltrix.Governor.Signals;
using Veltrix.Hosting;
using Veltrix.Wire.Governor;

namespace Veltrix.Governor.Sidecar;

/// <summary>
/// The governor beside a server: hears what the server carries, measures the shared store, and has a vote ready for every hunt. Knows nothing of what a hunt is about. Thread-safe.
/// </summary>
public sealed partial class GovernorSidecar : IDisposable
{
    /// <summary>A hunt of which no server has said anything for so long is over.</summary>
    static readonly TimeSpan ForgetAfter = TimeSpan.FromMinutes(5);

    /// <summary>The store answers within this, or it did not answer.</summary>
    static readonly TimeSpan StorePatience = TimeSpan.FromSeconds(2);

    /// <summary>A server reports every second.</summary>
    static readonly TimeSpan SilentAfter = TimeSpan.FromSeconds(5);

    /// <summary>A server names at most so many hunts; more is a fault on the way.</summary>
    const int HuntsMax = 1_000;

    readonly StoreProbe store;
    readonly Settings settings;
    readonly TimeProvider clock;
    readonly string folder;
    readonly ILogger logger;
    readonly Action<string, IReadOnlyDictionary<string, string>>? adopt;
    readonly long origin;
    readonly ConcurrentDictionary<string, HuntGovernor> hunts = new();
    TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly Lock gate = new();
    readonly Dictionary<string, Source> servers = [];
    readonly Dictionary<string, ClusterSettings> cluster = new(StringComparer.Ordinal);
    TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    long term;
    double orchestratorAt = double.NegativeInfinity;
    bool storeAway;

    /// <param name="folder">Where decisions are kept.</param>
    /// <param name="adopt">Told what people have set for a hunt, when that changes.</param>
    public GovernorSidecar(
        StoreProbe store, Settings settings, TimeProvider clock, string folder, ILogger logger, string name = "governor",
        Action<string, IReadOnlyDictionary<string, string>>? adopt = null)
    {
        (this.store, this.settings, this.clock, this.folder, this.logger, Name, this.adopt) = (store, settings, clock, folder, logger, name, adopt);
        origin = clock.GetTimestamp();
    }

    /// <summary>Told with every vote.</summary>
    public string Name { get; }

    public IEnumerable<HuntGovernor> Hunts => hunts.Values.OrderBy(hunt => hunt.Snapshot.Hunt, StringComparer.Ordinal);

    public HuntGovernor? Find(string hunt) => hunts.GetValueOrDefault(hunt);

    /// <summary>The store as last measured; null while it does not answer.</summary>
    public StoreMemory? Memory { get; private set; }

    public long Ticks { get; private set; }

    /// <summary>Seconds since an orchestrator spoke with the token; infinite where none has.</summary>
    public double OrchestratorAge
    {
        get
        {
            lock (gate) return Now - orchestratorAt;
        }
    }

    public DateTimeOffset LastDecision { get; private set; }

    /// <summary>Our monotonic clock, in seconds.</summary>
    public double Now => clock.GetElapsedTime(origin).TotalSeconds;

    long WallMs => clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Completes when what servers are told has changed. Ask for it before reading, so that nothing is missed.</summary>
    public Task Changed
    {
        get
        {
            lock (gate) return changed.Task;
        }
    }

    /// <summary>Null: it can measure. Else what it cannot, for <c>/readyz</c>.</summary>
    public string? NotReady =>
        Ticks == 0 ? "nothing was measured yet"
        : Memory is null ? "the shared store does not answer"
        : Memory.Ratio is null ? "the shared store names no maxmemory; set it there, or redis.memory_budget here"
        : Hunts.Select(hunt => hunt.Snapshot).Where(hunt => hunt.Signals.Any(signal => signal.IsRequired && !signal.IsFresh)).Select(hunt => $"hunt {hunt.Hunt} is not measured").FirstOrDefault();

    /// <summary>
    /// Null: the server beside it reports, and says that it can do its work. Else why not, for <c>/readyz/server</c>: what a hunt pod's readiness hangs on. Stores that are away are no reason: those who
    /// play go on.
    /// </summary>
    public string? NoServer
    {
        get
        {
            lock (gate)
            {
                var heard = servers.Values.Where(server => Now - server.HeardAt < SilentAfter.TotalSeconds).Select(server => server.NotReady).ToList();
                return heard.Count == 0 ? "no server beside this governor reports to it" : heard.Contains("") ? null : heard[0];
            }
        }
    }

    /// <summary>What the objects of a cluster set, by hunt; nothing where there is no cluster.</summary>
    public IReadOnlyList<ClusterSettings> Cluster
    {
        get
        {
            lock (gate) return [.. cluster.Values];
        }
    }

    /// <summary>What the objects of a cluster set for a hunt, for its server; whoever watches them calls this.</summary>
    public void SetCluster(ClusterSettings told)
    {
        lock (gate)
        {
            if (cluster.TryGetValue(told.Hunt, out var before) && before.Equals(told)) return;
            cluster[told.Hunt] = told;
        }

        LogCluster(told.Hunt, told.Settings.Count);
        Notify();
    }

    /// <summary>A server's report.</summary>
    public void Take(ReportRequest report)
    {
        double now, at;
        SampleFault? fault;
        lock (gate)
        {
            now = Now;
            if (!servers.TryGetValue(report.Server, out var source)) servers[report.Server] = source = new Source();
            fault = source.Clock.Convert(report.AtMs, now, WallMs, out at);
            (source.HeardAt, source.NotReady) = (now, report.NotReady);
            if (report.Load is not null && fault is null) source.Cap.Take(report.Load, report.Hunts.Sum(hunt => Math.Clamp(hunt.WaitingHere, 0, report.Load.Sockets)));
        }

        foreach (var load in report.Hunts)
        {
            if (load.Hunt.Length is 0 or > 100 || (hunts.Count >= HuntsMax && !hunts.ContainsKey(load.Hunt))) continue;
            hunts.GetOrAdd(load.Hunt, Begin).Take(report.Server, load, at, fault);
        }
    }

    /// <summary>A server's report has ended: it went away, or comes back under another name, and must not hold back the one that speaks now.</summary>
    public void Gone(string server)
    {
        lock (gate) servers.Remove(server);
        foreach (var hunt in hunts.Values) hunt.Gone(server);
    }

    /// <summary>Completes when a server speaks of a hunt that no tick has seen: it has no limit yet, and nobody gets in.</summary>
    public Task NewHunt => Volatile.Read(ref begun).Task;

    HuntGovernor Begin(string hunt)
    {
        Volatile.Read(ref begun).TrySetResult();
        LogBegins(hunt);
        return new HuntGovernor(hunt, new HuntSettings(settings, hunt, adopt), new DecisionLog(folder, hunt, logger), logger);
    }

    /// <summary>Measures and decides, for all hunts. One at a time.</summary>
    public async Task Tick(CancellationToken cancel)
    {
        Volatile.Write(ref begun, new(TaskCreationOptions.RunContinuationsAsynchronously));
        var (memory, memoryAt) = await Measure(store.Memory, cancel);
        Memory = memory;
        Forget();
        await Parallel.ForEachAsync(hunts, new ParallelOptions { CancellationToken = cancel, MaxDegreeOfParallelism = 8 }, async (pair, token) =>
        {
            var (counts, countsAt) = await Measure(asked => store.Counts(pair.Key, asked), token);
            pair.Value.Tick(Now, WallMs, memory, memory is null ? memoryAt : Seconds(memory.At), counts, counts is null ? countsAt : Seconds(counts.At));
        });
        if (memory is null != storeAway)
        {
            storeAway = memory is null;
            if (storeAway) LogStoreAway();
            else LogStoreBack();
        }

        Ticks++;
        LastDecision = clock.GetUtcNow();
        Notify();
    }

    /// <summary>The seconds of our clock at a timestamp of the same clock.</summary>
    double Seconds(long timestamp) => clock.GetElapsedTime(origin, timestamp).TotalSeconds;

    async Task<(T? Value, double At)> Measure<T>(Func<CancellationToken, Task<T>> ask, CancellationToken cancel) where T : class
    {
        var at = Now;
        try
        {
            return (await ask(cancel).WaitAsync(StorePatience, clock, cancel), at);
        }
        catch (Exception error) when (error is GateException or TimeoutException)
        {
            return (null, at);
        }
    }

    void Forget()
    {
        foreach (var (id, hunt) in hunts)
        {
            if (Now - hunt.HeardAt < ForgetAfter.TotalSeconds || double.IsNegativeInfinity(hunt.HeardAt)) continue;
            if (!hunts.TryRemove(id, out _)) continue;
            hunt.Dispose();
            LogForgets(id);
        }

        lock (gate)
            foreach (var (server, source) in servers)
                if (Now - source.HeardAt > ForgetAfter.TotalSeconds) servers.Remove(server);
    }

    /// <summary>The votes as of the last tick: nothing is measured or decided for the call.</summary>
    /// <param name="toOrchestrator">False for somebody who merely looks: what is applied next does not answer what he was told.</param>
    public VoteResponse Vote(bool toOrchestrator = true)
    {
        var response = new VoteResponse { Governor = Name };
        ServerCap? cap;
        lock (gate)
        {
            cap = servers.Count == 1 ? servers.Values.First().Cap : null;
            if (cap?.Load is { } load) response.Load = new ServerLoad(load) { CpuSoft = settings.Get(Keys.CpuSoft) };
        }

        var all = hunts.Values.Select(hunt => toOrchestrator ? hunt.HandOut() : hunt.Snapshot).Where(snapshot => snapshot.DecidedAtMs > 0).ToList();
        var validMs = 3 * (long)settings.Get(Keys.Tick).TotalMilliseconds;
        foreach (var snapshot in all) response.Votes.Add(VoteOf(snapshot, cap?.Of(snapshot.SeatedHere, snapshot.CpuSoft, snapshot.HuntersPerServer), validMs));
        if (Memory is { Ratio: { } ratio } measured && Now - Seconds(measured.At) <= settings.Get(Keys.SignalAgeMax).TotalSeconds) response.MemoryRatio = ratio;
        return response;
    }

    static HuntVote VoteOf(HuntSnapshot snapshot, long? cap, long validMs)
    {
        var decision = snapshot.Decision;
        var vote = new HuntVote
        {
            Hunt = snapshot.Hunt,
            Epoch = snapshot.Epoch,
            Seq = snapshot.Seq,
            State = Orchestration.Vote.StateOf(decision.Mode),
            Limit = decision.Limit,
            JoinsPerSecond = Orchestration.Vote.PaceOnWire(decision.JoinsPerSecond),
            Pause = decision.Pause,
            Brownout = new() { Memory = decision.Brownout.Memory, Lag = decision.Brownout.Lag },
            Mode = Words.Name(decision.Mode),
            Cause = Words.Name(snapshot.Spoken.Cause),
            Reason = snapshot.Spoken.Reason,
            ObservedAtMs = snapshot.ObservedAtMs,
            ValidUntilMs = snapshot.DecidedAtMs + validMs,
            PolicyHash = snapshot.PolicyHash,
            Ceiling = snapshot.Ceiling,
            Floor = snapshot.Floor,
            PinOrigin = snapshot.PinOrigin,
            RoomWeight = snapshot.RoomWeight,
            Audit = snapshot.Audit,
            Seated = snapshot.Seated,
            Waiting = snapshot.Waiting,
            Guard = snapshot.Guard,
            FirstWindow = snapshot.FirstWindow,
        };
        if (snapshot.PinLimit is { } pin) vote.PinLimit = pin;
        if (cap is { } own) vote.ServerCap = own;
        return vote;
    }

    /// <summary>What an orchestrator applied, from somebody who holds the token. False: a newer one has spoken already.</summary>
    public bool Apply(long fromTerm, IEnumerable<Applied> applied)
    {
        lock (gate)
        {
            if (fromTerm < term) return false;
            if (fromTerm > term) LogTerm(fromTerm);
            term = fromTerm;
            orchestratorAt = Now;
        }

        var isNews = false;
        foreach (var one in applied)
            if (Find(one.Hunt) is { } hunt)
                isNews |= hunt.Tell(new Told(
                    one.Limit, one.JoinsPerSecond, one.Pause, new(one.Brownout?.Memory ?? 0, one.Brownout?.Lag ?? 0), one.Reason, one.Cause, one.AtMs, one.Pinned, one.Guard));
        if (isNews) Notify();
        return true;
    }

    /// <summary>
    /// What holds for the hunts of a server: what was applied last. While no orchestrator speaks nothing rises; the one thing a governor then does on its own is to close the door, if what it measures
    /// calls for a pause.
    /// </summary>
    public WatchResponse Guidance(string server)
    {
        var alone = OrchestratorAge > 3 * settings.Get(Keys.Tick).TotalSeconds;
        ServerCap? cap;
        var response = new WatchResponse();
        lock (gate)
        {
            cap = servers.GetValueOrDefault(server)?.Cap;
            response.Cluster.AddRange(cluster.Values);
        }

        foreach (var hunt in Hunts)
        {
            var snapshot = hunt.Snapshot;
            if (snapshot.Told is not { } told) continue;
            var closes = alone && snapshot.Decision.Pause && !told.Pause;
            var guidance = new Guidance
            {
                Hunt = snapshot.Hunt,
                Limit = told.Limit,
                JoinsPerSecond = told.JoinsPerSecond,
                Pause = told.Pause || closes,
                BrownoutMemory = told.Brownout.Memory,
                BrownoutLag = told.Brownout.Lag,
                Guard = told.Guard,
                Reason = closes ? $"nobody is let in while no orchestrator answers: {snapshot.Decision.Reason}" : told.Reason,
                DecidedAtMs = told.AtMs,
            };
            if (cap?.Of(snapshot.SeatedHere, snapshot.CpuSoft, snapshot.HuntersPerServer) is { } own) guidance.ServerCap = own;
            response.Hunts.Add(guidance);
        }

        return response;
    }

    public void SetPolicy(string hunt, string policy, IReadOnlyList<string> shadows, string who, string why)
    {
        Of(hunt).SetPolicy(policy, shadows, who, why, WallMs);
        LogPolicySet(hunt, policy, who, why);
    }

    public void Override(string hunt, Pin? pin, string who, string why)
    {
        Of(hunt).Override(pin, who, why, WallMs);
        if (pin is null) LogUnpinned(hunt, who, why);
        else LogPinned(hunt, pin.Limit, pin.Origin);
        Notify();
    }

    /// <exception cref="KeyNotFoundException">No server has reported it.</exception>
    public HuntGovernor Of(string hunt) => Find(hunt) ?? throw new KeyNotFoundException(
        $"This governor knows no hunt '{hunt}'; its server reports {(hunts.IsEmpty ? "none" : string.Join(", ", Hunts.Select(known => known.Snapshot.Hunt)))}.");

    void Notify()
    {
        TaskCompletionSource done;
        lock (gate) (done, changed) = (changed, new(TaskCreationOptions.RunContinuationsAsynchronously));
        done.SetResult();
    }

    public void Dispose()
    {
        foreach (var hunt in hunts.Values) hunt.Dispose();
        Notify();
    }

    sealed class Source
    {
        public SourceClock Clock { get; } = new();
        public ServerCap Cap { get; } = new();
        public double HeardAt { get; set; }
        public string NotReady { get; set; } = "";
    }

    [LoggerMessage(LogLevel.Information, "Governs hunt {Hunt}.")]
    partial void LogBegins(string hunt);

    [LoggerMessage(LogLevel.Information, "No server has spoken of hunt {Hunt} for five minutes; it is no longer governed here.")]
    partial void LogForgets(string hunt);

    [LoggerMessage(LogLevel.Warning, "The shared store does not answer: limits may fall and never rise until it does.")]
    partial void LogStoreAway();

    [LoggerMessage(LogLevel.Information, "The shared store answers again.")]
    partial void LogStoreBack();

    [LoggerMessage(LogLevel.Information, "The orchestrator of term {Term} speaks.")]
    partial void LogTerm(long term);

    [LoggerMessage(LogLevel.Information, "The cluster's objects set {Count} settings of hunt {Hunt}.")]
    partial void LogCluster(string hunt, int count);

    [LoggerMessage(LogLevel.Warning, "Policy of hunt {Hunt} is {Policy}, by {Who}: {Why}")]
    partial void LogPolicySet(string hunt, string policy, string who, string why);

    [LoggerMessage(LogLevel.Warning, "Hunt {Hunt} is pinned at {Limit} by {Origin}")]
    partial void LogPinned(string hunt, long limit, string origin);

    [LoggerMessage(LogLevel.Warning, "The pin of hunt {Hunt} was taken back by {Who}: {Why}")]
    partial void LogUnpinned(string hunt, string who, string why);
}
