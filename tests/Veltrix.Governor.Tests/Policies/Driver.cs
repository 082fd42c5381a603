using Veltrix.Governor.Policies;

namespace Veltrix.Governor.Tests.Policies;

/// <summary>Steps a policy tick by tick and remembers what it said.</summary>
sealed class Driver(IAdmissionPolicy policy, double limit, double ceiling = 50_000, double floorRatio = 0.05)
{
    public PolicyState State { get; private set; } = policy.Begin(limit);

    public double Ceiling { get; set; } = ceiling;

    public double Floor => floorRatio * Ceiling;

    public double Now { get; private set; }

    public Decision Last { get; private set; } = null!;

    public double Limit => State.Limit;

    /// <summary>One tick with these readings, taken now.</summary>
    public Decision Tick(double memory, double lag = 0, double seated = 0, double waiting = 100_000, double joins = 0, double leaves = 0, double seconds = 5, double? at = null, double? sent = null)
    {
        Now += seconds;
        return Step(new Observation
        {
            Ceiling = Ceiling, Floor = Floor, Seated = seated, Waiting = waiting, Joins = joins, Leaves = leaves, Readings = [Memory(memory, at ?? Now), Lag(lag, at ?? Now)],
            Sent = sent is { } flow ? new Flow(flow, Now - seconds, Now) : null,
        });
    }

    public Decision Step(Observation observation)
    {
        var step = policy.Step(State, observation, Now);
        State = step.State;
        return Last = step.Decision;
    }

    public static Reading Memory(double value, double at) => new(Signal.RedisMemory, value, at, 0.80, 0.90);

    public static Reading Lag(double value, double at, double scale = 1) => new(Signal.LogLag, value, at, 1_000 * scale, 5_000 * scale);
}

/// <summary>One tick of a fuzzed run.</summary>
sealed record FuzzTick(double Seconds, double Memory, double Lag, double Seated, double Waiting, double Joins, double Leaves, double ReadingAge)
{
    public Observation Observe(double now, double ceiling, double floor, double scale = 1) => new()
    {
        Ceiling = ceiling * scale, Floor = floor * scale, Seated = Seated * scale, Waiting = Waiting * scale, Joins = Joins * scale, Leaves = Leaves * scale,
        Readings = [Driver.Memory(Memory, now - ReadingAge), Driver.Lag(Lag * scale, now - ReadingAge, scale)],
    };
}
