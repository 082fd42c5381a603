using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Veltrix.Gate.Tests;

/// <summary>A real redis-server or valkey-server on a free port of 127.0.0.1, in a folder of its own; killed at the end.</summary>
sealed class RedisServer : IDisposable
{
    public const string Redis = "redis-server", Valkey = "valkey-server";

    readonly string _folder = Directory.CreateTempSubdirectory("veltrix-redis-").FullName;
    readonly string _program;
    readonly string[] _options;
    Process? _process;

    RedisServer(string program, int port, string[] options) => (_program, Port, _options) = (program, port, options);

    public int Port { get; }

    public string Endpoint => $"127.0.0.1:{Port}";

    /// <summary>Null where this machine has none.</summary>
    public static Task<RedisServer?> Start(params string[] options) => StartAs(Redis, options);

    /// <param name="program"><see cref="Redis"/> or <see cref="Valkey"/>, which take the same options.</param>
    public static async Task<RedisServer?> StartAs(string program, params string[] options)
    {
        var server = new RedisServer(program, FreePort(), options);
        try
        {
            await server.Run();
            return server;
        }
        catch (Win32Exception)
        {
            server.Dispose();
            return null;
        }
    }

    /// <summary>What a test says that is skipped for want of it.</summary>
    public static string Missing(string program) =>
        program == Valkey ? "valkey-server is not installed; Debian bookworm has it in its backports, from where .ci/run installs it." : $"{program} is not installed; .ci/run installs it.";

    /// <summary>Starts it on the same port, empty; returns when it takes connections.</summary>
    public async Task Run()
    {
        _process = Process.Start(new ProcessStartInfo(_program,
            ["--port", $"{Port}", "--bind", "127.0.0.1", "--dir", _folder, "--save", "", "--appendonly", "no", "--maxmemory", "64mb", "--maxmemory-policy", "noeviction", .. _options])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
            if (line.Contains("Ready to accept connections", StringComparison.Ordinal))
            {
                _ = _process.StandardOutput.ReadToEndAsync();
                return;
            }
        throw new InvalidOperationException($"{_program} ended at once: {await _process.StandardError.ReadToEndAsync()}");
    }

    /// <summary>As a crash does.</summary>
    public void Kill()
    {
        _process!.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (_process is { HasExited: false }) Kill();
        _process?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
