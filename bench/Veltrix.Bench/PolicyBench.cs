using BenchmarkDotNet.Attributes;
using Veltrix.Governor.Policies;

namespace Veltrix.Bench;

/// <summary>One tick of a policy in the middle of a hunt: all that a governor computes every five seconds, for each hunt and each shadow.</summary>
[MemoryDiagnoser]
public class PolicyBench
{
    IAdmissionPolicy policy = null!;
    PolicyState state = null!;
    double now;

    [Params("forecast", "headroom", "linear")]
    public string Policy { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        policy = PolicyCatalog.Create(Policy);
        state = policy.Begin(15_000);
        now = 0;
        for (var i = 0; i < 60; i++)
        {
            now += 5;
            state = policy.Step(state, At(now), now).State;
        }
    }

    [Benchmark]
    public Decision Step() => policy.Step(state, At(now + 5), now + 5).Decision;

    static Observation At(double now) => new()
    {
        Ceiling = 50_000, Floor = 2_500, Seated = 36_000, Waiting = 8_000, Joins = 120, Leaves = 118,
        Readings = [new(Signal.RedisMemory, 0.78 + 0.004 * Math.Sin(now), now, 0.80, 0.90), new(Signal.LogLag, 20, now, 1_000, 5_000)],
    };
}
