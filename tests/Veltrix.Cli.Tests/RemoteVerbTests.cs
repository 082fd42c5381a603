using System.Net;
using System.Net.Sockets;

namespace Veltrix.Cli.Tests;

public class RemoteVerbTests
{
    [Fact]
    public async Task A_server_that_is_not_there_is_a_sentence_with_a_remedy()
    {
        var ran = await Shell.Run("hunt", "list", "--url", "http://127.0.0.1:9");

        Assert.Equal(ExitCode.Failed, ran.Code);
        Assert.Equal(
            """
            veltrix: No server answers at http://127.0.0.1:9 (named with --url).
                     Start one with 'veltrix up', or name another with --url or --data.

            """, ran.Error);
    }

    [Fact]
    public async Task A_data_folder_without_a_server_says_so()
    {
        using var folder = new TempFolder();

        var ran = await Shell.Run("hunt", "list", "--data", folder.Path);

        Assert.Equal(ExitCode.Failed, ran.Code);
        Assert.Contains($"No server is running on {folder.Path}.", ran.Error);
    }

    [Fact]
    public async Task The_address_in_the_data_folder_is_where_verbs_go()
    {
        using var folder = new TempFolder();
        folder.Write("server.json", """{"url":"http://127.0.0.1:9","pid":1}""");

        Assert.Contains($"http://127.0.0.1:9 (named in {folder.File("server.json")})", (await Shell.Run("hunt", "list", "--data", folder.Path)).Error);

        folder.Write("server.json", "{");
        Assert.Contains("Delete it and start the server again", (await Shell.Run("hunt", "list", "--data", folder.Path)).Error);
    }

    [Fact]
    public async Task A_missing_key_is_a_sentence_with_a_remedy()
    {
        using var folder = new TempFolder();

        var ran = await Shell.Run("hunt", "open", "riddles", "--url", "http://127.0.0.1:1", "--data", folder.Path);

        Assert.Equal(ExitCode.NotFound, ran.Code);
        Assert.Contains($"There is no key in {folder.File("admin.key")}.", ran.Error);
        Assert.Contains("--key-file", ran.Error);
    }

    [Fact]
    public async Task Something_that_is_no_veltrix_is_noticed()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var answering = Answer(listener);

        var ran = await Shell.Run("hunt", "list", "--url", $"http://{listener.LocalEndpoint}");
        await answering;

        Assert.Equal(ExitCode.Failed, ran.Code);
        Assert.Contains("Is that a Veltrix server?", ran.Error);
    }

    static async Task Answer(TcpListener listener)
    {
        using var client = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        await client.GetStream().ReadAtLeastAsync(new byte[1024], 1);
        await client.GetStream().WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"u8.ToArray());
    }

    [Fact]
    public async Task Verify_without_a_server_and_without_the_hunt_finds_none()
    {
        using var folder = new TempFolder();
        folder.Write("admin.key", "k");

        var ran = await Shell.Run("hunt", "verify", "riddles", "--data", folder.Path);

        Assert.Equal(ExitCode.NotFound, ran.Code);
        Assert.Contains("there is no hunt 'riddles'", ran.Error);
    }
}
