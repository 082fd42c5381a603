namespace Veltrix.Governor.Simulation;

/// <summary>A crowd that comes in its way, and what befalls it. <see cref="Scenarios"/> has them by name.</summary>
public sealed record Scenario
{
    public required string Name { get; init; }

    /// <summary>One line for people.</summary>
    public required string Summary { get; init; }

    public int Seconds { get; init; } = 1200;

    /// <summary>Hunters who come in a second: of the hunt (from 0) and the second.</summary>
    public required Func<int, int, double> Arrivals { get; init; }

    internal Func<int, Disturbance> At { get; init; } = _ => new Disturbance();

    /// <summary>Hunts on the same Redis; each has a share of the ceiling, a log and a policy's state of its own.</summary>
    public int Hunts { get; init; } = 1;

    public int Sidecars { get; init; } = 1;

    /// <summary>So many of the sidecars always read a memory of 99 %.</summary>
    public int PoisonedSidecars { get; init; }

    /// <summary>Share of those who gave up waiting that comes again after <see cref="RetryAfter"/> seconds.</summary>
    public double RetryShare { get; init; }

    public const int RetryAfter = 30;
}
