using System.Globalization;
using System.Text.Json;
using Veltrix.Governor.Policies;

namespace Veltrix.Governor.Orchestration;

/// <summary>How numbers and causes are written in reasons: the same in every country.</summary>
static class Wording
{
    /// <summary>31,200</summary>
    public static string Hunters(double number) => Math.Round(number).ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>0.4 s</summary>
    public static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s");

    /// <summary>"lowest", "2nd lowest", "3rd lowest", "4th lowest".</summary>
    public static string Lowest(int place) => place switch { 1 => "lowest", 2 => "2nd lowest", 3 => "3rd lowest", _ => $"{place}th lowest" };

    /// <summary>"31,200 → 29,800: why", or "29,800: why" where nothing moved.</summary>
    public static string Move(long from, long to, string why) => from == to ? $"{Hunters(to)}: {why}" : $"{Hunters(from)} → {Hunters(to)}: {why}";

    /// <summary>As in labels and on the wire: <c>redis_memory</c>.</summary>
    public static string Word(this Cause cause) => JsonNamingPolicy.SnakeCaseLower.ConvertName(cause.ToString());

    /// <summary>A word that is not known is no cause: what somebody else's governor says must not become a label of ours.</summary>
    public static Cause Cause(string word) =>
        Enum.GetValues<Cause>().FirstOrDefault(cause => cause.Word() == word, Policies.Cause.None);
}
