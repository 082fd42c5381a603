using System.Net.Sockets;
using System.Runtime.Versioning;

namespace Veltrix.Cli.Tests.EndToEnd;

[UnsupportedOSPlatform("windows")]
public class OpenFilesTests
{
    const int Files = 600;

    /// <summary>A crowd that comes from a server that died may be more than this one has files for. It must not die too.</summary>
    [Fact]
    public async Task More_connections_than_files_are_closed_as_they_come_and_the_server_lives()
    {
        using var folder = new TempFolder();
        using var up = VeltrixProcess.Start(null, ["up", "--port", "0", "--ops-port", "0", "--data", folder.File("data"), "--json"], Files);
        var url = new Uri((string)(await up.NextJson())["url"]!);
        var sockets = Enumerable.Range(0, 2 * Files).Select(_ => new Socket(SocketType.Stream, ProtocolType.Tcp)).ToList();
        try
        {
            foreach (var socket in sockets) await Connect(socket, url);
            await Fleet.Until("those beyond the cap are closed", () => Task.FromResult(sockets.Count(IsClosed) > Files));
            Assert.Contains(sockets, socket => !IsClosed(socket));
        }
        finally
        {
            foreach (var socket in sockets) socket.Dispose();
        }

        using var http = new HttpClient { BaseAddress = url };
        await Fleet.Until("the server answers", async () =>
        {
            try
            {
                return (await http.GetAsync("/livez", TestContext.Current.CancellationToken)).IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
        Assert.Matches($@"(?m)^\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z warn: Veltrix.* this process may open {Files} files", up.Said);
    }

    // One that is closed as it comes may be so before its client knows that it was there.
    static async Task Connect(Socket socket, Uri url)
    {
        try
        {
            await socket.ConnectAsync(url.Host, url.Port, TestContext.Current.CancellationToken);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
        }
    }

    static bool IsClosed(Socket socket) => socket.Poll(0, SelectMode.SelectRead);
}
