using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Veltrix.Cli.Stories;

/// <summary>A real <c>redis-server</c> of our own: on a free port of this machine, with little memory, keeping nothing, gone with the story.</summary>
sealed class RedisProcess : IAsyncDisposable
{
    static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(5);

    readonly Process process;
    readonly DirectoryInfo folder;

    RedisProcess(Process process, DirectoryInfo folder, int port)
    {
        this.process = process;
        this.folder = folder;
        Endpoint = $"127.0.0.1:{port}";
    }

    public string Endpoint { get; }

    /// <param name="maxMemory">Bytes.</param>
    public static async Task<RedisProcess> Start(long maxMemory, CancellationToken cancel)
    {
        var port = FreePort();
        var folder = Directory.CreateTempSubdirectory("veltrix-story-redis-");
        var start = new ProcessStartInfo("redis-server") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder.FullName };
        string[] arguments =
        [
            "--port", port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction",
            "--maxmemory", maxMemory.ToString(CultureInfo.InvariantCulture),
        ];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (Win32Exception error)
        {
            folder.Delete(recursive: true);
            throw new CliException(ExitCode.Failed, "redis-server is not installed, and a story plays on a real one.", "Install it with: sudo apt-get install -y redis-server", error);
        }

        _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        _ = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var redis = new RedisProcess(process, folder, port);
        try
        {
            await redis.Answers(port, cancel);
            return redis;
        }
        catch
        {
            await redis.DisposeAsync();
            throw;
        }
    }

    async Task Answers(int port, CancellationToken cancel)
    {
        for (var began = Stopwatch.GetTimestamp(); ; await Task.Delay(20, cancel))
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync(IPAddress.Loopback, port, cancel);
                return;
            }
            catch (SocketException error)
            {
                if (process.HasExited || Stopwatch.GetElapsedTime(began) > StartWithin)
                    throw new CliException(ExitCode.Failed, $"redis-server did not start on port {port}: {error.Message}.", "Try it by hand: redis-server --port 0", error);
            }
    }

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        folder.Delete(recursive: true);
    }
}
