using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Veltrix.Governor.Policies;

namespace Veltrix.Governor.Sidecar;

/// <summary>
/// <c>/ops</c>: what holds for every hunt and why, for whoever is on duty. A page of three files in this assembly, without a framework and without a word from elsewhere; it asks <c>/ops/hunts</c> every second.
/// </summary>
static class OpsPage
{
    const int DecisionsShown = 12;

    // Only our own files: nothing that came in over a report can become a script.
    const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static void MapOps(this IEndpointRouteBuilder endpoints, GovernorSidecar sidecar, TimeProvider clock)
    {
        endpoints.MapGet("/", () => TypedResults.Redirect("/ops"));
        foreach (var (path, file, type) in new[] { ("/ops", "ops.html", "text/html; charset=utf-8"), ("/ops.js", "ops.js", "text/javascript; charset=utf-8"), ("/ops.css", "ops.css", "text/css; charset=utf-8") })
        {
            var bytes = Resource(file);
            endpoints.MapGet(path, (HttpContext context) =>
            {
                Protect(context.Response);
                return TypedResults.Bytes(bytes, type);
            });
        }

        endpoints.MapGet("/ops/hunts", (HttpContext context) =>
        {
            Protect(context.Response);
            return TypedResults.Json(State(sidecar, clock), DecisionJson.Page);
        });
    }

    static void Protect(HttpResponse response)
    {
        response.Headers.ContentSecurityPolicy = Policy;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers.CacheControl = "no-store";
    }

    static byte[] Resource(string file)
    {
        using var stream = typeof(OpsPage).Assembly.GetManifestResourceStream($"ops/{file}")!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    static object State(GovernorSidecar sidecar, TimeProvider clock)
    {
        var age = sidecar.OrchestratorAge;
        return new
        {
            Governor = sidecar.Name,
            NowMs = clock.GetUtcNow().ToUnixTimeMilliseconds(),
            NotReady = sidecar.NotReady,
            OrchestratorAge = double.IsFinite(age) ? age : (double?)null,
            Store = sidecar.Memory is { } store ? new { store.Product, store.Used, store.Max, store.Resident, store.Saving, LastForkSeconds = store.LastFork?.TotalSeconds, PingSeconds = store.Ping.TotalSeconds } : null,
            Hunts = sidecar.Hunts.Select(Hunt),
        };
    }

    static object Hunt(HuntGovernor governor)
    {
        var hunt = governor.Snapshot;
        return new
        {
            hunt.Hunt,
            hunt.Policy,
            Mode = Words.Name(hunt.Decision.Mode),
            hunt.Told?.Limit,
            Vote = hunt.Decision.Mode == Mode.Abstain ? (double?)null : hunt.Decision.Limit,
            Ratio = hunt.ThrottleRatio,
            hunt.Ceiling,
            hunt.Floor,
            hunt.Seated,
            hunt.Waiting,
            Paused = hunt.Told?.Pause ?? false,
            hunt.Guard,
            Brownout = new { hunt.Decision.Brownout.Memory, hunt.Decision.Brownout.Lag },
            Pin = hunt.PinLimit,
            hunt.PinOrigin,
            Reason = hunt.Text,
            Applied = hunt.Told?.Reason ?? "",
            Signals = hunt.Signals.Select(signal => new
            {
                Name = Words.Name(signal.Signal),
                Value = Known(signal.Value),
                signal.Soft,
                signal.Critical,
                Age = Known(signal.Age),
                signal.IsRequired,
                signal.IsFresh,
                Invalid = signal.Faults.Sum(),
            }),
            Shadows = hunt.Shadows.Select(shadow => new { shadow.Policy, shadow.Limit, shadow.Text }),
            Decisions = governor.Log.Last(DecisionsShown, changesOnly: true).Reverse().Select(entry => new { entry.AtMs, entry.Policy, entry.Mode, entry.Text, entry.Seated, entry.Waiting }),
            Plot = governor.Plot.Select(point => new[] { point.AtMs, Known(point.Limit), point.Seated, point.Waiting }),
        };
    }

    static double? Known(double value) => double.IsFinite(value) ? value : null;
}
