using System.Globalization;
using System.Net;
using System.Text;

namespace Veltrix.Governor.Simulation;

/// <summary>One run with every second of it.</summary>
public sealed record ReportedRun(Scenario Scenario, Scores Scores, Scores Ungoverned, IReadOnlyList<TraceSecond> Seconds);

/// <summary>Runs as one page that needs nothing else: tables, plots, and what was decided and why.</summary>
public static class ReportPage
{
    static readonly CultureInfo English = CultureInfo.InvariantCulture;

    /// <param name="command">What to type to get the same page again.</param>
    public static string Html(IReadOnlyList<ReportedRun> runs, string command)
    {
        var page = new StringBuilder();
        page.Append("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>Veltrix: simulated hunts</title>");
        page.Append("<style>").Append(Style).Append("</style><main><h1>Simulated hunts</h1>");
        page.Append("<p>How admission policies do when the crowd comes, on a model of the stores that is fitted to an incident. What the model leaves out: <code>docs/operate/simulator.md</code>.</p>");
        page.Append(English, $"<p><code>{Text(command)}</code></p>");
        foreach (var scenario in runs.GroupBy(run => run.Scenario)) Section(page, scenario.Key, [.. scenario]);
        return page.Append("</main></html>").ToString();
    }

    static void Section(StringBuilder page, Scenario scenario, List<ReportedRun> runs)
    {
        page.Append(English, $"<h2>{Text(scenario.Name)}</h2><p>{Text(char.ToUpperInvariant(scenario.Summary[0]) + scenario.Summary[1..])}.</p>");
        Table(page, runs);
        if (runs.Count > 1)
        {
            page.Append(Memory("Memory, all policies", [.. runs.Select((run, i) => new ChartLine(run.Scores.Policy, Of(run, i), Values(run, s => s.Memory), Peaks: true))]));
            page.Append(Players("Seated, all policies", [.. runs.Select((run, i) => new ChartLine(run.Scores.Policy, Of(run, i), Values(run, s => s.Seated)))]));
        }
        foreach (var run in runs) Details(page, run);

        static string Of(ReportedRun run, int i) => run.Scores.Policy == SimulatedPolicy.None ? "none" : $"s{i % 7 + 1}";
    }

    static void Table(StringBuilder page, List<ReportedRun> runs)
    {
        page.Append("<div class=\"wide\"><table><thead><tr><th>policy<th>seed<th>peak memory<th>peak lag<th>s over<th>freezes<th>reversals<th>player-minutes<th>wait mean, p95<th>lowest limit</tr></thead><tbody>");
        foreach (var run in runs)
        {
            var s = run.Scores;
            page.Append(English,
                $"<tr><td>{Text(s.Policy)}<td>{s.Seed}<td{Bad(s.PeakMemory > 0.85)}>{100 * s.PeakMemory:0.0} %<td{Bad(s.PeakLag > 2000)}>{s.PeakLag:N0}<td>{s.SecondsOver:N0}<td{Bad(s.Freezes >= 2)}>{s.Freezes:0.0}<td>{s.Reversals}<td>{100 * s.PlayerMinutesRatio(run.Ungoverned):0.0} %<td>{s.WaitMean:0} s, {s.WaitP95:0} s<td>{s.LimitMin:N0}</tr>");
        }
        page.Append("</tbody></table></div><p class=\"note\">Red: memory over 85 %, lag over 2,000, two freezes or more. Player-minutes are of those without a governor.</p>");
    }

    static void Details(StringBuilder page, ReportedRun run)
    {
        page.Append(English, $"<h3>{Text(run.Scores.Policy)}</h3>");
        page.Append(new Chart("Hunters, and under them what the policy was doing", Number)
        {
            Lines = [new("limit", "limit", Values(run, s => s.Limit)), new("seated", "s1", Values(run, s => s.Seated)), new("waiting", "s2", Values(run, s => s.Waiting), Peaks: true)],
            Ribbon = [.. Modes(run)],
            ToLeast = 1000,
        }.ToSvg());
        page.Append("<p class=\"note\">Ribbon: <i class=\"ramp\"></i> raising, <i class=\"hold\"></i> leaving, <i class=\"trim\"></i> lowering as foreseen, <i class=\"brake\"></i> over a threshold, <i class=\"stale\"></i> measurements missing.</p>");
        page.Append(Memory("Redis memory", [new("memory", "s3", Values(run, s => s.Memory), Peaks: true)]));
        page.Append(new Chart("Log lag, records", Number)
        {
            Lines = [new("lag", "s4", Values(run, s => s.Lag), Peaks: true)],
            Marks = [new("soft 1,000", 1000)],
            ToLeast = 1200,
        }.ToSvg());
        Decisions(page, run);
    }

    static IEnumerable<ChartSpan> Modes(ReportedRun run)
    {
        var (mode, from) = ((string?)null, 0);
        foreach (var second in run.Seconds)
        {
            if (second.Mode is null || second.Mode == mode) continue;
            if (mode is not null) yield return new(mode, from, second.Time);
            (mode, from) = (second.Mode, second.Time);
        }
        if (mode is not null) yield return new(mode, from, run.Seconds.Count);
    }

    static string Players(string title, IReadOnlyList<ChartLine> lines) => new Chart(title, Number) { Lines = lines, ToLeast = 1000 }.ToSvg();

    static string Memory(string title, IReadOnlyList<ChartLine> lines) => new Chart(title, value => value.ToString("0 %", English))
    {
        Lines = lines,
        Marks = [new("soft 80 %", 0.80), new("critical 90 %", 0.90)],
        From = 0.2,
        ToLeast = 1,
    }.ToSvg();

    // Every decision would be a line each 5 s. What matters is where something changed.
    static void Decisions(StringBuilder page, ReportedRun run)
    {
        var (rows, mode, limit) = (0, (string?)null, double.NaN);
        var body = new StringBuilder();
        foreach (var second in run.Seconds)
        {
            if (second.Mode is null || (second.Mode == mode && Math.Abs(second.Limit - limit) < 0.5)) continue;
            var change = double.IsNaN(limit) || Math.Abs(second.Limit - limit) < 0.5 ? Number(second.Limit) : $"{Number(limit)} → {Number(second.Limit)}";
            body.Append(English, $"<tr><td>{second.Time / 60}:{second.Time % 60:00}<td>{second.Mode}<td>{change}<td class=\"why\">{Text(second.Reason ?? "")}</tr>");
            (rows, mode, limit) = (rows + 1, second.Mode, second.Limit);
        }
        page.Append(English, $"<details><summary>Decisions that changed something: {rows:N0}</summary><div class=\"wide\"><table class=\"decisions\"><thead><tr><th>time<th>mode<th>limit<th class=\"why\">reason</tr></thead><tbody>{body}</tbody></table></div></details>");
    }

    static double[] Values(ReportedRun run, Func<TraceSecond, double> value) => [.. run.Seconds.Select(value)];

    static string Number(double value) => value.ToString("N0", English);

    static string Bad(bool isBad) => isBad ? " class=\"bad\"" : "";

    static string Text(string text) => WebUtility.HtmlEncode(text);

    const string Style = """
        :root{color-scheme:light dark;--ink:#1c2430;--soft:#5d6878;--line:#dde2e9;--page:#fff;--bad:#c02626;--s1:#2563c9;--s2:#d97706;--s3:#0f8a6c;--s4:#9333b8;--s5:#b4532a;--s6:#0e7fa8;--s7:#7a8a1c}
        @media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#9aa6b6;--line:#323b48;--page:#14181e;--bad:#ff7b72;--s1:#6ea8ff;--s2:#f5a742;--s3:#4cc9a4;--s4:#d08bf0;--s5:#f0926a;--s6:#5cc4e8;--s7:#c3d35a}}
        body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
        main{max-width:960px;margin:0 auto;padding:24px 20px 60px}h1{font-size:26px}h2{margin:44px 0 4px;font-size:21px;border-top:1px solid var(--line);padding-top:20px}h3{margin:30px 0 6px;font-size:17px}
        code{font:13px ui-monospace,monospace}.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
        th,td{padding:5px 9px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}th{font-weight:600;color:var(--soft);font-size:13px}th:first-child,td:first-child,.why{text-align:left}
        .decisions{font-size:13px}td.why{white-space:normal;min-width:320px}td.bad{color:var(--bad);font-weight:600}.note{color:var(--soft);font-size:13px}
        svg{display:block;width:100%;height:auto;margin:14px 0}.grid{stroke:var(--line)}.mark{stroke:var(--bad);stroke-dasharray:2 4}.line{fill:none;stroke-width:1.8;stroke-linejoin:round}
        svg text{font:12px system-ui,sans-serif;fill:var(--soft)}svg .title{font-weight:600;fill:var(--ink);font-size:13px}svg .legend{fill:var(--ink)}svg .marked{fill:var(--bad);font-size:11px}
        .limit{stroke:var(--ink);stroke-dasharray:6 4}.none{stroke:var(--soft);stroke-dasharray:3 3}.s1{stroke:var(--s1)}.s2{stroke:var(--s2)}.s3{stroke:var(--s3)}.s4{stroke:var(--s4)}.s5{stroke:var(--s5)}.s6{stroke:var(--s6)}.s7{stroke:var(--s7)}
        .mode,.note i{fill:var(--line);background:var(--line)}.mode.ramp,.note .ramp{fill:var(--s3);background:var(--s3)}.mode.trim,.note .trim{fill:var(--s2);background:var(--s2)}.mode.brake,.note .brake{fill:var(--bad);background:var(--bad)}.mode.stale,.note .stale{fill:var(--s4);background:var(--s4)}
        .note i{display:inline-block;width:16px;height:8px;margin-left:6px}details{margin:8px 0 20px}summary{cursor:pointer;color:var(--soft)}
        """;
}
