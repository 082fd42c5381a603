using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Veltrix.EventLog.Kafka;

[assembly: AssemblyFixture(typeof(Veltrix.EventLog.Tests.SharedKafka))]

namespace Veltrix.EventLog.Tests;

/// <summary>The broker that all tests share which do it no harm. Started by the first of them.</summary>
public sealed class SharedKafka : KafkaBroker;

/// <summary>A broker of a class's own, to be killed.</summary>
public sealed class OwnKafka : KafkaBroker;

/// <summary>Three brokers of a class's own, any of which may be killed.</summary>
public sealed class OwnKafkaCluster() : KafkaBroker(nodes: 3);

/// <summary>A real Kafka of one node or three, in a folder of its own, on ports of its own. It goes when the tests end, however they end.</summary>
/// <param name="nodes">1 or 3; they are numbered from 1.</param>
public abstract class KafkaBroker(int nodes = 1) : IAsyncDisposable
{
    /// <summary>From one node's first port to the next one's.</summary>
    const int PortsANode = 10;

    static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(90);

    readonly Lock gate = new();
    readonly string folder = Path.Combine(Path.GetTempPath(), $"veltrix-kafka-{Guid.NewGuid():N}");
    readonly int port = FreePorts(nodes);
    Task? starting;
    Process? guard;

    public string Plaintext => string.Join(',', Enumerable.Range(0, nodes).Select(node => $"127.0.0.1:{port + PortsANode * node}"));

    public string SaslSsl => $"127.0.0.1:{port + 1}";

    public string CaFile => Path.Combine(folder, "pki", "ca.crt");

    /// <summary>Of a broker's process, for signals.</summary>
    public int Id(int node = 1) => int.Parse(File.ReadAllText(Path.Combine(folder, $"{node}", "pid")));

    internal static string? Scripts
    {
        get
        {
            for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
                if (File.Exists(Path.Combine(at.FullName, "Veltrix.slnx")))
                    return Path.Combine(at.FullName, "..", "shared", "kafka") is var found && File.Exists(Path.Combine(found, "up")) ? Path.GetFullPath(found) : null;
            return null;
        }
    }

    /// <summary>Starts it if it does not run. Skips the test where Kafka is not to be had.</summary>
    public async Task Start()
    {
        Assert.SkipWhen(Scripts is null, "These tests need a real Kafka, started by ../shared/kafka/up beside the repository, and that is not there.");
        Task started;
        lock (gate) started = starting ??= Up();
        await started;
    }

    /// <summary>Logs on it; a prefix keeps those of one test from those of another.</summary>
    public async Task<KafkaOptions> Options(string prefix)
    {
        await Start();
        return new KafkaOptions { BootstrapServers = Plaintext, TopicPrefix = prefix };
    }

    /// <summary>kill -9, and back as soon as it can.</summary>
    public async Task KillAndRestart(TimeSpan away = default)
    {
        Kill();
        await Task.Delay(away);
        await Restart();
    }

    public void Kill(int node = 1) => Signal("KILL", node);

    /// <summary>Brings back all that were killed.</summary>
    public Task Restart()
    {
        lock (gate) return starting = Up();
    }

    public void Signal(string signal, int node = 1) => Process.Start("kill", [$"-{signal}", $"{Id(node)}"]).WaitForExit();

    /// <summary>Kafka's own tools, as an operator would use them.</summary>
    public async Task<string> Tool(params string[] arguments)
    {
        var (code, output) = await Run(Path.Combine(Scripts!, "kafka"), arguments);
        Assert.True(code == 0, output);
        return output;
    }

    async Task Up()
    {
        // Ends with us, since its input does; in half an hour at the latest. It cleans up in every case.
        guard ??= Process.Start(new ProcessStartInfo("bash", ["-c", "read -t 1800 -r _; \"$0\" --wipe", Path.Combine(Scripts!, "down")])
        {
            RedirectStandardInput = true, Environment = { ["KAFKA_RUN"] = folder },
        });
        var (code, output) = await Run(Path.Combine(Scripts!, "up"), []);
        Assert.True(code == 0, output);
    }

    async Task<(int Code, string Output)> Run(string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true, RedirectStandardError = true, Environment = { ["KAFKA_RUN"] = folder, ["KAFKA_PORT"] = $"{port}", ["KAFKA_NODES"] = $"{nodes}" },
        })!;
        var texts = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(StartWithin);
        return (process.ExitCode, string.Concat(await texts));
    }

    /// <summary>The first of three free ports in a row, ten further on the next node's, below those that the system gives away.</summary>
    internal static int FreePorts(int nodes = 1)
    {
        while (true)
        {
            var first = Random.Shared.Next(18_000, 31_000);
            try
            {
                foreach (var next in Enumerable.Range(0, nodes).SelectMany(node => Enumerable.Range(first + PortsANode * node, 3)))
                {
                    using var listener = new TcpListener(IPAddress.Loopback, next);
                    listener.Start();
                }

                return first;
            }
            catch (SocketException)
            {
                // Somebody's; try elsewhere.
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (guard is not null)
        {
            // A stopped broker does not hear that it should end.
            for (var node = 1; node <= nodes; node++) Signal("CONT", node);
            guard.StandardInput.Close();
            await guard.WaitForExitAsync();
            guard.Dispose();
        }

        GC.SuppressFinalize(this);
    }
}
