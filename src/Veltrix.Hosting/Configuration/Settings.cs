using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace Veltrix.Hosting;

/// <summary>A person's value for one key of one hunt.</summary>
/// <param name="Until">When it ends by itself; null: when somebody takes it back.</param>
public sealed record SettingOverride(string Key, string Value, string Who, string Why, DateTimeOffset Since, DateTimeOffset? Until);

/// <summary>A value for one key of one hunt, from an object of the cluster that the hunt runs on.</summary>
/// <param name="Source">Which object, in words.</param>
public sealed record ClusterSetting(string Key, string Value, string Source);

/// <summary>Which state of the cluster's objects holds for a hunt: <c>status.effectiveConfig</c> has both.</summary>
/// <param name="Revision">0: nobody has numbered it yet.</param>
public sealed record ClusterMark(string Hash, long Revision);

/// <summary>What became of the last look at <c>hunt-config.yml</c> that found something new.</summary>
/// <param name="Ok">False: what runs is what was read before.</param>
/// <param name="File">Null where there is none.</param>
/// <param name="Faults">Why not; empty where it is in force.</param>
public sealed record Reload(bool Ok, DateTimeOffset At, string? File, IReadOnlyList<ConfigFault> Faults)
{
    /// <summary>When a file, or its absence at the start, was last taken.</summary>
    public required DateTimeOffset OkAt { get; init; }

    /// <summary>What is different now: <c>join.pace 120 → 60</c>, <c>night-walk: brownout on → off</c>.</summary>
    public IReadOnlyList<string> Changes { get; init; } = [];
}

/// <summary>
/// The settings in force, layer upon layer: built-in default, <c>hunt-config.yml</c> (for all, then for the hunt), the hunt's definition, the cluster's objects, a person's override.
/// </summary>
/// <remarks>
/// Thread-safe. Readers see an immutable snapshot that is replaced whole; reading costs a dictionary look-up, two for a hunt. An override ends by the clock that was handed in, at most a
/// second late. Where the layers together would break a <see cref="Rule"/>, both keys of it are taken from lower ones.
/// </remarks>
public sealed class Settings(TimeProvider clock) : IDisposable
{
    /// <summary>A clock may be put forward without its timers; then an override ends so late at most.</summary>
    static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    readonly Lock gate = new();
    readonly Dictionary<string, HuntLayers> hunts = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, ClusterMark> marks = new(StringComparer.Ordinal);
    ConfigFile file = ConfigFile.None;
    volatile EffectiveValues now = EffectiveValues.Empty;
    volatile Reload lastReload = new(true, clock.GetUtcNow(), null, []) { OkAt = clock.GetUtcNow() };
    ITimer? expiry;
    bool disposed;
    Dictionary<Key, object?>? started;

    public Settings() : this(TimeProvider.System)
    {
    }

    /// <summary>Nothing but the built-in defaults; nobody may change these.</summary>
    public static Settings Defaults { get; } = new() { disposed = true };

    /// <summary>Something that was asked for has another value now. Called outside of any lock, on the thread that changed it; must not throw.</summary>
    public event Action? Changed;

    /// <summary>For <c>veltrix_config_last_reload_successful</c> and <c>veltrix config status</c>.</summary>
    public Reload LastReload => lastReload;

    /// <summary>The value for the whole process, or for a hunt that sets nothing of its own.</summary>
    public T Get<T>(Key<T> key) => now.General.TryGetValue(key, out var value) ? (T)value! : key.Default;

    /// <summary>The value for one hunt.</summary>
    public T Get<T>(Key<T> key, string hunt)
    {
        var snapshot = now;
        return (key.Reach == Reach.Hunt ? snapshot.Of(hunt) : snapshot.General).TryGetValue(key, out var value) ? (T)value! : key.Default;
    }

    /// <summary>The effective value, who set it, and what every layer below says.</summary>
    public Explanation Explain(Key key, string? hunt = null)
    {
        var of = key.Reach == Reach.Hunt ? hunt : null;
        lock (gate) return new Explanation(key, of, Compose(of, file, clock.GetUtcNow()).Voices(key)) { Running = Running(key) };
    }

    /// <summary>The process has taken what it is built on: keys that act at the start keep these values in it, whatever is set from now on.</summary>
    public void Start() => started = Keys.All.Where(key => key.Acts == Acts.AtStart).ToDictionary(key => key, key => now.General.GetValueOrDefault(key, key.DefaultValue));

    /// <summary>Keys that have another value than the one this process runs with, each in a sentence.</summary>
    public IReadOnlyList<string> Waiting =>
        [.. Keys.All.Where(key => key.Acts == Acts.AtStart).Select(key => Explain(key)).Where(told => told.Running is not null)
            .Select(told => $"{told.Key.Name} = {told.Value} ({told.Origin}) acts at the next start; until then it is {told.Running}")];

    /// <summary>Hunts that the file sets something for and that are not there, each in a sentence. No fault: a hunt may come later. While none is there nothing is strange.</summary>
    public IReadOnlyList<string> Strangers(IReadOnlyCollection<string> known)
    {
        ConfigFile read;
        lock (gate) read = file;
        return known.Count == 0 ? [] :
            [.. read.Hunts.Except(known, StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(hunt =>
                $"{read.Path} sets something for the hunt '{hunt}', and there is none of that id. {(Spelling.Nearest(hunt, known) is { } meant ? $"Did you mean '{meant}'?" : "It holds as soon as one is published.")}")];
    }

    string? Running(Key key)
    {
        if (started is not { } then || !then.TryGetValue(key, out var value)) return null;
        var runs = key.Write(value);
        return runs == key.Write(now.General.GetValueOrDefault(key, key.DefaultValue)) ? null : runs;
    }

    /// <summary>Settings of a text in the format of <c>hunt-config.yml</c>.</summary>
    /// <exception cref="ConfigException">It has faults.</exception>
    public static Settings Of(string yaml, TimeProvider? clock = null)
    {
        var read = ConfigFile.Read("settings", yaml);
        if (!read.Faults.IsEmpty) throw new ConfigException("settings", read.Faults);
        var settings = new Settings(clock ?? TimeProvider.System);
        settings.Load(read);
        return settings;
    }

    /// <summary>Takes what was read of <c>hunt-config.yml</c>, unless it has faults, alone or together with what hunts set above it.</summary>
    /// <returns>The verdict, which is also <see cref="LastReload"/>.</returns>
    public Reload Load(ConfigFile read)
    {
        Reload verdict;
        bool moved;
        RefuseDefaults();
        lock (gate)
        {
            ImmutableArray<ConfigFault> faults = read.Faults.IsEmpty ? [.. BrokenAbove(read)] : read.Faults;
            var time = clock.GetUtcNow();
            var before = now;
            if (faults.IsEmpty) file = read;
            moved = faults.IsEmpty && ReplaceAll();
            lastReload = verdict = new Reload(faults.IsEmpty, time, read.Path, faults) { OkAt = faults.IsEmpty ? time : lastReload.OkAt, Changes = moved ? [.. now.Since(before)] : [] };
        }

        if (moved) Changed?.Invoke();
        return verdict;
    }

    /// <summary>The file cannot be read now. What runs goes on.</summary>
    internal Reload Missed(string path, ConfigFault fault) => lastReload = new Reload(false, clock.GetUtcNow(), path, [fault]) { OkAt = lastReload.OkAt };

    /// <summary>What a hunt's definition may not say.</summary>
    public IReadOnlyList<ConfigFault> CheckDefinition(string hunt, IReadOnlyList<Written> entries)
    {
        var faults = new ConfigFaults();
        var layer = ReadDefinition(hunt, entries, faults);
        Composition composed;
        lock (gate) composed = new Composition([file.General, file.For(hunt), layer]);
        foreach (var rule in composed.Broken)
            if (entries.LastOrDefault(written => written.Name == rule.Lower.Name || written.Name == rule.Upper.Name) is { } at) faults.Add(at, Breaks(rule, composed), "Change one of the two.");
        return faults.InFileOrder();
    }

    /// <summary>Sets a hunt's definition layer. What it may not say (a key of another version) is left out, and answered.</summary>
    public IReadOnlyList<ConfigFault> SetDefinition(string hunt, IReadOnlyList<Written> entries)
    {
        var faults = new ConfigFaults();
        var layer = ReadDefinition(hunt, entries, faults);
        Change(hunt, layers => layers with { Definition = layer });
        return faults.InFileOrder();
    }

    /// <summary>What keeps somebody from setting this for a hunt, with the effective values of now; null: nothing.</summary>
    public ConfigFault? CheckOverride(string hunt, string key, string value)
    {
        var faults = new ConfigFaults();
        var layer = Layer.Read([new Written(key, value, 0, 0)], hunt, _ => new Origin.BuiltIn(), faults);
        if (faults.Any) return faults.InFileOrder()[0];
        lock (gate)
        {
            var composed = new Composition([.. Layers(hunt, file, clock.GetUtcNow()), layer]);
            return composed.Broken.FirstOrDefault(rule => rule.Lower.Name == key || rule.Upper.Name == key) is { } rule
                ? new ConfigFault(0, 0, key, value, Breaks(rule, composed, asked: key), "Set the other one first.")
                : null;
        }
    }

    /// <summary>The same for taking an override back: its partner in a rule may still need it.</summary>
    public ConfigFault? CheckRestore(string hunt, string key)
    {
        if (Keys.Find(key) is null) return CheckOverride(hunt, key, "");
        lock (gate)
        {
            var time = clock.GetUtcNow();
            var own = hunts.GetValueOrDefault(hunt, HuntLayers.Empty);
            var without = OverrideLayer(own.Overrides.Where(o => o.Key != key && !(o.Until <= time)));
            var composed = new Composition([file.General, file.For(hunt), own.Definition, own.Cluster, without]);
            return composed.Broken.Except(Compose(hunt, file, time).Broken).FirstOrDefault(rule => rule.Lower.Name == key || rule.Upper.Name == key) is { } rule
                ? new ConfigFault(0, 0, key, "", Breaks(rule, composed), "Take the other one back first.")
                : null;
        }
    }

    /// <summary>Replaces all overrides of a hunt. Of two for the same key the later in the list counts; what cannot be read is left out.</summary>
    public void SetOverrides(string hunt, IReadOnlyList<SettingOverride> overrides)
    {
        var time = clock.GetUtcNow();
        Change(hunt, layers => layers with { Overrides = [.. overrides] });
        lock (gate) AwaitExpiry(time);
    }

    /// <summary>Replaces what the cluster's objects set for a hunt. What cannot be read is left out: whoever watches those objects says so there.</summary>
    /// <param name="mark">Null: whoever says it numbers nothing.</param>
    public void SetCluster(string hunt, IReadOnlyList<ClusterSetting> set, ClusterMark? mark = null)
    {
        var said = new Dictionary<Key, Said>();
        foreach (var one in set)
            if (Keys.Find(one.Key) is { Reach: Reach.Hunt } key && key.TryRead(one.Value, out var value, out _)) said[key] = new Said(value, new Origin.Cluster(one.Source));
        Change(hunt, layers => layers with { Cluster = new Layer(said) });
        if (mark is not null) marks[hunt] = mark;
    }

    /// <summary>By hunt, which state of the cluster's objects is in force; empty where there is no cluster.</summary>
    public IReadOnlyDictionary<string, ClusterMark> ClusterMarks => marks;

    /// <summary>Hunts that have layers of their own here.</summary>
    public IReadOnlyCollection<string> Hunts => now.Hunts.Keys;

    /// <summary>Ends the waiting for overrides to expire.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            expiry?.Dispose();
        }
    }

    void Change(string hunt, Func<HuntLayers, HuntLayers> change)
    {
        RefuseDefaults();
        bool moved;
        lock (gate)
        {
            hunts[hunt] = change(hunts.GetValueOrDefault(hunt, HuntLayers.Empty));
            moved = Replace(hunt);
        }

        if (moved) Changed?.Invoke();
    }

    void RefuseDefaults()
    {
        if (ReferenceEquals(this, Defaults)) throw new InvalidOperationException("the built-in defaults are not to be changed; make Settings of your own");
    }

    // Under the lock, as everything below.
    bool Replace(string hunt)
    {
        var values = Compose(hunt, file, clock.GetUtcNow()).Values();
        var moved = !EffectiveValues.Same(now.Of(hunt), values);
        now = now with { Hunts = new(now.Hunts, StringComparer.Ordinal) { [hunt] = values } };
        return moved;
    }

    bool ReplaceAll()
    {
        var time = clock.GetUtcNow();
        var before = now;
        now = new EffectiveValues(
            Compose(null, file, time).Values(),
            hunts.Keys.Union(file.Hunts).ToDictionary(hunt => hunt, hunt => Compose(hunt, file, time).Values(), StringComparer.Ordinal));
        return now.DiffersFrom(before);
    }

    Composition Compose(string? hunt, ConfigFile file, DateTimeOffset time) => new(hunt is null ? [file.General] : Layers(hunt, file, time));

    Layer[] Layers(string hunt, ConfigFile file, DateTimeOffset time)
    {
        var own = hunts.GetValueOrDefault(hunt, HuntLayers.Empty);
        return [file.General, file.For(hunt), own.Definition, own.Cluster, OverrideLayer(own.Overrides.Where(o => !(o.Until <= time)))];
    }

    static Layer OverrideLayer(IEnumerable<SettingOverride> overrides)
    {
        var said = new Dictionary<Key, Said>();
        foreach (var o in overrides)
            if (Keys.Find(o.Key) is { Reach: Reach.Hunt } key && key.TryRead(o.Value, out var value, out _))
                said[key] = new Said(value, new Origin.Override(o.Who, o.Why, o.Since, o.Until));
        return new Layer(said);
    }

    static Layer ReadDefinition(string hunt, IReadOnlyList<Written> entries, ConfigFaults faults) =>
        Layer.Read(entries, hunt, written => new Origin.Definition(hunt, written.Line), faults);

    /// <summary>Rules that hold now and would be broken in a hunt if this file were taken.</summary>
    IEnumerable<ConfigFault> BrokenAbove(ConfigFile read)
    {
        var time = clock.GetUtcNow();
        foreach (var hunt in hunts.Keys)
        {
            var composed = Compose(hunt, read, time);
            foreach (var rule in composed.Broken.Except(Compose(hunt, file, time).Broken))
                yield return new ConfigFault(0, 0, rule.Lower.Name, "", $"{Breaks(rule, composed)} That is in the hunt {hunt}.", "Change the file, or what was set for that hunt.");
        }
    }

    static string Breaks(Rule rule, Composition composed, string? asked = null)
    {
        return $"{rule.Sentence}: they would be {Told(rule.Lower)} and {Told(rule.Upper)}.";

        string Told(Key key) => composed.Highest(key) is var said && key.Name == asked ? key.Write(said.Value) : $"{key.Write(said.Value)} ({said.Origin})";
    }

    /// <param name="since">When it was, or a little before, that values were last made: an override that has ended since is still in them, and one more look takes it out.</param>
    void AwaitExpiry(DateTimeOffset since)
    {
        if (disposed) return;
        var next = hunts.Values.SelectMany(own => own.Overrides).Where(o => o.Until > since).Min(o => o.Until);
        expiry ??= clock.CreateTimer(_ => Expire(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        expiry.Change(next is { } until ? TimeSpan.FromMilliseconds(Math.Clamp(Math.Ceiling((until - clock.GetUtcNow()).TotalMilliseconds), 1, LookAgain.TotalMilliseconds)) : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    void Expire()
    {
        bool moved;
        lock (gate)
        {
            if (disposed) return;
            var time = clock.GetUtcNow();
            moved = ReplaceAll();
            AwaitExpiry(time);
        }

        if (moved) Changed?.Invoke();
    }

    sealed record HuntLayers(Layer Definition, Layer Cluster, ImmutableArray<SettingOverride> Overrides)
    {
        public static HuntLayers Empty { get; } = new(Layer.Empty, Layer.Empty, []);
    }
}
