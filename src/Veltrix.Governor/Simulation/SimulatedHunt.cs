using System.Collections.Immutable;
using Veltrix.Governor.Orchestration;
using Veltrix.Governor.Policies;
using Veltrix.Governor.Signals;

namespace Veltrix.Governor.Simulation;

/// <summary>
/// Runs a policy against a simulated hunt, a second at a time. Pure: the same arguments give the same scores and the same trace, to the last bit. Of one thread; as many as
/// there are threads may run side by side.
/// </summary>
public sealed class SimulatedHunt
{
    // Apart from the noise of the plant: a policy that makes more decisions changes neither.
    const int PhaseStream = 2;

    readonly Scenario scenario;
    readonly SimulatedPolicy policy;
    readonly long seed;
    readonly Plant plant;
    readonly ControlPath[] paths;
    readonly (double Joins, double Leaves)[] sinceTick;
    readonly double[,] retries;
    // As the orchestrator knows them: by name, and in its order.
    readonly string[] names;
    double sharedUntil = double.NegativeInfinity;
    readonly SourceClock server = new();
    Reading? memory;
    readonly Reading?[] lags;
    readonly RecordFlow[] flows;

    SimulatedHunt(Scenario scenario, SimulatedPolicy policy, PlantParameters parameters, long seed)
    {
        (this.scenario, this.policy, this.seed) = (scenario, policy, seed);
        plant = new Plant(parameters, scenario.Hunts, scenario.Seconds, seed);
        var phases = new Chance(seed, PhaseStream);
        paths = [.. Enumerable.Range(0, scenario.Hunts).Select(_ => new ControlPath(policy.Policy, policy.Ceiling / scenario.Hunts, scenario.Sidecars, phases))];
        sinceTick = new (double, double)[scenario.Hunts];
        retries = new double[scenario.Hunts, Scenario.RetryAfter];
        lags = new Reading?[scenario.Hunts];
        flows = [.. Enumerable.Range(0, scenario.Hunts).Select(_ => new RecordFlow())];
        names = [.. Enumerable.Range(1, scenario.Hunts).Select(hunt => $"hunt-{hunt:0000}")];
    }

    /// <param name="trace">Gets every second.</param>
    public static Scores Run(Scenario scenario, SimulatedPolicy policy, PlantParameters parameters, long seed, List<TraceSecond>? trace = null) =>
        new SimulatedHunt(scenario, policy, parameters, seed).Run(trace);

    // 1. Measure and decide, every 5 s, from what the second before left.   2. Let servers hear of it.
    // 3. Let the crowds come, give up, be seated and leave.                 4. Settle memory and logs.   5. Score.
    Scores Run(List<TraceSecond>? trace)
    {
        var scoring = new Scoring(policy.Ceiling);
        for (var second = 0; second < scenario.Seconds; second++)
        {
            var disturbance = scenario.At(second);
            var decides = second % ControlPath.TickSeconds == 0;
            if (decides) Decide(second, disturbance);
            foreach (var path in paths) path.Refresh(second);
            var arrivals = 0.0;
            for (var hunt = 0; hunt < paths.Length; hunt++) arrivals += Play(hunt, second, disturbance);
            plant.Settle(second, disturbance, hunt => paths[hunt].Published.Brownout.Lag);
            var limit = Published();
            scoring.Second(plant, limit);
            trace?.Add(Second(second, arrivals, limit, decides));
        }
        return scoring.Of(scenario.Name, policy.Label, seed, plant);
    }

    void Decide(int second, in Disturbance disturbance)
    {
        var parameters = plant.Parameters;
        if (!disturbance.MemoryLost)
            memory = new Reading(Signal.RedisMemory, plant.MemoryAt(second, parameters.MemoryDelaySeconds), second - parameters.MemoryDelaySeconds, Scoring.MemorySoft, 0.90);
        var measuredAt = double.NaN;
        var isLagLost = disturbance.LagLost || StampLag(second, disturbance.ClockError, out measuredAt) is not null;
        var tallies = new SortedDictionary<string, Tally>(StringComparer.Ordinal);
        for (var hunt = 0; hunt < paths.Length; hunt++)
        {
            if (!isLagLost)
                lags[hunt] = new Reading(Signal.LogLag, plant.LagAt(hunt, second, parameters.LagDelaySeconds), measuredAt, Scoring.LagSoft, 5000);
            var crowd = plant.Crowds[hunt];
            var ceiling = policy.Ceiling / paths.Length * disturbance.CeilingFactor;
            var observation = new Observation
            {
                Ceiling = ceiling,
                Floor = SimulatedPolicy.FloorShare * ceiling,
                Seated = crowd.Seated,
                Waiting = crowd.Waiting,
                Joins = sinceTick[hunt].Joins,
                Leaves = sinceTick[hunt].Leaves,
                OrphanSeconds = parameters.OrphanSeconds,
                Sent = isLagLost || !policy.HearsFlow ? null : flows[hunt].Next(((long)plant.SentAt(hunt, second, parameters.LagDelaySeconds), measuredAt)),
                Readings = Readings(memory, lags[hunt]),
            };
            sinceTick[hunt] = default;
            if (paths[hunt].Count(sidecar => sidecar < scenario.PoisonedSidecars ? Poisoned(observation) : observation, second) is { } tally) tallies[names[hunt]] = tally;
        }

        if (Sharing.IsDue(disturbance.MemoryLost ? null : memory?.Value)) sharedUntil = second + Sharing.Hold.TotalSeconds;
        if (second < sharedUntil) Sharing.Among(tallies, name => plant.Crowds[Array.IndexOf(names, name)].Seated);
        for (var hunt = 0; hunt < paths.Length; hunt++)
            if (tallies.TryGetValue(names[hunt], out var tally)) paths[hunt].Publish(tally, second);
    }

    // Servers stamp the lag with their own wall clock; the sidecar measures the memory itself.
    SampleFault? StampLag(int second, double clockError, out double at) =>
        server.Convert((long)Math.Round(1000 * (second - plant.Parameters.LagDelaySeconds + clockError)), second, 1000L * second, out at);

    double Play(int hunt, int second, in Disturbance disturbance)
    {
        var (path, crowd) = (paths[hunt], plant.Crowds[hunt]);
        var slot = second % Scenario.RetryAfter;
        var arrivals = scenario.Arrivals(hunt, second) + retries[hunt, slot];
        var orphanSeconds = plant.Parameters.OrphanSeconds * (1 - 0.8 * path.Published.Brownout.Memory);
        crowd.Step(second, arrivals, path.Limit, path.JoinsPerSecond, path.Published.Pause, orphanSeconds, disturbance.Reconnecting);
        retries[hunt, slot] = scenario.RetryShare * crowd.GaveUpNow;
        sinceTick[hunt] = (sinceTick[hunt].Joins + crowd.Joins, sinceTick[hunt].Leaves + crowd.Leaves);
        return arrivals;
    }

    double Published()
    {
        var sum = 0.0;
        foreach (var path in paths) sum += path.Published.Limit;
        return sum;
    }

    TraceSecond Second(int second, double arrivals, double limit, bool decides)
    {
        var decision = decides ? paths[0].Published : null;
        return new(second, arrivals, plant.Seated, plant.Crowds.Sum(crowd => crowd.Waiting), limit, plant.Memory, plant.Lag,
            plant.Crowds.Sum(crowd => crowd.Joins), plant.Crowds.Sum(crowd => crowd.Leaves), decision is null ? null : Words.Name(decision.Mode), decision?.Reason);
    }

    static ImmutableArray<Reading> Readings(Reading? memory, Reading? lag) => (memory, lag) switch
    {
        ({ } m, { } l) => [m, l],
        ({ } m, null) => [m],
        (null, { } l) => [l],
        _ => [],
    };

    static Observation Poisoned(Observation observation) => observation with
    {
        Readings = [.. observation.Readings.Select(reading => reading.Signal == Signal.RedisMemory ? reading with { Value = 0.99 } : reading)],
    };
}
