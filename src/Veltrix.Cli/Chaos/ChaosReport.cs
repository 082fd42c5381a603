using System.Text.Json.Nodes;

namespace Veltrix.Cli.Chaos;

/// <summary>What came of it. The members of <see cref="ToJson"/> are what other programs rely on.</summary>
/// <param name="Faults">How often each kind was done.</param>
/// <param name="TakeOvers">How often another server began to score the hunt.</param>
/// <param name="Broken">What does not hold, each in a sentence; empty: all holds.</param>
sealed record ChaosReport(
    int Seed, long Acknowledged, long Lost, long Doubled, long Overshoot, long Evicted, long OutOfOrder, bool BoardsEqual, double? LagAtEnd, long Seats, long TakeOvers, long Stalls, double? P95Ms, double HealedSeconds,
    IReadOnlyDictionary<string, int> Faults, IReadOnlyList<string> Broken)
{
    public JsonObject ToJson() => new()
    {
        ["seed"] = Seed,
        ["acknowledged"] = Acknowledged,
        ["lost"] = Lost,
        ["doubled"] = Doubled,
        ["overshoot"] = Overshoot,
        ["evicted"] = Evicted,
        ["out_of_order"] = OutOfOrder,
        ["boards_equal"] = BoardsEqual,
        ["lag"] = LagAtEnd,
        ["seats"] = Seats,
        ["take_overs"] = TakeOvers,
        ["stalls"] = Stalls,
        ["p95_ms"] = P95Ms,
        ["healed_s"] = Math.Round(HealedSeconds, 1),
        ["passed"] = Broken.Count == 0,
        ["faults"] = new JsonObject(Faults.Select(fault => KeyValuePair.Create(fault.Key, (JsonNode?)fault.Value))),
    };
}
