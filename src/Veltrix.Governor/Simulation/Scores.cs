using System.Text.Json.Nodes;

namespace Veltrix.Governor.Simulation;

/// <summary>What one run came to.</summary>
/// <param name="PeakMemory">Highest measured memory, as a share of what there is.</param>
/// <param name="PeakLag">Most records that waited in the log of a hunt.</param>
/// <param name="SecondsOver">With memory over 80 % or lag over 1,000.</param>
/// <param name="Freezes">Stalls that hunters see, by the estimate fitted to the incident.</param>
/// <param name="Reversals">How often the limit turned round, moves under 1 % of the ceiling aside.</param>
/// <param name="PlayerMinutes">Minutes that all hunters together had a seat.</param>
/// <param name="WaitMean">Of those who got a seat, in seconds.</param>
/// <param name="LimitMin">Lowest limit published.</param>
public sealed record Scores(
    string Scenario, string Policy, long Seed,
    double PeakMemory, double PeakLag, int SecondsOver, double Freezes, int Reversals, double PlayerMinutes, double WaitMean, double WaitP95, double LimitMin,
    double Arrived, double GaveUp, double Left, double Seated, double Waiting)
{
    /// <summary>One object for scripts; player-minutes as a ratio to those of the same crowd without a governor.</summary>
    public JsonObject ToJson(Scores ungoverned) => new()
    {
        ["scenario"] = Scenario,
        ["policy"] = Policy,
        ["seed"] = Seed,
        ["peak_memory_ratio"] = Math.Round(PeakMemory, 5),
        ["peak_lag"] = Math.Round(PeakLag),
        ["seconds_over"] = SecondsOver,
        ["freeze_estimate"] = Math.Round(Freezes, 3),
        ["reversals"] = Reversals,
        ["player_minutes_ratio"] = Math.Round(PlayerMinutesRatio(ungoverned), 5),
        ["mean_wait_s"] = Math.Round(WaitMean, 2),
        ["p95_wait_s"] = Math.Round(WaitP95, 2),
        ["min_limit"] = Math.Round(LimitMin),
    };

    public double PlayerMinutesRatio(Scores ungoverned) => ungoverned.PlayerMinutes > 0 ? PlayerMinutes / ungoverned.PlayerMinutes : 1;
}

/// <summary>Collects them while a run goes on.</summary>
sealed class Scoring(double ceiling)
{
    public const double MemorySoft = 0.80;
    public const double LagSoft = 1000;

    double peakMemory, peakLag, freezes, playerSeconds;
    int over, reversals, direction;
    double limitMin = double.PositiveInfinity;
    double turned = double.NaN;

    public void Second(Plant plant, double limit)
    {
        var (memory, lag, seated) = (plant.Memory, plant.Lag, plant.Seated);
        peakMemory = Math.Max(peakMemory, memory);
        peakLag = Math.Max(peakLag, lag);
        if (memory > MemorySoft || lag > LagSoft) over++;
        playerSeconds += seated;
        var full = Math.Max(0, memory - 0.86) / 0.10;
        freezes += seated / SimulatedPolicy.StandardCeiling * (0.27 * full * full + 0.0127 * Math.Sqrt(Math.Max(0, lag / plant.Parameters.Capacity - 1)));
        limitMin = Math.Min(limitMin, limit);
        Turn(limit);
    }

    // A zigzag: a turn counts once the limit is 1 % of the ceiling away from where it was last.
    void Turn(double limit)
    {
        if (double.IsNaN(turned)) turned = limit;
        var moved = limit - turned;
        if (direction != 0 && moved * direction > 0) turned = limit;
        else if (Math.Abs(moved) > 0.01 * ceiling)
        {
            if (direction != 0) reversals++;
            (direction, turned) = (Math.Sign(moved), limit);
        }
    }

    public Scores Of(string scenario, string policy, long seed, Plant plant)
    {
        var (mean, p95) = Waits(plant);
        return new(scenario, policy, seed, peakMemory, peakLag, over, freezes, reversals, playerSeconds / 60, mean, p95, limitMin,
            plant.Crowds.Sum(crowd => crowd.Arrived), plant.Crowds.Sum(crowd => crowd.GaveUp), plant.Crowds.Sum(crowd => crowd.Left), plant.Seated, plant.Crowds.Sum(crowd => crowd.Waiting));
    }

    static (double Mean, double P95) Waits(Plant plant)
    {
        var (all, sum) = (0.0, 0.0);
        foreach (var crowd in plant.Crowds)
            for (var wait = 0; wait < crowd.Waits.Count; wait++)
            {
                all += crowd.Waits[wait];
                sum += wait * crowd.Waits[wait];
            }
        if (all == 0) return (0, 0);
        var (p95, below) = (0, plant.Crowds.Sum(crowd => crowd.Waits[0]));
        while (below < 0.95 * all)
        {
            p95++;
            below += plant.Crowds.Sum(crowd => crowd.Waits[p95]);
        }
        return (sum / all, p95);
    }
}
