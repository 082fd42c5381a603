namespace Veltrix.Cli.Chaos;

/// <summary>One fault: when, what, and to whom.</summary>
/// <param name="At">After the first.</param>
/// <param name="Lasts">How long what was stopped, cut or filled stays so.</param>
/// <param name="Draw">Of [0, 1): chooses the victim among those there are.</param>
sealed record PlannedFault(TimeSpan At, string Kind, TimeSpan Lasts, double Draw);

/// <summary>Which faults come when: the same for the same seed, whatever happens meanwhile.</summary>
static class FaultPlan
{
    /// <summary>Less would be one fault on top of another before anybody could have noticed the first.</summary>
    static readonly TimeSpan SlotLeast = TimeSpan.FromSeconds(4);

    static readonly TimeSpan LastsLeast = TimeSpan.FromSeconds(1);
    static readonly TimeSpan LastsMost = TimeSpan.FromSeconds(7);

    /// <summary>
    /// Every kind once, in an order that the seed draws, and again in others until the time is full. Faults begin evenly, give or take; a long one may reach into the next.
    /// </summary>
    /// <param name="span">Time for all of them.</param>
    /// <exception cref="CliException">Too short for one of each.</exception>
    public static IReadOnlyList<PlannedFault> Of(int seed, TimeSpan span)
    {
        var kinds = FaultKind.All;
        var rounds = (int)(span / (SlotLeast * kinds.Count));
        if (rounds < 1)
            throw new CliException(ExitCode.Usage, $"{span.TotalSeconds:0} s of faults are too short for one of each of {kinds.Count} kinds.", $"At least {(SlotLeast * kinds.Count).TotalSeconds:0} s are needed: give more --minutes.");
        // Three rounds an hour's worth of noise is enough: longer runs have longer quiet in between, in which everything must become well again.
        rounds = Math.Min(rounds, 3);
        var chance = new Random(seed);
        var slot = span / (rounds * kinds.Count);
        var plan = new List<PlannedFault>();
        for (var round = 0; round < rounds; round++)
        {
            var order = kinds.ToArray();
            chance.Shuffle(order);
            foreach (var kind in order)
                plan.Add(new PlannedFault(slot * (plan.Count + (0.5 * chance.NextDouble())), kind, LastsLeast + ((LastsMost - LastsLeast) * chance.NextDouble()), chance.NextDouble()));
        }

        return plan;
    }
}
