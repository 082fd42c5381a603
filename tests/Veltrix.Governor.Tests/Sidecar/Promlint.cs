using System.Text.RegularExpressions;

namespace Veltrix.Governor.Tests.Sidecar;

/// <summary>The rules of Prometheus' own promlint, for a scrape in text form.</summary>
static partial class Promlint
{
    static readonly string[] Types = ["gauge", "counter", "histogram", "summary", "untyped"];
    static readonly string[] Abbreviations = ["s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d"];
    static readonly string[] NoBaseUnits = ["minutes", "hours", "days", "weeks", "bits", "milliseconds", "microseconds", "nanoseconds", "kilobytes", "megabytes", "gigabytes", "kibibytes", "mebibytes", "percent", "celsius_degrees"];

    /// <summary>Faults, as "metric: what".</summary>
    public static IEnumerable<string> Check(string scrape)
    {
        var types = TypeLine().Matches(scrape).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
        var helps = HelpLine().Matches(scrape).Select(match => match.Groups[1].Value).ToHashSet();
        foreach (var (name, type) in types)
        {
            var words = name.Split('_');
            if (type == "counter" != name.EndsWith("_total", StringComparison.Ordinal)) yield return $"{name}: only counters end in _total, and all do";
            if (!helps.Contains(name)) yield return $"{name}: no help";
            if (words.Any(Types.Contains)) yield return $"{name}: the type is in the name";
            if (name.Contains(':', StringComparison.Ordinal)) yield return $"{name}: colons are for rules";
            if (CamelCase().IsMatch(name)) yield return $"{name}: camelCase";
            if (type is not ("histogram" or "summary") && (name.EndsWith("_bucket", StringComparison.Ordinal) || name.EndsWith("_count", StringComparison.Ordinal) || name.EndsWith("_sum", StringComparison.Ordinal))) yield return $"{name}: reserved suffix";
            if (words.Any(Abbreviations.Contains)) yield return $"{name}: abbreviated unit";
            if (words.Any(NoBaseUnits.Contains)) yield return $"{name}: no base unit";
        }

        var series = scrape.Split('\n').Where(line => line.Length > 0 && line[0] != '#').Select(line => line[..line.LastIndexOf(' ')]).ToList();
        foreach (var twice in series.GroupBy(one => one).Where(group => group.Count() > 1)) yield return $"{twice.Key}: there twice";
        foreach (var label in series.SelectMany(one => Label().Matches(one)).Select(match => match.Groups[1].Value).Distinct())
            if (CamelCase().IsMatch(label)) yield return $"label {label}: camelCase";
    }

    [GeneratedRegex(@"^# TYPE (\S+) (\S+)\r?$", RegexOptions.Multiline)]
    private static partial Regex TypeLine();

    [GeneratedRegex(@"^# HELP (\S+) \S", RegexOptions.Multiline)]
    private static partial Regex HelpLine();

    [GeneratedRegex("[a-z][A-Z]")]
    private static partial Regex CamelCase();

    [GeneratedRegex(@"[{,](\w+)=")]
    private static partial Regex Label();
}
