using System.Text.RegularExpressions;
using Veltrix.Governor.Tests.Sidecar;

namespace Veltrix.Governor.Tests;

/// <summary><c>docs/reference/metrics.md</c> beside what a process exports: neither may say more than the other.</summary>
static partial class MetricsPage
{
    static readonly string Page = GovernorMetricsTests.Read("docs/reference/metrics.md");

    public static IReadOnlySet<string> Names() => Row().Matches(Page).Select(row => row.Groups["name"].Value).ToHashSet();

    /// <summary>Names, types and labels; every row has a unit.</summary>
    /// <param name="sections">The headings whose tables together are this process.</param>
    public static void Compare(string scrape, params string[] sections)
    {
        scrape = scrape.Replace("{}", "", StringComparison.Ordinal);
        var rows = sections.SelectMany(section => Row().Matches(Page.Split($"## {section}\n")[1].Split("\n## ")[0])).ToList();

        Assert.Equal(
            rows.Select(row => row.Groups["name"].Value).Order(),
            TypeLine().Matches(scrape).Select(match => match.Groups[1].Value).Where(name => name.StartsWith("veltrix_", StringComparison.Ordinal)).Order());
        foreach (var row in rows)
        {
            var name = row.Groups["name"].Value;
            Assert.Contains($"# TYPE {name} {row.Groups["type"].Value}\n", scrape);
            var series = scrape.Split('\n').First(line => line.StartsWith(name, StringComparison.Ordinal));
            Assert.Equal(Code().Matches(row.Groups["labels"].Value).Select(match => match.Groups[1].Value).Order(), Label().Matches(series).Select(match => match.Groups[1].Value).Except(["le"]).Order());
            Assert.NotEqual("", row.Groups["unit"].Value.Trim());
        }
    }

    [GeneratedRegex(@"^# TYPE (\S+) \S+\r?$", RegexOptions.Multiline)]
    private static partial Regex TypeLine();

    [GeneratedRegex(@"^\| `(?<name>\w+)` \| (?<type>\w+) \| (?<labels>[^|]*) ?\| (?<unit>[^|]+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`(\\w+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"[{,](\w+)=""")]
    private static partial Regex Label();
}
