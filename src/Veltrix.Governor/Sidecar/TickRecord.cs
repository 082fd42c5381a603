using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Veltrix.Governor.Policies;

namespace Veltrix.Governor.Sidecar;

/// <summary>A line of a decision file: one of the two.</summary>
/// <param name="Tick">What was measured and decided here.</param>
/// <param name="Applied">What came of it: told by the orchestrator, or done by a person.</param>
public sealed record DecisionLine(TickRecord? Tick = null, DecisionEntry? Applied = null);

/// <summary>One tick of one hunt, whole: with the earlier ones of the same file it is all that is needed to decide again.</summary>
/// <param name="Now">Seconds of the monotonic clock handed to the policies.</param>
public sealed record TickRecord(string Hunt, long Seq, long AtMs, double Now, Observation Observation, ImmutableArray<LaneRecord> Lanes);

/// <summary>What one policy did in a tick.</summary>
/// <param name="Parameters">In the first line of a file and after a change; else those of the line before.</param>
/// <param name="Begins">It began anew, from <paramref name="From"/>.</param>
/// <param name="From">The limit it worked from: its own last one, or the one it was told.</param>
public sealed record LaneRecord(string Policy, bool Shadow, string Hash, PolicyParameters? Parameters, bool Begins, double From, Decision Decision);

/// <summary>A decision as it is told: in <c>governor log</c>, the API, the page.</summary>
/// <param name="Policy">"applied" for what the orchestrator made of all votes, "person" for what somebody did by hand.</param>
/// <param name="JoinsPerSecond">Infinite: not paced.</param>
public sealed record DecisionEntry(
    long AtMs, string Hunt, string Policy, bool Shadow, long From, long To, double JoinsPerSecond, bool Pause, string Mode, string Cause, string Text, long Seated, long Waiting)
{
    /// <summary>Something is other than before.</summary>
    [JsonIgnore]
    public bool IsChange => From != To || Policy == "person";

    public static DecisionEntry Of(TickRecord tick, LaneRecord lane)
    {
        var decision = lane.Decision;
        return new(
            tick.AtMs, tick.Hunt, lane.Policy, lane.Shadow, (long)Math.Round(lane.From), (long)Math.Round(decision.Limit), decision.JoinsPerSecond, decision.Pause, Words.Name(decision.Mode),
            Words.Name(decision.Cause), Words.Move(lane.From, decision.Limit, decision.Reason), (long)tick.Observation.Seated, (long)tick.Observation.Waiting);
    }
}

/// <summary>How lines are written: exact numbers (the shortest text that reads back to the same bits), names in lower case, arrows and quotes readable.</summary>
static class DecisionJson
{
    public static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        IgnoreReadOnlyProperties = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    /// <summary>For the page: the same names, and nulls where nothing is known.</summary>
    public static readonly JsonSerializerOptions Page = new(Options) { IgnoreReadOnlyProperties = false, DefaultIgnoreCondition = JsonIgnoreCondition.Never };
}
