using System.Net;
using System.Net.Sockets;

namespace Veltrix.Cli.Chaos;

/// <summary>A wire between two programs that can be cut and made slow: it listens on a port of this machine and hands on what comes.</summary>
sealed class TcpRelay : IAsyncDisposable
{
    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    volatile IPEndPoint target;
    readonly CancellationTokenSource stop = new();
    readonly Lock guard = new();
    readonly List<Socket> open = [];
    readonly Task accepting;
    volatile bool isCut;
    long delayMs;

    public TcpRelay(string target)
    {
        this.target = IPEndPoint.Parse(target);
        listener.Start();
        Endpoint = listener.LocalEndpoint.ToString()!;
        accepting = Accept();
    }

    public string Endpoint { get; }

    /// <summary>Added to everything, each way.</summary>
    public TimeSpan Delay
    {
        set => Volatile.Write(ref delayMs, (long)value.TotalMilliseconds);
    }

    /// <summary>Ends all connections, and takes no other until it is mended.</summary>
    public void Cut()
    {
        isCut = true;
        CloseAll();
    }

    public void Mend() => isCut = false;

    /// <summary>The address is another program's from now on, as after a failover; connections to the one before end.</summary>
    public void Move(string to)
    {
        target = IPEndPoint.Parse(to);
        CloseAll();
    }

    void CloseAll()
    {
        lock (guard)
        {
            foreach (var socket in open) socket.Dispose();
            open.Clear();
        }
    }

    async Task Accept()
    {
        try
        {
            while (true)
            {
                var near = await listener.AcceptSocketAsync(stop.Token);
                if (isCut) near.Dispose();
                else _ = Join(near);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    async Task Join(Socket near)
    {
        var (to, far) = (target, new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
        near.NoDelay = true;
        lock (guard) open.AddRange([near, far]);
        try
        {
            await far.ConnectAsync(to, stop.Token);
            await Task.WhenAny(Copy(near, far), Copy(far, near));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }

        near.Dispose();
        far.Dispose();
        lock (guard)
        {
            open.Remove(near);
            open.Remove(far);
        }
    }

    async Task Copy(Socket from, Socket to)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, stop.Token) is > 0 and var read)
            {
                if (Volatile.Read(ref delayMs) is > 0 and var wait) await Task.Delay(TimeSpan.FromMilliseconds(wait), stop.Token);
                for (var sent = 0; sent < read;) sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), stop.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        CloseAll();
        await accepting;
        stop.Dispose();
    }
}
