using System.CommandLine;
using System.Text;
using Veltrix.Governor.Simulation;

namespace Veltrix.Cli.Verbs;

static class Simulate
{
    const string ArrivalsName = "arrivals";

    public static Verb Make(Terminal terminal)
    {
        var scenario = new Option<string?>("--scenario") { Description = $"Scenarios, with commas between, or all: {string.Join(", ", Scenarios.All.Select(known => known.Name))}. Default: hunt002.", HelpName = "S,…" };
        var policy = new Option<string>("--policy")
        {
            Description = $"Policies, with commas between: {string.Join(", ", SimulatedPolicy.Names)}; with a ceiling of its own as in linear@40000. Default: all.",
            HelpName = "P,…",
            DefaultValueFactory = _ => string.Join(',', SimulatedPolicy.Names),
        };
        var ceiling = SharedOptions.Count("--ceiling", "Most hunters there may be, for policies without a ceiling of their own", 1, 10_000_000, (int)SimulatedPolicy.StandardCeiling);
        var seed = SharedOptions.Count("--seed", "The seed of the noise and of the delays", 0, int.MaxValue, 1);
        var seeds = new Option<string?>("--seeds") { Description = "Several seeds, such as 1-5.", HelpName = "A-B" };
        var plants = new Option<int?>("--monte-carlo") { Description = "So many random plants instead of scenarios.", HelpName = "N" };
        var ranges = new Option<string>("--ranges") { Description = "What the random plants are drawn from: wide or narrow.", HelpName = "NAME", DefaultValueFactory = _ => "wide" };
        ranges.AcceptOnlyFromAmong([.. PlantRanges.All.Select(known => known.Name)]);
        var arrivals = new Option<string?>("--arrivals") { Description = "A recorded series of arrivals in place of the scenario's own, as CSV.", HelpName = "CSV" };
        var hunters = new Option<int?>("--hunters") { Description = "Scale the recorded arrivals to so many in all.", HelpName = "N" };
        var ramp = SharedOptions.Span("--ramp", "Squeeze or stretch the recorded arrivals to this time.");
        var plant = new Option<string?>("--plant") { Description = "What the stores are like, as JSON; what it does not set is nominal.", HelpName = "FILE" };
        var fit = new Option<string?>("--fit") { Description = "Fit the plant to a recorded hunt: a file as --trace writes it.", HelpName = "FILE" };
        var savePlant = new Option<string?>("--save-plant") { Description = "Write the plant that was used, for --plant.", HelpName = "FILE" };
        var trace = new Option<string?>("--trace") { Description = "Write a line for every second, of one policy and one seed.", HelpName = "FILE" };
        var report = new Option<string?>("--report") { Description = "Write a page with plots and decisions there, of the first seed.", HelpName = "DIR" };
        var json = SharedOptions.Json();
        var verb = new Verb("simulate", "Try admission policies on a simulated crowd and simulated stores. Seeded: the same command gives the same numbers.",
            "veltrix simulate --scenario hunt002 --policy none,forecast,linear@40000",
            "veltrix simulate --scenario sustain,slowcons --policy forecast,headroom --seeds 1-5 --report report",
            "veltrix simulate --policy forecast,static --monte-carlo 120",
            "veltrix simulate --policy linear --ceiling 40000 --seed 42 --trace hunt.ndjson --json",
            "veltrix simulate --arrivals traffic.csv --hunters 60000 --ramp 10m --policy forecast --fit recorded.ndjson")
        { scenario, policy, ceiling, seed, seeds, plants, ranges, arrivals, hunters, ramp, plant, fit, savePlant, trace, report, json };
        verb.Validators.Add(result =>
        {
            if (result.GetResult(plants) is not null)
                foreach (Option option in new Option[] { scenario, seeds, arrivals, hunters, ramp, trace, report })
                    if (result.GetResult(option) is { Implicit: false }) result.AddError($"{option.Name} does not go with --monte-carlo.");
            if (result.GetResult(arrivals) is null && (result.GetResult(hunters) is not null || result.GetResult(ramp) is not null)) result.AddError("--hunters and --ramp change recorded arrivals: --arrivals is needed.");
            if (result.GetResult(seeds) is not null && result.GetResult(seed) is { Implicit: false }) result.AddError("Give either --seed or --seeds.");
            if (result.GetResult(plants) is not null && result.GetValue(plants) is not (>= 1 and <= 100_000)) result.AddError("--monte-carlo: a whole number from 1 to 100000 is needed.");
            if (result.GetResult(hunters) is not null && result.GetValue(hunters) is not (>= 1 and <= 10_000_000)) result.AddError("--hunters: a whole number from 1 to 10000000 is needed.");
        });
        verb.SetAction(async (parsed, cancel) =>
        {
            var file = parsed.GetValue(arrivals);
            // The recorded crowd alone, unless a scenario says what befalls it.
            var named = parsed.GetValue(scenario) ?? "hunt002";
            var request = new SimulationRequest()
                .WithPolicies(parsed.GetRequiredValue(policy), parsed.GetValue(ceiling))
                .WithScenarios(named)
                .WithSeeds(parsed.GetValue(seed), parsed.GetValue(seeds))
                .Check()
                .WithPlant(parsed.GetValue(plant), parsed.GetValue(fit))
                .WithArrivals(file, parsed.GetValue(hunters), parsed.GetValue(ramp), file is not null && parsed.GetValue(scenario) is null ? ArrivalsName : null);
            if (parsed.GetValue(trace) is not null && request.Scenarios.Count * request.Policies.Count * request.Seeds.Count > 1)
                throw new CliException(ExitCode.Usage, "--trace writes one run: give one scenario, one policy and one seed.");
            if (request.Fit is { } fitted) Say(terminal, fitted);
            if (parsed.GetValue(savePlant) is { } target) await Save(terminal, request.Plant.ToJson() + Environment.NewLine, target, cancel);
            return parsed.GetValue(plants) is { } count
                ? await MonteCarlo(terminal, request, PlantRanges.All.Single(known => known.Name == parsed.GetValue(ranges)), count, parsed.GetValue(json), cancel)
                : await Run(terminal, request, parsed.GetValue(trace), parsed.GetValue(report), parsed.GetValue(json), cancel);
        });
        return verb;
    }

    static async Task<int> Run(Terminal terminal, SimulationRequest request, string? trace, string? report, bool json, CancellationToken cancel)
    {
        var runs = new List<(Scores Run, Scores Ungoverned)>();
        var reported = new List<ReportedRun>();
        foreach (var scenario in request.Scenarios)
            foreach (var seed in request.Seeds)
            {
                var ungoverned = SimulatedHunt.Run(scenario, SimulatedPolicy.Ungoverned, request.Plant, seed);
                foreach (var policy in request.Policies)
                {
                    cancel.ThrowIfCancellationRequested();
                    var seconds = trace is not null || (report is not null && seed == request.Seeds[0]) ? new List<TraceSecond>() : null;
                    var scores = SimulatedHunt.Run(scenario, policy, request.Plant, seed, seconds);
                    runs.Add((scores, ungoverned));
                    if (json) terminal.Json(scores.ToJson(ungoverned));
                    if (seconds is not null && report is not null) reported.Add(new(scenario, scores, ungoverned, seconds));
                    if (seconds is not null && trace is not null) await Save(terminal, string.Concat(seconds.Select(second => second.ToLine() + "\n")), trace, cancel);
                }
            }
        if (!json) ScoreTables.Write(terminal, runs);
        if (report is not null)
        {
            Directory.CreateDirectory(report);
            await Save(terminal, ReportPage.Html(reported, Command(request)), Path.Combine(report, "index.html"), cancel);
        }
        return ExitCode.Done;
    }

    static async Task<int> MonteCarlo(Terminal terminal, SimulationRequest request, PlantRanges ranges, int plants, bool json, CancellationToken cancel)
    {
        var runs = await terminal.Progress<MonteCarloRun[]>("random plants", progress => Task.Run(() =>
            Governor.Simulation.MonteCarlo.Run(ranges, request.Policies, request.Plant, plants, request.Seeds[0], cancel, done => progress.Report(new Step($"{done} of {plants} plants", done / (double)plants))), cancel));
        if (!json) ScoreTables.Write(terminal, [.. request.Policies.Select((_, i) => MonteCarloSummary.Of(runs, i))], plants, ranges);
        else
            foreach (var run in runs)
                foreach (var scores in run.Policies) terminal.Json(scores.ToJson(run.Ungoverned));
        return ExitCode.Done;
    }

    static string Command(SimulationRequest request) =>
        $"veltrix simulate --scenario {string.Join(',', request.Scenarios.Select(scenario => scenario.Name))} --policy {string.Join(',', request.Policies.Select(policy => policy.Label))} --seed {request.Seeds[0]}";

    static void Say(Terminal terminal, PlantFit fit)
    {
        var plant = fit.Plant;
        terminal.Say(FormattableString.Invariant(
            $"Fitted to {fit.Seconds:N0} s: base {plant.BaseMemory:0.000}, per seat {plant.MemoryPerSeat:0.00e0}, per orphan {plant.MemoryPerOrphan:0.00e0}, per join {plant.MemoryPerJoin:0.00e0}; memory is off by {100 * fit.Error:0.00} points."));
        terminal.Say(fit.BacklogSeconds >= PlantFit.BacklogLeast
            ? FormattableString.Invariant($"Capacity {plant.Capacity:N0} events a second, from {fit.BacklogSeconds:N0} s of backlog.")
            : FormattableString.Invariant($"Capacity was not fitted: {fit.BacklogSeconds} s of backlog, and {PlantFit.BacklogLeast} are needed."));
    }

    static Task Save(Terminal terminal, string text, string file, CancellationToken cancel) => terminal.Save(stream => stream.WriteAsync(Encoding.UTF8.GetBytes(text), cancel).AsTask(), file);
}
