using System.Net;
using System.Net.Sockets;

namespace Veltrix.Cli.Clusters;

/// <summary>Ports of this machine.</summary>
static class LocalPort
{
    /// <summary>One that was free a moment ago.</summary>
    public static int Free()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
