using System.Globalization;
using Veltrix.Governor.Simulation;
using Veltrix.Hunts;

namespace Veltrix.Cli;

/// <summary>What a simulation is asked to do, with every name and file looked up before anything runs.</summary>
sealed class SimulationRequest
{
    readonly List<string> faults = [];

    public IReadOnlyList<Scenario> Scenarios { get; private set; } = [];

    public IReadOnlyList<SimulatedPolicy> Policies { get; private set; } = [];

    public IReadOnlyList<long> Seeds { get; private set; } = [];

    public PlantParameters Plant { get; private set; } = PlantParameters.Nominal;

    /// <summary>How <see cref="Plant"/> was fitted, if it was.</summary>
    public PlantFit? Fit { get; private set; }

    public SimulationRequest WithPolicies(string policies, double ceiling)
    {
        var parsed = new List<SimulatedPolicy>();
        foreach (var label in Words(policies))
        {
            if (SimulatedPolicy.Parse(label, ceiling) is { } policy) parsed.Add(policy);
            else if (label.Split('@') is [var name, _] && SimulatedPolicy.Names.Contains(name))
                faults.Add(name == SimulatedPolicy.None ? "none has no ceiling to set: it is what happens without a governor." : $"{label}: after the @ stands a ceiling, such as linear@40000.");
            else faults.Add(Unknown("policy", label.Split('@')[0], SimulatedPolicy.Names));
        }
        if (parsed.GroupBy(policy => policy.Label).FirstOrDefault(group => group.Count() > 1) is { } twice) faults.Add($"--policy names {twice.Key} twice.");
        if (parsed.Count == 0 && faults.Count == 0) faults.Add("--policy names none.");
        Policies = parsed;
        return this;
    }

    public SimulationRequest WithScenarios(string scenarios)
    {
        var found = new List<Scenario>();
        foreach (var name in Words(scenarios).Distinct())
        {
            if (name == "all") found.AddRange(Governor.Simulation.Scenarios.All);
            else if (Governor.Simulation.Scenarios.Find(name) is { } scenario) found.Add(scenario);
            else faults.Add(Unknown("scenario", name, [.. Governor.Simulation.Scenarios.All.Select(scenario => scenario.Name), "all"]));
        }
        Scenarios = found;
        return this;
    }

    public SimulationRequest WithSeeds(long seed, string? several)
    {
        Seeds = [seed];
        if (several is null) return this;
        var ends = several.Split('-');
        if (ends.Length == 2 && TryNumber(ends[0], out var first) && TryNumber(ends[1], out var last) && first <= last && last - first < 1000) Seeds = [.. Range(first, last)];
        else faults.Add($"--seeds {several}: the first and the last are needed, such as 1-5, and at most 1,000 of them.");
        return this;

        static bool TryNumber(string text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

        static IEnumerable<long> Range(long first, long last)
        {
            for (var seed = first; seed <= last; seed++) yield return seed;
        }
    }

    public SimulationRequest WithPlant(string? plant, string? recorded) => Reading(() =>
    {
        if (plant is not null) Plant = PlantParameters.Parse(Text(plant), plant);
        if (recorded is null) return;
        using var lines = new StringReader(Text(recorded));
        Fit = PlantFit.Of(TraceSecond.Read(lines, recorded), Plant);
        Plant = Fit.Plant;
    });

    /// <param name="alone">The name of the recorded crowd where no scenario says what befalls it.</param>
    public SimulationRequest WithArrivals(string? file, int? hunters, TimeSpan? ramp, string? alone) => Reading(() =>
    {
        if (file is null) return;
        if (!File.Exists(file)) throw Missing(file);
        var recorded = RecordedArrivals.Read(file);
        Scenarios = [.. Scenarios.Select(scenario => recorded.Into(alone is null ? scenario : scenario with { Name = alone, Summary = $"as recorded in {Path.GetFileName(file)}", Seconds = 0 }, hunters, ramp))];
    });

    /// <exception cref="CliException">With all that is wrong.</exception>
    public SimulationRequest Check() => faults.Count == 0 ? this : throw new CliException(ExitCode.Usage, string.Join(Environment.NewLine, faults));

    // Names first: whoever mistyped one should not be told of a file.
    SimulationRequest Reading(Action read)
    {
        Check();
        try
        {
            read();
        }
        catch (SimulationException error)
        {
            throw new CliException(ExitCode.Failed, error.Message, inner: error);
        }
        return this;
    }

    static string Text(string file) => File.Exists(file) ? File.ReadAllText(file) : throw Missing(file);

    static CliException Missing(string file) => new(ExitCode.NotFound, $"There is no file {file}.");

    static IEnumerable<string> Words(string list) => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    static string Unknown(string kind, string name, IEnumerable<string> known) =>
        $"There is no {kind} '{name}'.{(Suggestion.For(name, known) is { } near ? $" Did you mean '{near}'?" : "")} There are {string.Join(", ", known)}.";
}
