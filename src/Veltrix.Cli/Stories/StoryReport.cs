using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;
using Veltrix.Crowd;
using Veltrix.Governor.Simulation;

namespace Veltrix.Cli.Stories;

/// <summary>What a story came to.</summary>
/// <param name="LagGone">Seconds from the peak of the lag until it stayed under 100 records; null: it never did while the crowd played.</param>
/// <param name="Refused">Writes that Redis did not take because it was full.</param>
sealed record StoryReport(
    string Story, bool IsGoverned, int Hunters, double PeakMemory, double PeakLag, int? LagGone, double MostSeated, double LimitLeast, double LimitMost, long Refused, int Connections,
    LoadReport Load, IReadOnlyList<TraceSecond> Samples, long MaxMemory, double Capacity, Reported Reported)
{
    const double LagIsGone = 100;

    public static StoryReport Of(
        string story, StoryPlan plan, int hunters, TimeSpan played, long maxMemory, double capacity, IReadOnlyList<TraceSecond> all, LoadReport load, long refused, int connections)
    {
        // What comes after is only waited for.
        var samples = all.Where(sample => sample.Time <= played.TotalSeconds).ToList();
        var peak = samples.MaxBy(sample => sample.Lag)!;
        var last = samples.LastOrDefault(sample => sample.Lag >= LagIsGone);
        int? gone = last is null ? 0 : last == samples[^1] ? null : Math.Max(0, last.Time + 1 - peak.Time);
        var limits = samples.Where(sample => sample.Limit > 0).Select(sample => sample.Limit).ToList();
        return new(
            story, plan.IsGoverned, hunters, samples.Max(sample => sample.Memory), peak.Lag, gone, samples.Max(sample => sample.Seated), limits.DefaultIfEmpty().Min(), limits.DefaultIfEmpty().Max(),
            refused, connections, load, samples, maxMemory, capacity, plan.Reported);
    }

    public void Write(Terminal terminal)
    {
        var table = new Table { Border = TableBorder.Simple }.AddColumn("").AddColumn("the old engine").AddColumn(IsGoverned ? $"{Story}, governed" : $"{Story}, no governor");
        Row("peak memory of Redis", Reported.Memory, $"{PeakMemory:P1}");
        Row("peak lag, records", Reported.Lag, $"{PeakLag:N0}, {(LagGone is { } gone ? $"gone in {gone} s" : "never gone")}");
        Row("stalls", Reported.Stalls, $"{Load.Stalls:N0}");
        Row("p95 submission to outcome", Reported.P95, $"{Load.P95Ms:N0} ms");
        Row("Redis connections", Reported.Connections, $"{Connections}");
        Row("writes that Redis refused", "", $"{Refused:N0}");
        Row("hunters, most at once", "", $"{MostSeated:N0} of {Hunters:N0}");
        Row("limit, lowest and highest", "", $"{LimitLeast:N0} and {LimitMost:N0}");
        Row("lost, doubled", "", $"{Load.Lost:N0}, {Load.Doubled:N0}");
        terminal.Rich.Write(table);

        void Row(string what, string old, FormattableString here) => table.AddRow(what, old, here.ToString(CultureInfo.InvariantCulture));
    }

    public JsonObject ToJson() => new()
    {
        ["story"] = Story,
        ["governed"] = IsGoverned,
        ["hunters"] = Hunters,
        ["peak_memory_ratio"] = Math.Round(PeakMemory, 4),
        ["peak_lag"] = PeakLag,
        ["lag_gone_s"] = LagGone,
        ["stalls"] = Load.Stalls,
        ["p50_ms"] = Load.P50Ms,
        ["p95_ms"] = Load.P95Ms,
        ["p99_ms"] = Load.P99Ms,
        ["redis_connections"] = Connections,
        ["refused_writes"] = Refused,
        ["most_seated"] = MostSeated,
        ["limit_min"] = LimitLeast,
        ["limit_max"] = LimitMost,
        ["submitted"] = Load.Submitted,
        ["acknowledged"] = Load.Acknowledged,
        ["decided"] = Load.Decided,
        ["lost"] = Load.Lost,
        ["doubled"] = Load.Doubled,
        ["max_memory"] = MaxMemory,
        ["scorer_per_second"] = Math.Round(Capacity, 1),
    };

    /// <summary>Of the governed story the promise, of the other that it hurt: else it proves nothing.</summary>
    public string? Broken() => IsGoverned switch
    {
        true when PeakMemory > 0.82 || PeakLag >= Math.Max(200, 2_000 * Hunters / 50_000.0) || LagGone is null or > 180 || Load.Stalls >= 2 || Load.P95Ms > 98 =>
            FormattableString.Invariant($"the governor did not keep its promise: memory up to 82 %, lag under {Math.Max(200, 2_000 * Hunters / 50_000.0):N0} (2,000 for 50,000 hunters) and gone in 180 s, under 2 stalls, p95 up to 98 ms"),
        false when PeakMemory < 0.9 || LagGone is not null || Load.Stalls < 10 => "it did not hurt, so it proves nothing: memory of 90 %, a lag that stays and 10 stalls were to be expected",
        _ => Load.Lost > 0 || Load.Doubled > 0 ? $"{Load.Lost} acknowledged submissions were lost and {Load.Doubled} counted twice" : null,
    };
}
