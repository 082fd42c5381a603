using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Veltrix.Hosting;

/// <summary>
/// Metrics of a process, in Prometheus' text at <c>/metrics</c>: its own meters and those of the framework, each by name. Never all there are: that would subscribe to private ones too.
/// </summary>
public static class Telemetry
{
    /// <summary>The framework's meters that every process exports; <c>docs/reference/metrics.md</c> says where they are documented.</summary>
    public static readonly IReadOnlyList<string> FrameworkMeters =
        ["Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Runtime"];

    const string BuildMeter = "Veltrix.Build";

    /// <summary>The version of this build, as <c>veltrix version</c> says it.</summary>
    public static string Version { get; } = typeof(Telemetry).Assembly.GetName().Version!.ToString(3);

    // Held for ever: a meter without a holder is collected, and its gauge with it.
    static readonly Meter Build = new(BuildMeter);
    static readonly ObservableGauge<int> BuildInfo = Build.CreateObservableGauge(
        "veltrix.build_info", () => new Measurement<int>(1, new("version", Version), new("runtime", Environment.Version.ToString())), description: "Always 1; which build this is.");

    /// <param name="service">What this process is, as in <c>target_info</c>: <c>veltrix-governor</c>.</param>
    /// <param name="meters">Its own meters.</param>
    public static IServiceCollection Add(IServiceCollection services, string service, params string[] meters)
    {
        GC.KeepAlive(BuildInfo);
        services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.Clear().AddService(service, serviceVersion: Version))
            .WithMetrics(metrics => metrics
                .AddMeter([.. meters, .. FrameworkMeters, BuildMeter])
                // Our names carry hunts and signals; the scope would add a label to every series and say nothing.
                .AddPrometheusExporter(exporter => exporter.ScopeInfoEnabled = false));
        return services;
    }

    /// <summary>Serves them at <c>/metrics</c>; scraping does not count as traffic.</summary>
    public static IEndpointConventionBuilder MapMetrics(this IEndpointRouteBuilder endpoints) => endpoints.MapPrometheusScrapingEndpoint("/metrics").DisableHttpMetrics();
}
