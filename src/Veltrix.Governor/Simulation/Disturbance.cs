namespace Veltrix.Governor.Simulation;

/// <summary>What befalls the stores, the measuring and the settings in one second of a scenario.</summary>
readonly record struct Disturbance()
{
    /// <summary>All memory × this: a copy being made, a shard that is fuller than the mean.</summary>
    public double MemoryFactor { get; init; } = 1;

    /// <summary>Memory of somebody else.</summary>
    public double MemoryOffset { get; init; }

    /// <summary>The scorer's capacity × this.</summary>
    public double CapacityFactor { get; init; } = 1;

    /// <summary>No new reading comes; the last one ages.</summary>
    public bool MemoryLost { get; init; }

    public bool LagLost { get; init; }

    /// <summary>Share of the seated that lose and find their connection in this second: no new seat, but the work of a join.</summary>
    public double Reconnecting { get; init; }

    /// <summary>The ceiling × this: somebody changed it under the live hunt.</summary>
    public double CeilingFactor { get; init; } = 1;

    /// <summary>The servers' wall clocks are wrong by so many seconds. The clock that a governor decides by is monotonic and cannot be.</summary>
    public double ClockError { get; init; }
}
