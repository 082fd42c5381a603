using System.Globalization;
using System.Text.Json;
using Veltrix.Governor.Policies;

namespace Veltrix.Governor;

/// <summary>How names and numbers are written in reasons, metrics and on the wire: once for all, and the same in every country.</summary>
public static class Words
{
    /// <summary>As in metrics, configuration and on the wire: <c>RedisMemory</c> is <c>redis_memory</c>.</summary>
    public static string Name<T>(T value) where T : struct, Enum => Names<T>.Of[value];

    /// <summary><c>redis memory</c></summary>
    public static string Spoken(Signal signal) => Name(signal).Replace('_', ' ');

    public static Cause CauseOf(Signal signal) => Cause.RedisMemory + (int)signal;

    /// <summary>A name that is not known is no cause: what somebody else's governor says must not become a label of ours.</summary>
    public static Cause CauseOf(string name) => Names<Cause>.Of.FirstOrDefault(cause => cause.Value == name, new(Cause.None, "")).Key;

    /// <summary>A value with its unit: <c>0.830</c>, <c>1,204</c>, <c>2.5 s</c>.</summary>
    public static string Value(Signal signal, double value) => signal switch
    {
        Signal.RedisMemory => Invariant($"{value:0.000}"),
        Signal.LogLagSeconds or Signal.OutcomeSeconds => Invariant($"{value:0.##} s"),
        _ => Invariant($"{value:N0}"),
    };

    /// <summary><c>redis memory 0.830 of 0.800</c></summary>
    public static string Compared(Signal signal, double value, double threshold) => $"{Spoken(signal)} {Value(signal, value)} of {Value(signal, threshold)}";

    /// <summary><c>31,200</c></summary>
    public static string Whole(double number) => Invariant($"{Math.Round(number):N0}");

    /// <summary><c>0.4 s</c></summary>
    public static string Seconds(TimeSpan time) => Invariant($"{time.TotalSeconds:0.###} s");

    /// <summary><c>lowest</c>, <c>2nd lowest</c>, <c>3rd lowest</c>, <c>4th lowest</c></summary>
    public static string Lowest(int place) => place switch { 1 => "lowest", 2 => "2nd lowest", 3 => "3rd lowest", _ => $"{place}th lowest" };

    /// <summary>A limit's move with its reason: <c>31,200 → 29,800: redis memory 0.830 of 0.800</c>, or <c>29,800: …</c> where it stays.</summary>
    public static string Move(double from, double to, string reason) =>
        Math.Round(from) == Math.Round(to) ? $"{Whole(to)}: {reason}" : $"{Whole(from)} → {Whole(to)}: {reason}";

    /// <summary>The same for a reason that may begin with the move already, as an orchestrator's does.</summary>
    public static string MoveOnce(double from, double to, string reason) =>
        reason.StartsWith($"{Whole(from)} → {Whole(to)}: ", StringComparison.Ordinal) || reason.StartsWith($"{Whole(to)}: ", StringComparison.Ordinal) ? reason : Move(from, to, reason);

    public static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    static class Names<T> where T : struct, Enum
    {
        public static readonly Dictionary<T, string> Of = Enum.GetValues<T>().ToDictionary(value => value, value => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()));
    }
}
