using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using k8s;
using k8s.Models;

[assembly: AssemblyFixture(typeof(Veltrix.Kubernetes.Tests.SharedCluster))]

namespace Veltrix.Kubernetes.Tests;

/// <summary>The API that all tests share which do it no harm. Started by the first of them.</summary>
public sealed class SharedCluster : RealCluster;

/// <summary>An API of a class's own, to be killed.</summary>
public sealed class OwnCluster : RealCluster;

/// <summary>
/// A real Kubernetes API in a folder of its own, on ports of its own: etcd, kube-apiserver, kube-controller-manager. There is no kubelet, so pods are stored and never run.
/// It goes when the tests end, however they end.
/// </summary>
public abstract class RealCluster : IAsyncDisposable
{
    static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(90);

    readonly Lock gate = new();
    readonly string folder = Path.Combine(Path.GetTempPath(), $"veltrix-kube-{Guid.NewGuid():N}");
    // The script takes the API's port, and the two below it are etcd's.
    readonly int port = FreePorts() + 2;
    Task? starting;
    Process? guard;
    int namespaces;

    public string KubeConfig => Path.Combine(folder, "kubeconfig");

    static string? Scripts
    {
        get
        {
            for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
                if (File.Exists(Path.Combine(at.FullName, "Veltrix.slnx")))
                    return Path.Combine(at.FullName, "..", "shared", "kube") is var found && File.Exists(Path.Combine(found, "up")) ? Path.GetFullPath(found) : null;
            return null;
        }
    }

    /// <summary>Starts it if it does not run. Skips the test where it is not to be had.</summary>
    public async Task<k8s.Kubernetes> Start()
    {
        Assert.SkipWhen(Scripts is null, "These tests need a real Kubernetes API, started by ../shared/kube/up beside the repository, and that is not there.");
        Task started;
        lock (gate) started = starting ??= Up();
        await started;
        return Client();
    }

    /// <summary>A client of its own; the caller disposes of it.</summary>
    public k8s.Kubernetes Client() => new(KubernetesClientConfiguration.BuildConfigFromConfigFile(KubeConfig));

    /// <summary>A namespace for one test, so that tests do not see each other's objects. Namespaces are not cleaned up: they go with the API.</summary>
    public async Task<string> Namespace(k8s.Kubernetes client, string name)
    {
        var own = $"{name}-{Interlocked.Increment(ref namespaces)}";
        await client.CoreV1.CreateNamespaceAsync(new V1Namespace { Metadata = new V1ObjectMeta { Name = own } });
        // Pods are refused until the controllers have made the account that they run as and its token.
        await Eventually.True(
            async () => (await client.CoreV1.ListNamespacedServiceAccountAsync(own)).Items.Any(account => account is { Metadata.Name: "default", Secrets.Count: > 0 }), TimeSpan.FromSeconds(60), $"namespace {own} gets no service account");
        return own;
    }

    /// <summary>kill -9 of the API server only; etcd and the controllers live on.</summary>
    public void KillApi() => Process.Start("kill", ["-KILL", File.ReadAllLines(Path.Combine(folder, "pids"))[1]]).WaitForExit();

    /// <summary>Starts the API server again as it was started before, and waits until it answers.</summary>
    public async Task RestartApi()
    {
        // The script would start all three anew; the API server alone comes back with the same arguments.
        var pki = Path.Combine(folder, "pki");
        string[] arguments =
        [
            "-c", "setsid nohup \"$@\" >>logs/apiserver.log 2>&1 </dev/null & sed -i \"2s/.*/$!/\" pids", "bash", "bin/kube-apiserver", $"--etcd-servers=http://127.0.0.1:{port - 2}",
            "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", $"--secure-port={port}", $"--tls-cert-file={pki}/apiserver.crt", $"--tls-private-key-file={pki}/apiserver.key",
            $"--client-ca-file={pki}/ca.crt", $"--service-account-key-file={pki}/sa.pub", $"--service-account-signing-key-file={pki}/sa.key",
            "--service-account-issuer=https://kubernetes.default.svc", "--service-cluster-ip-range=10.0.0.0/24", "--authorization-mode=RBAC", "--endpoint-reconciler-type=none",
            "--allow-privileged=true", $"--cert-dir={pki}",
        ];
        await Process.Start(new ProcessStartInfo("bash", arguments) { WorkingDirectory = folder })!.WaitForExitAsync();
        using var client = Client();
        await Eventually.True(async () =>
        {
            try
            {
                return await client.Version.GetCodeAsync() is not null;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, StartWithin, "the API server does not come back");
    }

    async Task Up()
    {
        // Ends with us, since its input does; in an hour at the latest. It cleans up in every case.
        guard ??= Process.Start(new ProcessStartInfo("bash", ["-c", "read -t 3600 -r _; \"$0\" --wipe", Path.Combine(Scripts!, "down")])
        {
            RedirectStandardInput = true, Environment = { ["KUBE_RUN"] = folder },
        });
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(Scripts!, "up"))
        {
            RedirectStandardOutput = true, RedirectStandardError = true, Environment = { ["KUBE_RUN"] = folder, ["KUBE_PORT"] = $"{port}" },
        })!;
        var texts = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(StartWithin);
        Assert.True(process.ExitCode == 0, string.Concat(await texts));
    }

    /// <summary>The first of three free ports in a row, below those that the system gives away.</summary>
    static int FreePorts()
    {
        while (true)
        {
            var first = Random.Shared.Next(18_000, 31_000);
            try
            {
                for (var next = first; next < first + 3; next++)
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
            guard.StandardInput.Close();
            await guard.WaitForExitAsync();
            guard.Dispose();
        }

        GC.SuppressFinalize(this);
    }
}
