namespace Veltrix.Governor.Policies;

/// <summary>What a policy is doing.</summary>
public enum Mode
{
    /// <summary>Says nothing yet: it was not told the limit, or has seen too little.</summary>
    Abstain,
    /// <summary>Raising the limit.</summary>
    Ramp,
    /// <summary>Leaving it.</summary>
    Hold,
    /// <summary>Lowering it a little, as foreseen.</summary>
    Trim,
    /// <summary>Lowering it because a threshold is passed.</summary>
    Brake,
    /// <summary>Measurements are missing: the limit may fall and never rise.</summary>
    Stale,
}

/// <summary>What a decision rests on: the label in metrics.</summary>
public enum Cause
{
    None,
    RedisMemory,
    LogLag,
    LogLagSeconds,
    OutcomeSeconds,
    ScorerQueue,
    Stale,
    Ceiling,
    Floor,
    Manual,
}

/// <summary>The second actuator: cheaper service, 0 (all of it) to 1 (the least). <c>solves</c> never depend on it.</summary>
/// <param name="Memory">Shortens the grace of lost connections: × (1 − 0.8 of it).</param>
/// <param name="Lag">Thins out what is not a solve: × (1 − 0.5 of it), stretches the cadence of boards and graphs, and ends presence and graph.</param>
public readonly record struct Brownout(double Memory, double Lag)
{
    public static readonly Brownout None = new(0, 0);
}

/// <summary>What a policy wants for one hunt, and why.</summary>
/// <param name="Limit">Hunters allowed now; between floor and ceiling.</param>
/// <param name="JoinsPerSecond">How fast seats may be given; <see cref="double.PositiveInfinity"/> where the policy does not pace.</param>
/// <param name="Pause">Nobody is let in until this is false again; the limit keeps its meaning.</param>
/// <param name="Reason">In words and numbers, without the limits: <c>redis memory 0.83 of 0.80</c>.</param>
public sealed record Decision(double Limit, double JoinsPerSecond, bool Pause, Brownout Brownout, Mode Mode, Cause Cause, string Reason);
