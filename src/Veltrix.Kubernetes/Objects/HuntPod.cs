using k8s.Models;

namespace Veltrix.Kubernetes;

/// <summary>
/// A hunt pod: a server with a governor beside it, always. Nobody can leave the governor out, since nobody but this builds pods, and without it the pod never gets ready: the server's probes
/// go to the governor's port.
/// </summary>
static class HuntPod
{
    const int User = 1654;
    const string Config = "/etc/veltrix/config";
    const string HuntFolder = "/etc/veltrix/hunt";
    const string Secrets = "/etc/veltrix/secrets";
    const string Data = "/data/veltrix";
    const string Token = "/var/run/secrets/kubernetes.io/serviceaccount";

    const int HuntersPort = 8080;
    public const int GovernorPort = 9357;
    const int GovernorHttp = 9358;
    const int ServerOps = 9360;

    // Load balancers and other nodes hear late that a pod goes; until then it takes whoever still comes.
    const string DrainFor = "10s";

    // After that wait the server says goodbye; a governor that is no native sidecar must outlive it.
    const string GovernorDrainFor = "20s";
    const long GraceSeconds = 45;

    public static V1PodTemplateSpec Of(Hunt hunt, Installation installation, ClusterFacts facts)
    {
        var more = hunt.Spec.Servers.PodTemplate;
        var spec = more?.Spec;
        var governor = Governor(hunt, installation, facts);
        var server = Server(hunt, installation);
        return new V1PodTemplateSpec
        {
            Metadata = new V1ObjectMeta
            {
                Labels = Merged(more?.Metadata?.Labels, new Dictionary<string, string>(HuntNames.PodSelector(hunt.Name)) { ["app.kubernetes.io/instance"] = installation.Instance }),
                Annotations = Merged(more?.Metadata?.Annotations, new() { ["kubectl.kubernetes.io/default-container"] = HuntNames.Server }),
            },
            Spec = new V1PodSpec
            {
                ServiceAccountName = HuntNames.Of(hunt.Name),
                AutomountServiceAccountToken = false,
                EnableServiceLinks = false,
                SecurityContext = new V1PodSecurityContext
                {
                    RunAsNonRoot = true, RunAsUser = User, RunAsGroup = User, FsGroup = User, SeccompProfile = new V1SeccompProfile { Type = "RuntimeDefault" },
                },
                InitContainers = facts.NativeSidecars ? [governor] : null,
                Containers = [.. facts.NativeSidecars ? [] : (V1Container[])[governor], server, .. spec?.Containers ?? []],
                Volumes = [.. Volumes(hunt, installation), .. spec?.Volumes ?? []],
                TerminationGracePeriodSeconds = spec?.TerminationGracePeriodSeconds ?? GraceSeconds,
                TopologySpreadConstraints = spec?.TopologySpreadConstraints ??
                [
                    new V1TopologySpreadConstraint
                    {
                        MaxSkew = 1, TopologyKey = "kubernetes.io/hostname", WhenUnsatisfiable = "ScheduleAnyway",
                        LabelSelector = new V1LabelSelector { MatchLabels = HuntNames.PodSelector(hunt.Name) },
                    },
                ],
                ImagePullSecrets = [.. installation.ImagePullSecrets.Select(name => new V1LocalObjectReference { Name = name }), .. spec?.ImagePullSecrets ?? []],
                Affinity = spec?.Affinity,
                NodeSelector = spec?.NodeSelector,
                PriorityClassName = spec?.PriorityClassName,
                RuntimeClassName = spec?.RuntimeClassName,
                SchedulerName = spec?.SchedulerName,
                Tolerations = spec?.Tolerations,
            },
        };
    }

    static V1Container Governor(Hunt hunt, Installation installation, ClusterFacts facts) => new()
    {
        Name = HuntNames.Governor,
        Image = installation.Image,
        ImagePullPolicy = installation.ImagePullPolicy,
        // What makes an init container a sidecar: it is started before the server and ends after it.
        RestartPolicy = facts.NativeSidecars ? "Always" : null,
        Args =
        [
            "governor", $"--redis={installation.Redis}", $"--listen=0.0.0.0:{GovernorPort}", $"--http-port={GovernorHttp}", $"--token-file={Secrets}/control/token",
            $"--config={Config}/hunt-config.yml", $"--kubernetes={hunt.Metadata.NamespaceProperty}/{hunt.Name}", $"--kubernetes-runtime={installation.Runtime}", "--name=$(VELTRIX_POD)", $"--data={Data}",
        ],
        Env = [NameOfPod()],
        Ports = [Port("grpc", GovernorPort), Port("metrics", GovernorHttp)],
        StartupProbe = Probe("/livez", GovernorHttp, period: 1, failures: 60),
        LivenessProbe = Probe("/livez", GovernorHttp, period: 10, failures: 3),
        Lifecycle = facts.NativeSidecars ? null : Drain(GovernorDrainFor),
        Resources = installation.Resources.Governor,
        SecurityContext = Locked(),
        VolumeMounts = [Mount("config", Config), Mount("control", $"{Secrets}/control"), Mount("governor-data", Data, isReadOnly: false), Mount("api-token", Token), .. installation.Secrets.Redis.Length > 0 ? [Mount("redis", $"{Secrets}/redis")] : (V1VolumeMount[])[]],
    };

    static V1Container Server(Hunt hunt, Installation installation) => new()
    {
        Name = HuntNames.Server,
        Image = installation.Image,
        ImagePullPolicy = installation.ImagePullPolicy,
        Args =
        [
            "server", "--host=0.0.0.0", $"--port={HuntersPort}", $"--hunt={HuntFolder}/{HuntKey(hunt)}", $"--redis={installation.Redis}", $"--governor=http://127.0.0.1:{GovernorPort}",
            "--ops-host=0.0.0.0", $"--ops-port={ServerOps}", $"--config={Config}/hunt-config.yml", $"--data={Data}",
        ],
        Env = [NameOfPod(), .. hunt.Spec.Servers.PodTemplate?.Spec?.Env ?? []],
        Ports = [Port("http", HuntersPort), Port("ops", ServerOps)],
        // Of the governor: it says yes when the server beside it reports to it.
        StartupProbe = Probe("/readyz/server", GovernorHttp, period: 2, failures: 150),
        ReadinessProbe = Probe("/readyz/server", GovernorHttp, period: 3, failures: 2),
        LivenessProbe = Probe("/livez", ServerOps, period: 10, failures: 3),
        Lifecycle = Drain(DrainFor),
        Resources = hunt.Spec.Servers.Resources ?? installation.Resources.Server,
        SecurityContext = Locked(),
        VolumeMounts =
        [
            Mount("config", Config), Mount("hunt", HuntFolder), Mount("server-data", Data, isReadOnly: false),
            .. Mounted(installation).Select(secret => Mount(secret.Volume, $"{Secrets}/{secret.Volume}")),
        ],
    };

    static string HuntKey(Hunt hunt) => hunt.Spec.Definition.ConfigMap?.Key ?? HuntObjects.DefinitionKey;

    static IEnumerable<(string Volume, string Secret)> Mounted(Installation installation) =>
        ((IEnumerable<(string, string)>)[("redis", installation.Secrets.Redis), ("postgresql", installation.Secrets.Postgresql), ("kafka", installation.Secrets.Kafka)]).Where(secret => secret.Item2.Length > 0);

    static V1Volume[] Volumes(Hunt hunt, Installation installation) =>
    [
        new() { Name = "config", ConfigMap = new V1ConfigMapVolumeSource { Name = installation.Defaults } },
        new() { Name = "hunt", ConfigMap = new V1ConfigMapVolumeSource { Name = hunt.Spec.Definition.ConfigMap?.Name ?? HuntNames.Definition(hunt.Name) } },
        new() { Name = "server-data", EmptyDir = new V1EmptyDirVolumeSource() },
        new() { Name = "governor-data", EmptyDir = new V1EmptyDirVolumeSource() },
        Secret("control", installation.Secrets.Control),
        .. Mounted(installation).Select(secret => Secret(secret.Volume, secret.Secret)),
        // By hand, so that one container gets it and the other does not.
        new()
        {
            Name = "api-token",
            Projected = new V1ProjectedVolumeSource
            {
                DefaultMode = ReadableByGroup,
                Sources =
                [
                    new() { ServiceAccountToken = new V1ServiceAccountTokenProjection { Path = "token", ExpirationSeconds = 3600 } },
                    new() { ConfigMap = new V1ConfigMapProjection { Name = "kube-root-ca.crt", Items = [new V1KeyToPath { Key = "ca.crt", Path = "ca.crt" }] } },
                    new()
                    {
                        DownwardAPI = new V1DownwardAPIProjection
                        {
                            Items = [new V1DownwardAPIVolumeFile { Path = "namespace", FieldRef = new V1ObjectFieldSelector { ApiVersion = "v1", FieldPath = "metadata.namespace" } }],
                        },
                    },
                ],
            },
        },
    ];

    const int ReadableByGroup = 0b100_100_000;

    static V1Volume Secret(string name, string secret) => new() { Name = name, Secret = new V1SecretVolumeSource { SecretName = secret, DefaultMode = ReadableByGroup } };

    static V1EnvVar NameOfPod() => new() { Name = "VELTRIX_POD", ValueFrom = new V1EnvVarSource { FieldRef = new V1ObjectFieldSelector { ApiVersion = "v1", FieldPath = "metadata.name" } } };

    static V1ContainerPort Port(string name, int port) => new() { Name = name, ContainerPort = port, Protocol = "TCP" };

    static V1Probe Probe(string path, int port, int period, int failures) =>
        new() { HttpGet = new V1HTTPGetAction { Path = path, Port = port, Scheme = "HTTP" }, PeriodSeconds = period, TimeoutSeconds = Math.Min(3, Math.Max(1, period)), FailureThreshold = failures };

    /// <summary>The image has no shell that could sleep.</summary>
    static V1Lifecycle Drain(string time) => new() { PreStop = new V1LifecycleHandler { Exec = new V1ExecAction { Command = ["/app/veltrix", "drain", time] } } };

    static V1VolumeMount Mount(string name, string path, bool isReadOnly = true) => new() { Name = name, MountPath = path, ReadOnlyProperty = isReadOnly };

    static V1SecurityContext Locked() => new()
    {
        AllowPrivilegeEscalation = false, ReadOnlyRootFilesystem = true, RunAsNonRoot = true, Capabilities = new V1Capabilities { Drop = ["ALL"] },
        SeccompProfile = new V1SeccompProfile { Type = "RuntimeDefault" },
    };

    /// <summary>Ours go before theirs.</summary>
    static Dictionary<string, string> Merged(IReadOnlyDictionary<string, string>? theirs, Dictionary<string, string> ours)
    {
        foreach (var (key, value) in theirs ?? new Dictionary<string, string>())
            if (!key.StartsWith("app.kubernetes.io/", StringComparison.Ordinal) && !key.StartsWith("veltrix.dev/", StringComparison.Ordinal)) ours.TryAdd(key, value);
        return ours;
    }
}
