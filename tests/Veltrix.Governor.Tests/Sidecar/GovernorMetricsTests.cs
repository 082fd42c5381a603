using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Veltrix.Wire.Governor;

namespace Veltrix.Governor.Tests.Sidecar;

[Collection(OneAtATime.Name)]
public partial class GovernorMetricsTests
{
    // .NET's own names that promlint does not like; they are not ours to change.
    static readonly string[] Allowed = ["dotnet_assembly_count", "dotnet_process_cpu_count", "dotnet_timer_count"];

    internal static readonly string Root = Above(AppContext.BaseDirectory);

    static string Above(string folder) => File.Exists(Path.Combine(folder, "Veltrix.slnx")) ? folder : Above(Path.GetDirectoryName(folder)!);

    internal static string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    /// <summary>A governor of which every metric has something to say.</summary>
    internal static async Task Busy(RunningGovernor governor)
    {
        await governor.Run(40_000);
        governor.Script.MemoryRatio = 0.83;
        await governor.Tick();
        await governor.Client.ApplyAsync(governor.Applies(35_000), governor.Token, cancellationToken: TestContext.Current.CancellationToken);
        await governor.Tick();
        governor.Host.Sidecar.SetCluster(new ClusterSettings { Hunt = "capitals", Hash = "3f2a", Revision = 4 });
    }

    static async Task<string> Scrape(RunningGovernor governor) => (await governor.Http.GetStringAsync("/metrics", TestContext.Current.CancellationToken)).Replace("{}", "", StringComparison.Ordinal);

    [Fact]
    public async Task The_names_of_the_scrape_are_those_of_the_reference()
    {
        await using var governor = await RunningGovernor.Start();
        await Busy(governor);
        var scrape = await Scrape(governor);

        MetricsPage.Compare(scrape, "Every process", "Governor");
    }

    [Fact]
    public async Task The_scrape_pleases_promlint()
    {
        await using var governor = await RunningGovernor.Start();
        await Busy(governor);
        await governor.Http.GetStringAsync("/ops/hunts", TestContext.Current.CancellationToken);

        Assert.DoesNotContain(Promlint.Check(await Scrape(governor)), fault => !Allowed.Contains(fault.Split(':')[0]));
    }

    [Theory]
    [InlineData("# HELP a_ms x\n# TYPE a_ms gauge\n", "abbreviated")]
    [InlineData("# HELP a x\n# TYPE a counter\n", "_total")]
    [InlineData("# TYPE a gauge\n", "no help")]
    [InlineData("# HELP a_count x\n# TYPE a_count gauge\n", "reserved")]
    [InlineData("# HELP a_minutes x\n# TYPE a_minutes gauge\n", "base unit")]
    [InlineData("# HELP a x\n# TYPE a gauge\na{bC=\"1\"} 1\na{bC=\"1\"} 2\n", "camelCase")]
    [InlineData("# HELP a x\n# TYPE a gauge\na{b=\"1\"} 1\na{b=\"1\"} 2\n", "twice")]
    public void Promlint_finds_what_it_is_for(string scrape, string fault) => Assert.Contains(Promlint.Check(scrape), found => found.Contains(fault, StringComparison.Ordinal));

    [Fact]
    public async Task The_values_are_those_of_the_hunt()
    {
        await using var governor = await RunningGovernor.Start();
        await Busy(governor);
        var scrape = await Scrape(governor);
        double Value(string series) => double.Parse(scrape.Split('\n').Single(line => line.StartsWith(series + " ", StringComparison.Ordinal)).Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        const string hunt = "hunt_id=\"capitals\"";

        Assert.Equal(0.7, Value($"veltrix_hunt_throttle_ratio{{{hunt}}}"), 9);
        Assert.Equal(35_000, Value($"veltrix_hunt_limit_players{{{hunt}}}"));
        Assert.Equal(50, Value($"veltrix_hunt_admit_rate_players_per_second{{{hunt}}}"));
        Assert.Equal(0.83, Value($"veltrix_governor_signal_value{{{hunt},signal=\"redis_memory\"}}"), 9);
        Assert.Equal(0.83 / 0.8, Value($"veltrix_governor_signal_pressure_ratio{{{hunt},signal=\"redis_memory\"}}"), 9);
        Assert.Equal(1, Value($"veltrix_governor_decisions_total{{action=\"cut\",{hunt},reason=\"redis_memory\"}}"));
        Assert.Equal(1, Value($"veltrix_governor_state{{{hunt},state=\"hold\"}}"));
        Assert.Equal(0, Value($"veltrix_governor_state{{{hunt},state=\"brake\"}}"));
        Assert.Equal(1, Value($"veltrix_governor_config_info{{hash=\"{governor.Now.PolicyHash}\",{hunt},policy=\"linear\"}}"));
        Assert.Equal(1, Value($"veltrix_governor_cluster_config_info{{hash=\"3f2a\",{hunt},revision=\"4\"}}"));
        Assert.Equal(6, Value("veltrix_governor_loop_duration_seconds_count"));
        Assert.Equal(6, Value("veltrix_governor_loop_duration_seconds_bucket{le=\"0.001\"}"));
        Assert.DoesNotContain("otel_scope_name", scrape);
        Assert.DoesNotContain("msquic", scrape);
    }

    [Fact]
    public void Alerts_and_dashboard_ask_only_for_what_there_is()
    {
        var known = MetricsPage.Names();

        var asked = PrometheusTests.Expressions().SelectMany(one => Metric().Matches(one.Expression)).Select(match => Suffix().Replace(match.Value, "")).ToHashSet();

        Assert.DoesNotContain(asked, name => !known.Contains(name));
        Assert.True(asked.Count > 25);
    }

    [Fact]
    public void Every_alert_has_a_page()
    {
        var alerts = Alert().Matches(Read("deploy/prometheus/alerts.yml")).Select(match => match.Groups[1].Value).ToList();
        var pages = Heading().Matches(Read("docs/operate/runbooks.md")).Select(match => match.Groups[1].Value).ToList();

        Assert.Equal(alerts.Order(), pages.Order());
        foreach (var alert in alerts) Assert.Contains($"runbook_url: https://veltrix.dev/runbooks/{alert.ToLowerInvariant()}\n", Read("deploy/prometheus/alerts.yml"));
    }

    internal static readonly string[] Dashboards = ["veltrix-governor", "veltrix-hunts"];

    [Fact]
    public void The_dashboards_are_some_that_Grafana_takes()
    {
        foreach (var name in Dashboards)
        {
            var dashboard = JsonNode.Parse(Read($"deploy/grafana/{name}.json"))!;
            var panels = dashboard["panels"]!.AsArray();

            Assert.Null(dashboard["id"]);
            Assert.Equal(name, (string?)dashboard["uid"]);
            Assert.InRange(panels.Count, 10, 12);
            Assert.Equal(panels.Count, panels.Select(panel => (int)panel!["id"]!).Distinct().Count());
            Assert.All(panels, panel => Assert.Equal("${datasource}", (string?)panel!["datasource"]!["uid"]));
            Assert.All(panels, panel => Assert.NotEqual("", (string?)panel!["description"]));
            // None lies on another.
            Assert.Equal(panels.Count, panels.Select(panel => ((int)panel!["gridPos"]!["x"]!, (int)panel["gridPos"]!["y"]!)).Distinct().Count());
        }

        Assert.Equal(Dashboards.Order(), Directory.EnumerateFiles(Path.Combine(Root, "deploy/grafana"), "*.json").Select(Path.GetFileNameWithoutExtension).Order());
    }

    [GeneratedRegex(@"veltrix_\w+")]
    private static partial Regex Metric();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Suffix();

    [GeneratedRegex(@"- alert: (\w+)")]
    private static partial Regex Alert();

    [GeneratedRegex(@"^## (\w+)\r?$", RegexOptions.Multiline)]
    private static partial Regex Heading();
}
