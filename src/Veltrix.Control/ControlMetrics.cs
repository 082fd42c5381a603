using System.Diagnostics.Metrics;

namespace Veltrix.Control;

/// <summary>Whether the control database answers: <c>veltrix_control_up</c> and <c>veltrix_control_last_success_timestamp_seconds</c>.</summary>
public sealed class ControlMetrics : IDisposable
{
    /// <summary>For <c>AddMeter</c>.</summary>
    public const string MeterName = "Veltrix.Control";

    readonly Meter meter = new(MeterName);

    public ControlMetrics(ControlStore store)
    {
        meter.CreateObservableGauge("veltrix.control.up", () => store.Status.Trouble is null ? 1 : 0, null, "1 while the control database answers, 0 while keys go on as they were last read.");
        meter.CreateObservableGauge("veltrix.control.last_success_timestamp", () => store.Status.At.ToUnixTimeMilliseconds() / 1000.0, "s", "When keys were last read, in seconds since 1970.");
    }

    public void Dispose() => meter.Dispose();
}
