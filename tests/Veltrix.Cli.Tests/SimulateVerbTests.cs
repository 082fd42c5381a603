using System.Text.Json.Nodes;

namespace Veltrix.Cli.Tests;

public class SimulateVerbTests
{
    static List<JsonNode> Lines(string text) => [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];

    [Fact]
    public async Task Json_is_an_object_for_each_run_and_the_same_for_the_same_command()
    {
        string[] line = ["simulate", "--scenario", "hunt002,broker", "--policy", "none,linear@40000", "--seeds", "1-2", "--json"];

        var first = await Shell.Run(line);
        var again = await Shell.Run(line);

        Assert.Equal(ExitCode.Done, first.Code);
        Assert.Equal(first.Out, again.Out);
        var runs = Lines(first.Out);
        Assert.Equal(
            ["hunt002 none 1", "hunt002 linear@40000 1", "hunt002 none 2", "hunt002 linear@40000 2", "broker none 1", "broker linear@40000 1", "broker none 2", "broker linear@40000 2"],
            runs.Select(run => $"{run["scenario"]} {run["policy"]} {run["seed"]}"));
        Assert.Equal(
            "scenario policy seed peak_memory_ratio peak_lag seconds_over freeze_estimate reversals player_minutes_ratio mean_wait_s p95_wait_s min_limit",
            string.Join(' ', runs[0].AsObject().Select(member => member.Key)));
        Assert.InRange((double)runs[0]["peak_memory_ratio"]!, 0.935, 0.965);
        Assert.InRange((double)runs[1]["peak_memory_ratio"]!, 0.80, 0.84);
    }

    [Fact]
    public async Task A_table_has_a_row_for_each_scenario_and_policy()
    {
        var ran = await Shell.Run("simulate", "--scenario", "hunt002,flap", "--policy", "none,linear", "--ceiling", "40000", "--seeds", "1-3");

        Assert.Equal(ExitCode.Done, ran.Code);
        var rows = ran.Out.Split('\n').Select(row => string.Join(' ', row.Split(' ', StringSplitOptions.RemoveEmptyEntries))).ToList();
        Assert.Equal(2, rows.Count(row => row.StartsWith("hunt002 ")));
        Assert.Equal(2, rows.Count(row => row.StartsWith("flap ")));
        Assert.Contains(rows, row => row.StartsWith("hunt002 none 9") && row.Contains(" 100.0 % ") && row.EndsWith(" 50,000"));
        Assert.Contains("3 seeds: the worst peak memory", ran.Out);
    }

    [Theory]
    [InlineData("--scenario hunt02", "There is no scenario 'hunt02'. Did you mean 'hunt002'? There are hunt002, spike60,")]
    [InlineData("--policy liner", "There is no policy 'liner'. Did you mean 'linear'? There are none,")]
    [InlineData("--policy linear@many", "linear@many: after the @ stands a ceiling, such as linear@40000.")]
    [InlineData("--policy none@40000", "none has no ceiling to set")]
    [InlineData("--policy linear,linear", "--policy names linear twice.")]
    [InlineData("--policy ,", "--policy names none.")]
    [InlineData("--seeds 5-1", "--seeds 5-1: the first and the last are needed, such as 1-5")]
    [InlineData("--seeds 1-5 --seed 3", "Give either --seed or --seeds.")]
    [InlineData("--monte-carlo 0", "--monte-carlo: a whole number from 1 to 100000 is needed.")]
    [InlineData("--monte-carlo 5 --report out", "--report does not go with --monte-carlo.")]
    [InlineData("--ranges broad", "broad")]
    [InlineData("--ramp 10m", "--arrivals is needed")]
    [InlineData("--policy linear,none --trace t.ndjson", "--trace writes one run")]
    public async Task What_cannot_be_run_is_a_usage_error_before_anything_is(string options, string message)
    {
        var ran = await Shell.Run(["simulate", .. options.Split(' ')]);

        Assert.Equal(ExitCode.Usage, ran.Code);
        Assert.Contains(message, ran.Error);
        Assert.Empty(ran.Out);
    }

    [Fact]
    public async Task All_wrong_names_are_told_at_once()
    {
        var ran = await Shell.Run("simulate", "--policy", "liner,linear", "--scenario", "flapp");

        Assert.Contains("'liner'", ran.Error);
        Assert.Contains("'flapp'", ran.Error);
    }

    [Fact]
    public async Task Files_that_are_not_there_or_are_no_such_files_are_told()
    {
        using var folder = new TempFolder();
        var wrong = folder.Write("wrong", "what?\n\n");

        foreach (var option in new[] { "--plant", "--fit", "--arrivals" })
        {
            var missing = await Shell.Run("simulate", option, folder.File("missing"));
            Assert.Equal(ExitCode.NotFound, missing.Code);
            Assert.Contains($"There is no file {folder.File("missing")}.", missing.Error);

            var refused = await Shell.Run("simulate", option, wrong);
            Assert.Equal(ExitCode.Failed, refused.Code);
            Assert.Contains(wrong, refused.Error);
        }
    }

    [Fact]
    public async Task A_hunt_is_recorded_fitted_and_simulated_again()
    {
        using var folder = new TempFolder();
        var (plant, trace, fitted) = (folder.Write("plant.json", """{"memory_per_seat": 7e-6, "capacity": 1500}"""), folder.File("trace.ndjson"), folder.File("fitted.json"));

        var recorded = await Shell.Run("simulate", "--scenario", "twospike", "--policy", "none", "--plant", plant, "--trace", trace, "--json");
        var seconds = Lines(File.ReadAllText(trace));
        Assert.Equal(1200, seconds.Count);
        Assert.Equal((double)recorded.Json["peak_memory_ratio"]!, seconds.Max(second => (double)second["memory"]!), 1e-4);

        var again = await Shell.Run("simulate", "--scenario", "hunt002", "--policy", "none", "--fit", trace, "--save-plant", fitted, "--json");
        Assert.Contains("Fitted to 1,200 s: base 0.27", again.Error);
        Assert.Contains("Capacity 1,500 events a second", again.Error);
        Assert.Equal(7e-6, (double)JsonNode.Parse(File.ReadAllText(fitted))!["memory_per_seat"]!, 7e-7);

        var saved = await Shell.Run("simulate", "--scenario", "hunt002", "--policy", "none", "--plant", fitted, "--json");
        Assert.Equal(again.Out, saved.Out);
    }

    [Fact]
    public async Task A_recorded_crowd_comes_in_place_of_the_scenarios_own()
    {
        using var folder = new TempFolder();
        var crowd = folder.Write("crowd.csv", "time,count\n0,10\n60,30\n120,5\n");

        var alone = await Shell.Run("simulate", "--arrivals", crowd, "--hunters", "60000", "--ramp", "2m", "--policy", "none", "--json");
        var troubled = await Shell.Run("simulate", "--arrivals", crowd, "--scenario", "slowcons", "--policy", "none", "--json");

        Assert.Equal("arrivals", (string)alone.Json["scenario"]!);
        Assert.InRange((double)alone.Json["peak_memory_ratio"]!, 0.9, 1.1);
        Assert.Equal("slowcons", (string)troubled.Json["scenario"]!);
        Assert.InRange((double)troubled.Json["peak_memory_ratio"]!, 0.25, 0.3);
    }

    [Fact]
    public async Task Random_plants_make_a_row_for_each_policy_or_an_object_for_each_run()
    {
        var table = await Shell.Run("simulate", "--policy", "none,linear", "--monte-carlo", "6", "--seed", "9");
        Assert.Equal(ExitCode.Done, table.Code);
        Assert.Contains("6 random plants of the wide ranges", table.Out);

        var json = await Shell.Run("simulate", "--policy", "none,linear", "--monte-carlo", "3", "--seed", "9", "--ranges", "narrow", "--json");
        Assert.Equal(["9 none", "9 linear", "10 none", "10 linear", "11 none", "11 linear"], Lines(json.Out).Select(run => $"{run["seed"]} {run["policy"]}"));
        Assert.All(Lines(json.Out), run => Assert.Equal("monte-carlo-narrow", (string)run["scenario"]!));
    }

    [Fact]
    public async Task The_report_is_one_page_with_plots_and_decisions_that_needs_nothing_else()
    {
        using var folder = new TempFolder();

        var ran = await Shell.Run("simulate", "--scenario", "hunt002", "--policy", "none,linear@40000", "--report", folder.File("report"), "--json");
        var page = File.ReadAllText(folder.File("report/index.html"));

        Assert.Equal(ExitCode.Done, ran.Code);
        Assert.Equal(2, Lines(ran.Out).Count);
        Assert.Equal(8, page.Split("<svg").Length - 1);
        Assert.Contains("40,000 → 36,000", page);
        Assert.Contains("veltrix simulate --scenario hunt002 --policy none,linear@40000 --seed 1", page);
        Assert.DoesNotContain("http", page);
        Assert.DoesNotContain("NaN", page);
        Assert.DoesNotContain("<script", page);
    }
}
