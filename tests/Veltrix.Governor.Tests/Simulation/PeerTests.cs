using Veltrix.Governor.Policies;
using Veltrix.Governor.Simulation;

namespace Veltrix.Governor.Tests.Simulation;

/// <summary>
/// Laws of other projects beside the product's, on every scenario. They get the worst pressure where they expect a latency, and are not tuned: what is compared is what such a law makes of hunters that stay,
/// not those products. The numbers are in <c>bench/RESULTS.md</c>; <c>-showLiveOutput</c> prints them.
/// </summary>
public class PeerTests
{
    const string Product = "forecast";

    /// <summary>Of the waiting room: what somebody thinks the machines carry, and is nearly right.</summary>
    const double Guess = 40_000;

    static readonly (Func<IAdmissionPolicy> Make, double Ceiling)[] Laws =
    [
        (() => PolicyCatalog.Create(Product), SimulatedPolicy.StandardCeiling),
        (() => new Gradient2(), SimulatedPolicy.StandardCeiling),
        (() => new Vegas(), SimulatedPolicy.StandardCeiling),
        (() => new EnvoyGradient(), SimulatedPolicy.StandardCeiling),
        (() => new WaitingRoom(), Guess),
    ];

    // A slow scorer, a lost broker, memory that jumps and the load of those who are seated already: nobody who merely keeps others out can do much.
    static readonly string[] BeyondAdmission = ["slowcons", "broker", "flap", "rejoin"];

    static readonly Lazy<IReadOnlyList<Row>> All = new(() => [.. Scenarios.All.SelectMany(scenario => Laws.Select(law => Row.Of(scenario.Name, law.Make().Name, Seeds.Runs(scenario.Name, law.Make, law.Ceiling))))]);

    static IEnumerable<Row> Of(string law) => All.Value.Where(row => row.Law == law);

    static IEnumerable<Row> Controllable(string law) => Of(law).Where(row => !BeyondAdmission.Contains(row.Scenario));

    static Row Incident(string law) => Of(law).Single(row => row.Scenario == "hunt002");

    public static TheoryData<string> Peers => [.. Laws.Select(law => law.Make().Name).Where(name => name != Product)];

    [Theory, MemberData(nameof(Peers))]
    public void No_peer_is_as_careful_as_forecast_and_lets_as_many_play_in_any_scenario(string peer) => Assert.All(Of(peer).Zip(Of(Product)), pair =>
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"{pair.First}\n{pair.Second}");
        Assert.False(
            pair.First.Memory <= pair.Second.Memory && pair.First.Lag <= pair.Second.Lag && pair.First.PlayerMinutes >= pair.Second.PlayerMinutes, $"{pair.First} is better than {pair.Second}");
    });

    [Fact]
    public void Only_who_shuts_out_a_fifth_more_is_as_safe_as_forecast_wherever_admission_can_help()
    {
        var safe = Laws.Select(law => law.Make().Name).Where(law => Controllable(law).All(row => row is { Memory: <= 0.85, Lag: <= 2_000 })).ToList();

        Assert.Equal([Product, "waiting-room"], safe);
        Assert.InRange(Controllable("waiting-room").Average(row => row.PlayerMinutes), 0.5, Controllable(Product).Average(row => row.PlayerMinutes) - 0.18);
    }

    [Fact]
    public void A_law_for_requests_cuts_when_the_hunters_are_in_already_and_then_lets_nobody_come()
    {
        var gradient = Incident("gradient2");

        Assert.Equal(0, gradient.WaitP95);
        Assert.True(gradient.GaveUp > 2 * Incident(Product).GaveUp, "who is in did not wait, and who is not gave up");
        Assert.InRange(gradient.PlayerMinutes, 0, Incident(Product).PlayerMinutes - 0.1);
    }

    [Fact]
    public void A_cut_of_a_logarithm_is_none() => Assert.True(Incident("vegas") is { Memory: > 0.9, Lag: > 20_000, Freezes: > 2 });

    [Fact]
    public void Probing_what_cannot_be_emptied_turns_the_limit_round_twice_a_minute_and_takes_the_load_for_ideal()
    {
        Assert.InRange(Incident("envoy-gradient").Reversals, 30, 45);
        Assert.True(Of("envoy-gradient").Single(row => row.Scenario == "sawtooth") is { Memory: > 0.9, Lag: > 100_000 });
    }

    [Fact]
    public void A_number_that_somebody_guessed_is_safe_and_empty() => Assert.True(Incident("waiting-room") is { Memory: < 0.75, Lag: 0, Reversals: 0, PlayerMinutes: < 0.75 });

    /// <summary>One law in one scenario, seeds 1 to 5: peaks are the worst of them, all else the mean.</summary>
    sealed record Row(string Scenario, string Law, double Memory, double Lag, double SecondsOver, double Freezes, double Reversals, double PlayerMinutes, double WaitMean, double WaitP95, double LimitMin, double GaveUp)
    {
        public static Row Of(string scenario, string law, IReadOnlyList<(Scores Run, Scores None)> runs)
        {
            double Mean(Func<Scores, double> score) => runs.Average(run => score(run.Run));
            return new Row(
                scenario, law, runs.Max(run => run.Run.PeakMemory), runs.Max(run => run.Run.PeakLag), Mean(run => run.SecondsOver), Mean(run => run.Freezes), Mean(run => run.Reversals),
                runs.Average(run => run.Run.PlayerMinutesRatio(run.None)), Mean(run => run.WaitMean), Mean(run => run.WaitP95), runs.Min(run => run.Run.LimitMin), Mean(run => run.GaveUp));
        }

        public override string ToString() => FormattableString.Invariant(
            $"| {Scenario} | {Law} | {Memory:0.0 %} | {Lag:N0} | {SecondsOver:0} | {Freezes:0.0} | {Reversals:0.#} | {PlayerMinutes:0.0 %} | {WaitMean:0} / {WaitP95:0} s | {GaveUp:N0} |");
    }
}
