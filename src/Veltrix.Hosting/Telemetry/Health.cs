using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Veltrix.Hosting;

/// <summary>What a scheduler asks: <c>/livez</c>, whether the process should go on; <c>/readyz</c>, whether it can do its work now. The status code decides; the text is for people.</summary>
public static class Health
{
    /// <param name="notReady">Null: ready. Else why not, in a clause.</param>
    public static void MapHealth(this IEndpointRouteBuilder endpoints, Func<string?> notReady)
    {
        endpoints.MapGet("/livez", () => TypedResults.Text("ok")).DisableHttpMetrics();
        endpoints.MapGet("/readyz", () => notReady() is { } why ? Results.Text($"not ready: {why}", statusCode: StatusCodes.Status503ServiceUnavailable) : Results.Text("ok")).DisableHttpMetrics();
    }
}
