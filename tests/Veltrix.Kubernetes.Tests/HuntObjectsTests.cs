using k8s;
using k8s.Models;

namespace Veltrix.Kubernetes.Tests;

public class HuntObjectsTests
{
    static readonly ClusterFacts Old = new(false, "policy/v1beta1", false, false);
    static readonly ClusterFacts New = new(true, "policy/v1", true, true);

    static readonly Installation Everything = Installation.Read(Example("installation.yml"));

    static string Example(string name) => Path.Combine(AppContext.BaseDirectory, "Golden", name);

    internal static Hunt Hunt(string name = "capitals", Func<HuntSpec, HuntSpec>? with = null)
    {
        var spec = new HuntSpec { Definition = new HuntSource { Inline = Site.Definition(name) } };
        return new Hunt
        {
            Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "games", Uid = "0d9a", Generation = 3 },
            Spec = with?.Invoke(spec) ?? spec,
        };
    }

    /// <summary>Adds what may be added, so that the golden file shows where it ends up.</summary>
    static HuntSpec Full(HuntSpec spec) => spec with
    {
        Definition = new HuntSource { ConfigMap = new ConfigMapSource { Name = "evening", Key = "capitals.yml" } },
        Servers = new ServersSpec
        {
            Min = 2, Max = 8,
            Resources = new V1ResourceRequirements { Requests = new Dictionary<string, ResourceQuantity> { ["cpu"] = new("3") } },
            PodTemplate = new PodAdditions
            {
                Metadata = new Labelled
                {
                    Labels = new Dictionary<string, string> { ["team"] = "events", ["app.kubernetes.io/name"] = "mine" }, Annotations = new Dictionary<string, string> { ["note"] = "spring" },
                },
                Spec = new PodSpecAdditions
                {
                    NodeSelector = new Dictionary<string, string> { ["pool"] = "hunts" }, PriorityClassName = "high",
                    Env = [new V1EnvVar { Name = "TZ", Value = "UTC" }], Containers = [new V1Container { Name = "shipper", Image = "logs:1" }],
                },
            },
        },
    };

    [Theory, InlineData("old", false), InlineData("new", false), InlineData("old-full", true), InlineData("new-full", true)]
    public void What_a_hunt_becomes_is_as_the_golden_file_has_it(string name, bool full)
    {
        var objects = HuntObjects.Of(Hunt(with: full ? Full : null), Everything, name.StartsWith("new", StringComparison.Ordinal) ? New : Old, 2);

        Golden.Is($"objects-{name}.yaml", KubernetesYaml.SerializeAll(objects));
    }

    [Fact]
    public void Every_pod_has_a_governor_and_gets_ready_only_by_it()
    {
        foreach (var facts in new[] { Old, New })
            foreach (var hunt in new[] { Hunt(), Hunt(with: Full) })
            {
                var pod = HuntObjects.Of(hunt, Everything, facts, 1).OfType<V1Deployment>().Single().Spec.Template;
                var governor = pod.Spec.Containers.Concat(pod.Spec.InitContainers ?? []).Single(container => container.Name == "governor");
                var server = pod.Spec.Containers.Single(container => container.Name == "server");
                var governorPort = governor.Ports.Single(port => port.Name == "metrics").ContainerPort.ToString(System.Globalization.CultureInfo.InvariantCulture);

                Assert.Equal(facts.NativeSidecars ? "Always" : null, governor.RestartPolicy);
                Assert.Equal(facts.NativeSidecars, pod.Spec.InitContainers?.Contains(governor) == true);
                foreach (var probe in new[] { server.StartupProbe, server.ReadinessProbe }) Assert.Equal((governorPort, "/readyz/server"), (probe.HttpGet.Port.Value, probe.HttpGet.Path));
                // The token of the API is in one container only.
                Assert.False(pod.Spec.AutomountServiceAccountToken);
                Assert.Equal("governor", pod.Spec.Containers.Concat(pod.Spec.InitContainers ?? []).Single(container => container.VolumeMounts?.Any(mount => mount.Name == "api-token") == true).Name);
                Assert.All(pod.Spec.Volumes.Where(volume => volume.Secret is not null), volume => Assert.Equal(288, volume.Secret.DefaultMode)); // 0440
                foreach (var container in new[] { governor, server })
                {
                    Assert.Equal((true, true, false), (container.SecurityContext.RunAsNonRoot, container.SecurityContext.ReadOnlyRootFilesystem, container.SecurityContext.AllowPrivilegeEscalation));
                    Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);
                    Assert.Equal("RuntimeDefault", container.SecurityContext.SeccompProfile.Type);
                    Assert.NotNull(container.Resources.Requests);
                }

                Assert.Equal("veltrix", pod.Metadata.Labels["app.kubernetes.io/name"]);
            }
    }

    [Fact]
    public void The_same_hunt_becomes_the_same_objects() =>
        Assert.Equal(KubernetesYaml.SerializeAll(HuntObjects.Of(Hunt(), Everything, New, 1)), KubernetesYaml.SerializeAll(HuntObjects.Of(Hunt(), Everything, New, 1)));

    [Theory, InlineData(null, 2), InlineData(1, 2), InlineData(5, 5), InlineData(500, 8)]
    public void As_many_servers_as_the_plan_wants_within_the_bounds(int? wanted, int servers) =>
        Assert.Equal(servers, Scale.Of(new HuntSpec { Servers = new ServersSpec { Min = 2, Max = 8 } }, wanted));

    [Fact]
    public void A_suspended_hunt_has_no_servers() => Assert.Equal(0, Scale.Of(new HuntSpec { Suspend = true }, 5));

    [Fact]
    public void An_installation_that_says_too_little_or_something_unknown_is_refused()
    {
        using var folder = new TempFile("redis: redis:6379\n");
        Assert.Contains("image", Assert.Throws<InvalidDataException>(() => Installation.Read(folder.Path)).Message);
        using var wrong = new TempFile("image: veltrix:1\nredis: redis:6379\ngovernor: off\n");
        Assert.Contains("governor", Assert.Throws<InvalidDataException>(() => Installation.Read(wrong.Path)).Message);
    }

    sealed class TempFile : IDisposable
    {
        public TempFile(string text) => File.WriteAllText(Path, text);

        public string Path { get; } = System.IO.Path.GetTempFileName();

        public void Dispose() => File.Delete(Path);
    }
}
