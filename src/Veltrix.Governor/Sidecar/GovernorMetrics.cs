using System.Diagnostics.Metrics;
using Veltrix.Governor.Policies;
using Veltrix.Governor.Signals;
using Veltrix.Hosting;

namespace Veltrix.Governor.Sidecar;

/// <summary>
/// All metrics of this process; <c>docs/reference/metrics.md</c> has a row for each, and a test compares. Read from the snapshots of the last tick at every scrape, so that a hunt that has gone leaves
/// nothing behind.
/// </summary>
/// <remarks>Names are those of the series, except for what the exporter appends: <c>_total</c> to counters, <c>_seconds</c> and <c>_bytes</c> from the unit.</remarks>
public sealed class GovernorMetrics : IDisposable
{
    public const string MeterName = "Veltrix.Governor";

    // From a store on the same machine to one that is not there: two seconds a measurement.
    static readonly double[] LoopBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

    readonly Meter meter = new(MeterName);
    readonly GovernorSidecar sidecar;
    readonly Histogram<double> loop;

    /// <param name="configIsGood">False after an edit of the configuration that was rejected.</param>
    public GovernorMetrics(GovernorSidecar sidecar, Func<bool> configIsGood)
    {
        this.sidecar = sidecar;
        Hunts();
        SignalsOfHunts();
        Store();
        loop = meter.CreateHistogram("veltrix.governor.loop_duration", "s", "How long measuring and deciding for all hunts took.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = LoopBuckets });
        meter.CreateObservableGauge("veltrix.governor.loop_delay", () => LoopDelay, "s", "How much later than planned the last tick began.");
        meter.CreateObservableGauge("veltrix.governor.last_decision_timestamp", () => sidecar.LastDecision.ToUnixTimeMilliseconds() / 1e3, "s", "When it last decided, in seconds since 1970.");
        meter.CreateObservableGauge("veltrix.governor.config_last_reload_successful", () => configIsGood() ? 1 : 0, description: "0 after an edit of the configuration that was rejected; the old one is in force.");
        meter.CreateObservableGauge("veltrix.governor.cluster_config_info", () => sidecar.Cluster.Select(told => ConfigMetrics.Info(told.Hunt, new ClusterMark(told.Hash, told.Revision))), description: "Always 1; hash and revision of what the cluster's objects set, as it was told to the server.");
        meter.CreateObservableGauge("veltrix.governor.hunts", () => sidecar.Hunts.Count(), description: "Hunts that are governed here.");
        meter.CreateObservableGauge("veltrix.governor.orchestrator_age", () => Finite(sidecar.OrchestratorAge), "s", "Since an orchestrator spoke; absent where none has.");
    }

    /// <summary>In seconds.</summary>
    public double LoopDelay { get; set; }

    public void Looped(TimeSpan took) => loop.Record(took.TotalSeconds);

    void Hunts()
    {
        OfHunts("veltrix.hunt.throttle_ratio", "Limit over ceiling as last applied: 1 is open.", hunt => hunt.ThrottleRatio);
        OfHunts("veltrix.hunt.limit_players", "Hunters allowed now, as last applied.", hunt => hunt.Told?.Limit);
        OfHunts("veltrix.hunt.ceiling_players", "Most hunters there may be.", hunt => hunt.Ceiling);
        OfHunts("veltrix.hunt.floor_players", "The limit never falls below.", hunt => hunt.Floor);
        OfHunts("veltrix.hunt.active_players", "Hunters with a seat.", hunt => hunt.Seated);
        OfHunts("veltrix.hunt.waiting_players", "Hunters in the waiting room.", hunt => hunt.Waiting);
        OfHunts("veltrix.hunt.admit_rate_players_per_second", "How fast seats may be given, as last applied; absent where they are not paced.", hunt => hunt.Told is { JoinsPerSecond: > 0 } told ? told.JoinsPerSecond : null);
        OfHunts("veltrix.hunt.paused", "1 while nobody is let in.", hunt => hunt.Told is { } told ? told.Pause ? 1 : 0 : null);
        OfHunts("veltrix.governor.vote_ratio", "This governor's own vote over the ceiling; absent while it abstains.", hunt => hunt.Decision.Mode == Mode.Abstain || hunt.Ceiling <= 0 ? null : hunt.Decision.Limit / hunt.Ceiling);
        Counters("veltrix.governor.limit_reversals", "How often the applied limit has turned by more than a hundredth of the ceiling.", hunt => [new(hunt.Reversals, Hunt(hunt))]);
        Counters("veltrix.governor.decisions", "Decisions of the applied policy.", hunt =>
            hunt.Decisions.Select(pair => new Measurement<long>(pair.Value, Hunt(hunt), new("action", pair.Key.Action), new("reason", pair.Key.Reason))));
        Gauges("veltrix.governor.state", "1 for what the applied policy is doing, 0 for all else.", hunt =>
            Enum.GetValues<Mode>().Select(mode => new Measurement<double>(hunt.Decision.Mode == mode ? 1 : 0, Hunt(hunt), new("state", Words.Name(mode)))));
        Gauges("veltrix.governor.brownout_ratio", "How much cheaper service is voted for: 0 all of it, 1 the least.", hunt =>
            [new(hunt.Decision.Brownout.Memory, Hunt(hunt), new("actuator", "memory")), new(hunt.Decision.Brownout.Lag, Hunt(hunt), new("actuator", "lag"))]);
        Gauges("veltrix.governor.shadow_limit_players", "What a policy in shadow would have decided.", hunt =>
            hunt.Shadows.Select(shadow => new Measurement<double>(shadow.Limit, Hunt(hunt), new("policy", shadow.Policy))));
        Gauges("veltrix.governor.config_info", "Always 1; the policy in force, and a hash of it with its parameters.", hunt => [new(1, Hunt(hunt), new("policy", hunt.Policy), new("hash", hunt.PolicyHash))]);
    }

    void SignalsOfHunts()
    {
        OfSignals("veltrix.governor.signal_value", "As measured, in the signal's own unit.", signal => signal.Value);
        OfSignals("veltrix.governor.signal_threshold", "Above this fewer hunters are called for.", signal => signal.Soft);
        OfSignals("veltrix.governor.signal_critical", "At this nobody is let in.", signal => signal.Critical);
        OfSignals("veltrix.governor.signal_pressure_ratio", "Value over threshold.", signal => signal.Pressure);
        Gauges("veltrix.governor.signal_age", "Since it was measured at its source; absent before the first time.", hunt => EachSignal(hunt, signal => signal.Age), "s");
        Counters("veltrix.governor.signal_invalid", "Samples that were no good.", hunt => hunt.Signals.SelectMany(signal => Enum.GetValues<SampleFault>().Select(fault =>
            new Measurement<long>(signal.FaultCount(fault), Hunt(hunt), new("signal", Words.Name(signal.Signal)), new("reason", Words.Name(fault))))));
    }

    void Store()
    {
        OfStore("veltrix.governor.store_used", "By", "Memory in use by the shared store.", store => store.Used);
        OfStore("veltrix.governor.store_max", "By", "What is full; absent where nothing says so.", store => store.Max);
        OfStore("veltrix.governor.store_resident", "By", "What the system holds for it, fragments included.", store => store.Resident);
        OfStore("veltrix.governor.store_fragmentation_ratio", null, "Resident over used.", store => store.Fragmentation);
        OfStore("veltrix.governor.store_saving", null, "1 while it saves, rewrites or forks, and copies what is written.", store => store.Saving ? 1 : 0);
        OfStore("veltrix.governor.store_last_fork", "s", "How long it stood still for its last fork.", store => store.LastFork?.TotalSeconds);
        OfStore("veltrix.governor.store_ping", "s", "99th percentile of the last pings.", store => store.Ping.TotalSeconds);
    }

    void OfHunts(string name, string help, Func<HuntSnapshot, double?> read) => Gauges(name, help, hunt => read(hunt) is { } value ? [new(value, Hunt(hunt))] : []);

    void OfSignals(string name, string help, Func<SignalView, double> read) => Gauges(name, help, hunt => EachSignal(hunt, read));

    static IEnumerable<Measurement<double>> EachSignal(HuntSnapshot hunt, Func<SignalView, double> read)
    {
        foreach (var signal in hunt.Signals)
            if (read(signal) is var value && double.IsFinite(value)) yield return new(value, Hunt(hunt), new("signal", Words.Name(signal.Signal)));
    }

    void OfStore(string name, string? unit, string help, Func<Gate.StoreMemory, double?> read) =>
        meter.CreateObservableGauge(name, () => sidecar.Memory is { } store && read(store) is { } value ? [new Measurement<double>(value)] : Array.Empty<Measurement<double>>(), unit, help);

    void Gauges(string name, string help, Func<HuntSnapshot, IEnumerable<Measurement<double>>> read, string? unit = null) =>
        meter.CreateObservableGauge(name, () => Decided().SelectMany(read), unit, help);

    void Counters(string name, string help, Func<HuntSnapshot, IEnumerable<Measurement<long>>> read) => meter.CreateObservableCounter(name, () => Decided().SelectMany(read), description: help);

    IEnumerable<HuntSnapshot> Decided() => sidecar.Hunts.Select(hunt => hunt.Snapshot).Where(snapshot => snapshot.DecidedAtMs > 0);

    static KeyValuePair<string, object?> Hunt(HuntSnapshot hunt) => new("hunt_id", hunt.Hunt);

    static Measurement<double>[] Finite(double value) => double.IsFinite(value) ? [new(value)] : [];

    public void Dispose() => meter.Dispose();
}
