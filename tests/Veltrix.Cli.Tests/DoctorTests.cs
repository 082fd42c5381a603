using System.Net;
using System.Net.Sockets;

namespace Veltrix.Cli.Tests;

public class DoctorTests
{
    [Fact]
    public async Task A_machine_that_runs_these_tests_is_fine()
    {
        using var folder = new TempFolder();

        var ran = await Shell.Run("doctor", "--data", folder.Path, "--port", "0", "--json");

        Assert.Equal(ExitCode.Done, ran.Code);
        Assert.True((bool)ran.Json["ok"]!);
        var subjects = ran.Json["findings"]!.AsArray().Select(finding => (string)finding!["subject"]!);
        Assert.Equal(["runtime", "sdk", "node", "browser", "open files", "memory", "cores", "data folder", "disk", "port", "clock", "settings", "control"], subjects);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task A_port_in_use_is_named_with_what_to_do()
    {
        using var folder = new TempFolder();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        var ran = await Shell.Run("doctor", "--data", folder.Path, "--port", $"{port}");

        Assert.Equal(ExitCode.Failed, ran.Code);
        Assert.Contains($"✗ port         {port} is in use by another program", ran.Out);
        Assert.Contains("→ Choose another with --port", ran.Out);
    }

    [Fact]
    public async Task The_port_of_this_folders_own_server_is_no_fault()
    {
        using var folder = new TempFolder();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        folder.Write("server.json", $$"""{"url":"http://127.0.0.1:{{port}}","pid":1}""");

        Assert.Equal(ExitCode.Done, (await Shell.Run("doctor", "--data", folder.Path, "--port", $"{port}")).Code);
    }

    [Fact]
    public async Task A_folder_that_is_not_there_yet_is_judged_by_what_is()
    {
        using var folder = new TempFolder();
        var deep = Path.Combine(folder.Path, "a", "b");

        var ran = await Shell.Run("doctor", "--data", deep, "--port", "0");

        Assert.Contains($"{deep} can be made", ran.Out);
        Assert.False(Directory.Exists(deep));
    }
}
