using System.Diagnostics.Metrics;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using Veltrix.Control;
using Veltrix.Hosting;
using Veltrix.Server;

namespace Veltrix.Cli.Tests;

/// <summary>What the second listener of a server exports, beside its page.</summary>
public partial class ServerMetricsTests
{
    [Fact]
    public async Task A_server_exports_what_the_reference_says_and_no_more()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var metrics = new ServerMetrics();
        using var settings = new Settings();
        settings.SetCluster("capitals", [], new ClusterMark("3f2a", 4));
        using var config = new ConfigMetrics(settings);
        using var folder = new TempFolder();
        await using var store = await ControlStore.Open(folder.Path, Settings.Defaults, TimeProvider.System, NullLogger.Instance, cancel);
        using var control = new ControlMetrics(store);
        metrics.Observe(() => 3, () => 18_432);
        metrics.Observe(() => [new Measurement<long>(2, ServerMetrics.Of("capitals"))], () => [new Measurement<long>(1, ServerMetrics.Of("capitals"))]);
        metrics.Observe(() => [new Measurement<double>(0.04, ServerMetrics.Of("capitals"))], () => [new Measurement<double>(0.7, ServerMetrics.Of("capitals"))]);
        await using var ops = await OpsListener.Start(new IPEndPoint(IPAddress.Loopback, 0), cancel);
        metrics.Admitted("capitals", TimeSpan.FromSeconds(7));
        metrics.Froze("capitals", 1);
        metrics.Late("capitals", 75);
        metrics.Untaken("capitals", 1);
        using var http = new HttpClient { BaseAddress = ops.Url };

        var scrape = (await http.GetStringAsync("/metrics", cancel)).Replace("{}", "", StringComparison.Ordinal);
        var page = File.ReadAllText(Path.Combine(Above(AppContext.BaseDirectory), "docs/reference/metrics.md"));
        var rows = new[] { "Every process", "Server", "Configuration" }.SelectMany(section => Row().Matches(page.Split($"## {section}\n")[1].Split("\n## ")[0])).ToList();

        Assert.Equal(rows.Select(row => row.Groups[1].Value).Order(), TypeLine().Matches(scrape).Select(line => line.Groups[1].Value).Order());
        foreach (var row in rows)
        {
            Assert.Contains($"# TYPE {row.Groups[1].Value} {row.Groups[2].Value}\n", scrape);
            // A meter of the same name in a test beside this one may have measured too: its series are as good.
            var series = scrape.Split('\n').First(line => line.StartsWith(row.Groups[1].Value, StringComparison.Ordinal));
            Assert.Equal(Code().Matches(row.Groups[3].Value).Select(code => code.Groups[1].Value).Order(), Label().Matches(series).Select(label => label.Groups[1].Value).Except(["le"]).Order());
        }
    }

    static string Above(string folder) => File.Exists(Path.Combine(folder, "Veltrix.slnx")) ? folder : Above(Path.GetDirectoryName(folder)!);

    [GeneratedRegex(@"^# TYPE (veltrix_\S+) \S+\r?$", RegexOptions.Multiline)]
    private static partial Regex TypeLine();

    [GeneratedRegex(@"^\| `(\w+)` \| (\w+) \| ([^|]*) ?\|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`(\\w+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"[{,](\w+)=""")]
    private static partial Regex Label();
}
