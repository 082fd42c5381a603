using System.Text.RegularExpressions;

namespace Veltrix.Cli.Tests.EndToEnd;

public partial class ServerMetricsTests
{
    [Fact]
    public async Task A_server_exports_on_its_second_listener_what_the_reference_says_under_labels_that_dashboards_ask_for()
    {
        await using var fleet = await Fleet.Open();
        await fleet.AddServer("max_concurrent_hunters: 1\n");
        await Fleet.Until("the gate is open", async () => (await fleet.Counts()).Epoch != 0);
        await using var player = (await fleet.Seat(1))[0];
        Assert.True((await fleet.Ask()).Waits);

        using var http = new HttpClient { BaseAddress = fleet.Servers[0].Ops };
        var scrape = (await http.GetStringAsync("/metrics", TestContext.Current.CancellationToken)).Replace("{}", "", StringComparison.Ordinal);

        var told = Row().Matches(DocumentTests.Read("docs/reference/metrics.md").Split("## Server")[1]).ToList();
        var types = TypeLine().Matches(scrape).Select(match => match.Value).Where(line => !line.Contains("veltrix_build_info", StringComparison.Ordinal)).ToList();
        // Troubles are counted from the first one on, how long outcomes take is known once there are some, and the cluster's objects are told where there is a cluster.
        Assert.Equal(told.Where(row => row.Groups["name"].Value is not ("veltrix_hunt_freezes_total" or "veltrix_hunt_late_boards_total" or "veltrix_hunt_untaken_commands_total" or "veltrix_config_cluster_info")).Select(row => $"# TYPE {row.Groups["name"]} {row.Groups["type"]}").Order(), types.Order());
        foreach (var label in Label().Matches(scrape).Where(match => match.Groups["name"].Value is var name && name.StartsWith("veltrix_", StringComparison.Ordinal) && name != "veltrix_build_info"))
            Assert.Contains(label.Groups["label"].Value, told.First(row => label.Groups["name"].Value.StartsWith(row.Groups["name"].Value, StringComparison.Ordinal)).Groups["labels"].Value);
        Assert.Contains("""veltrix_hunt_admissions_total{hunt_id="quiz",result="admitted"} 1""", scrape);
        Assert.Contains("""veltrix_hunt_admissions_total{hunt_id="quiz",result="queued"} 1""", scrape);
        Assert.Contains("""veltrix_server_seated{hunt_id="quiz"} 1""", scrape);
        Assert.Contains("veltrix_server_sockets 1", scrape);
        Assert.Equal("ok", (await http.GetStringAsync("/livez", TestContext.Current.CancellationToken)).Trim());
    }

    [GeneratedRegex(@"^\| `(?<name>veltrix_\w+)` \| (?<type>\w+) \| (?<labels>[^|]*) ?\|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"^# TYPE veltrix_\w+ \w+", RegexOptions.Multiline)]
    private static partial Regex TypeLine();

    [GeneratedRegex(@"^(?<name>\w+)\{(?<label>\w+)=", RegexOptions.Multiline)]
    private static partial Regex Label();
}
