using System.Diagnostics.Metrics;

namespace Veltrix.Governor.Orchestration;

/// <summary>What an orchestrator tells Prometheus: all of it read from the last round when it is asked for. <c>docs/reference/metrics.md</c> has a row for each, and a test compares. How hunts stand the
/// governors tell: in a process of both roles one series must not come twice.</summary>
public sealed class OrchestratorMetrics : IDisposable
{
    public const string MeterName = "Veltrix.Orchestrator";

    readonly Meter meter = new(MeterName);

    public OrchestratorMetrics(Func<Snapshot> now)
    {
        Of("veltrix.orchestrator.limit_players", "{player}", "The limit of the last round; it is published if this one leads.", ruling => ruling.Limits.Limit);
        Of("veltrix.orchestrator.admit_rate_players_per_second", "{player}/s", "The pace at which seats may be given; absent where it is not paced.", ruling => ruling.Limits.JoinsPerSecond, ruling => ruling.Limits.JoinsPerSecond > 0);
        Of("veltrix.hunt.wanted_servers", "{server}", "Servers wanted within the next minutes for this hunt alone.", ruling => ruling.Plan.Servers);
        Of("veltrix.orchestrator.vote_spread_ratio", "1", "Highest less lowest fresh vote, over the ceiling.", ruling => ruling.Tally.Spread);
        meter.CreateObservableGauge(
            "veltrix.orchestrator.votes",
            () => now().Outcome.Rulings.SelectMany(ruling => new[] { ("fresh", ruling.Tally.Fresh), ("silent", ruling.Tally.Silent), ("expired", ruling.Tally.Expired), ("rejected", ruling.Tally.Rejected) }
                .Select(votes => new Measurement<int>(votes.Item2, Hunt(ruling), new("state", votes.Item1)))),
            "{vote}",
            "Votes of the last round by what became of them; silent ones had no word on the limit.");
        Of("veltrix.orchestrator.missing_votes", "{vote}", "Fresh votes that are missing for a quorum; 0: there is one.", ruling => Math.Max(0, Math.Max(1, (ruling.Tally.Electorate + 1) / 2) - ruling.Tally.Fresh));
        meter.CreateObservableGauge("veltrix.orchestrator.is_leader", () => now().IsLeader ? 1 : 0, "1", "1 on the orchestrator whose limits are published, 0 on a standby.");
        meter.CreateObservableGauge("veltrix.orchestrator.wanted_servers", () => now().Outcome.Plan.Servers, "{server}", "Servers wanted within the next minutes for all hunts together.");
        meter.CreateObservableGauge("veltrix.orchestrator.answering_governors", () => now().Answers.Count(answer => answer.Response is not null), "{governor}", "Governors that answered in the last round.");
        meter.CreateObservableGauge("veltrix.orchestrator.asked_governors", () => now().Answers.Count, "{governor}", "Governors that were asked in the last round.");
        meter.CreateObservableCounter("veltrix.orchestrator.rounds", () => now().Rounds, "{round}", "Rounds since the start.");
        meter.CreateObservableGauge("veltrix.orchestrator.round_duration", () => now().Took.TotalSeconds, "s", "How long the last round took.");
        meter.CreateObservableGauge("veltrix.orchestrator.last_round_timestamp", () => now().AtMs / 1000.0, "s", "When the last round was, in seconds since 1970.");

        void Of(string name, string unit, string description, Func<HuntRuling, double> value, Func<HuntRuling, bool>? where = null) => meter.CreateObservableGauge(
            name, () => now().Outcome.Rulings.Where(where ?? (_ => true)).Select(ruling => new Measurement<double>(value(ruling), Hunt(ruling))), unit, description);
    }

    public void Dispose() => meter.Dispose();

    static KeyValuePair<string, object?> Hunt(HuntRuling ruling) => new("hunt_id", ruling.Hunt);
}
