using System.Net;
using System.Net.Sockets;

namespace Veltrix.Cli.Clusters;

/// <summary>Ports of this machine.</summary>
static class LocalPort
{
    // Below those that systems give to whoever connects somewhere (from 32,768 on Linux, 49,152 elsewhere): one of these would be somebody's before the process that it was found for listens on it.
    const int Least = 16_000;
    const int Beyond = 32_000;
    const int Tries = 100;

    /// <summary>One that was free a moment ago.</summary>
    public static int Free()
    {
        for (var tries = 0; tries < Tries; tries++)
        {
            var port = Random.Shared.Next(Least, Beyond);
            if (Takes(port) is { } free) return free;
        }

        return Takes(0)!.Value;
    }

    static int? Takes(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }
        catch (SocketException) when (port != 0)
        {
            return null;
        }
    }
}
