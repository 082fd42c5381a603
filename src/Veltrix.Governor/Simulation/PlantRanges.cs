namespace Veltrix.Governor.Simulation;

/// <summary>
/// From how wide a field random plants are drawn. A policy that was tuned on one plant shows here what it does with a Redis that nobody measured.
/// </summary>
/// <remarks>
/// Every factor is drawn evenly in its range, one number each, in a fixed order; what a range leaves at 1 still draws its number, so that both sets stay the same when a range changes. The
/// published text does not say how it drew. Even draws agree with its rows of a fixed 38,000 as far as the tests say; whether even logarithms would agree as well was not measured. The ramp brings 50,000 in 40 to 240 s.
/// </remarks>
public sealed record PlantRanges
{
    public const int Seconds = 1800;

    static readonly (double, double) One = (1, 1);

    /// <summary>What may be wrong about everything: the ranges that <c>forecast</c> was judged on.</summary>
    public static readonly PlantRanges Wide = new()
    {
        Name = "wide",
        MemoryPerSeat = (0.5, 2), MemoryPerOrphan = (0.5, 2), MemoryPerJoin = (0.4, 2.2), SeatSeconds = (0.5, 2), OrphanSeconds = (0.5, 2), JoinSeconds = (0.2, 1.5),
        EventsPerJoin = (0.5, 2), Capacity = (0.5, 1.5), BaseMemory = (0.8, 1.2), MemoryNoise = (1, 3), DelaySeconds = (0, 10),
    };

    /// <summary>The first ranges, which <c>headroom</c> was judged on.</summary>
    public static readonly PlantRanges Narrow = new()
    {
        Name = "narrow",
        MemoryPerSeat = (0.7, 1.5), MemoryPerOrphan = One, MemoryPerJoin = (0.4, 2.2), SeatSeconds = One, OrphanSeconds = One, JoinSeconds = (0.2, 1.3),
        EventsPerJoin = One, Capacity = (0.75, 1.4), BaseMemory = (0.8, 1.2), MemoryNoise = One, DelaySeconds = (0, 0),
    };

    public static IReadOnlyList<PlantRanges> All { get; } = [Wide, Narrow];

    public required string Name { get; init; }

    public required (double Least, double Most) MemoryPerSeat { get; init; }

    public required (double Least, double Most) MemoryPerOrphan { get; init; }

    public required (double Least, double Most) MemoryPerJoin { get; init; }

    public required (double Least, double Most) SeatSeconds { get; init; }

    public required (double Least, double Most) OrphanSeconds { get; init; }

    public required (double Least, double Most) JoinSeconds { get; init; }

    public required (double Least, double Most) EventsPerJoin { get; init; }

    public required (double Least, double Most) Capacity { get; init; }

    public required (double Least, double Most) BaseMemory { get; init; }

    public required (double Least, double Most) MemoryNoise { get; init; }

    /// <summary>Of memory and of lag, each its own; in seconds.</summary>
    public required (double Least, double Most) DelaySeconds { get; init; }

    /// <summary>The plant and the crowd of one seed; always the same.</summary>
    public (PlantParameters Plant, Scenario Scenario) Draw(long seed, PlantParameters nominal)
    {
        var chance = new Chance(seed, stream: 3);
        var plant = nominal with
        {
            MemoryPerSeat = nominal.MemoryPerSeat * Of(MemoryPerSeat),
            MemoryPerOrphan = nominal.MemoryPerOrphan * Of(MemoryPerOrphan),
            MemoryPerJoin = nominal.MemoryPerJoin * Of(MemoryPerJoin),
            SeatSeconds = nominal.SeatSeconds * Of(SeatSeconds),
            OrphanSeconds = nominal.OrphanSeconds * Of(OrphanSeconds),
            JoinSeconds = nominal.JoinSeconds * Of(JoinSeconds),
            EventsPerJoin = nominal.EventsPerJoin * Of(EventsPerJoin),
            Capacity = nominal.Capacity * Of(Capacity),
            BaseMemory = nominal.BaseMemory * Of(BaseMemory),
            MemoryNoise = nominal.MemoryNoise * Of(MemoryNoise),
            MemoryDelaySeconds = Of(DelaySeconds),
            LagDelaySeconds = Of(DelaySeconds),
        };
        var ramp = chance.Between(40, 240);
        var scenario = new Scenario
        {
            Name = $"monte-carlo-{Name}",
            Summary = FormattableString.Invariant($"50,000 in {ramp:0} s on a random plant"),
            Seconds = Seconds,
            Arrivals = Scenarios.Ramp(50_000, ramp),
        };
        return (plant, scenario);

        double Of((double Least, double Most) range) => chance.Between(range.Least, range.Most);
    }
}
