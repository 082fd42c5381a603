using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Veltrix.Gate;

namespace Veltrix.Governor.Tests.Orchestration;

/// <summary>A redis-server on a free port that can be killed and come back empty.</summary>
sealed class RealRedis : IAsyncDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("veltrix-redis-").FullName;
    Process? process;

    RealRedis(int port) => Port = port;

    public int Port { get; }

    public string Endpoint => $"127.0.0.1:{Port}";

    public static async Task<RealRedis> Start()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        var redis = new RealRedis(port);
        await redis.Run();
        return redis;
    }

    public async Task Run()
    {
        var start = new ProcessStartInfo("redis-server") { WorkingDirectory = folder, RedirectStandardOutput = true };
        foreach (var word in new[] { "--port", $"{Port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--maxmemory", "100mb" }) start.ArgumentList.Add(word);
        process = Process.Start(start)!;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
            if (line.Contains("Ready to accept connections", StringComparison.Ordinal)) return;
        throw new IOException("redis-server ended instead of starting");
    }

    public async Task Kill()
    {
        if (process is null) return;
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        process = null;
    }

    public async ValueTask DisposeAsync()
    {
        await Kill();
        Directory.Delete(folder, recursive: true);
    }
}

/// <summary>One redis-server for all tests of a class, each under a prefix of its own.</summary>
public sealed class SharedRedis : IAsyncLifetime
{
    RealRedis? redis;

    internal string Endpoint => redis!.Endpoint;

    internal async Task<GateStore> Open()
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await GateStore.Open(new GateStoreOptions { Endpoint = Endpoint, Prefix = $"{Guid.NewGuid():N}:" }, TestContext.Current.CancellationToken);
            }
            catch (GateException) when (attempt < 10)
            {
                // Two seconds to connect are not enough on a machine that is busy with other tests; that is not what these are about.
            }
        }
    }

    public async ValueTask InitializeAsync() => redis = await RealRedis.Start();

    public async ValueTask DisposeAsync()
    {
        if (redis is not null) await redis.DisposeAsync();
    }
}
