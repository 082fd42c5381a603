using System.Net;
using System.Net.Sockets;
using Garnet;

namespace Veltrix.Gate;

/// <summary>Garnet in this process, on a free port of 127.0.0.1, kept nowhere. Measured: about 50 MB of the process' memory while it is empty.</summary>
sealed class EmbeddedStore : IDisposable
{
    const int Attempts = 8;

    readonly GarnetServer _server;

    EmbeddedStore(GarnetServer server, int port) => (_server, Endpoint) = (server, $"127.0.0.1:{port}");

    public string Endpoint { get; }

    public static EmbeddedStore Start()
    {
        for (var attempt = 1; ; attempt++)
        {
            var port = FreePort();
            GarnetServer? server = null;
            try
            {
                server = new GarnetServer(Arguments(port));
                server.Start();
                return new EmbeddedStore(server, port);
            }
            catch (Exception e) when (e is SocketException or IOException && attempt < Attempts)
            {
                // Somebody else took the port between the two.
                server?.Dispose();
            }
            catch (Exception e)
            {
                server?.Dispose();
                throw new GateException(GateFault.Misconfigured,
                    $"The embedded store (Garnet) did not start on 127.0.0.1:{port}: {e.Message} Name a Redis instead, or free memory and ports.", e);
            }
        }
    }

    public void Dispose() => _server.Dispose();

    static string[] Arguments(int port) =>
    [
        "--port", $"{port}", "--bind", "127.0.0.1",
        // A script locks the keys that it declares, so that it is one step.
        "--lua", "--lua-transaction-mode",
        // Garnet throws keys away beyond --memory, so that is more than hunters can fill; pages are made as they are needed. Records deleted and made again take their old place, or a list that
        // empties every second would fill the log for ever.
        "--memory", "64g", "--page", "64k", "--index", "64k", "--reviv-in-chain-only",
        "--no-pubsub", "-q", "--disable-console-logger",
    ];

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
