using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Veltrix.Control;
using Veltrix.Hosting;
using Veltrix.Server;

namespace Veltrix.Cli;

/// <summary>The second listener of a server: metrics and health, where no hunter comes.</summary>
sealed class OpsListener : IAsyncDisposable
{
    /// <summary>Meters of a server.</summary>
    public static readonly string[] ServerMeters = [ServerMetrics.MeterName, ConfigMetrics.MeterName, ControlMetrics.MeterName];

    readonly WebApplication app;

    OpsListener(WebApplication app) => this.app = app;

    public Uri Url { get; private init; } = new("http://127.0.0.1");

    public static async Task<OpsListener> Start(IPEndPoint address, CancellationToken cancel)
    {
        var builder = RoleHost.Builder(NullLoggerFactory.Instance, LogLevel.None, TimeSpan.FromSeconds(5));
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(address));
        Telemetry.Add(builder.Services, "veltrix-server", ServerMeters);
        var app = builder.Build();
        app.MapMetrics();
        app.MapHealth(() => null);
        try
        {
            await app.StartAsync(cancel);
        }
        catch (IOException error) when (error.InnerException is AddressInUseException)
        {
            await app.DisposeAsync();
            throw InUse(address, error);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        return new OpsListener(app) { Url = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()) };
    }

    /// <summary>The port of the second listener is taken, as a sentence.</summary>
    public static CliException InUse(IPEndPoint address, Exception error) => new(
        ExitCode.Refused, $"Port {address.Port} on {address.Address}, for metrics and health, is in use by another program.", "Choose another with --ops-port; --ops-port 0 takes any free one.", error);

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
