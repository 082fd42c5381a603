using System.Globalization;
using StackExchange.Redis;

namespace Veltrix.Gate;

/// <summary><see cref="GateLimits"/> as fields of the hunt's hash. The scripts read limit, pace, pause and audit; the names stand in gate.lua in the order in which they are read.</summary>
static class LimitFields
{
    public static IEnumerable<RedisValue> Write(GateLimits limits) =>
    [
        "limit", limits.Limit,
        "pace", Finite(limits.JoinsPerSecond),
        "pause", Flag(limits.Pause),
        "brownout_memory", Finite(limits.BrownoutMemory),
        "brownout_lag", Finite(limits.BrownoutLag),
        "guard", Flag(limits.Guard),
        "reason", limits.Reason,
        "cause", limits.Cause,
        "pinned", Flag(limits.Pinned),
        "ceiling", limits.Ceiling,
        "audit", Flag(limits.Audit),
        "at", limits.AtMs,
    ];

    /// <summary>Null where nobody has published.</summary>
    public static GateLimits? Read(RedisResult answer)
    {
        var values = (RedisValue[])answer!;
        return values[0].IsNull ? null : new GateLimits(
            (long)values[0], (double)values[1], Is(values[2]), (double)values[3], (double)values[4], Is(values[5]), values[6].ToString(), values[7].ToString(),
            Is(values[8]), (long)values[9], Is(values[10]), (long)values[11]);
    }

    static RedisValue Flag(bool value) => value ? 1 : 0;

    static bool Is(RedisValue value) => value == 1;

    /// <summary>Lua reads "1.5" everywhere, but not "NaN" or "∞".</summary>
    static RedisValue Finite(double value) => double.IsFinite(value) ? value.ToString("0.######", CultureInfo.InvariantCulture)
        : throw new ArgumentOutOfRangeException(nameof(value), value, "Live values are finite numbers.");
}
