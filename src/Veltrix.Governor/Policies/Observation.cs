using System.Collections.Immutable;

namespace Veltrix.Governor.Policies;

/// <summary>What is measured. Names in metrics and reasons are these in lower case with underscores: <c>redis_memory</c>.</summary>
public enum Signal
{
    /// <summary>Used memory of the shared store over what it may use, 0 to 1 (and above).</summary>
    RedisMemory,
    /// <summary>Commands in the submissions log that the scorer has not decided, in records.</summary>
    LogLag,
    /// <summary>The same as time: records over the rate they are decided at, in seconds.</summary>
    LogLagSeconds,
    /// <summary>99th percentile from submission to outcome, in seconds.</summary>
    OutcomeSeconds,
    /// <summary>Commands that the scorer has read and not yet written down, in records.</summary>
    ScorerQueue,
}

/// <summary>One measurement of one signal, with what it is compared to.</summary>
/// <param name="Value">As measured; NaN, infinite or negative is as good as not measured.</param>
/// <param name="At">When it was measured at its source, in seconds of the same monotonic clock as a step's <c>now</c>.</param>
/// <param name="Soft">Above this the signal calls for fewer hunters.</param>
/// <param name="Critical">At this nobody is let in.</param>
/// <param name="Required">Without it nothing may rise; the others merely say nothing when they are missing.</param>
public readonly record struct Reading(Signal Signal, double Value, double At, double Soft, double Critical, bool Required = true)
{
    /// <summary>False for what cannot have been measured.</summary>
    public bool IsValid => double.IsFinite(Value) && Value >= 0 && double.IsFinite(At);

    /// <summary>Value over soft threshold: 1 is where fewer hunters are called for.</summary>
    public double Pressure => Value / Soft;
}

/// <summary>Records that came to a log, on the average between two times in seconds of the monotonic clock.</summary>
public readonly record struct Flow(double PerSecond, double From, double To);

/// <summary>One hunt as the governor sees it at a tick. Counts are of the whole hunt, over all servers.</summary>
public sealed record Observation
{
    /// <summary>Most hunters there may be.</summary>
    public required double Ceiling { get; init; }

    /// <summary>The limit never falls below.</summary>
    public required double Floor { get; init; }

    /// <summary>Hunters with a seat, those with a lost connection in their grace included.</summary>
    public required double Seated { get; init; }

    /// <summary>Hunters in the waiting room.</summary>
    public required double Waiting { get; init; }

    /// <summary>Seats given since the last observation.</summary>
    public double Joins { get; init; }

    /// <summary>Seats given back since the last observation.</summary>
    public double Leaves { get; init; }

    /// <summary>What came to the submissions log since the last observation; null where nobody tells.</summary>
    public Flow? Sent { get; init; }

    /// <summary>How long what a hunter leaves behind stays in the store without a brownout, in seconds.</summary>
    public double OrphanSeconds { get; init; } = 300;

    /// <summary>The newest reading of each signal, in any order; one that was never measured is absent.</summary>
    public required ImmutableArray<Reading> Readings { get; init; }

    /// <summary>The reading of a signal if it can have been measured.</summary>
    public Reading? Valid(Signal signal)
    {
        foreach (var reading in Readings)
            if (reading.Signal == signal && reading.IsValid) return reading;
        return null;
    }
}
