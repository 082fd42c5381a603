using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Veltrix.Hosting;
using Veltrix.Server;

namespace Veltrix.Cli;

/// <summary>
/// A server in this process. Fails to start with sentences that say what to do, and stops in time.
/// </summary>
sealed class LocalServer : IAsyncDisposable
{
    // Long enough to say goodbye to every socket, short enough for whoever pressed Ctrl-C.
    static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(4);

    readonly VeltrixServer server;

    LocalServer(VeltrixServer server) => this.server = server;

    public Uri Url => server.Url;

    public static async Task<LocalServer> Start(DataHome folder, string host, int port, IReadOnlyList<string> origins, string? config, CancellationToken cancel)
    {
        try
        {
            var options = new ServerOptions { DataFolder = folder.Path, Host = host, Port = port, WebFolder = WebFolder, AllowedOrigins = origins, ConfigFile = config };
            return new LocalServer(await VeltrixServer.Start(options, cancel));
        }
        catch (IOException error) when (error.InnerException is AddressInUseException)
        {
            throw new CliException(ExitCode.Refused, $"Port {port} on {host} is in use by another program.", "Choose another with --port, or let --port 0 take any free one.", error);
        }
        catch (SocketException error)
        {
            throw new CliException(ExitCode.Failed, $"Cannot listen on {host}:{port}: {error.Message}.", "Choose an address of this machine with --host, and a port above 1023 with --port.", error);
        }
        catch (ConfigException error)
        {
            throw new CliException(ExitCode.Failed, $"The settings cannot be taken:\n{error.Message}", "Repair them and start again; 'veltrix config validate FILE' reads them without a server.", error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new CliException(ExitCode.Failed, $"The data folder {folder.Path} cannot be written: {error.Message}", "Choose another with --data.", error);
        }
    }

    /// <summary>The web pages beside the program; null where they were not built.</summary>
    public static string? WebFolder
    {
        get
        {
            var path = Path.Combine(AppContext.BaseDirectory, "web");
            return Directory.Exists(path) ? path : null;
        }
    }

    /// <summary>An organiser's way in, over the same interface that everybody uses.</summary>
    public Remote AsOrganiser() => new(server.Url, server.AdminKey, "in this process");

    public string AuditKey(string hunt) => server.AuditKey(hunt);

    public string ReplayKey() => server.ReplayKey();

    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(StopWithin);
        try
        {
            await server.Stop(patience.Token);
        }
        catch (OperationCanceledException)
        {
            // What was acknowledged is durable already: ending now loses nothing.
        }
        await server.DisposeAsync();
    }
}
