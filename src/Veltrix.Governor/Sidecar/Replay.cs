using System.Text.Json;
using Veltrix.Governor.Policies;

namespace Veltrix.Governor.Sidecar;

/// <summary>
/// Runs recorded observations through the policies again and compares, to the last bit. What comes out must be what was decided: a policy is a function of state, observation and time.
/// </summary>
public static class Replay
{
    /// <param name="Decisions">Compared.</param>
    /// <param name="Skipped">Not compared: the beginning of that policy is in a file that has gone.</param>
    /// <param name="Difference">The first one; null where all is equal.</param>
    public sealed record Report(long Ticks, long Decisions, long Skipped, Difference? Difference);

    public sealed record Difference(long Line, long Seq, string Policy, Decision Recorded, Decision Replayed)
    {
        public override string ToString() => FormattableString.Invariant(
            $"line {Line}, tick {Seq}, {Policy}: recorded {Recorded.Limit:R} ({Recorded.Reason}), replayed {Replayed.Limit:R} ({Replayed.Reason})");
    }

    /// <param name="lines">Of one log, oldest first; lines that are cut short are passed over.</param>
    public static Report Run(IEnumerable<string> lines)
    {
        var lanes = new Dictionary<string, (IAdmissionPolicy? Policy, PolicyState? State)>();
        var parameters = new Dictionary<string, PolicyParameters>();
        long number = 0, ticks = 0, decisions = 0, skipped = 0;
        foreach (var text in lines)
        {
            number++;
            if (Read(text)?.Tick is not { } tick) continue;
            ticks++;
            // A policy that is not named in a tick was at rest, and begins anew when it comes back.
            foreach (var name in lanes.Keys.Except(tick.Lanes.Select(lane => lane.Policy)).ToList()) lanes.Remove(name);
            foreach (var lane in tick.Lanes)
            {
                var (policy, state) = lanes.GetValueOrDefault(lane.Policy);
                if (lane.Parameters is { } changed)
                {
                    parameters[lane.Policy] = changed;
                    policy = PolicyCatalog.Create(lane.Policy, changed);
                }
                else if (policy is null && parameters.TryGetValue(lane.Policy, out var known)) policy = PolicyCatalog.Create(lane.Policy, known);

                if (policy is null || (state is null && !lane.Begins))
                {
                    skipped++;
                    lanes[lane.Policy] = (policy, null);
                    continue;
                }

                state = lane.Begins ? policy.Begin(lane.From) : state! with { Limit = lane.From };
                var step = policy.Step(state, tick.Observation, tick.Now);
                if (step.Decision != lane.Decision) return new Report(ticks, decisions, skipped, new Difference(number, tick.Seq, lane.Policy, lane.Decision, step.Decision));
                decisions++;
                lanes[lane.Policy] = (policy, step.State);
            }
        }

        return new Report(ticks, decisions, skipped, null);
    }

    /// <summary>A line; null where it is none.</summary>
    public static DecisionLine? Read(string text)
    {
        try
        {
            return text.Length == 0 ? null : JsonSerializer.Deserialize<DecisionLine>(text, DecisionJson.Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
