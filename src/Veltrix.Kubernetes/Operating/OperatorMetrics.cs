using System.Diagnostics.Metrics;

namespace Veltrix.Kubernetes.Operating;

/// <summary>Metrics of the operator; <c>docs/reference/metrics.md</c> lists them.</summary>
public sealed class OperatorMetrics : IDisposable
{
    public const string MeterName = "Veltrix.Operator";

    readonly Meter meter = new(MeterName);

    public OperatorMetrics(Func<OperatorSight> sight)
    {
        Reconciles = meter.CreateCounter<long>("veltrix.operator.reconciles", "{look}", "Looks at one Hunt, by result: ok, error.");
        Duration = meter.CreateHistogram("veltrix.operator.reconcile_duration", "s", "How long one look took.", [], new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] });
        Ungoverned = meter.CreateCounter<long>("veltrix.operator.ungoverned_pods", "{pod}", "Pods that looked like hunt pods, had no governor and were deleted.");
        Promoted = meter.CreateCounter<long>("veltrix.operator.promoted_settings", "{setting}", "Settings copied from the chart's map into the one that no chart has.");
        meter.CreateObservableGauge("veltrix.operator.leader", () => sight().IsLeader ? 1 : 0, null, "1: this one leads.");
        meter.CreateObservableGauge("veltrix.operator.queue_length", () => sight().Queue, "{hunt}", "Hunts to be looked at.");
        meter.CreateObservableCounter("veltrix.operator.api_requests", () => sight().Calls, "{request}", "Requests to the Kubernetes API.");
        meter.CreateObservableGauge("veltrix.operator.api_up", () => sight().Trouble is null ? 1 : 0, null, "1: the Kubernetes API answers.");
        meter.CreateObservableGauge("veltrix.policy_enforced", () => sight().IsPolicyEnforced ? 1 : 0, null, "1: a pod without a governor was tried on this API, and denied.");
        meter.CreateObservableGauge(
            "veltrix.operator.hunts", () => sight().Phases.Select(phase => new Measurement<int>(phase.Value, new KeyValuePair<string, object?>("phase", phase.Key))), "{hunt}", "Hunts, by phase.");
    }

    public Counter<long> Reconciles { get; }

    public Histogram<double> Duration { get; }

    public Counter<long> Ungoverned { get; }

    public Counter<long> Promoted { get; }

    public void Dispose() => meter.Dispose();
}

/// <summary>The operator as it is now.</summary>
/// <param name="Trouble">Null while the API answers.</param>
/// <param name="IsPolicyEnforced">A pod without a governor was tried, and denied.</param>
public sealed record OperatorSight(bool IsLeader, int Queue, long Calls, string? Trouble, bool IsPolicyEnforced, IReadOnlyDictionary<string, int> Phases);
