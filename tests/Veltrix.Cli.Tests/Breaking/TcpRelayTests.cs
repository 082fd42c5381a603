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

    async Task<TcpClient> Connect()
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPEndPoint.Parse(relay.Endpoint), Cancel);
        return client;
    }

    // Null: the connection is over.
    static async Task<string?> Ask(TcpClient client, string text)
    {
        try
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            await client.GetStream().WriteAsync(bytes, Cancel);
            await client.GetStream().ReadExactlyAsync(bytes, Cancel);
            return Encoding.UTF8.GetString(bytes);
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
