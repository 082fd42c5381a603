using System.Globalization;

namespace Veltrix.Gate;

/// <summary>What a store says of itself to INFO: lines of <c>name:value</c>, under headings that nobody needs.</summary>
sealed class StoreInfo
{
    readonly Dictionary<string, string> _values = [];

    public StoreInfo(params string[] answers)
    {
        foreach (var answer in answers)
            foreach (var line in answer.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                if (line[0] != '#' && line.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon)
                    _values[line[..colon]] = line[(colon + 1)..];
    }

    public bool IsGarnet => _values.ContainsKey("garnet_version");

    /// <summary>Name and version. All but Redis also name a version of Redis that they resemble.</summary>
    public string Product =>
        this["garnet_version"] is { } garnet ? $"garnet {garnet}"
        : this["dragonfly_version"] is { } dragonfly ? $"dragonfly {dragonfly}"
        : this["valkey_version"] is { } valkey ? $"valkey {valkey}"
        : $"redis {this["redis_version"] ?? "?"}";

    /// <summary>What this run of it is called: another one after a restart, and in every other store. Null where it does not say.</summary>
    public string? Run => this["run_id"];

    public bool IsReplica => this["role"] is { } role && role != "master";

    /// <summary>A policy by which it throws keys away once it is full; null where it never does.</summary>
    public string? Evicts => Whole("maxmemory") > 0 && this["maxmemory_policy"] is { } policy && policy != "noeviction" ? policy : null;

    /// <param name="budget">What is full where the store does not say; 0: unknown.</param>
    /// <returns>Null where it does not say how much it uses: that must not look like an empty store.</returns>
    public StoreMemory? Memory(long budget, TimeSpan ping, long at)
    {
        if (IsGarnet)
        {
            // The log's pages are made ahead and its index is of one size; what the keys take, and give back, is the heap and the used part of the log. Its RSS is the whole process', with
            // everything else in it, so it says nothing about the store.
            return Whole("Log.CurrentHeapSizeBytes") + Whole("Log.TailAddress") - Whole("Log.HeadAddress") is not { } live ? null
                : new StoreMemory(live, budget > 0 ? budget : null, null, false, null, ping, Product, at);
        }
        return Whole("used_memory") is not { } used ? null : new StoreMemory(
            used,
            Whole("maxmemory") is > 0 and var max ? max : budget > 0 ? budget : null,
            Whole("used_memory_rss"),
            Whole("rdb_bgsave_in_progress") > 0 || Whole("aof_rewrite_in_progress") > 0 || Whole("current_fork_perc") > 0,
            Whole("latest_fork_usec") is > 0 and var fork ? TimeSpan.FromMicroseconds(fork) : null,
            ping, Product, at);
    }

    string? this[string name] => _values.GetValueOrDefault(name);

    long? Whole(string name) =>
        double.TryParse(this[name], NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? (long)value : null;
}
