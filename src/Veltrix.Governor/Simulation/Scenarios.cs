namespace Veltrix.Governor.Simulation;

/// <summary>
/// The scenarios by name. To add one: a line below and a row in <c>docs/operate/simulator.md</c>.
/// </summary>
/// <remarks>
/// The design gives what happens, but not for every scenario how many come how fast, nor when. Inferred, from the published rows of fixed limits:
/// <list type="bullet">
/// <item>hunt002 lasts 1,200 s: player-minutes of a fixed 38,000 are then 89.5 % of ungoverned, as published; spike60 1,800 s (90.0 %), sustain, sawtooth 2,400 s.</item>
/// <item>"Ungoverned" is a ceiling of 50,000, not none: only then has sawtooth, where 64 arrivals a second would seat 90,000, its 77.6 %.</item>
/// <item>sustain's 45,000 come in 300 s: faster ones make memory peak higher and wait longer than published.</item>
/// <item>slowcons, broker, failover and flap: 42,000 in 200 s. Then 38,000 are just not enough (99.6 %, 1 s wait). The trouble begins where the published lag
/// and memory of a fixed 38,000 need it: at 280 s (128,658 records), 480 s (79,177) and 480 s (83.3 %, 53 s over).</item>
/// <item>outage: 50,000 in 200 s (92.3 %, 14 s); twospike: 26,000 and after 600 s 25,000, in 60 s each (98.7 %, 78.8 %).</item>
/// <item>flap swings between nothing and 10 points more, every 20 s and from the end of the ramp: around its mean that is ± 5. Half of it does not reach the published 91 %,
/// and from the beginning on no policy that learns would have let in the published 92 to 98 %.</item>
/// </list>
/// </remarks>
public static class Scenarios
{
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new() { Name = "hunt002", Summary = "the incident: 50,000 in 55 s", Arrivals = Ramp(50_000, 55) },
        new() { Name = "spike60", Summary = "50,000 in 60 s", Seconds = 1800, Arrivals = Ramp(50_000, 60) },
        new() { Name = "sustain", Summary = "45,000 in 5 min, then 30 a second", Seconds = 2400, Arrivals = (_, t) => t < 300 ? 150 : 30 },
        new() { Name = "sawtooth", Summary = "300 and 20 a second in turn, 120 s each", Seconds = 2400, Arrivals = (_, t) => t % 240 < 120 ? 300 : 20 },
        new() { Name = "twospike", Summary = "26,000 in 60 s, and after 10 min 25,000", Arrivals = (_, t) => t < 60 ? 26_000 / 60.0 : t is >= 600 and < 660 ? 25_000 / 60.0 : 0 },
        new() { Name = "slowcons", Summary = "the scorer has 38 % of its speed for 5 min", Arrivals = Usual, At = t => new() { CapacityFactor = t is >= 280 and < 580 ? 0.38 : 1 } },
        new() { Name = "broker", Summary = "nothing is decided for 60 s", Arrivals = Usual, At = t => new() { CapacityFactor = t is >= 480 and < 540 ? 0 : 1 } },
        new()
        {
            Name = "failover", Summary = "Redis needs 18 % more memory for 100 s, and is not measured for 20 s", Arrivals = Usual,
            At = t => new() { MemoryFactor = t is >= 480 and < 580 ? 1.18 : 1, MemoryLost = t is >= 480 and < 500 },
        },
        new()
        {
            Name = "outage", Summary = "nothing is measured for 120 s, in the middle of the ramp", Arrivals = Ramp(50_000, 200),
            At = t => new() { MemoryLost = t is >= 60 and < 180, LagLost = t is >= 60 and < 180 },
        },
        new() { Name = "flap", Summary = "memory jumps up and down by 10 points every 20 s, once all are there", Arrivals = Usual, At = t => new() { MemoryOffset = t >= 200 && t / 20 % 2 == 0 ? 0.10 : 0 } },
        new() { Name = "skew", Summary = "one shard of Redis is 15 % fuller than the mean, and it is the one that breaks", Arrivals = Ramp(50_000, 55), At = _ => new() { MemoryFactor = 1.15 } },
        new() { Name = "poisoned", Summary = "one of five sidecars always reads 99 % memory", Arrivals = Ramp(50_000, 55), Sidecars = 5, PoisonedSidecars = 1 },
        new()
        {
            Name = "swap", Summary = "somebody sets the ceiling to 70 % after 5 min, and back after 10", Arrivals = Ramp(50_000, 200),
            At = t => new() { CeilingFactor = t is >= 300 and < 600 ? 0.7 : 1 },
        },
        new()
        {
            Name = "clock", Summary = "the servers' clocks jump an hour ahead in the ramp, and back after 2 min", Arrivals = Ramp(50_000, 200),
            At = t => new() { ClockError = t is >= 60 and < 180 ? 3600 : 0 },
        },
        new() { Name = "five-hunts", Summary = "five hunts on one Redis, 10,000 each, 20 s apart", Hunts = 5, Arrivals = (hunt, t) => t >= 20 * hunt && t < 20 * hunt + 55 ? 10_000 / 55.0 : 0 },
        new() { Name = "retry", Summary = "of those who give up waiting, 80 % come again after 30 s", Arrivals = Ramp(50_000, 55), RetryShare = 0.8 },
        new()
        {
            Name = "rejoin", Summary = "after 400 s half of the seated lose and find their connection within 10 s", Arrivals = Ramp(50_000, 200),
            At = t => new() { Reconnecting = t is >= 400 and < 410 ? 0.05 : 0 },
        },
    ];

    public static Scenario? Find(string name) => All.FirstOrDefault(scenario => scenario.Name == name);

    internal static Func<int, int, double> Ramp(double hunters, double seconds) => (_, t) => hunters / seconds * Math.Clamp(seconds - t, 0, 1);

    static double Usual(int hunt, int t) => t < 200 ? 42_000 / 200.0 : 0;
}
