using System.Diagnostics.Metrics;

namespace Veltrix.Hosting;

/// <summary>
/// Whether the file on disk is what runs: <c>veltrix_config_last_reload_successful</c> and <c>veltrix_config_last_reload_success_timestamp_seconds</c>, as Prometheus has them of itself.
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
    }

    public void Dispose() => meter.Dispose();
}
