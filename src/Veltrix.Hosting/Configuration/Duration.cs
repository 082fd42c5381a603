using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Veltrix.Hosting;

/// <summary>Lengths of time as people write them: <c>20s</c>, <c>5m</c>, <c>1h30m</c>, <c>500ms</c>, <c>2d</c>. A unit is always needed; parts of a millisecond are rounded.</summary>
public static partial class Duration
{
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        var match = Form().Match(text);
        if (!match.Success) return false;
        var milliseconds = 0.0;
        for (var i = 0; i < match.Groups["number"].Captures.Count; i++)
            milliseconds += double.Parse(match.Groups["number"].Captures[i].ValueSpan, CultureInfo.InvariantCulture) * match.Groups["unit"].Captures[i].ValueSpan switch
            {
                "ms" => 1,
                "s" => 1_000,
                "m" => 60_000,
                "h" => 3_600_000,
                _ => 86_400_000,
            };
        if (milliseconds > TimeSpan.FromDays(10_000).TotalMilliseconds) return false;
        duration = TimeSpan.FromMilliseconds(Math.Round(milliseconds));
        return true;
    }

    /// <summary>The shortest way to write it: <c>1h30m</c>, <c>45s</c>, <c>0s</c>.</summary>
    public static string Write(TimeSpan duration)
    {
        var text = new StringBuilder();
        var left = (long)duration.TotalMilliseconds;
        foreach (var (unit, length) in new[] { ("d", 86_400_000L), ("h", 3_600_000L), ("m", 60_000L), ("s", 1_000L), ("ms", 1L) })
        {
            if (left >= length) text.Append(CultureInfo.InvariantCulture, $"{left / length}{unit}");
            left %= length;
        }

        return text.Length == 0 ? "0s" : text.ToString();
    }

    [GeneratedRegex(@"^(?:(?<number>[0-9]{1,12}(?:\.[0-9]{1,6})?)(?<unit>ms|s|m|h|d))+$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
