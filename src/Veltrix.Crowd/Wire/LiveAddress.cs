using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Veltrix.Crowd;

/// <summary>Where a hunt's live socket is, resolved once for a whole crowd.</summary>
/// <param name="EndPoint">Address and port of the server.</param>
/// <param name="Host">The Host header.</param>
/// <param name="Path">The request target of the upgrade.</param>
/// <param name="Hunt">Its id.</param>
sealed record LiveAddress(IPEndPoint EndPoint, string Host, string Path, string Hunt)
{
    /// <summary>
    /// Connections that leave from one loopback address before the next is taken. A Linux machine has 28,232 ephemeral ports an address, and finding a free one
    /// becomes slow when most are in use.
    /// </summary>
    const int ConnectionsPerAddress = 10_000;

    /// <summary>Linux: bind the address now and choose the port at connect, when the whole four-tuple is known. Without it 50,000 connects take 100 s, not 12.</summary>
    const int IpBindAddressNoPort = 24;

    public static async Task<LiveAddress> Resolve(Uri url, string hunt, CancellationToken cancel)
    {
        if (url.Scheme != Uri.UriSchemeHttp)
            throw new CrowdException($"{url}: crowds speak plain http only. Give the address behind the TLS proxy, as http://host:port.");
        var addresses = await Dns.GetHostAddressesAsync(url.DnsSafeHost, cancel);
        var address = addresses.OrderBy(a => a.AddressFamily == AddressFamily.InterNetwork ? 0 : 1).FirstOrDefault()
            ?? throw new CrowdException($"{url}: the host has no address.");
        return new LiveAddress(new IPEndPoint(address, url.Port), url.Authority, $"{url.AbsolutePath.TrimEnd('/')}/v1/hunts/{Uri.EscapeDataString(hunt)}/live", hunt);
    }

    /// <summary>The same hunt at the server that a close frame names; null: that is no address, or none that crowds can use.</summary>
    public async Task<LiveAddress?> At(string go, CancellationToken cancel)
    {
        try
        {
            return await Resolve(new Uri(go), Hunt, cancel);
        }
        catch (Exception e) when (e is UriFormatException or CrowdException or SocketException)
        {
            return null;
        }
    }

    /// <summary>
    /// The local address of the n-th connection: 127.0.0.2, 127.0.0.3 … towards a server on this machine, so that the ports suffice; null = the system's choice.
    /// </summary>
    public IPAddress? LocalFor(int connection)
    {
        if (!OperatingSystem.IsLinux() || EndPoint.AddressFamily != AddressFamily.InterNetwork || !IPAddress.IsLoopback(EndPoint.Address))
            return null;
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, 0x7F_00_00_02u + (uint)(connection / ConnectionsPerAddress));
        return new IPAddress(bytes);
    }

    /// <summary>A connected socket from that local address.</summary>
    public async Task<Socket> Connect(IPAddress? local, CancellationToken cancel)
    {
        var socket = new Socket(EndPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (local is not null)
            {
                Span<byte> on = stackalloc byte[4];
                BinaryPrimitives.WriteInt32LittleEndian(on, 1);
                socket.SetRawSocketOption((int)SocketOptionLevel.IP, IpBindAddressNoPort, on);
                socket.Bind(new IPEndPoint(local, 0));
            }

            await socket.ConnectAsync(EndPoint, cancel);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
