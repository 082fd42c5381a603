using System.Text.Json;

namespace Veltrix.Crowd.Tests;

public class LoadReportTests
{
    [Fact]
    public void The_report_begins_with_the_members_that_others_rely_on_in_their_order()
    {
        using var json = JsonDocument.Parse(LoadReport.Of(Good(), 1).ToJson());
        Assert.Equal(
            ["hunters", "connected", "submitted", "acknowledged", "decided", "right", "lost", "doubled", "stalls", "p50_ms", "p95_ms", "p99_ms", "max_ms", "seen_p95_ms",
                "seconds", "bytes_in", "bytes_out"],
            json.RootElement.EnumerateObject().Take(17).Select(m => m.Name));
    }

    [Fact]
    public void A_clean_run_passes()
    {
        var report = LoadReport.Of(Good(), 1);
        Assert.True(report.Passed, report.Verdict);
        Assert.Equal(3, report.Stalls);
        Assert.Equal(1, report.P50Ms!.Value, 0.01);
        Assert.Equal(3, report.MaxMs!.Value, 0.01);
    }

    [Fact]
    public void Every_fault_fails_the_run_and_is_said()
    {
        AssertFails(t => t.Lost = 1, "not in the ledger");
        AssertFails(t => t.Doubled = 2, "more than once");
        AssertFails(t => t.Submitted = 949, "only 949 of 1,000");
        AssertFails(t => (t.Lost, t.AuditFault) = (null, "connection refused"), "connection refused");
        AssertFails(t => t.Doubled = null, "could not be read");

        static void AssertFails(Action<LoadTally> spoil, string reason)
        {
            var tally = Good();
            spoil(tally);
            var report = LoadReport.Of(tally, 1);
            Assert.False(report.Passed);
            Assert.Contains(reason, report.Verdict);
        }
    }

    [Fact]
    public void A_ledger_that_was_not_read_leaves_lost_unknown_instead_of_zero()
    {
        var tally = Good();
        (tally.Lost, tally.Doubled) = (null, null);
        using var json = JsonDocument.Parse(LoadReport.Of(tally, 1).ToJson());
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("lost").ValueKind);
    }

    [Fact]
    public void Tallies_add_up_after_a_journey_as_json()
    {
        var one = Good();
        var other = Good();
        (other.Submitted, other.Lost, other.Seconds, other.Latency) = (500, 2, 12, [[9000, 5]]);
        other.Errors["TooFast"] = 4;
        other.Errors["JoinFull"] = 1;
        var sum = LoadTally.Merge([.. new[] { one, other }.Select(t =>
            JsonSerializer.Deserialize<LoadTally>(JsonSerializer.Serialize(t, CrowdJson.Options), CrowdJson.Options)!)]);
        Assert.Equal((1500L, 2L, 12.0, 2000L, 14), (sum.Submitted, sum.Lost, sum.Seconds, sum.Asked, sum.Waited));
        Assert.Equal(14, LoadReport.Of(sum, 2).Waited);
        Assert.Equal([new("JoinFull", 1), new("TooFast", 7)], sum.Errors);
        Assert.Equal(9, LoadReport.Of(sum, 2).MaxMs!.Value, 0.01);
    }

    [Fact]
    public void Where_one_process_has_no_audit_the_whole_has_none()
    {
        var blind = Good();
        (blind.Lost, blind.AuditFault) = (null, "gone");
        var sum = LoadTally.Merge([Good(), blind]);
        Assert.Equal((null, "gone"), (sum.Lost, sum.AuditFault));
    }

    [Fact]
    public void Processes_share_the_hunters_without_gap_or_overlap()
    {
        var parts = LoadFleet.Split(Options() with { MoreUrls = [new Uri("http://127.0.0.1:2")], Hunters = 10_001, Processes = 3, ReceiptsFile = "r" });
        Assert.Equal([3333, 3334, 3334], parts.Select(p => p.Hunters));
        Assert.Equal([0, 3333, 6667], parts.Select(p => p.FirstHunter));
        Assert.Equal(["r.1", "r.2", "r.3"], parts.Select(p => p.ReceiptsFile));
        // To a worker they go as JSON, and nothing of them is lost on the way.
        Assert.All(parts, p => Assert.Equivalent(p, JsonSerializer.Deserialize<LoadOptions>(JsonSerializer.Serialize(p, CrowdJson.Options), CrowdJson.Options), strict: true));
    }

    [Fact]
    public async Task All_faults_of_the_options_are_told_at_once()
    {
        var fault = await Assert.ThrowsAsync<CrowdException>(() => Load.Run(
            Options() with { Url = new("https://localhost"), Hunters = 0, Rate = double.NaN, Duration = TimeSpan.Zero }, null, TestContext.Current.CancellationToken));
        foreach (string part in (string[])["--url", "--hunters 0", "--rate NaN", "--duration"])
            Assert.Contains(part, fault.Message);
    }

    static LoadOptions Options() => new() { Url = new("http://127.0.0.1:1"), Hunt = "h", AnswersFile = "answers.json" };

    static LoadTally Good() => new()
    {
        Hunters = 10,
        Connected = 10,
        Asked = 1000,
        Submitted = 1000,
        Acknowledged = 1000,
        Decided = 1000,
        Right = 500,
        Lost = 0,
        Doubled = 0,
        OutcomeStalls = 1,
        FrameStalls = 2,
        Waited = 7,
        Seconds = 10,
        Latency = [[1000, 900], [3000, 100]],
        Errors = new() { ["TooFast"] = 3 },
    };
}
