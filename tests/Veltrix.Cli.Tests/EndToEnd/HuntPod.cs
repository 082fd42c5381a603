using System.Net;
using System.Net.Sockets;
using k8s.Models;
using Veltrix.Kubernetes.Tests;

namespace Veltrix.Cli.Tests.EndToEnd;

/// <summary>
/// A hunt pod, as a kubelet would run it: its two containers are real processes with the pod's own arguments. Only what is about the machine differs: addresses, folders, and, unless a Kafka is named, a
/// log of its own.
/// </summary>
sealed class HuntPod : IDisposable
{
    readonly IReadOnlyList<string> serverArguments;
    readonly string dataOfServer;
    readonly Uri governorHttp;
    VeltrixProcess? server;
    Uri? url;
    Uri? ops;

    HuntPod(VeltrixProcess governor, int port, int httpPort, IReadOnlyList<string> serverArguments, string dataOfServer)
    {
        GovernorProcess = governor;
        Governor = $"http://127.0.0.1:{port}";
        governorHttp = new Uri($"http://127.0.0.1:{httpPort}");
        (this.serverArguments, this.dataOfServer) = (serverArguments, dataOfServer);
    }

    public string Governor { get; }

    public Uri GovernorHttp => governorHttp;

    public Uri Ops => ops!;

    public VeltrixProcess GovernorProcess { get; }

    public VeltrixProcess Server => server!;

    public string Said => GovernorProcess.Said + server?.Said;

    /// <summary>Both containers, the server ready.</summary>
    public static async Task<HuntPod> Run(Site site, string hunt, string redis, TempFolder folder, string config = "", string name = "pod-1")
    {
        var pod = await Begin(site, hunt, redis, folder, config, name);
        pod.BeginServer();
        await pod.ServerIsUp();
        return pod;
    }

    /// <summary>The governor alone, as a sidecar begins.</summary>
    /// <param name="config">What of <c>hunt-config.yml</c> is about this machine.</param>
    public static async Task<HuntPod> Begin(Site site, string hunt, string redis, TempFolder folder, string config = "", string name = "pod-1")
    {
        var spec = (await site.Deployment(hunt))!.Spec.Template.Spec;
        folder.Write("token", "a token for tests that is long enough");
        folder.Write("hunt.yml", (await site.Map($"hunt-{hunt}-definition"))!.Data["hunt.yml"]);
        folder.Write("hunt-config.yml", "max_concurrent_hunters: 5000\ngovernor.cpu.soft: 1\n" + config);
        var kubeConfig = await site.KubeConfig(spec.ServiceAccountName, null, folder.Path);
        var (port, httpPort) = (FreePort(), FreePort());

        string[] Here(V1Container container, string data) =>
        [
            .. container.Args.Select(argument => argument.Split('=')[0] switch
            {
                "--redis" => $"--redis={redis}",
                "--token-file" => $"--token-file={folder.File("token")}",
                "--config" => $"--config={folder.File("hunt-config.yml")}",
                "--hunt" => $"--hunt={folder.File("hunt.yml")}",
                "--data" => $"--data={folder.File(data)}",
                "--listen" => $"--listen=127.0.0.1:{port}",
                "--http-port" => $"--http-port={httpPort}",
                "--governor" => $"--governor=http://127.0.0.1:{port}",
                "--host" => "--host=127.0.0.1",
                "--port" => "--port=0",
                "--ops-host" => "--ops-host=127.0.0.1",
                "--ops-port" => "--ops-port=0",
                "--name" => $"--name={name}",
                _ => argument,
            }), "--json",
        ];

        V1Container Named(string container) => spec.Containers.Concat(spec.InitContainers ?? []).Single(one => one.Name == container);
        var governor = VeltrixProcess.Start(kubeConfig, Here(Named("governor"), $"{name}-governor"));
        await governor.NextJson();
        return new HuntPod(governor, port, httpPort, Here(Named("server"), $"{name}-server"), folder.File($"{name}-server"));
    }

    public void BeginServer() => server = VeltrixProcess.Start(serverArguments);

    public async Task ServerIsUp()
    {
        var ready = await Server.NextJson();
        (url, ops) = (new Uri((string)ready["url"]!), new Uri((string)ready["ops"]!));
    }

    public async Task<(string Value, string Origin)> Setting(string name)
    {
        using var organiser = Organiser();
        var card = (await organiser.Get("v1/hunts/capitals/settings", Site.Cancel))["settings"]!.AsArray().Single(setting => (string)setting!["key"]! == name)!;
        return ((string)card["value"]!, (string)card["origin"]!);
    }

    /// <returns>Which object says so.</returns>
    public async Task<string> Acts(string name, string value, TimeSpan within)
    {
        await Eventually.True(async () => (await Setting(name)).Value == value, within, $"{name} does not get {value}: {Said}");
        return (await Setting(name)).Origin;
    }

    public async Task<string> Phase()
    {
        using var organiser = Organiser();
        return (string)(await organiser.Get("v1/hunts/capitals", Site.Cancel))["phase"]!;
    }

    public async Task<string> Metrics(Uri listener)
    {
        using var http = new HttpClient();
        return await http.GetStringAsync(new Uri(listener, "/metrics"), Site.Cancel);
    }

    public async Task<(long, string)> Revision()
    {
        using var organiser = Organiser();
        var taken = (await organiser.Get("v1/settings/status", Site.Cancel))["cluster"]?["capitals"];
        return taken is null ? (0, "") : ((long)taken["revision"]!, (string)taken["hash"]!);
    }

    /// <summary>What the kubelet hears that asks whether the server is ready.</summary>
    public async Task<(HttpStatusCode Code, string Why)> Readiness()
    {
        using var http = new HttpClient();
        using var answer = await http.GetAsync(new Uri(governorHttp, "/readyz/server"), Site.Cancel);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Site.Cancel));
    }

    public Task GetsReady() => Eventually.True(async () => (await Readiness()).Code == HttpStatusCode.OK, TimeSpan.FromSeconds(60), $"it does not get ready: {Said}");

    /// <summary>As a kubelet ends a pod: the server first, then its sidecar.</summary>
    public async Task End()
    {
        foreach (var process in new[] { Server, GovernorProcess })
        {
            process.Signal("TERM");
            Assert.Equal(143, (await process.End()).Code);
        }
    }

    Remote Organiser() => new(url!, File.ReadAllText(Path.Combine(dataOfServer, "admin.key")).Trim(), "the test");

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public void Dispose()
    {
        server?.Dispose();
        GovernorProcess.Dispose();
    }
}
