using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace Veltrix.Cli.Chaos;

/// <summary>A wire between two programs that can be cut and made slow: it listens on a port of this machine and hands on what comes. It carries thousands of connections, and holds nothing for those that are idle.</summary>
sealed class TcpRelay : IAsyncDisposable
{
    /// <summary>What is taken up at once. A slow wire is a narrow one too: so much per delay.</summary>
    const int BytesAtOnce = 64 * 1024;

    readonly TcpListener listener;
    readonly int? broker;
    readonly CancellationTokenSource stop = new();
    readonly Lock guard = new();
    readonly HashSet<Socket> open = [];
    readonly Task accepting;
    IPEndPoint? target;
    bool isCut;
    long delayMs;
    int renamed;

    /// <param name="target">Who is at the other end; null: nobody, until it is <see cref="Move">moved</see> somewhere.</param>
    public TcpRelay(string? target = null) : this(target, Listen(0), null)
    {
    }

    TcpRelay(string? target, TcpListener listener, int? broker)
    {
        this.target = target is null ? null : IPEndPoint.Parse(target);
        this.listener = listener;
        this.broker = broker;
        Endpoint = listener.LocalEndpoint.ToString()!;
        accepting = Accept();
    }

    /// <summary>A wire to a Kafka broker on this machine, which its clients do not leave for the address that the broker <see cref="AdvertisedAddress">says</see>.</summary>
    /// <param name="broker">The address that it advertises: 127.0.0.1:port.</param>
    /// <exception cref="IOException">All ports that would do are taken.</exception>
    public static TcpRelay ToBroker(string broker)
    {
        var port = IPEndPoint.Parse(broker).Port;
        foreach (var own in AdvertisedAddress.Block(port))
            try
            {
                return new TcpRelay(broker, Listen(own), port);
            }
            catch (SocketException)
            {
                // Somebody's.
            }

        throw new IOException($"No port near {port} is free for a wire to the broker there.");
    }

    public string Endpoint { get; }

    /// <summary>Addresses of the broker that were changed to the wire's.</summary>
    public int Renamed => Volatile.Read(ref renamed);

    /// <summary>Added to everything, each way.</summary>
    public TimeSpan Delay
    {
        set => Volatile.Write(ref delayMs, (long)value.TotalMilliseconds);
    }

    /// <summary>Ends all connections, and takes no other until it is mended.</summary>
    public void Cut()
    {
        lock (guard)
        {
            isCut = true;
            CloseAll();
        }
    }

    public void Mend()
    {
        lock (guard) isCut = false;
    }

    /// <summary>The address is another program's from now on, as after a failover; connections to the one before end.</summary>
    public void Move(string to)
    {
        lock (guard)
        {
            target = IPEndPoint.Parse(to);
            CloseAll();
        }
    }

    static TcpListener Listen(int port)
    {
        var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
        return listener;
    }

    // Under the lock.
    void CloseAll()
    {
        Socket[] all = [.. open];
        open.Clear();
        foreach (var socket in all) socket.Dispose();
    }

    async Task Accept()
    {
        try
        {
            while (true) _ = Join(await listener.AcceptSocketAsync(stop.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    async Task Join(Socket near)
    {
        var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            near.NoDelay = true;
            if (Begin(near, far) is not { } to) return;
            await far.ConnectAsync(to, stop.Token);
            await Task.WhenAny(Copy(near, far, null), Copy(far, near, broker is { } port ? new AdvertisedAddress(port, ((IPEndPoint)listener.LocalEndpoint).Port) : null));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
        finally
        {
            near.Dispose();
            far.Dispose();
            lock (guard)
            {
                open.Remove(near);
                open.Remove(far);
            }
        }
    }

    /// <summary>Where to; null: nowhere now.</summary>
    IPEndPoint? Begin(Socket near, Socket far)
    {
        lock (guard)
        {
            if (isCut || target is null) return null;
            open.Add(near);
            open.Add(far);
            return target;
        }
    }

    async Task Copy(Socket from, Socket to, AdvertisedAddress? advertised)
    {
        try
        {
            while (true)
            {
                // Waits without a buffer.
                await from.ReceiveAsync(Memory<byte>.Empty);
                var buffer = ArrayPool<byte>.Shared.Rent(BytesAtOnce);
                try
                {
                    if (await from.ReceiveAsync(buffer) is not (> 0 and var read)) return;
                    if (advertised?.Replace(buffer.AsSpan(0, read)) is > 0 and var found) Interlocked.Add(ref renamed, found);
                    if (Volatile.Read(ref delayMs) is > 0 and var wait) await Task.Delay(TimeSpan.FromMilliseconds(wait), stop.Token);
                    for (var sent = 0; sent < read;) sent += await to.SendAsync(buffer.AsMemory(sent, read - sent));
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                }
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
        // One that is joining now would find it cut.
        Cut();
        await accepting;
        stop.Dispose();
    }
}
