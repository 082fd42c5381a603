namespace Veltrix.Governor.Policies;

/// <summary>
/// A rule that turns what is measured into a limit. Pure: the same state, observation and time give the same step, to the last bit, on every machine.
/// An instance holds parameters and nothing else, so that a change of parameters is another instance going on with the same state.
/// </summary>
public interface IAdmissionPolicy
{
    /// <summary>As in <c>governor.policy</c>.</summary>
    string Name { get; }

    /// <summary>The state of somebody who knows nothing but the limit in force, in hunters.</summary>
    PolicyState Begin(double limit);

    /// <summary>One tick.</summary>
    /// <param name="state">What this policy's last step gave, or <see cref="Begin"/>.</param>
    /// <param name="now">Seconds of a monotonic clock; where it runs backwards or stands still nothing is learnt and nothing rises.</param>
    Step Step(PolicyState state, Observation observation, double now);
}

/// <summary>What a policy remembers from tick to tick. Immutable.</summary>
/// <param name="Limit">The limit it works from, in hunters: what it last decided, unless it was told that another one was applied.</param>
public abstract record PolicyState(double Limit);

/// <param name="State">For the next step.</param>
public readonly record struct Step(PolicyState State, Decision Decision);
