using System.Text.Json.Nodes;
using Veltrix.Governor.Policies;
using Veltrix.Governor.Simulation;

namespace Veltrix.Governor.Tests.Simulation;

public class SimulatedHuntTests
{
    static SimulatedPolicy FirstSidecar => new("first-sidecar", new FirstSidecar(), 40_000);

    public static TheoryData<string> Names => [.. Scenarios.All.Select(scenario => scenario.Name)];

    [Theory, MemberData(nameof(Names))]
    public void The_same_seed_gives_the_same_bytes(string name)
    {
        var scenario = Scenarios.Find(name)!;

        Assert.Equal(Bytes(5), Bytes(5));
        Assert.NotEqual(Bytes(5), Bytes(6));

        string Bytes(long seed)
        {
            var trace = new List<TraceSecond>();
            var scores = SimulatedHunt.Run(scenario, FirstSidecar, PlantParameters.Nominal, seed, trace);
            return scores.ToJson(scores).ToJsonString() + string.Join('\n', trace.Select(second => second.ToLine()));
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void In_every_scenario_each_hunter_is_somewhere_and_each_second_is_told(string name)
    {
        var scenario = Scenarios.Find(name)!;
        var trace = new List<TraceSecond>();
        var scores = SimulatedHunt.Run(scenario, FirstSidecar, PlantParameters.Nominal, 3, trace);

        Assert.Equal(scores.Arrived, scores.Seated + scores.Waiting + scores.Left + scores.GaveUp, 1e-6 * scores.Arrived);
        Assert.Equal(scenario.Seconds, trace.Count);
        Assert.Equal(scores.Arrived, trace.Sum(second => second.Arrivals), 1e-6 * scores.Arrived);
        Assert.Equal(scores.PeakMemory, trace.Max(second => second.Memory));
        Assert.Equal(scores.PeakLag, trace.Max(second => second.Lag));
        Assert.Equal(scores.PlayerMinutes, trace.Sum(second => second.Seated) / 60, 1e-6);
        Assert.All(trace, second => Assert.Equal(second.Time % 5 == 0, second.Reason is not null));
        Assert.InRange(scores.WaitMean, 0, scenario.Seconds);
        Assert.InRange(scores.WaitP95, 0, scenario.Seconds);
    }

    [Fact]
    public void A_short_hunt_is_to_the_last_digit_what_it_was()
    {
        var scenario = Scenarios.Find("hunt002")! with { Seconds = 90 };
        var trace = new List<TraceSecond>();
        SimulatedHunt.Run(scenario, FirstSidecar, PlantParameters.Nominal, 42, trace);

        Golden.Equal("hunt002-first-sidecar-42.ndjson", string.Concat(trace.Select(second => second.ToLine() + "\n")));
    }

    [Fact]
    public void Scores_have_the_documented_members_in_their_order()
    {
        var ungoverned = SimulatedHunt.Run(Scenarios.Find("hunt002")!, SimulatedPolicy.Ungoverned, PlantParameters.Nominal, 1);
        var json = SimulatedHunt.Run(Scenarios.Find("hunt002")!, FirstSidecar, PlantParameters.Nominal, 1).ToJson(ungoverned);

        Assert.Equal(
            "scenario policy seed peak_memory_ratio peak_lag seconds_over freeze_estimate reversals player_minutes_ratio mean_wait_s p95_wait_s min_limit",
            string.Join(' ', json.Select(member => member.Key)));
        Assert.Equal(1.0, (double)ungoverned.ToJson(ungoverned)["player_minutes_ratio"]!);
        Assert.InRange((double)json["player_minutes_ratio"]!, 0.85, 0.95);
    }

    [Fact]
    public void A_trace_can_be_read_again()
    {
        var trace = new List<TraceSecond>();
        SimulatedHunt.Run(Scenarios.Find("flap")!, FirstSidecar, PlantParameters.Nominal, 1, trace);
        var lines = trace.Select(second => second.ToLine()).ToArray();

        var read = TraceSecond.Read(new StringReader(string.Join('\n', lines)), "trace");

        Assert.Equal(lines, read.Select(second => second.ToLine()));
        var members = JsonNode.Parse(lines[0])!.AsObject().Select(member => member.Key);
        Assert.Equal("time arrivals seated waiting limit memory lag joins leaves mode reason", string.Join(' ', members));
        Assert.StartsWith("trace:2:", Assert.Throws<SimulationException>(() => TraceSecond.Read(new StringReader(lines[0] + "\n{\"time\": true}"), "trace")).Message);
    }

    [Fact]
    public void One_poisoned_sidecar_of_five_changes_nothing()
    {
        var poisoned = Scenarios.Find("poisoned")!;
        var alone = SimulatedHunt.Run(Scenarios.Find("hunt002")!, FirstSidecar, PlantParameters.Nominal, 2);

        var among = SimulatedHunt.Run(poisoned, FirstSidecar, PlantParameters.Nominal, 2);
        var outvoted = SimulatedHunt.Run(poisoned with { PoisonedSidecars = 3 }, FirstSidecar, PlantParameters.Nominal, 2);

        Assert.Equal(alone with { Scenario = "" }, among with { Scenario = "" });
        Assert.Equal(SimulatedPolicy.FloorShare * 40_000, outvoted.LimitMin, 2000.0);
    }

    [Fact]
    public void Clocks_of_servers_that_jump_an_hour_change_next_to_nothing()
    {
        var clock = Scenarios.Find("clock")!;
        foreach (var name in new[] { "forecast", "headroom" })
        {
            var policy = new SimulatedPolicy(name, PolicyCatalog.Create(name), 50_000);

            var jumps = SimulatedHunt.Run(clock, policy, PlantParameters.Nominal, 1);
            var goesRight = SimulatedHunt.Run(clock with { At = _ => new() }, policy, PlantParameters.Nominal, 1);

            Assert.Equal(goesRight.PeakMemory, jumps.PeakMemory, 0.005);
            Assert.Equal(goesRight.PlayerMinutes, jumps.PlayerMinutes, 0.01 * goesRight.PlayerMinutes);
        }
    }

    [Fact]
    public void Hunts_that_share_a_store_share_its_room()
    {
        var five = Scenarios.Find("five-hunts")!;
        var blind = new SimulatedPolicy("linear", PolicyCatalog.Create("linear"), 50_000);

        var shared = SimulatedHunt.Run(five, blind, PlantParameters.Nominal, 1);

        // Each of them alone sees room for all, and 50,000 together would fill the store to 91 %.
        Assert.InRange(SimulatedHunt.Run(five, SimulatedPolicy.Ungoverned, PlantParameters.Nominal, 1).PeakMemory, 0.90, 1);
        Assert.InRange(shared.PeakMemory, 0.6, 0.75);
    }

    [Fact]
    public void Policies_see_readings_with_their_age_and_none_while_there_are_none()
    {
        var seen = new Recorder();
        var plant = PlantParameters.Nominal with { MemoryDelaySeconds = 7.5, LagDelaySeconds = 2.5, MemoryNoise = 0 };
        var trace = new List<TraceSecond>();
        SimulatedHunt.Run(Scenarios.Find("outage")!, new("recorder", seen, 50_000), plant, 1, trace);

        Assert.All(seen.Seen, step => Assert.Equal(2, step.Observation.Readings.Length));
        var (at, observation) = seen.Seen[8];
        Assert.Equal(40, at);
        Assert.Equal(32.5, observation.Valid(Signal.RedisMemory)!.Value.At);
        // Measured 8 s before the beginning of second 40: what second 31 left.
        Assert.Equal(trace[31].Memory, observation.Valid(Signal.RedisMemory)!.Value.Value);
        // Stamped by a server: the clocks are allowed to drift a thousandth apart.
        Assert.Equal(37.5, observation.Valid(Signal.LogLag)!.Value.At, 0.05);
        Assert.Equal(trace[39].Seated, observation.Seated);
        Assert.Equal(trace[35..40].Sum(second => second.Joins), observation.Joins, 1e-9);
        // Nothing is measured from 60 to 180 s: the last reading ages.
        Assert.Equal(47.5, seen.Seen.Single(step => step.At == 175).Observation.Valid(Signal.RedisMemory)!.Value.At);
        Assert.Equal(172.5, seen.Seen.Single(step => step.At == 180).Observation.Valid(Signal.RedisMemory)!.Value.At);
    }

    [Fact]
    public void A_limit_reaches_the_gate_in_tenths_within_15_seconds_and_a_pause_at_once()
    {
        var trace = new List<TraceSecond>();
        SimulatedHunt.Run(Scenarios.Find("hunt002")!, new("switch", new Switch(20, Baseline.Of(5000)), 50_000), PlantParameters.Nominal, 1, trace);
        Assert.True(trace[20].Joins > 0);
        Assert.All(trace[30..60], second => Assert.Equal(0, second.Joins));

        trace.Clear();
        SimulatedHunt.Run(Scenarios.Find("hunt002")!, new("switch", new Switch(20, Baseline.Of(50_000, pause: true)), 50_000), PlantParameters.Nominal, 1, trace);
        Assert.True(trace[19].Joins > 0);
        Assert.All(trace[20..60], second => Assert.Equal(0, second.Joins));

        trace.Clear();
        SimulatedHunt.Run(Scenarios.Find("hunt002")!, new("switch", new Switch(20, Baseline.Of(50_000) with { JoinsPerSecond = 100 }), 50_000), PlantParameters.Nominal, 1, trace);
        Assert.All(trace[30..60], second => Assert.Equal(100, second.Joins, 1e-9));
    }

    [Fact]
    public void Brownout_sheds_orphans_and_events()
    {
        var plain = Run(Brownout.None);
        var memory = Run(new Brownout(1, 0));
        var lag = Run(new Brownout(0, 1));

        Assert.True(memory.PeakMemory < plain.PeakMemory - 0.005, "orphans live a fifth as long");
        Assert.True(lag.PeakLag < plain.PeakLag / 2, "half of the events of the seated are left out");
        Assert.Equal(plain.PlayerMinutes, lag.PlayerMinutes);

        static Scores Run(Brownout brownout) => SimulatedHunt.Run(
            Scenarios.Find("slowcons")!, new("brown", new Switch(0, Baseline.Of(38_000) with { Brownout = brownout }), 50_000), PlantParameters.Nominal with { MemoryNoise = 0 }, 1);
    }

    /// <summary>Everything until a moment, and then one decision.</summary>
    sealed class Switch(double at, Decision then) : IAdmissionPolicy
    {
        public string Name => "switch";

        public PolicyState Begin(double limit) => new State(limit);

        public Step Step(PolicyState state, Observation observation, double now) => new(state, now < at ? Baseline.Of(observation.Ceiling) : then);
    }

    sealed class Recorder : IAdmissionPolicy
    {
        public List<(double At, Observation Observation)> Seen { get; } = [];

        public string Name => "recorder";

        public PolicyState Begin(double limit) => new State(limit);

        public Step Step(PolicyState state, Observation observation, double now)
        {
            Seen.Add((now, observation));
            return new(state, Baseline.Of(observation.Ceiling));
        }
    }

    sealed record State(double Limit) : PolicyState(Limit);
}
