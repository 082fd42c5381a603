using System.Text.Json;
using Veltrix.Gate;
using Veltrix.Hosting;

namespace Veltrix.Server.Admission;

/// <summary>Which setting a limit comes from, who set that, and where it is explained. Every refusal carries it, so that no limit is ever met that is written nowhere.</summary>
/// <param name="Why">What was measured, in the governor's words.</param>
public sealed record LimitSource(string Key, string Origin, string Page, string? Why = null)
{
    const string Pages = "https://veltrix.dev/docs/reference/config.md#";

    public static LimitSource Of(Key key, Settings settings, string hunt) => new(key.Name, settings.Explain(key, hunt).Origin.ToString(), Pages + key.Name);

    /// <summary>Of the number of hunters that may play now: a pin, the threshold that something measured has come near to, or the ceiling.</summary>
    /// <param name="published">Null: nobody has said anything yet.</param>
    public static LimitSource Of(Settings settings, string hunt, GateLimits? published)
    {
        var source = Of(KeyOf(published), settings, hunt);
        // A governor may have been told a pin itself, which is no setting.
        return published is { Pinned: true } && settings.Get(Keys.PinLimit, hunt) is null ? source with { Origin = "a pin at the governor" } : source;
    }

    static Key KeyOf(GateLimits? published) => published switch
    {
        { Pinned: true } => Keys.PinLimit,
        // As the governor writes its causes.
        { Cause: "redis_memory" } => Keys.RedisMemorySoft,
        { Cause: "log_lag" } => Keys.LogLagSoft,
        { Cause: "log_lag_seconds" } => Keys.LogLagSecondsSoft,
        { Cause: "outcome_seconds" } => Keys.OutcomeSecondsSoft,
        { Cause: "scorer_queue" } => Keys.ScorerQueueSoft,
        { Cause: "floor" } => Keys.LimitFloorRatio,
        _ => Keys.MaxConcurrentHunters,
    };

    internal void Write(Utf8JsonWriter json, ReadOnlySpan<byte> member)
    {
        json.WriteStartObject(member);
        json.WriteString("key"u8, Key);
        json.WriteString("origin"u8, Origin);
        json.WriteString("page"u8, Page);
        if (Why is not null) json.WriteString("why"u8, Why);
        json.WriteEndObject();
    }
}
