using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Veltrix.Gate;
using Veltrix.Governor.Policies;
using Veltrix.Governor.Signals;
using Veltrix.Hosting;
using Veltrix.Wire.Governor;
using Brownout = Veltrix.Governor.Policies.Brownout;

namespace Veltrix.Governor.Sidecar;

/// <summary>
/// Governs one hunt: from measurements to a vote with a reason. Every time is handed in; nothing here waits, so that a test or a replay runs it as fast as it likes. Thread-safe.
/// </summary>
public sealed partial class HuntGovernor : IDisposable
{
    /// <summary>Servers silent for so many times the greatest age of a signal are gone, not late.</summary>
    const int GoneAfterAges = 2;

    const int PlotPoints = 720;

    readonly Lock gate = new();
    readonly string hunt;
    readonly HuntSettings settings;
    readonly DecisionLog log;
    readonly ILogger logger;
    readonly Func<string, PolicyParameters> parameters;
    readonly HuntSignals signals = new();
    readonly ServerLoads loads = new();
    readonly GateView counts = new();
    readonly RecordFlow sent = new();
    readonly JoinGuard guard = new();
    readonly ToldLimit told = new();
    readonly SettingsWatch people;
    readonly Dictionary<string, Lane> lanes = [];
    readonly Queue<PlotPoint> plot = new();
    ImmutableDictionary<(string, string), long> decisions = ImmutableDictionary<(string, string), long>.Empty;
    (string Policy, string[] Shadows, string KeyThen)? chosen;
    Pin? pin;
    Decision? move;
    long seq;
    volatile HuntSnapshot snapshot;

    /// <param name="parameters">Of a policy for this hunt, read at every tick; null: from the settings.</param>
    public HuntGovernor(string hunt, HuntSettings settings, DecisionLog log, ILogger logger, Func<string, PolicyParameters>? parameters = null)
    {
        this.hunt = hunt;
        this.settings = settings;
        this.log = log;
        this.logger = logger;
        people = new SettingsWatch(settings);
        this.parameters = parameters ?? (_ => PolicyParameters.From(settings.Process, hunt));
        snapshot = new HuntSnapshot { Hunt = hunt, Decision = Abstain("it has just started") };
    }

    public HuntSnapshot Snapshot => snapshot;

    public DecisionLog Log => log;

    /// <summary>When a server last said anything about this hunt.</summary>
    public double HeardAt
    {
        get
        {
            lock (gate) return loads.LastAt;
        }
    }

    public ImmutableArray<PlotPoint> Plot
    {
        get
        {
            lock (gate) return [.. plot];
        }
    }

    /// <summary>A server's report has ended.</summary>
    public void Gone(string server)
    {
        lock (gate) loads.Gone(server);
    }

    /// <summary>A server's report. A sample whose time is not to be believed brings settings and nothing else.</summary>
    public void Take(string server, HuntLoad load, double at, SampleFault? fault)
    {
        lock (gate)
        {
            settings.Take(load.Settings, load.Origins);
            if (fault is { } why) signals.LogLag.Count(why);
            else loads.Take(server, load, at);
        }
    }

    /// <summary>What was applied. True if servers are to be told.</summary>
    public bool Tell(Told applied)
    {
        lock (gate)
        {
            var before = told.Now;
            if (!told.Take(applied)) return false;
            if (before is null || before.Limit != applied.Limit || before.Pause != applied.Pause || before.Pinned != applied.Pinned)
                log.Add(Entry("applied", applied.AtMs, before?.Limit ?? applied.Limit, applied.Limit, applied.JoinsPerSecond > 0 ? applied.JoinsPerSecond : double.PositiveInfinity, applied.Pause, applied.Pinned ? "pinned" : "applied", applied.Cause,
                    Words.MoveOnce(before?.Limit ?? applied.Limit, applied.Limit, applied.Reason)));
            snapshot = snapshot with { Told = applied, Reversals = told.Reversals };
            return true;
        }
    }

    /// <summary>The vote was handed to an orchestrator: what it applies next may answer it.</summary>
    public HuntSnapshot HandOut()
    {
        lock (gate)
        {
            told.HandedOut = snapshot.Decision.Mode == Mode.Abstain ? null : snapshot.Decision.Limit;
            return snapshot;
        }
    }

    public void SetPolicy(string policy, IEnumerable<string> shadows, string who, string why, long wallMs)
    {
        lock (gate)
        {
            chosen = (policy, [.. shadows], settings.Get(Keys.Policy));
            log.Add(Entry("person", wallMs, InForce(), InForce(), double.PositiveInfinity, false, "policy", "manual", $"policy {policy} by {who}: {why}"));
        }
    }

    /// <param name="by">Null: the pin is taken back.</param>
    public void Override(Pin? by, string who, string why, long wallMs)
    {
        lock (gate)
        {
            pin = by;
            log.Add(Entry("person", wallMs, InForce(), by?.Limit ?? InForce(), double.PositiveInfinity, false, "pin", "manual",
                by is null ? $"pin taken back by {who}: {why}" : $"pinned at {Words.Whole(by.Limit)} by {by.Origin}"));
            snapshot = snapshot with { PinLimit = by?.Limit ?? settings.Get(Keys.PinLimit), PinOrigin = by?.Origin ?? settings.Origin(Keys.PinLimit) };
        }
    }

    /// <summary>
    /// One tick:
    /// 1. take what was measured (<see cref="Measure"/>), and what people have changed;
    /// 2. see which policies are at work, with which parameters (<see cref="Staff"/>);
    /// 3. abstain until the limit is known and three samples were seen (<see cref="Doubt"/>);
    /// 4. let every policy decide, and write it down (<see cref="Decide"/>);
    /// 5. show it (<see cref="Show"/>).
    /// </summary>
    /// <param name="memory">The store's; null: it did not answer.</param>
    /// <param name="memoryAt">When it was asked.</param>
    /// <param name="fresh">The gate's counts; null: it did not answer.</param>
    /// <param name="countsAt">When they were asked for.</param>
    public void Tick(double now, long wallMs, StoreMemory? memory, double memoryAt, GateCounts? fresh, double countsAt)
    {
        lock (gate)
        {
            Measure(now, memory, memoryAt, fresh, countsAt);
            if (pin?.Until is { } until && until.ToUnixTimeMilliseconds() <= wallMs)
            {
                log.Add(Entry("person", wallMs, InForce(), InForce(), double.PositiveInfinity, false, "pin", "manual", $"the pin of {pin.Who} has run out"));
                pin = null;
            }

            foreach (var (of, text) in people.Changes()) log.Add(Entry("person", wallMs, InForce(), InForce(), double.PositiveInfinity, false, of, "manual", text));
            var observation = Observe(now);
            Staff();
            var active = lanes.Values.Single(lane => !lane.IsShadow);
            var decision = Doubt() is { } doubt ? Abstain(doubt) : Decide(active, observation, now, wallMs);
            Show(active, decision, observation, now, wallMs);
        }
    }

    void Measure(double now, StoreMemory? memory, double memoryAt, GateCounts? fresh, double countsAt)
    {
        var ageMax = AgeMax;
        signals.Take(memory, memoryAt, settings.Get(Keys.RedisMemoryCritical), now, ageMax);
        loads.Forget(now - GoneAfterAges * ageMax);
        signals.Take(loads, now, ageMax);
        counts.Take(fresh, countsAt);
        // A governor that was restarted while orchestrators were away learns the limit from where it was published.
        if (fresh?.Limits is { } limits && (told.Now is null || limits.AtMs > told.Now.AtMs))
            Tell(new Told(limits.Limit, limits.JoinsPerSecond, limits.Pause, new Brownout(limits.BrownoutMemory, limits.BrownoutLag), limits.Reason, limits.Cause, limits.AtMs, limits.Pinned, limits.Guard));
    }

    Observation Observe(double now)
    {
        double ceiling = settings.Get(Keys.MaxConcurrentHunters);
        var isKnown = counts.IsKnown(now, AgeMax);
        var (joins, leaves) = counts.Flow();
        return new Observation
        {
            Ceiling = ceiling,
            Floor = Math.Round(settings.Get(Keys.LimitFloorRatio) * ceiling),
            Seated = counts.Seated,
            Waiting = counts.Waiting,
            Joins = joins,
            Leaves = leaves,
            Sent = sent.Next(loads.Submitted),
            Readings = [.. signals.All.Select(signal => signal.Read(settings.Get(signal.Soft), settings.Get(signal.Critical), isKnown)).OfType<Reading>()],
        };
    }

    /// <summary>What a person chose here holds until the key says something else than it did then.</summary>
    void Staff()
    {
        var key = settings.Get(Keys.Policy);
        if (chosen is { } choice && choice.KeyThen != key) chosen = null;
        var name = chosen?.Policy ?? key;
        var shadows = chosen?.Shadows ?? settings.Get(Keys.Shadows).Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string[] wanted = [name, .. shadows.Where(shadow => shadow != name).Distinct()];
        foreach (var gone in lanes.Keys.Except(wanted).ToList()) lanes.Remove(gone);
        foreach (var policy in wanted)
        {
            if (!lanes.TryGetValue(policy, out var lane)) lanes[policy] = lane = new Lane(policy) { IsShadow = true };
            lane.Use(parameters(policy));
            // A policy that comes out of the shadow keeps what it has learnt, and works from the limit in force.
            if (policy == name && lane.IsShadow && told.Now is { } inForce) lane.Tell(inForce.Limit);
            lane.IsShadow = policy != name;
        }
    }

    string? Doubt() =>
        told.Now is null ? "abstains: it was not told the limit in force"
        : !counts.WasRead ? "abstains: the gate was not read yet"
        : !signals.HasSeenEnough ? $"abstains: {signals.Memory.Samples} samples of redis memory and {signals.LogLag.Samples} of log lag; three of each are needed"
        : null;

    Decision Decide(Lane active, Observation observation, double now, long wallMs)
    {
        if (told.Take() is { } other) active.Tell(other);
        var records = ImmutableArray.CreateBuilder<LaneRecord>(lanes.Count);
        Exception? failure = null;
        foreach (var lane in lanes.Values.OrderBy(lane => lane.IsShadow).ThenBy(lane => lane.Name, StringComparer.Ordinal))
        {
            try
            {
                records.Add(lane.Step(observation, now, told.Now!.Limit));
            }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                // A policy is code that others may write: what fails in it must not end the votes of other hunts, nor those of other policies.
                if (lane == active) failure = error;
                LogPolicyFailed(error, hunt, lane.Name);
            }
        }

        log.Add(new TickRecord(hunt, seq, wallMs, now, observation, records.ToImmutable()));
        return active.Decision ?? Abstain($"abstains: policy {active.Name} failed: {failure?.Message}");
    }

    void Show(Lane active, Decision decision, Observation observation, double now, long wallMs)
    {
        var from = decision.Mode == Mode.Abstain ? InForce() : active.From;
        var action = decision.Pause ? "pause" : decision.Limit > from ? "raise" : decision.Limit < from ? "cut" : "hold";
        if (decision.Mode != Mode.Abstain)
        {
            var key = (action, Words.Name(decision.Cause));
            decisions = decisions.SetItem(key, decisions.GetValueOrDefault(key) + 1);
        }

        Remember(decision, from);
        var views = signals.All.Select(signal => View(signal, now)).ToImmutableArray();
        var oldest = signals.All.Where(signal => signal.IsRequired && signal.Samples > 0).Select(signal => signal.Age(now)).DefaultIfEmpty(0).Max();
        snapshot = new HuntSnapshot
        {
            Hunt = hunt,
            Seq = seq++,
            Epoch = counts.Epoch,
            DecidedAtMs = wallMs,
            ObservedAtMs = wallMs - (long)(oldest * 1_000),
            Decision = decision,
            Spoken = move is null || decision.Pause ? decision : move,
            From = from,
            Policy = active.Name,
            PolicyHash = active.Hash,
            Ceiling = observation.Ceiling,
            Floor = observation.Floor,
            PinLimit = pin?.Limit ?? settings.Get(Keys.PinLimit),
            PinOrigin = pin?.Origin ?? settings.Origin(Keys.PinLimit),
            RoomWeight = settings.Get(Keys.RoomWeight),
            Audit = settings.Get(Keys.GateAudit),
            Seated = counts.Seated,
            Waiting = counts.Waiting,
            SeatedHere = loads.SeatedHere,
            CpuSoft = settings.Get(Keys.CpuSoft),
            HuntersPerServer = settings.Get(Keys.HuntersPerServer),
            FirstWindow = settings.Get(Keys.FirstWindow),
            Guard = guard.Next(counts.Waiting, InForce() > 0 ? (counts.Seated + counts.Waiting) / InForce() : 0, settings.Get(Keys.JoinScarce), settings.Get(Keys.JoinGuard)),
            Told = told.Now,
            Reversals = told.Reversals,
            Signals = views,
            Shadows = [.. lanes.Values.Where(lane => lane.IsShadow && lane.Decision is not null).Select(lane => new ShadowView(lane.Name, lane.Decision!.Limit, Words.Move(lane.From, lane.Decision.Limit, lane.Decision.Reason)))],
            Decisions = decisions,
        };
        told.Ceiling = observation.Ceiling;
        plot.Enqueue(new PlotPoint(wallMs, told.Now?.Limit ?? double.NaN, counts.Seated, counts.Waiting, observation.Ceiling));
        if (plot.Count > PlotPoints) plot.Dequeue();
    }

    /// <summary>A policy may move and then hold before an orchestrator asks again: until the move is in force it is the move that has to be explained, not the holding.</summary>
    void Remember(Decision decision, double from)
    {
        if (decision.Mode != Mode.Abstain && Math.Abs(decision.Limit - from) >= 1) move = decision;
        else if (move is not null && (Math.Abs(move.Limit - decision.Limit) >= 1 || Math.Abs(decision.Limit - InForce()) < 1)) move = null;
    }

    SignalView View(MeasuredSignal signal, double now) => new(
        signal.Signal, signal.Value, settings.Get(signal.Soft), settings.Get(signal.Critical), signal.Age(now), signal.IsRequired, signal.Samples > 0 && signal.Age(now) <= AgeMax,
        [.. Enum.GetValues<SampleFault>().Select(signal.Faults)]);

    double AgeMax => settings.Get(Keys.SignalAgeMax).TotalSeconds;

    double InForce() => told.Now?.Limit ?? 0;

    Decision Abstain(string why) => new(InForce(), double.PositiveInfinity, false, Brownout.None, Mode.Abstain, Cause.None, why);

    DecisionEntry Entry(string by, long atMs, double from, double to, double joins, bool pause, string mode, string cause, string text) =>
        new(atMs, hunt, by, false, (long)from, (long)to, joins, pause, mode, cause, text, (long)counts.Seated, (long)counts.Waiting);

    public void Dispose() => log.Dispose();

    [LoggerMessage(LogLevel.Error, "Policy {Policy} failed for hunt {Hunt}; it begins anew at the next tick.")]
    partial void LogPolicyFailed(Exception error, string hunt, string policy);
}
