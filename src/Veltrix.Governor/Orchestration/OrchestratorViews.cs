using System.Text.Json;
using System.Text.Json.Serialization;

namespace Veltrix.Governor.Orchestration;

/// <summary>What <c>GET /v1/hunts</c> of an orchestrator answers.</summary>
/// <param name="MemoryRatio">Of the shared store; null: not known.</param>
public sealed record OrchestratorView(
    bool IsLeader, long Term, string Leader, long AtMs, double? MemoryRatio, PlanView Plan, IReadOnlyList<GovernorView> Governors, IReadOnlyList<RulingView> Hunts, IReadOnlyDictionary<string, string> Faults)
{
    public static OrchestratorView Of(Snapshot now, IReadOnlyDictionary<string, string> faults)
    {
        var shares = now.Outcome.Shares.ToDictionary(share => share.Endpoint, share => share.Hunters);
        return new OrchestratorView(
            now.IsLeader, now.Term, now.Leader, now.AtMs, now.Outcome.MemoryRatio, PlanView.Of(now.Outcome.Plan),
            [.. now.Answers.Select(answer => new GovernorView(
                answer.Endpoint, answer.Response?.Governor, answer.Response is not null, answer.Response?.Load?.CpuRatio, shares.TryGetValue(answer.Endpoint, out var share) ? share : null))],
            [.. now.Outcome.Rulings.Select(RulingView.Of)],
            faults);
    }
}

/// <param name="Share">Hunters it must expect under the limits of now.</param>
public sealed record GovernorView(string Endpoint, string? Governor, bool Answers, double? CpuRatio, long? Share);

/// <param name="PerServer">Hunters one server carries; null: not known.</param>
public sealed record PlanView(int Servers, int Now, long Hunters, long? PerServer, string Bottleneck, string Reason)
{
    public static PlanView Of(CapacityPlan plan) => new(
        plan.Servers, plan.Now, (long)plan.Hunters, (long?)plan.PerServer, Words.Name(plan.Bottleneck), plan.Reason);
}

/// <param name="JoinsPerSecond">Null: not paced.</param>
public sealed record RulingView(
    string Hunt, long Limit, long Ceiling, double Floor, long Seated, long Waiting, double? JoinsPerSecond, bool Pause, bool Guard, bool Pinned, double BrownoutMemory, double BrownoutLag,
    string Cause, string Reason, bool Quorum, int Electorate, PlanView Plan, IReadOnlyList<VoteView> Votes)
{
    public static RulingView Of(HuntRuling ruling) => new(
        ruling.Hunt, ruling.Limits.Limit, ruling.Limits.Ceiling, ruling.Tally.Terms.Floor, (long)ruling.Seated, (long)ruling.Waiting,
        ruling.Limits.JoinsPerSecond > 0 ? ruling.Limits.JoinsPerSecond : null, ruling.Limits.Pause, ruling.Limits.Guard, ruling.Limits.Pinned, ruling.Limits.BrownoutMemory, ruling.Limits.BrownoutLag,
        ruling.Limits.Cause, ruling.Limits.Reason, ruling.Tally.HasQuorum, ruling.Tally.Electorate, PlanView.Of(ruling.Plan), [.. ruling.Votes.Select(VoteView.Of)]);
}

/// <param name="Limit">Null where it is no number.</param>
public sealed record VoteView(string Governor, string State, double? Limit, bool Pause, string Reason, double? ServerCap)
{
    // What is no number cannot be written in JSON, and is exactly what somebody who looks here wants to see.
    public static VoteView Of(Vote vote) => new(
        vote.Governor, vote.IsWellFormed ? Words.Name(vote.State) : "malformed", Finite(vote.Limit), vote.Pause, vote.Reason, Finite(vote.ServerCap));

    static double? Finite(double? number) => number is { } some && double.IsFinite(some) ? some : null;
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(OrchestratorView))]
internal sealed partial class OrchestratorJson : JsonSerializerContext;
