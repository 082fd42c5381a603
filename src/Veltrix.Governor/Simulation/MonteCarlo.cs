namespace Veltrix.Governor.Simulation;

/// <summary>Runs on random plants, each policy on the same ones, and what they come to together.</summary>
public static class MonteCarlo
{
    /// <summary>A fixed limit that somebody who knew the plant would have chosen: nothing ever over its soft threshold, noise aside.</summary>
    public const double SafeMemory = Scoring.MemorySoft;

    /// <param name="seed">Of the first plant; the others follow.</param>
    /// <returns>By plant, then by policy; the order does not depend on how many run at once.</returns>
    public static MonteCarloRun[] Run(PlantRanges ranges, IReadOnlyList<SimulatedPolicy> policies, PlantParameters nominal, int plants, long seed, CancellationToken cancel, Action<int>? done = null)
    {
        var runs = new MonteCarloRun[plants];
        var finished = 0;
        Parallel.For(0, plants, new ParallelOptions { CancellationToken = cancel }, i =>
        {
            var (plant, scenario) = ranges.Draw(seed + i, nominal);
            runs[i] = new MonteCarloRun(
                SimulatedHunt.Run(scenario, SimulatedPolicy.Ungoverned, plant, seed + i),
                BestFixed(scenario, plant, seed + i),
                [.. policies.Select(policy => SimulatedHunt.Run(scenario, policy, plant, seed + i))]);
            done?.Invoke(Interlocked.Increment(ref finished));
        });
        return runs;
    }

    /// <summary>The run under the highest fixed limit that keeps memory at 80 % and lag at 1,000, found with knowledge of all that comes.</summary>
    public static Scores BestFixed(Scenario scenario, PlantParameters plant, long seed)
    {
        var quiet = plant with { MemoryNoise = 0 };
        var (safe, unsafeLimit) = (0.0, SimulatedPolicy.StandardCeiling);
        var best = Fixed(scenario, quiet, unsafeLimit, seed);
        if (IsSafe(best)) safe = unsafeLimit;
        while (unsafeLimit - safe > 100)
        {
            var middle = (safe + unsafeLimit) / 2;
            if (IsSafe(Fixed(scenario, quiet, middle, seed))) safe = middle;
            else unsafeLimit = middle;
        }
        return Fixed(scenario, plant, safe, seed);

        static bool IsSafe(Scores scores) => scores.PeakMemory <= SafeMemory && scores.PeakLag <= Scoring.LagSoft;
    }

    internal static Scores Fixed(Scenario scenario, PlantParameters plant, double limit, long seed) =>
        SimulatedHunt.Run(scenario, new SimulatedPolicy("fixed", null, limit), plant, seed);
}

/// <summary>One random plant.</summary>
public sealed record MonteCarloRun(Scores Ungoverned, Scores BestFixed, IReadOnlyList<Scores> Policies);

/// <summary>What a policy came to on all of them. Shares are of plants.</summary>
/// <param name="VersusFixedTotal">Player-minutes of all plants together over those of the best fixed limits; the mean of ratios is swollen by plants on which no fixed limit is any good.</param>
public sealed record MonteCarloSummary(
    string Policy, double MemoryOver85, double MemoryOver90, double LagOver2000, double MemoryMedian, double MemoryP95, double MemoryMost,
    double VersusFixedMedian, double VersusFixedTotal, double VersusUngoverned, double ReversalsMedian, double WaitMean)
{
    public static MonteCarloSummary Of(IReadOnlyList<MonteCarloRun> runs, int policy)
    {
        var scores = runs.Select(run => run.Policies[policy]).ToArray();
        var peaks = scores.Select(run => run.PeakMemory).Order().ToArray();
        var ratios = runs.Select(run => run.Policies[policy].PlayerMinutes / Math.Max(1, run.BestFixed.PlayerMinutes)).Order().ToArray();
        return new(
            scores[0].Policy, Share(run => run.PeakMemory > 0.85), Share(run => run.PeakMemory > 0.90), Share(run => run.PeakLag > 2000), At(peaks, 0.5), At(peaks, 0.95), peaks[^1],
            At(ratios, 0.5), scores.Sum(run => run.PlayerMinutes) / runs.Sum(run => run.BestFixed.PlayerMinutes), scores.Sum(run => run.PlayerMinutes) / runs.Sum(run => run.Ungoverned.PlayerMinutes),
            At([.. scores.Select(run => (double)run.Reversals).Order()], 0.5), scores.Average(run => run.WaitMean));

        double Share(Func<Scores, bool> counts) => scores.Count(counts) / (double)scores.Length;
    }

    static double At(double[] sorted, double share) => sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))];
}
