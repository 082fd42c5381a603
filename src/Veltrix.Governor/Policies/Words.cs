using System.Globalization;

namespace Veltrix.Governor.Policies;

/// <summary>How signals and numbers are said in reasons and named in metrics. Invariant: the same on every machine.</summary>
public static class Words
{
    /// <summary>As in metrics and configuration: <c>redis_memory</c>.</summary>
    public static string Name(Signal signal) => signal switch
    {
        Signal.RedisMemory => "redis_memory",
        Signal.LogLag => "log_lag",
        Signal.LogLagSeconds => "log_lag_seconds",
        Signal.OutcomeSeconds => "outcome_seconds",
        Signal.ScorerQueue => "scorer_queue",
        _ => throw new ArgumentOutOfRangeException(nameof(signal), signal, "unknown signal"),
    };

    /// <summary>As in metrics: <c>redis_memory</c>, <c>ceiling</c>.</summary>
    public static string Name(Cause cause) => cause switch
    {
        Cause.None => "none",
        Cause.Stale => "stale",
        Cause.Ceiling => "ceiling",
        Cause.Floor => "floor",
        Cause.Manual => "manual",
        _ => Name((Signal)(cause - Cause.RedisMemory)),
    };

    public static Cause CauseOf(Signal signal) => Cause.RedisMemory + (int)signal;

    public static string Name(Mode mode) => mode.ToString().ToLowerInvariant();

    /// <summary>A value with its unit: <c>0.83</c>, <c>1,204</c>, <c>2.5 s</c>.</summary>
    public static string Value(Signal signal, double value) => signal switch
    {
        Signal.RedisMemory => Invariant($"{value:0.000}"),
        Signal.LogLagSeconds or Signal.OutcomeSeconds => Invariant($"{value:0.##} s"),
        _ => Invariant($"{value:N0}"),
    };

    /// <summary><c>redis memory 0.830 of 0.800</c>.</summary>
    public static string Compared(Signal signal, double value, double threshold) => $"{Name(signal).Replace('_', ' ')} {Value(signal, value)} of {Value(signal, threshold)}";

    /// <summary><c>31,200</c>.</summary>
    public static string Hunters(double count) => Invariant($"{Math.Round(count):N0}");

    /// <summary>The sentence of a decision: <c>31,200 → 29,800: redis memory 0.830 of 0.800</c>, or <c>29,800: …</c> where nothing moved.</summary>
    public static string Sentence(double from, double to, string reason) =>
        Math.Round(from) == Math.Round(to) ? $"{Hunters(to)}: {reason}" : $"{Hunters(from)} → {Hunters(to)}: {reason}";

    public static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
