using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Veltrix.Browser.Tests;

/// <summary>The stretch of network between browsers and a server, which a test can cut. Its address stays the same when the server behind it moves.</summary>
public sealed class Network : IAsyncDisposable
{
    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    readonly ConcurrentDictionary<TcpClient, bool> open = new();
    readonly Task accepting;
    volatile bool isCut;
    volatile bool isMute;

    public Network()
    {
        listener.Start();
        Url = new Uri($"http://{listener.LocalEndpoint}");
        accepting = Accept();
    }

    /// <summary>What browsers are given.</summary>
    public Uri Url { get; }

    /// <summary>The server behind it.</summary>
    public Uri? Server { get; set; }

    /// <summary>Drops every connection, and new ones as soon as they are made.</summary>
    public void Cut()
    {
        isCut = true;
        foreach (var end in open.Keys) end.Dispose();
    }

    /// <summary>From now on nothing comes back from the server, though all that is sent reaches it: the worst moment to be cut in.</summary>
    public void Mute() => isMute = true;

    public void Mend() => isCut = isMute = false;

    async Task Accept()
    {
        var relays = new List<Task>();
        try
        {
            while (true) relays.Add(Relay(await listener.AcceptTcpClientAsync()));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Disposed: the only way that a listener ends.
        }

        await Task.WhenAll(relays);
    }

    async Task Relay(TcpClient browser)
    {
        using var server = new TcpClient { NoDelay = true };
        browser.NoDelay = true;
        open[browser] = open[server] = true;
        try
        {
            if (isCut || Server is not { } target) return;
            await server.ConnectAsync(target.Host, target.Port);
            await await Task.WhenAny(Pump(browser, server, () => false), Pump(server, browser, () => isMute));
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // One end is gone; the other follows.
        }
        finally
        {
            browser.Dispose();
            open.TryRemove(browser, out _);
            open.TryRemove(server, out _);
        }
    }

    static async Task Pump(TcpClient from, TcpClient to, Func<bool> drops)
    {
        var (source, target) = (from.GetStream(), to.GetStream());
        var buffer = new byte[16 * 1024];
        while (await source.ReadAsync(buffer) is > 0 and var read)
            if (!drops()) await target.WriteAsync(buffer.AsMemory(0, read));
    }

    public async ValueTask DisposeAsync()
    {
        listener.Dispose();
        Cut();
        await accepting;
    }
}
