using System.Text.Json;

namespace Veltrix.Crowd.Tests;

/// <summary>Whole crowds against a hunt that does as it is told, well or badly.</summary>
public class CrowdTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_load_on_a_sound_hunt_passes_and_counts_what_happened()
    {
        await using var hunt = await TinyHunt.Start();
        using var folder = new TemporaryFolder();
        var report = await Load.Run(Options(hunt, folder) with { ReceiptsFile = folder.File("receipts") }, null, Cancel);

        Assert.True(report.Passed, report.ToJson());
        Assert.Equal((40, 40, 80L, 80L, 80L), (report.Hunters, report.Connected, report.Submitted, report.Acknowledged, report.Decided));
        Assert.InRange(report.Right, 0.4 * 80, 0.6 * 80);
        Assert.Equal((0L, 0L, 0L, 0L), (report.Lost, report.Doubled, report.Stalls, report.Reconnects));
        Assert.NotNull(report.P95Ms);
        Assert.InRange(report.SeenP95Ms!.Value, 0, 2000);
        Assert.InRange(report.BytesIn, 40 * 100, 10_000_000);
        Assert.Equal(80, File.ReadAllLines(folder.File("receipts")).Distinct().Count());
        Assert.Empty(report.Errors);
    }

    [Fact]
    public async Task A_record_missing_from_the_ledger_is_lost()
    {
        var report = await LoadOn(new Mischief { LoseRecord = 7 });
        Assert.Equal((1L, 0L, false), (report.Lost, report.Doubled, report.Passed));
    }

    [Fact]
    public async Task A_record_told_twice_is_doubled()
    {
        var report = await LoadOn(new Mischief { RepeatRecord = 7 });
        Assert.Equal((0L, 1L, false), (report.Lost, report.Doubled, report.Passed));
    }

    [Fact]
    public async Task A_kicked_hunter_comes_back_and_gets_the_outcome_it_missed()
    {
        var report = await LoadOn(new Mischief { KickAt = 20 });
        Assert.True(report.Passed, report.ToJson());
        Assert.Equal((1L, 80L, 80L), (report.Reconnects, report.Acknowledged, report.Decided));
        Assert.Equal(1, report.Errors["SlowReader"]);
    }

    [Fact]
    public async Task A_submission_torn_from_the_wire_is_sent_again()
    {
        await using var hunt = await TinyHunt.Start(mischief: new Mischief { TearAt = 20 });
        using var folder = new TemporaryFolder();
        var report = await Load.Run(Options(hunt, folder), null, Cancel);
        Assert.True(report.Passed, report.ToJson());
        Assert.Equal((80L, 80L, 81), (report.Submitted, report.Decided, hunt.Submissions));
    }

    [Fact]
    public async Task A_refused_submission_is_counted_by_its_code()
    {
        var report = await LoadOn(new Mischief { RefuseAt = 20 });
        Assert.True(report.Passed, report.ToJson());
        Assert.Equal((80L, 79L, 1L), (report.Submitted, report.Decided, report.Errors["TooFast"]));
    }

    [Fact]
    public async Task A_full_hunt_is_asked_again()
    {
        var report = await LoadOn(new Mischief { RefuseJoins = 3 });
        Assert.True(report.Passed, report.ToJson());
        Assert.Equal((40, 3L), (report.Connected, report.Errors["JoinFull"]));
    }

    [Fact]
    public async Task Boards_that_stay_away_are_stalls()
    {
        await using var hunt = await TinyHunt.Start(mischief: new Mischief { DeafAfterTicks = 20 });
        using var folder = new TemporaryFolder();
        var report = await Load.Run(Options(hunt, folder) with { Duration = TimeSpan.FromSeconds(3.5), Rate = 1 }, null, Cancel);
        Assert.InRange(report.FrameStalls, 15, 25);
        Assert.Equal(report.FrameStalls, report.Stalls);
    }

    [Fact]
    public async Task Without_a_ledger_nothing_is_claimed()
    {
        var report = await LoadOn(new Mischief { HideLedger = true });
        Assert.Equal((null, null, false), (report.Lost, report.Doubled, report.Passed));
        Assert.Contains("403", report.Verdict);
    }

    [Theory]
    [InlineData("/elsewhere", 1)]
    [InlineData("/nowhere", 0)]
    public async Task A_hunter_goes_where_it_is_sent_and_back_where_it_came_from_if_nobody_is_there(string to, int arrivals)
    {
        await using var hunt = await TinyHunt.Start(mischief: new Mischief { KickAt = 3, KickTo = to });
        using var folder = new TemporaryFolder();
        var report = await Load.Run(Options(hunt, folder), null, Cancel);
        Assert.True(report.Passed, report.ToJson());
        Assert.Equal(arrivals, hunt.Elsewhere);
    }

    [Fact]
    public async Task A_server_that_dies_for_good_leaves_a_report_and_the_receipts()
    {
        await using var hunt = await TinyHunt.Start();
        using var folder = new TemporaryFolder();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var running = Load.Run(Options(hunt, folder) with { Duration = TimeSpan.FromSeconds(30), ReceiptsFile = folder.File("receipts") }, null, stop.Token);
        while (hunt.Submissions < 20)
            await Task.Delay(5, Cancel);
        await hunt.Die();
        await Task.Delay(150, Cancel);
        await stop.CancelAsync();
        var report = await running;

        Assert.False(report.Passed);
        Assert.Null(report.Lost);
        Assert.InRange(report.Acknowledged, 1, report.Submitted);
        Assert.Equal(report.Acknowledged, File.ReadAllLines(folder.File("receipts")).LongLength);
    }

    [Fact]
    public async Task Hunters_with_nothing_left_to_solve_keep_the_traffic_up()
    {
        await using var hunt = await TinyHunt.Start(challenges: 2);
        using var folder = new TemporaryFolder();
        var report = await Load.Run(Options(hunt, folder) with { Hunters = 5, Rate = 20 }, null, Cancel);
        Assert.True(report.Passed, report.ToJson());
        Assert.Equal((50L, 10L), (report.Decided, report.Right));
        Assert.InRange(report.Exhausted, 10, 40);
    }

    [Fact]
    public async Task A_worker_takes_its_options_and_gives_its_tally_as_lines()
    {
        await using var hunt = await TinyHunt.Start();
        using var folder = new TemporaryFolder();
        var input = new LinesThenSilence(JsonSerializer.Serialize(Options(hunt, folder), CrowdJson.Options));
        var output = new StringWriter();

        Assert.Equal(0, await LoadWorker.Run(input, output, Cancel));
        var said = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonSerializer.Deserialize<WorkerLine>(l, CrowdJson.Options)!).ToArray();
        Assert.NotNull(said[0].Progress);
        Assert.True(LoadReport.Of(said[^1].Tally!, 1).Passed);
    }

    [Fact]
    public async Task A_worker_says_why_it_cannot_begin()
    {
        using var folder = new TemporaryFolder();
        var options = new LoadOptions { Url = new("http://127.0.0.1:1"), Hunt = "tiny", AnswersFile = folder.File("none.json") };
        var output = new StringWriter();
        Assert.Equal(1, await LoadWorker.Run(new LinesThenSilence(JsonSerializer.Serialize(options, CrowdJson.Options)), output, Cancel));
        Assert.Contains("none.json", JsonSerializer.Deserialize<WorkerLine>(output.ToString(), CrowdJson.Options)!.Fault);
    }

    [Fact]
    public async Task A_hunt_that_is_not_open_is_refused_before_anybody_joins()
    {
        await using var hunt = await TinyHunt.Start();
        using var folder = new TemporaryFolder();
        await hunt.Close();
        var fault = await Assert.ThrowsAsync<CrowdException>(() => Load.Run(Options(hunt, folder), null, Cancel));
        Assert.Contains("closed, not open", fault.Message);
    }

    [Fact]
    public async Task In_a_hunt_of_teams_the_first_of_each_founds_it_and_the_others_follow_the_invite()
    {
        await using var hunt = await TinyHunt.Start(mischief: new Mischief { RefuseJoins = 2 });
        using var http = new HuntHttp([hunt.Url], connections: 8);
        var joining = new Joining(http, "tiny", teamSize: 4, hunters: 10, i => $"n{i}", _ => { });
        var joined = await Task.WhenAll(Enumerable.Range(0, 10).Reverse().Select(i => joining.Join(i, Cancel)));

        Assert.All(joined, Assert.NotNull);
        Assert.Equal(
            ["Crew 1", "Crew 1", "Crew 1", "Crew 1", "Crew 2", "Crew 2", "Crew 2", "Crew 2", "Crew 3", "Crew 3"],
            hunt.TeamOf.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => p.Value));
    }

    [Fact]
    public async Task Where_the_founder_is_refused_nobody_waits_for_the_invite()
    {
        await using var hunt = await TinyHunt.Start();
        using var http = new HuntHttp([hunt.Url], connections: 8);
        var refused = new List<string>();
        var joining = new Joining(http, "elsewhere", teamSize: 2, hunters: 2, i => $"n{i}", refused.Add);
        Assert.All(await Task.WhenAll(joining.Join(1, Cancel), joining.Join(0, Cancel)), Assert.Null);
        Assert.Equal(["JoinHttp404"], refused);
    }

    [Fact]
    public async Task Bots_play_until_the_hunt_is_closed_and_are_right_as_often_as_asked()
    {
        await using var hunt = await TinyHunt.Start(challenges: 100);
        using var folder = new TemporaryFolder();
        var running = Bots.Run(
            new BotOptions
            {
                Url = hunt.Url, Hunt = "tiny", AnswersFile = hunt.AnswersFile(folder), Count = 120, Arrive = TimeSpan.FromMilliseconds(300), Think = TimeSpan.FromMilliseconds(700),
            },
            null, Cancel);
        while (hunt.Submissions < 400 && !running.IsCompleted)
            await Task.Delay(20, Cancel);
        await hunt.Close();
        var report = await running.WaitAsync(TimeSpan.FromSeconds(20), Cancel);

        Assert.Equal((120, 120), (report.Bots, report.Connected));
        Assert.InRange(report.Decided, 390, report.Submitted);
        Assert.InRange((double)report.Right / report.Decided, 0.5, 0.7);
    }

    [Fact]
    public async Task A_replay_gives_the_published_standings()
    {
        await using var hunt = await TinyHunt.Start();
        using var folder = Dp2020Tests.Record();
        var report = await Replay.Run(
            new ReplayOptions { Url = hunt.Url, Key = "replay-key", Folder = folder.Path, Hunt = "tiny", StandingsFile = folder.File("out.csv") }, null, Cancel);

        Assert.Equal((6L, 3, 3, 2, 2), (report.Events, report.Scores, report.ScoresEqual, report.Ranks, report.RanksEqual));
        Assert.Equal("rank,team,score\n1,two,12\n2,one,2\n3,three,0\n3,late,0\n", await File.ReadAllTextAsync(folder.File("out.csv"), Cancel));
        using var json = JsonDocument.Parse(report.ToJson());
        Assert.Equal(["events", "scores", "scores_equal", "ranks", "ranks_equal", "seconds"], json.RootElement.EnumerateObject().Take(6).Select(m => m.Name));
    }

    [Fact]
    public async Task A_replay_that_the_server_refuses_says_so()
    {
        await using var hunt = await TinyHunt.Start(mischief: new Mischief { RefuseAt = 3 });
        using var folder = Dp2020Tests.Record();
        var options = new ReplayOptions { Url = hunt.Url, Key = "replay-key", Folder = folder.Path, Hunt = "tiny" };
        Assert.Contains("TooFast", (await Assert.ThrowsAsync<CrowdException>(() => Replay.Run(options, null, Cancel))).Message);
        Assert.Contains("403", (await Assert.ThrowsAsync<CrowdException>(() => Replay.Run(options with { Key = "other" }, null, Cancel))).Message);
    }

    [Fact]
    public async Task A_torn_replay_ends_with_the_number_of_commands_left()
    {
        await using var hunt = await TinyHunt.Start(mischief: new Mischief { TearAt = 2 });
        using var folder = Dp2020Tests.Record();
        var fault = await Assert.ThrowsAsync<CrowdException>(() =>
            Replay.Run(new ReplayOptions { Url = hunt.Url, Key = "replay-key", Folder = folder.Path, Hunt = "tiny" }, null, Cancel));
        Assert.Contains("not done yet", fault.Message);
    }

    static LoadOptions Options(TinyHunt hunt, TemporaryFolder folder) => new()
    {
        Url = hunt.Url,
        Hunt = "tiny",
        AnswersFile = hunt.AnswersFile(folder),
        Hunters = 40,
        Ramp = TimeSpan.FromMilliseconds(200),
        Duration = TimeSpan.FromSeconds(0.5),
        Rate = 4,
    };

    static async Task<LoadReport> LoadOn(Mischief mischief)
    {
        await using var hunt = await TinyHunt.Start(mischief: mischief);
        using var folder = new TemporaryFolder();
        return await Load.Run(Options(hunt, folder), null, Cancel);
    }

    /// <summary>An input that stays open after its one line, as a parent's does.</summary>
    sealed class LinesThenSilence(string line) : TextReader
    {
        string? next = line;

        public override async ValueTask<string?> ReadLineAsync(CancellationToken cancellationToken)
        {
            if (next is { } given)
            {
                next = null;
                return given;
            }

            await Task.Delay(Timeout.Infinite, Cancel);
            return null;
        }
    }
}
