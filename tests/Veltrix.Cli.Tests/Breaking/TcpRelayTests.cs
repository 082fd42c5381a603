using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Veltrix.Cli.Chaos;

namespace Veltrix.Cli.Tests.Breaking;

public sealed class TcpRelayTests : IAsyncLifetime
{
    readonly TcpListener echo = new(IPAddress.Loopback, 0);
    TcpRelay relay = null!;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        echo.Start();
        _ = Echo();
        relay = new TcpRelay(echo.LocalEndpoint.ToString()!);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task What_comes_is_handed_on_both_ways()
    {
        using var client = await Connect();
        Assert.Equal("hello", await Ask(client, "hello"));
        Assert.Equal("again", await Ask(client, "again"));
    }

    [Fact]
    public async Task A_cut_ends_what_is_open_and_lets_nothing_new_through_until_it_is_mended()
    {
        using var client = await Connect();
        Assert.Equal("a", await Ask(client, "a"));
        relay.Cut();
        Assert.Null(await Ask(client, "b"));
        using var during = await Connect();
        Assert.Null(await Ask(during, "c"));
        relay.Mend();
        using var after = await Connect();
        Assert.Equal("d", await Ask(after, "d"));
    }

    [Fact]
    public async Task A_slow_wire_is_slow_each_way()
    {
        using var client = await Connect();
        relay.Delay = TimeSpan.FromMilliseconds(60);
        var time = Stopwatch.StartNew();
        Assert.Equal("a", await Ask(client, "a"));
        Assert.True(time.ElapsedMilliseconds >= 110, $"{time.ElapsedMilliseconds} ms");
    }

    [Fact]
    public async Task It_carries_fifteen_hundred_connections_and_a_cut_ends_them_all()
    {
        var clients = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 1_500; i++) clients.Add(await Connect());
            var asked = Stopwatch.StartNew();
            var answers = await Task.WhenAll(clients.Select((client, i) => Ask(client, $"hello {i}")));
            Assert.Equal(Enumerable.Range(0, 1_500).Select(i => $"hello {i}"), answers);
            Assert.True(asked.Elapsed < TimeSpan.FromSeconds(10), $"{asked.Elapsed}");
            relay.Cut();
            Assert.All(await Task.WhenAll(clients.Select(client => Ask(client, "gone"))), Assert.Null);
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    [Fact]
    public async Task A_wire_that_leads_nowhere_yet_refuses_until_it_is_moved()
    {
        await using var wire = new TcpRelay();
        using var early = await Connect(wire);
        Assert.Null(await Ask(early, "a"));
        wire.Move(echo.LocalEndpoint.ToString()!);
        using var client = await Connect(wire);
        Assert.Equal("b", await Ask(client, "b"));
    }

    [Fact]
    public async Task What_a_broker_says_of_itself_is_said_of_the_wire_and_what_it_is_told_stays()
    {
        var broker = ((IPEndPoint)echo.LocalEndpoint).Port;
        await using var wire = TcpRelay.ToBroker($"127.0.0.1:{broker}");
        var own = IPEndPoint.Parse(wire.Endpoint).Port;
        using var client = await Connect(wire);
        // It comes back, so it has gone both ways; what was changed on the way there would come back as it is here.
        Assert.Equal(Address(own), await Ask(client, Address(broker)));
        Assert.Equal(1, wire.Renamed);
        Assert.Equal(Address(own), await Ask(client, Address(own)));

        static string Address(int port) => $"127.0.0.1\0\0{(char)(port >> 8)}{(char)(port & 0xFF)}";
    }

    Task<TcpClient> Connect() => Connect(relay);

    static async Task<TcpClient> Connect(TcpRelay to)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPEndPoint.Parse(to.Endpoint), Cancel);
        return client;
    }

    // Null: the connection is over.
    static async Task<string?> Ask(TcpClient client, string text)
    {
        try
        {
            var bytes = Encoding.Latin1.GetBytes(text);
            await client.GetStream().WriteAsync(bytes, Cancel);
            await client.GetStream().ReadExactlyAsync(bytes, Cancel);
            return Encoding.Latin1.GetString(bytes);
        }
        catch (IOException)
        {
            return null;
        }
    }

    async Task Echo()
    {
        try
        {
            while (true)
            {
                var client = await echo.AcceptTcpClientAsync(Cancel);
                _ = client.GetStream().CopyToAsync(client.GetStream(), Cancel);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    public async ValueTask DisposeAsync()
    {
        await relay.DisposeAsync();
        echo.Dispose();
    }
}
