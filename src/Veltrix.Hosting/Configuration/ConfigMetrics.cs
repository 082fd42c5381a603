using System.Diagnostics.Metrics;
using System.Globalization;

namespace Veltrix.Hosting;

/// <summary>
/// Whether the file on disk is what runs: <c>veltrix_config_last_reload_successful</c> and <c>veltrix_config_last_reload_success_timestamp_seconds</c>, as Prometheus has them of itself.
/// And which revision of the cluster's objects runs: <c>veltrix_config_cluster_info</c>.
/// </summary>
public sealed class ConfigMetrics : IDisposable
{
    /// <summary>For <c>AddMeter</c>.</summary>
    public const string MeterName = "Veltrix.Config";

    readonly Meter meter = new(MeterName);

    public ConfigMetrics(Settings settings)
    {
        meter.CreateObservableGauge("veltrix.config.last_reload_successful", () => settings.LastReload.Ok ? 1 : 0, null, "1 while the last edit of hunt-config.yml is in force, 0 while an older one goes on.");
        meter.CreateObservableGauge(
            "veltrix.config.last_reload_success_timestamp", () => settings.LastReload.OkAt.ToUnixTimeMilliseconds() / 1000.0, "s", "When settings were last taken, in seconds since 1970.");
        meter.CreateObservableGauge(
            "veltrix.config.cluster_info", () => settings.ClusterMarks.Select(taken => Info(taken.Key, taken.Value)), null, "Always 1; hash and revision of what the cluster's objects set for a hunt, as it is in force here.");
    }

    /// <summary>Hash and revision are labels: what one asks is whether all say the same.</summary>
    public static Measurement<int> Info(string hunt, ClusterMark mark) =>
        new(1, new("hunt_id", hunt), new("hash", mark.Hash), new("revision", mark.Revision.ToString(CultureInfo.InvariantCulture)));

    public void Dispose() => meter.Dispose();
}
