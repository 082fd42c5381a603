namespace Veltrix.Governor.Simulation;

/// <summary>
/// A plant fitted to a recorded hunt, so that what-if questions are asked of the Redis that was there. Memory by least squares, capacity from how a backlog shrank.
/// </summary>
/// <remarks>
/// <code>
/// mem(t) = base + perSeat·A + perOrphan·Z + perJoin·J          Z += leaves − Z/300, J += joins − J/600, kept from the recorded joins and leaves
/// Δlag   = 0.0415·A + 1.35·joins − capacity                     where lag stood before and after, and memory was not slowing
/// </code>
/// Seats, orphans and fresh joins rise together in a ramp, so their coefficients are hard to tell apart. Each is therefore drawn to its nominal value as by one reading of 100 %
/// doubt; a recording that says nothing of one leaves it there. What is forecast along paths like the recorded one is right even where the single coefficients are not.
/// </remarks>
/// <param name="Plant">The starting plant with base, three memory coefficients and noise fitted, and capacity where there was a backlog.</param>
/// <param name="Error">Root of the mean square of what memory differs by, a share.</param>
/// <param name="Seconds">Recorded ones.</param>
/// <param name="BacklogSeconds">Those that said something of the capacity; under <see cref="BacklogLeast"/> it is not fitted.</param>
public sealed record PlantFit(PlantParameters Plant, double Error, int Seconds, int BacklogSeconds)
{
    public const int Least = 60;
    public const int BacklogLeast = 10;

    // Seats in the ten thousands and memory as a share of one: scaled, all coefficients are near 0.3.
    const double Scale = 30_000;

    /// <exception cref="SimulationException">Too little was recorded.</exception>
    public static PlantFit Of(IReadOnlyList<TraceSecond> recorded, PlantParameters start)
    {
        if (recorded.Count < Least) throw new SimulationException($"{recorded.Count} seconds are recorded; a fit needs at least {Least}.");
        var rows = Rows(recorded, start);
        var theta = Solve(rows, recorded, start);
        var error = Math.Sqrt(rows.Select((row, i) => Square(recorded[i].Memory - Dot(theta, row))).Average());
        var capacities = Capacities(recorded, start).ToArray();
        var plant = start with
        {
            BaseMemory = Math.Max(0, theta[0]),
            MemoryPerSeat = Math.Max(0, theta[1] / Scale),
            MemoryPerOrphan = Math.Max(0, theta[2] / Scale),
            MemoryPerJoin = Math.Max(0, theta[3] / Scale),
            MemoryNoise = error,
            Capacity = capacities.Length >= BacklogLeast ? Math.Max(1, capacities.Average()) : start.Capacity,
        };
        return new(plant, error, recorded.Count, capacities.Length);
    }

    static double[][] Rows(IReadOnlyList<TraceSecond> recorded, PlantParameters start)
    {
        var rows = new double[recorded.Count][];
        var (orphans, joins) = (0.0, 0.0);
        for (var i = 0; i < recorded.Count; i++)
        {
            // A recording may have gaps; what decays does so in them too.
            var elapsed = i == 0 ? 1 : Math.Max(1, recorded[i].Time - recorded[i - 1].Time);
            orphans += recorded[i].Leaves - orphans * Math.Min(1, elapsed / start.OrphanSeconds);
            joins += recorded[i].Joins - joins * Math.Min(1, elapsed / start.JoinSeconds);
            rows[i] = [1, recorded[i].Seated / Scale, orphans / Scale, joins / Scale];
        }
        return rows;
    }

    // Normal equations, with the pull to the nominal values on the diagonal; 4 × 4 and positive definite because of it, so elimination needs no pivoting.
    static double[] Solve(double[][] rows, IReadOnlyList<TraceSecond> recorded, PlantParameters start)
    {
        double[] nominal = [start.BaseMemory, start.MemoryPerSeat * Scale, start.MemoryPerOrphan * Scale, start.MemoryPerJoin * Scale];
        var noise = Math.Max(start.MemoryNoise, 1e-4);
        var matrix = new double[4, 5];
        for (var i = 0; i < 4; i++)
        {
            var pull = Square(noise / Math.Max(nominal[i], 1e-3));
            matrix[i, i] = pull;
            matrix[i, 4] = pull * nominal[i];
        }
        for (var r = 0; r < rows.Length; r++)
            for (var i = 0; i < 4; i++)
            {
                for (var j = 0; j < 4; j++) matrix[i, j] += rows[r][i] * rows[r][j];
                matrix[i, 4] += rows[r][i] * recorded[r].Memory;
            }
        for (var pivot = 0; pivot < 4; pivot++)
            for (var i = 0; i < 4; i++)
            {
                if (i == pivot) continue;
                var factor = matrix[i, pivot] / matrix[pivot, pivot];
                for (var j = pivot; j < 5; j++) matrix[i, j] -= factor * matrix[pivot, j];
            }
        return [.. Enumerable.Range(0, 4).Select(i => matrix[i, 4] / matrix[i, i])];
    }

    static IEnumerable<double> Capacities(IReadOnlyList<TraceSecond> recorded, PlantParameters start)
    {
        for (var i = 1; i < recorded.Count; i++)
        {
            var (before, after) = (recorded[i - 1], recorded[i]);
            if (after.Time - before.Time != 1 || before.Lag <= 0 || after.Lag <= 0 || after.Memory >= start.SlowFrom) continue;
            yield return start.EventsPerSeat * after.Seated + start.EventsPerJoin * after.Joins - (after.Lag - before.Lag);
        }
    }

    static double Dot(double[] a, double[] b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3];

    static double Square(double x) => x * x;
}
