using System.Globalization;
using System.Text.Json.Nodes;
using Veltrix.Governor.Orchestration;

namespace Veltrix.Kubernetes.Live;

/// <summary>What holds for a hunt, as people read it on a cluster: in the Hunt's status and, one key each, in its map of overrides.</summary>
/// <param name="Ratio">Limit over ceiling, to three digits; 1 is open.</param>
/// <param name="Servers">As many as the plan wants.</param>
public sealed record LiveValues(long Limit, long Ceiling, double Ratio, long Seated, long Waiting, bool Paused, string Reason, int Servers)
{
    public static LiveValues Of(HuntRuling ruling) => new(
        ruling.Limits.Limit, ruling.Limits.Ceiling, ruling.Limits.Ceiling > 0 ? Math.Round((double)ruling.Limits.Limit / ruling.Limits.Ceiling, 3) : 1,
        (long)ruling.Seated, (long)ruling.Waiting, ruling.Limits.Pause, ruling.Limits.Reason, ruling.Plan.Servers);

    /// <summary>As a status has them; null: it has none yet.</summary>
    public static LiveValues? Of(HuntStatus? status) => status is { Limit: { } limit, Ceiling: { } ceiling }
        ? new(limit, ceiling, status.ThrottleRatio ?? 1, status.Seated ?? 0, status.Waiting ?? 0, status.Paused == true, status.Reason ?? "", status.Servers?.Wanted ?? 1)
        : null;

    public HuntStatus AsStatus() => new()
    {
        Limit = Limit, Ceiling = Ceiling, ThrottleRatio = Ratio, Seated = Seated, Waiting = Waiting, Paused = Paused, Reason = Reason, Servers = new ServersStatus(Wanted: Servers),
    };

    public JsonObject AsKeys()
    {
        return new JsonObject
        {
            ["live.limit"] = Text(Limit),
            ["live.ceiling"] = Text(Ceiling),
            ["live.throttle_ratio"] = Text(Ratio),
            ["live.seated"] = Text(Seated),
            ["live.waiting"] = Text(Waiting),
            ["live.paused"] = Paused ? "true" : "false",
            ["live.reason"] = Reason,
            ["live.servers_wanted"] = Text(Servers),
        };

        static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
    }
}
