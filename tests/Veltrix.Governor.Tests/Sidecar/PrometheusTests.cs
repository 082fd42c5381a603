using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using YamlDotNet.Serialization;

namespace Veltrix.Governor.Tests.Sidecar;

/// <summary>A real Prometheus scrapes a real governor in trouble, and is asked everything that the alert rules and the dashboard ask.</summary>
[Collection(OneAtATime.Name)]
public partial class PrometheusTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Every expression that is shipped, with what it belongs to. An alert's must hold in this trouble, all but the one that says that nobody is there.</summary>
    internal static IEnumerable<(string Of, string Expression)> Expressions() => Alerts().Concat(Panels());

    static IEnumerable<(string Of, string Expression)> Alerts()
    {
        var groups = (List<object>)new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(GovernorMetricsTests.Read("deploy/prometheus/alerts.yml"))["groups"];
        return groups.Cast<Dictionary<object, object>>().SelectMany(group => ((List<object>)group["rules"]).Cast<Dictionary<object, object>>()).Select(rule => ((string)rule["alert"], (string)rule["expr"]));
    }

    static IEnumerable<(string Of, string Expression)> Panels() =>
        GovernorMetricsTests.Dashboards.SelectMany(name => JsonNode.Parse(GovernorMetricsTests.Read($"deploy/grafana/{name}.json"))!["panels"]!.AsArray())
            .SelectMany(panel => panel!["targets"]!.AsArray().Select(target => ((string)panel["title"]!, ((string)target!["expr"]!).Replace("$hunt", ".+", StringComparison.Ordinal))));

    [Fact]
    public async Task The_rules_are_sound_in_the_eyes_of_promtool()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/promtool"), "needs promtool");
        foreach (var args in new[] { "check rules alerts.yml", "check config prometheus.yml" })
        {
            using var tool = Process.Start(new ProcessStartInfo("/usr/bin/promtool", args) { WorkingDirectory = Path.Combine(GovernorMetricsTests.Root, "deploy/prometheus"), RedirectStandardOutput = true, RedirectStandardError = true })!;
            var said = await tool.StandardOutput.ReadToEndAsync(Cancel) + await tool.StandardError.ReadToEndAsync(Cancel);
            await tool.WaitForExitAsync(Cancel);
            Assert.True(tool.ExitCode == 0, said);
        }
    }

    [Fact, Trait("speed", "slow")]
    public async Task Every_expression_of_alerts_and_dashboards_returns_something()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/prometheus"), "needs prometheus");
        await using var governor = await RunningGovernor.Start(shadows: "static", configIsGood: false);
        await using var others = await OtherProcesses();
        await using var prometheus = await Prometheus.Start(governor.Host.HttpUrl, new Uri(others.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()));
        await governor.Run(40_000);
        (governor.Script.MemoryRatio, governor.Script.LagSeconds, governor.Script.OutcomeSeconds, governor.Script.ScorerQueue) = (0.95, 20, 1, 5_000);
        await governor.Tick();
        governor.Script.StoreIsAway = true;
        await governor.Tick(14);
        var left = Expressions().Where(one => one.Of != "VeltrixGovernorAbsent").ToList();

        var patience = Stopwatch.StartNew();
        for (var i = 0; left.Count > 0; i++)
        {
            Assert.True(patience.Elapsed < TimeSpan.FromMinutes(2), $"nothing came of: {string.Join("\n", left)}");
            // Memory is measured again once its loss was noticed.
            governor.Script.StoreIsAway = left.Any(one => one.Of is "VeltrixSignalLost" or "VeltrixSignalStale");
            // The limit flaps between the floor and above until the rule about that has seen enough, then stays at the floor; every other lag is no number.
            governor.Script.Lag = i % 2 == 0 ? double.NaN : 100;
            await governor.Client.ApplyAsync(governor.Applies(i % 2 == 0 && left.Any(one => one.Of == "VeltrixLimitFlaps") ? 40_000 : 2_500, pause: true), governor.Token, cancellationToken: Cancel);
            await governor.Host.Tick(Cancel);
            for (var k = left.Count - 1; k >= 0; k--)
                if (await prometheus.Ask(left[k].Expression) > 0) left.RemoveAt(k);
            await Task.Delay(300, Cancel);
        }

        Assert.Equal(0, await prometheus.Ask(Alerts().Single(one => one.Of == "VeltrixGovernorAbsent").Expression));
        Assert.All(await prometheus.RuleHealth(), rule => Assert.Equal("ok", rule.Health));
        await governor.Host.DisposeAsync();
        while (await prometheus.Ask(Alerts().Single(one => one.Of == "VeltrixGovernorAbsent").Expression) == 0)
        {
            Assert.True(patience.Elapsed < TimeSpan.FromMinutes(3), "a governor that has gone is not missed");
            await Task.Delay(300, Cancel);
        }
    }

    /// <summary>What orchestrator and server export according to the reference, in the same trouble.</summary>
    static async Task<WebApplication> OtherProcesses()
    {
        var rows = GovernorMetricsTests.Read("docs/reference/metrics.md").Split("## Orchestrator")[1];
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var scrapes = 0;
        app.MapGet("/metrics", () =>
        {
            scrapes++;
            var text = new StringBuilder();
            foreach (Match row in Row().Matches(rows))
            {
                var (name, type, labels) = (row.Groups["name"].Value, row.Groups["type"].Value, row.Groups["labels"].Value);
                text.Append($"# TYPE {name} {type}\n");
                var states = name switch { "veltrix_orchestrator_votes" => "state=\"fresh\" 1|state=\"expired\" 3", "veltrix_hunt_admissions_total" => $"result=\"admitted\" {scrapes * 9}", _ => null };
                if (type == "histogram") text.Append($"{name}_bucket{{hunt_id=\"capitals\",le=\"60\"}} {scrapes}\n{name}_bucket{{hunt_id=\"capitals\",le=\"300\"}} {scrapes * 9}\n{name}_bucket{{hunt_id=\"capitals\",le=\"+Inf\"}} {scrapes * 9}\n");
                else if (states is not null) foreach (var state in states.Split('|')) text.Append($"{name}{{hunt_id=\"capitals\",{state.Split(' ')[0]}}} {state.Split(' ')[1]}\n");
                else if (name == "veltrix_config_cluster_info") text.Append($"{name}{{hunt_id=\"capitals\",hash=\"3f2a\",revision=\"4\"}} 1\n");
                else text.Append($"{name}{(labels.Contains("hunt_id", StringComparison.Ordinal) ? "{hunt_id=\"capitals\"}" : "")} {(type == "counter" ? scrapes * 5 : name switch { "veltrix_control_up" => 0, "veltrix_server_ledger_age_seconds" => 60, _ => 0.5 })}\n");
            }

            return Microsoft.AspNetCore.Http.TypedResults.Text(text.ToString(), "text/plain; version=0.0.4");
        });
        await app.StartAsync(Cancel);
        return app;
    }

    [GeneratedRegex(@"^\| `(?<name>veltrix_\w+)` \| (?<type>\w+) \| (?<labels>[^|]*) ?\|", RegexOptions.Multiline)]
    private static partial Regex Row();

    /// <summary>Debian's Prometheus on a folder of its own.</summary>
    sealed class Prometheus(Process process, DirectoryInfo folder, Uri url) : IAsyncDisposable
    {
        readonly HttpClient http = new() { BaseAddress = url };

        public static async Task<Prometheus> Start(params Uri[] targets)
        {
            var folder = Directory.CreateTempSubdirectory("veltrix-prometheus-");
            File.Copy(Path.Combine(GovernorMetricsTests.Root, "deploy/prometheus/alerts.yml"), Path.Combine(folder.FullName, "alerts.yml"));
            File.WriteAllText(Path.Combine(folder.FullName, "prometheus.yml"), $$"""
                global: {scrape_interval: 1s, evaluation_interval: 1s}
                rule_files: [alerts.yml]
                scrape_configs:
                  - job_name: veltrix
                    static_configs: [{targets: [{{string.Join(", ", targets.Select(target => target.Authority))}}]}]
                """);
            var url = new Uri($"http://127.0.0.1:{FreePort()}");
            var process = Process.Start(new ProcessStartInfo("/usr/bin/prometheus",
            [
                "--config.file=prometheus.yml", $"--web.listen-address={url.Authority}", "--storage.tsdb.path=data", "--log.level=error",
            ]) { WorkingDirectory = folder.FullName })!;
            var prometheus = new Prometheus(process, folder, url);
            var patience = Stopwatch.StartNew();
            while (!await prometheus.IsReady())
            {
                Assert.False(process.HasExited, "prometheus does not start");
                Assert.True(patience.Elapsed < TimeSpan.FromMinutes(1), "prometheus is never ready");
                await Task.Delay(50, Cancel);
            }

            return prometheus;
        }

        static int FreePort()
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }

        async Task<bool> IsReady()
        {
            try
            {
                using var answer = await http.GetAsync("/-/ready", Cancel);
                return answer.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }

        /// <summary>How many series an expression returns; a fault in it fails the test.</summary>
        public async Task<int> Ask(string expression)
        {
            using var answer = await http.GetAsync($"/api/v1/query?query={Uri.EscapeDataString(expression)}", Cancel);
            var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancel))!;
            Assert.True((string?)body["status"] == "success", $"{expression}: {body["error"]}");
            return body["data"]!["result"]!.AsArray().Count;
        }

        public async Task<IReadOnlyList<(string Name, string Health)>> RuleHealth()
        {
            var body = JsonNode.Parse(await http.GetStringAsync("/api/v1/rules", Cancel))!;
            return [.. body["data"]!["groups"]!.AsArray().SelectMany(group => group!["rules"]!.AsArray()).Select(rule => ((string)rule!["name"]!, (string)rule["health"]!))];
        }

        public async ValueTask DisposeAsync()
        {
            http.Dispose();
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
            folder.Delete(recursive: true);
        }
    }
}
