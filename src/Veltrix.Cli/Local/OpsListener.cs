using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Veltrix.Hosting;
using Veltrix.Server;

namespace Veltrix.Cli;

/// <summary>The second listener of a server: metrics and health, where no hunter comes.</summary>
sealed class OpsListener : IAsyncDisposable
{
    /// <summary>Meters of a server.</summary>
    public static readonly string[] ServerMeters = [ServerMetrics.MeterName, ConfigMetrics.MeterName];

    readonly WebApplication app;

    OpsListener(WebApplication app) => this.app = app;

    public Uri Url { get; private init; } = new("http://127.0.0.1");

    public static async Task<OpsListener> Start(IPEndPoint address, CancellationToken cancel)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(address);
        });
        Telemetry.Add(builder.Services, "veltrix-server", ServerMeters);
        var app = builder.Build();
        app.MapMetrics();
        app.MapHealth(() => null);
        try
        {
            await app.StartAsync(cancel);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        return new OpsListener(app) { Url = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()) };
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
