using CsCheck;
using Veltrix.Governor.Policies;
using Veltrix.Hosting;

namespace Veltrix.Governor.Tests.Policies;

/// <summary>The invariants that hold for every policy, whatever is measured. Names as in <c>docs/operate/governor.md</c>: P1, P2 …</summary>
public sealed class InvariantTests
{
    const double Ceiling = 50_000;
    const double Floor = 2_500;

    public static TheoryData<string> Names => [.. PolicyCatalog.Names];

    /// <summary>Those that grow by a pace of their own.</summary>
    public static TheoryData<string> Paced => ["forecast", "headroom"];

    // What cannot have been measured is one value in ten.
    static readonly Gen<double> Bad = Gen.OneOf(Gen.Const(double.NaN), Gen.Const(double.PositiveInfinity), Gen.Const(double.NegativeInfinity), Gen.Const(-1.0));
    static readonly Gen<double> Ratio = Gen.Frequency((9, Gen.Double[0, 1.2]), (1, Bad));
    static readonly Gen<double> Records = Gen.Frequency((5, Gen.Double[0, 900]), (4, Gen.Double[0, 20_000]), (1, Bad));

    static readonly Gen<FuzzTick> Tick =
        from seconds in Gen.Frequency((8, Gen.Const(5.0)), (1, Gen.Double[0.5, 40]), (1, Gen.OneOf(Gen.Const(0.0), Gen.Const(-3_600.0), Gen.Const(3_600.0))))
        from memory in Ratio
        from lag in Records
        from seated in Gen.Double[0, 60_000]
        from waiting in Gen.Double[0, 60_000]
        from joins in Gen.Double[0, 5_000]
        from leaves in Gen.Double[0, 1_000]
        from age in Gen.Frequency((8, Gen.Double[0, 4]), (1, Gen.Double[0, 60]), (1, Gen.OneOf(Gen.Const(-3_600.0), Gen.Const(3_600.0))))
        select new FuzzTick(seconds, memory, lag, seated, waiting, joins, leaves, age);

    static readonly Gen<FuzzTick[]> Run = Tick.Array[1, 60];

    static void Fuzz(string name, Action<Observation, double, double, Decision, double> check) => Run.Sample(
        ticks =>
        {
            var policy = PolicyCatalog.Create(name);
            var state = policy.Begin(15_000);
            var now = 1_000.0;
            foreach (var tick in ticks)
            {
                now += tick.Seconds;
                var observation = tick.Observe(now, Ceiling, Floor);
                var before = Math.Clamp(state.Limit, Floor, Ceiling);
                var step = policy.Step(state, observation, now);
                check(observation, now, before, step.Decision, step.State.Limit);
                state = step.State;
            }
        },
        iter: 300);

    [Theory, MemberData(nameof(Names))]
    public void P1_the_limit_is_a_number_between_floor_and_ceiling(string name) => Fuzz(name, (_, _, _, decision, limit) =>
    {
        Assert.InRange(decision.Limit, Floor, Ceiling);
        Assert.Equal(decision.Limit, limit);
        Assert.True(decision.JoinsPerSecond >= 0);
        Assert.InRange(decision.Brownout.Memory, 0, 1);
        Assert.InRange(decision.Brownout.Lag, 0, 1);
        Assert.NotEmpty(decision.Reason);
    });

    [Theory, MemberData(nameof(Names))]
    public void P2_and_P3_while_stale_or_braking_or_paused_nothing_rises(string name) => Fuzz(name, (_, _, before, decision, _) =>
    {
        if (decision.Mode is Mode.Stale or Mode.Brake || decision.Pause) Assert.True(decision.Limit <= before + 0.5, $"{before} → {decision.Limit} in {decision.Mode}: {decision.Reason}");
    });

    [Theory, MemberData(nameof(Names))]
    public void P2_without_measurements_a_limit_never_rises(string name)
    {
        if (name == "static") return; // measures nothing
        var driver = new Driver(PolicyCatalog.Create(name), 20_000);
        for (var i = 0; i < 12; i++) driver.Tick(0.4, 0, seated: 15_000);
        var limit = driver.Limit;
        foreach (var _ in Enumerable.Range(0, 60))
        {
            var decision = driver.Tick(double.NaN, double.NaN, seated: 15_000);
            if (driver.Now > 80) Assert.Equal(Mode.Stale, decision.Mode);
            if (driver.Now > 80) Assert.True(decision.Limit <= limit, $"rose to {decision.Limit} without a measurement");
            limit = decision.Limit;
        }
    }

    [Theory, MemberData(nameof(Paced))]
    public void P4_a_rise_is_never_faster_than_measurements_can_follow(string name)
    {
        var parameters = PolicyParameters.Default;
        Fuzz(name, (observation, _, before, decision, _) =>
        {
            var most = Math.Max(before, Math.Max(observation.Seated, parameters.FirstWindow * Ceiling) * (1 + parameters.Growth) + parameters.Probe * Ceiling);
            Assert.True(decision.Limit <= most + 1, $"{before} → {decision.Limit}, at most {most}");
        });
    }

    [Theory, MemberData(nameof(Names))]
    public void P8_what_cannot_have_been_measured_is_as_good_as_not_measured(string name) => Run.Sample(
        ticks =>
        {
            var policy = PolicyCatalog.Create(name);
            var (one, other) = (policy.Begin(15_000), policy.Begin(15_000));
            var now = 1_000.0;
            foreach (var tick in ticks)
            {
                now += tick.Seconds;
                var observation = tick.Observe(now, Ceiling, Floor);
                // A required signal is in the list also when it could not be read; here as NaN.
                var cleaned = observation with
                {
                    Readings = [.. observation.Readings.Select(reading => reading.IsValid ? reading : reading with { Value = double.NaN, At = double.NaN })],
                };
                var (a, b) = (policy.Step(one, observation, now), policy.Step(other, cleaned, now));
                Assert.Equal(b.Decision, a.Decision);
                (one, other) = (a.State, b.State);
            }
        },
        iter: 150);

    [Theory, MemberData(nameof(Names))]
    public void P11_ten_times_the_hunt_is_ten_times_the_limit(string name) => Run.Sample(
        ticks =>
        {
            var policy = PolicyCatalog.Create(name);
            var (one, ten) = (policy.Begin(15_000), policy.Begin(150_000));
            var now = 1_000.0;
            foreach (var tick in ticks)
            {
                now += tick.Seconds;
                var (a, b) = (policy.Step(one, tick.Observe(now, Ceiling, Floor), now), policy.Step(ten, tick.Observe(now, Ceiling, Floor, 10), now));
                // headroom rounds to whole hunters.
                Assert.Equal(a.Decision.Limit, b.Decision.Limit / 10, name == "headroom" ? 30 : 1e-6 * Ceiling);
                (one, ten) = (a.State, b.State);
            }
        },
        iter: 100);

    [Theory, MemberData(nameof(Names))]
    public void P12_the_order_of_signals_changes_nothing_and_a_signal_at_rest_neither(string name) => Run.Sample(
        ticks =>
        {
            var policy = PolicyCatalog.Create(name);
            var (one, other) = (policy.Begin(15_000), policy.Begin(15_000));
            var now = 1_000.0;
            foreach (var tick in ticks)
            {
                now += tick.Seconds;
                var observation = tick.Observe(now, Ceiling, Floor);
                var more = observation with { Readings = [new(Signal.ScorerQueue, 0, now, 4_000, 20_000, Required: false), .. observation.Readings.Reverse()] };
                var (a, b) = (policy.Step(one, observation, now), policy.Step(other, more, now));
                Assert.Equal(a.Decision.Limit, b.Decision.Limit);
                Assert.Equal(a.Decision.Pause, b.Decision.Pause);
                (one, other) = (a.State, b.State);
            }
        },
        iter: 100);

    [Theory, MemberData(nameof(Names))]
    public void P14_the_same_history_gives_the_same_decisions_to_the_last_bit(string name) => Run.Sample(
        ticks =>
        {
            var (one, other) = (Play(), Play());
            Assert.Equal(one, other);

            List<Decision> Play()
            {
                var policy = PolicyCatalog.Create(name);
                var state = policy.Begin(15_000);
                var (now, decisions) = (1_000.0, new List<Decision>());
                foreach (var tick in ticks)
                {
                    now += tick.Seconds;
                    var step = policy.Step(state, tick.Observe(now, Ceiling, Floor), now);
                    decisions.Add(step.Decision);
                    state = step.State;
                }

                return decisions;
            }
        },
        iter: 50);

    [Theory, MemberData(nameof(Names))]
    public void P15_parameters_may_change_between_any_two_ticks(string name) => Run.Sample(
        ticks =>
        {
            var state = PolicyCatalog.Create(name).Begin(15_000);
            var now = 1_000.0;
            for (var i = 0; i < ticks.Length; i++)
            {
                now += ticks[i].Seconds;
                var parameters = PolicyParameters.Default with { SetPoint = 0.7 + i % 3 * 0.1, NoiseMargin = 1.5 + i % 5 * 0.5, Growth = 0.05 + i % 4 * 0.3, LinearStep = 0.01 + i % 7 * 0.08, Cut = 0.5 + i % 5 * 0.1 };
                var before = Math.Clamp(state.Limit, Floor, Ceiling);
                var step = PolicyCatalog.Create(name, parameters).Step(state, ticks[i].Observe(now, Ceiling, Floor), now);
                Assert.InRange(step.Decision.Limit, Floor, Ceiling);
                if (step.Decision.Mode is Mode.Stale or Mode.Brake) Assert.True(step.Decision.Limit <= before + 0.5);
                state = step.State;
            }
        },
        iter: 100);

    [Theory, MemberData(nameof(Names))]
    public void P18_a_clock_that_jumps_by_an_hour_raises_nothing(string name)
    {
        foreach (var jump in new[] { 3_600.0, -3_600.0 })
        {
            var driver = new Driver(PolicyCatalog.Create(name), 20_000);
            for (var i = 0; i < 6; i++) driver.Tick(0.5, 0, seated: 14_000, waiting: 0);
            var limit = driver.Limit;
            // Readings stamped by a clock that jumped: an hour old, or from the future.
            for (var i = 0; i < 3; i++) driver.Tick(0.5, 0, seated: 14_000, at: driver.Now + 5 + jump);
            if (name is not "static") Assert.True(driver.Limit <= limit + 3 * 0.01 * Ceiling, $"{limit} → {driver.Limit}");
            // Our own clock ran backwards.
            limit = driver.Limit;
            driver.Tick(0.2, 0, seated: 14_000, seconds: -1_000);
            Assert.True(driver.Limit <= limit, $"{limit} → {driver.Limit} although time ran backwards");
        }
    }

    [Theory, MemberData(nameof(Paced))]
    public void P9_with_demand_and_room_the_ceiling_is_reached(string name)
    {
        foreach (var (u, within) in new[] { (0.1, 60), (0.3, 60), (0.5, 90), (0.7, 95), (0.8, 180) })
        {
            var driver = new Driver(PolicyCatalog.Create(name), 2_500);
            var seated = 0.0;
            while (driver.Limit < driver.Ceiling - 1 && driver.Now < 1_000)
            {
                var joins = Math.Max(0, driver.Limit - seated);
                seated += joins;
                driver.Tick(u * 0.8, 0, seated, joins: joins);
            }

            Assert.True(driver.Now <= within, $"u = {u}: {driver.Now} s, {within} s is the most");
        }
    }

    [Theory, MemberData(nameof(Paced))]
    public void P10_noise_makes_no_flapping(string name)
    {
        var driver = new Driver(PolicyCatalog.Create(name), 15_000);
        var chance = new Random(7);
        double seated = 0, last = 0;
        var (direction, reversals) = (0, 0);
        while (driver.Now < 1_200)
        {
            var joins = Math.Max(0, driver.Limit - seated);
            seated += joins;
            driver.Tick(0.27 + 0.5 * seated / driver.Ceiling + 0.8 * 0.01 * (chance.NextDouble() - 0.5), 0, seated, joins: joins);
            if (driver.Now > 600 && Math.Abs(driver.Limit - last) > 0.01 * driver.Ceiling)
            {
                var now = Math.Sign(driver.Limit - last);
                if (direction != 0 && now != direction) reversals++;
                direction = now;
                last = driver.Limit;
            }
            else if (driver.Now <= 600) last = driver.Limit;
        }

        Assert.InRange(reversals, 0, 2);
    }

    [Theory, MemberData(nameof(Paced))]
    public void P13_after_trouble_the_limit_comes_back_from_the_floor(string name)
    {
        var driver = new Driver(PolicyCatalog.Create(name), 15_000);
        for (var i = 0; i < 60; i++) driver.Tick(0.95, 8_000, seated: 3_000, joins: 0);
        Assert.True(driver.Limit <= 3_000 + 1);
        var (since, seated) = (driver.Now, 3_000.0);
        while (driver.Limit < driver.Ceiling - 1 && driver.Now < since + 1_000)
        {
            var joins = Math.Max(0, driver.Limit - seated);
            seated += joins;
            driver.Tick(0.3, 0, seated, joins: joins);
        }

        Assert.InRange(driver.Now - since, 0, 240);
    }

    [Fact]
    public void P6_a_fuller_store_never_opens_wider() => Wider("headroom", iterations: 400, (gap, said) => Assert.True(gap <= 1, said));

    /// <summary>
    /// Not strict: forecast learns from the very reading that it decides on. One far from all before may shift weight between joins and seats, or make what the scorer takes look better. Measured
    /// over 600,000 ticks of this fuzz, which no store would play: 64 with a limit more than 0.3 % of the ceiling higher. Judging by the models of the tick before was tried for lag: it has lag pass 2,000 on more plants.
    /// </summary>
    [Fact]
    public void P6_a_fuller_store_opens_wider_under_forecast_in_less_than_a_thousandth_of_ticks()
    {
        var (ticks, wider) = (0, 0);
        Wider("forecast", iterations: 1_000, (gap, _) =>
        {
            Interlocked.Increment(ref ticks);
            if (gap > 0.003 * Ceiling) Interlocked.Increment(ref wider);
        });

        Assert.InRange(wider, 0, ticks / 1_000);
    }

    static void Wider(string name, int iterations, Action<double, string> judge) => Run.Select(Gen.Double[0, 0.2]).Sample(
        (ticks, more) =>
        {
            var policy = PolicyCatalog.Create(name);
            var state = policy.Begin(15_000);
            var now = 1_000.0;
            foreach (var tick in ticks)
            {
                now += tick.Seconds;
                var observation = tick.Observe(now, Ceiling, Floor);
                var worse = observation with { Readings = [.. observation.Readings.Select(reading => reading with { Value = reading.Value * (1 + more) })] };
                var step = policy.Step(state, observation, now);
                var fuller = policy.Step(state, worse, now).Decision;
                judge(fuller.Limit - step.Decision.Limit, $"{step.Decision} but fuller {fuller}");
                state = step.State;
            }
        },
        iter: iterations);

    [Theory, MemberData(nameof(Paced))]
    public void P18_after_a_clock_that_ran_back_an_hour_new_readings_count(string name)
    {
        var driver = new Driver(PolicyCatalog.Create(name), 15_000);
        for (var i = 0; i < 12; i++) driver.Tick(0.3, seated: 10_000);
        driver.Tick(0.3, seated: 10_000, seconds: -3_600);

        for (var i = 0; i < 4; i++) driver.Tick(0.92, seated: 10_000);

        Assert.Equal((true, Cause.RedisMemory), (driver.Last.Pause || driver.Last.Mode == Mode.Brake, driver.Last.Cause));
    }

    /// <summary>
    /// Not strictly for forecast, which believes a reading and learns from it: one that is far off shifts weight between joins and seats. On hunts as they happen the difference is a
    /// trifle; on histories that no store could have had (arbitrary memory for arbitrary crowds) it is not, and its page says so.
    /// </summary>
    [Fact]
    public void P6_a_fuller_store_opens_forecast_wider_by_a_trifle_at_most()
    {
        var (pairs, wider, most) = (0, 0, 0.0);
        for (var seed = 0; seed < 40; seed++)
        {
            var chance = new Random(seed);
            var policy = PolicyCatalog.Create("forecast");
            var state = policy.Begin(15_000);
            var (seated, cost, arrivals) = (0.0, 0.3 + 0.6 * chance.NextDouble(), 200 + 1_500 * chance.NextDouble());
            for (var now = 5.0; now < 300; now += 5)
            {
                var leaves = seated * 5 / 1_500;
                var joins = Math.Max(0, Math.Min(5 * arrivals, state.Limit - seated + leaves));
                seated += joins - leaves;
                var memory = 0.27 + cost * seated / Ceiling + 0.004 * (chance.NextDouble() - 0.5);
                var observation = new FuzzTick(5, memory, 0, seated, 20_000, joins, leaves, 0).Observe(now, Ceiling, Floor);
                var step = policy.Step(state, observation, now);
                foreach (var more in new[] { 0.003, 0.01, 0.03, 0.08 })
                {
                    var fuller = observation with { Readings = [Driver.Memory(memory + more, now), Driver.Lag(0, now)] };
                    var above = policy.Step(state, fuller, now).Decision.Limit - step.Decision.Limit;
                    pairs++;
                    if (above > 1) wider++;
                    most = Math.Max(most, above);
                }

                state = step.State;
            }
        }

        Assert.True(wider <= 0.002 * pairs, $"{wider} of {pairs} pairs opened wider");
        Assert.InRange(most, 0, 0.01 * Ceiling);
    }

    [Fact]
    public void The_names_in_the_configuration_are_those_in_the_catalog() => Assert.Equal(Keys.PolicyNames.Order(), PolicyCatalog.Names.Order());

    [Fact]
    public void An_unknown_name_lists_the_known_ones() =>
        Assert.Contains("forecast, headroom, linear", Assert.Throws<ArgumentException>(() => PolicyCatalog.Create("forcast")).Message);
}
