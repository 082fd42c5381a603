using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Veltrix.Cli.Clusters;

/// <summary>A real <c>redis-server</c> of our own: on a free port of this machine, keeping nothing on disk, gone with whoever started it.</summary>
sealed class RedisProcess : IAsyncDisposable
{
    static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(5);

    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("veltrix-redis-");
    readonly int port = LocalPort.Free();
    readonly long maxMemory;
    Process process = null!;

    RedisProcess(long maxMemory) => this.maxMemory = maxMemory;

    public string Endpoint => $"127.0.0.1:{port}";

    public int Pid => process.Id;

    /// <param name="maxMemory">Bytes.</param>
    public static async Task<RedisProcess> Start(long maxMemory, CancellationToken cancel)
    {
        var redis = new RedisProcess(maxMemory);
        try
        {
            await redis.Begin(cancel);
            return redis;
        }
        catch
        {
            await redis.DisposeAsync();
            throw;
        }
    }

    /// <summary>As a crash does, and the machine that starts it again: empty, on the same port.</summary>
    public async Task Crash(TimeSpan away, CancellationToken cancel)
    {
        await End();
        await Task.Delay(away, cancel);
        await Begin(cancel);
    }

    /// <summary>Takes all its keys away.</summary>
    public async Task FlushAll(CancellationToken cancel)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port, cancel);
        await client.GetStream().WriteAsync("FLUSHALL\r\n"u8.ToArray(), cancel);
        await client.GetStream().ReadExactlyAsync(new byte["+OK\r\n".Length], cancel);
    }

    async Task Begin(CancellationToken cancel)
    {
        var start = new ProcessStartInfo("redis-server") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder.FullName };
        string[] arguments =
        [
            "--port", port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction",
            "--maxmemory", maxMemory.ToString(CultureInfo.InvariantCulture),
        ];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        try
        {
            process = Process.Start(start)!;
        }
        catch (Win32Exception error)
        {
            throw new CliException(ExitCode.Failed, "redis-server is not installed, and a real one is wanted.", "Install it with: sudo apt-get install -y redis-server", error);
        }

        _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        _ = process.StandardError.ReadToEndAsync(CancellationToken.None);
        await Answers(cancel);
    }

    async Task Answers(CancellationToken cancel)
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

    async Task End()
    {
        if (process is null) return;
        if (!process.HasExited) process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        process = null!;
    }

    public async ValueTask DisposeAsync()
    {
        await End();
        folder.Delete(recursive: true);
    }
}
