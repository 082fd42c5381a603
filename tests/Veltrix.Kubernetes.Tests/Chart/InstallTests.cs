using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging.Abstractions;
using Veltrix.Kubernetes.Operating;

namespace Veltrix.Kubernetes.Tests.Chart;

/// <summary>The chart on a real API: from install over upgrade to the end.</summary>
[Trait("speed", "slow")]
public sealed class InstallTests(SharedCluster cluster)
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    static readonly string[] trial = ["--set", "bundled.enabled=true"];

    [Fact]
    public async Task It_is_the_whole_deployment_and_an_upgrade_takes_nothing_back_and_the_end_leaves_the_crd()
    {
        using var client = await cluster.Start();
        var space = await cluster.Namespace(client, "chart");
        using var api = ClusterApi.Open(cluster.KubeConfig);

        var installed = Helm.Run(cluster.KubeConfig, ["install", "veltrix", Helm.Chart, "--namespace", space, .. trial]);
        Assert.True(installed.Code == 0, installed.Said);
        Assert.Contains($"kubectl --namespace {space} apply -f examples/kubernetes/hunt.yaml", installed.Out);
        // This API is old, and the notes say what that means.
        Assert.Contains("this API has no ValidatingAdmissionPolicy", installed.Out);
        var token = await Secret();
        await Eventually.True(
            async () => (await client.CoreV1.ListNamespacedPodAsync(space, cancellationToken: Cancel)).Items.Count(pod => pod.Metadata.Labels["app.kubernetes.io/component"] is "operator" or "orchestrator") == 3,
            TimeSpan.FromSeconds(30), "no pods were made of the Deployments");

        // The operator with the chart's own file and the chart's own rights.
        using var folder = new Folder();
        var file = folder.Write("installation.yml", (await api.Find<V1ConfigMap>(Resource.ConfigMaps.Path(space, "veltrix-installation"), Cancel))!.Data["installation.yml"]);
        await using (var host = await OperatorHost.Start(new OperatorOptions
        {
            KubeConfig = await KubeConfig("veltrix-operator"), Namespace = space, Installation = Installation.Read(file), Listen = new(IPAddress.Loopback, 0), Name = "one", Logging = NullLoggerFactory.Instance,
        }, Cancel))
        {
            await Site.Ready(host);
            await api.Apply(Resource.Hunts.Path(space, "capitals"), new JsonObject
            {
                ["apiVersion"] = "veltrix.dev/v1alpha1", ["kind"] = "Hunt", ["metadata"] = new JsonObject { ["name"] = "capitals" },
                ["spec"] = new JsonObject { ["definition"] = new JsonObject { ["inline"] = Site.Definition("capitals") }, ["overrides"] = new JsonObject { ["board_cadence"] = "2s" } },
            }, "kubectl", Cancel);
            var hunt = await Eventually.Some(() => api.Find<V1Deployment>(Resource.Deployments.Path(space, "hunt-capitals"), Cancel), TimeSpan.FromSeconds(10), "no Deployment of the hunt");
            Assert.Equal(["governor", "server"], hunt.Spec.Template.Spec.Containers.Select(container => container.Name));
            Assert.All(hunt.Spec.Template.Spec.Containers, container => Assert.Equal("veltrix:0.1.0", container.Image));
            // What selects hunt pods in the chart selects these.
            foreach (var service in (string[])["veltrix-governors", "veltrix-servers"])
                Assert.Subset(hunt.Spec.Template.Metadata.Labels.ToHashSet(), (await client.CoreV1.ReadNamespacedServiceAsync(service, space, cancellationToken: Cancel)).Spec.Selector.ToHashSet());
            foreach (var port in (string[])["grpc", "metrics", "ops", "http"]) Assert.Contains(hunt.Spec.Template.Spec.Containers.SelectMany(container => container.Ports), named => named.Name == port);
            // Every secret and map that its pods mount is there.
            foreach (var volume in hunt.Spec.Template.Spec.Volumes)
            {
                if (volume.Secret is { } secret) Assert.NotNull(await client.CoreV1.ReadNamespacedSecretAsync(secret.SecretName, space, cancellationToken: Cancel));
                if (volume.ConfigMap is { } map) await Eventually.Some(() => api.Find<V1ConfigMap>(Resource.ConfigMaps.Path(space, map.Name), Cancel), TimeSpan.FromSeconds(5), $"no map {map.Name}");
            }

            // The example that the notes and the page name.
            await api.Apply(Resource.Hunts.Path(space, "two-rivers"), await File.ReadAllTextAsync(Path.Combine(Helm.Root, "examples/kubernetes/hunt.yaml"), Cancel), "kubectl", Cancel);
            var example = await Eventually.Some(() => api.Find<V1Deployment>(Resource.Deployments.Path(space, "hunt-two-rivers"), Cancel), TimeSpan.FromSeconds(10), "no Deployment of the example");
            Assert.Equal(2, example.Spec.Replicas);
            await Eventually.True(
                async () => (await api.Find<Hunt>(Resource.Hunts.Path(space, "two-rivers"), Cancel))?.Status?.Conditions?.Count(condition => condition is { Type: "Accepted" or "PolicyUnenforced", Status: "True" }) == 2,
                TimeSpan.FromSeconds(10), "the example is not accepted, or does not say that nothing denies pods without a governor");

            // People change things while the hunt is live; one of them the chart's own map.
            await Patch("hunt-capitals-overrides", "max_concurrent_hunters", "700");
            await Patch("veltrix-runtime-overrides", "seat.grace", "30s");
            var defaults = (await api.Find<V1ConfigMap>(Resource.ConfigMaps.Path(space, "veltrix-hunt-defaults"), Cancel))!.Data["hunt-config.yml"];
            await Patch("veltrix-hunt-defaults", "hunt-config.yml", defaults + "\nwaiting:\n  frames: 5s\n");
            await Eventually.True(async () => (await Map("veltrix-runtime-overrides")).TryGetValue("waiting.frames", out var promoted) && promoted == "5s", TimeSpan.FromSeconds(10), "what was patched in the chart's map is not promoted");

            var upgraded = Helm.Run(cluster.KubeConfig, ["upgrade", "veltrix", Helm.Chart, "--namespace", space, .. trial, "--set", "hunt.defaults.limit_floor_ratio=0.1"]);
            Assert.True(upgraded.Code == 0, upgraded.Said);
            Assert.Equal(token, await Secret());
            var now = (await Map("veltrix-hunt-defaults"))["hunt-config.yml"];
            Assert.Contains("limit_floor_ratio: \"0.1\"", now);
            Assert.DoesNotContain("frames", now);
            Assert.Equal("700", (await Map("hunt-capitals-overrides"))["max_concurrent_hunters"]);
            Assert.Equal(("30s", "5s"), ((await Map("veltrix-runtime-overrides"))["seat.grace"], (await Map("veltrix-runtime-overrides"))["waiting.frames"]));
            Assert.Equal("2s", (await api.Find<Hunt>(Resource.Hunts.Path(space, "capitals"), Cancel))!.Spec.Overrides!["board_cadence"]);

            // Nobody gets round the governor on the way, and what was installed stays.
            foreach (var values in RefusalTests.WithoutGovernor)
                foreach (var chart in (string[])[Helm.Chart, Helm.ChartWithoutSchema])
                    Assert.NotEqual(0, Helm.Run(cluster.KubeConfig, ["upgrade", "veltrix", chart, "--namespace", space, .. trial, .. values]).Code);
            Assert.Contains("\"revision\":\"2\"", Helm.Run(cluster.KubeConfig, ["list", "--namespace", space, "--all", "--output", "json"]).Out);
        }

        var gone = Helm.Run(cluster.KubeConfig, ["uninstall", "veltrix", "--namespace", space]);
        Assert.True(gone.Code == 0, gone.Said);
        await Eventually.True(async () => (await client.AppsV1.ListNamespacedDeploymentAsync(space, labelSelector: "app.kubernetes.io/managed-by=Helm", cancellationToken: Cancel)).Items.Count == 0, TimeSpan.FromSeconds(20), "the chart's Deployments stay");
        // The kind, the hunt and its pods stay: an uninstall ends no hunt.
        Assert.NotNull(await api.Find<JsonObject>(Resource.Crds.Path(null, "hunts.veltrix.dev"), Cancel));
        Assert.NotNull(await api.Find<Hunt>(Resource.Hunts.Path(space, "capitals"), Cancel));
        Assert.NotNull(await api.Find<V1Deployment>(Resource.Deployments.Path(space, "hunt-capitals"), Cancel));

        async Task<string> Secret() => Encoding.UTF8.GetString((await client.CoreV1.ReadNamespacedSecretAsync("veltrix-control", space, cancellationToken: Cancel)).Data["token"]);

        async Task<IDictionary<string, string>> Map(string name) => (await api.Find<V1ConfigMap>(Resource.ConfigMaps.Path(space, name), Cancel))?.Data ?? new Dictionary<string, string>();

        Task Patch(string map, string key, string value) =>
            api.Merge(Resource.ConfigMaps.Path(space, map) + "?fieldManager=kubectl-patch", new JsonObject { ["data"] = new JsonObject { [key] = value } }, Cancel);

        // As the pod would have it.
        async Task<string> KubeConfig(string account)
        {
            var asked = await api.Create(
                $"api/v1/namespaces/{space}/serviceaccounts/{account}/token",
                new JsonObject { ["apiVersion"] = "authentication.k8s.io/v1", ["kind"] = "TokenRequest", ["spec"] = new JsonObject { ["audiences"] = new JsonArray("https://kubernetes.default.svc"), ["expirationSeconds"] = 3600 } }, Cancel);
            var admin = await File.ReadAllTextAsync(cluster.KubeConfig, Cancel);
            return folder.Write($"{account}.kubeconfig", $"{admin[..admin.IndexOf("users:", StringComparison.Ordinal)]}users: [{{name: veltrix, user: {{token: {asked["status"]!["token"]}}}}}]\n");
        }
    }

    [Fact]
    public async Task A_refused_install_leaves_nothing()
    {
        using var client = await cluster.Start();
        var space = await cluster.Namespace(client, "refused");
        foreach (var values in RefusalTests.WithoutGovernor)
            foreach (var chart in (string[])[Helm.Chart, Helm.ChartWithoutSchema])
                Assert.NotEqual(0, Helm.Run(cluster.KubeConfig, ["install", "veltrix", chart, "--namespace", space, .. trial, .. values]).Code);

        Assert.Equal("[]", Helm.Run(cluster.KubeConfig, ["list", "--namespace", space, "--all", "--output", "json"]).Out.Trim());
        Assert.Empty((await client.AppsV1.ListNamespacedDeploymentAsync(space, cancellationToken: Cancel)).Items);
    }

    /// <summary>A server-side apply refuses fields that its own OpenAPI does not have.</summary>
    [Theory, MemberData(nameof(RenderedTests.Cases), MemberType = typeof(RenderedTests))]
    public async Task Every_object_is_one_in_the_eyes_of_the_api(string values, string version)
    {
        using var client = await cluster.Start();
        var space = await cluster.Namespace(client, "dry");
        using var api = ClusterApi.Open(cluster.KubeConfig);
        // Rendered for the API that is asked, where the age allows; what is newer it does not know.
        var unknown = new SortedSet<string>();
        foreach (var one in Helm.Objects(Helm.Template([.. RenderedTests.Values(values), .. RenderedTests.Age(version)])))
        {
            var (kind, group, name) = ((string)one["kind"]!, (string)one["apiVersion"]!, (string)one["metadata"]!["name"]!);
            var known = await api.Find<JsonObject>(group.Contains('/', StringComparison.Ordinal) ? $"apis/{group}" : $"api/{group}", Cancel);
            if (known?["resources"]?.AsArray().FirstOrDefault(resource => (string?)resource!["kind"] == kind && !((string)resource["name"]!).Contains('/', StringComparison.Ordinal)) is not { } resource)
            {
                unknown.Add($"{group} {kind}");
                continue;
            }

            var path = $"{(group.Contains('/', StringComparison.Ordinal) ? "apis" : "api")}/{group}{((bool)resource["namespaced"]! ? $"/namespaces/{space}" : "")}/{resource["name"]}/{name}";
            one["metadata"]!.AsObject().Remove("namespace");
            using var request = new HttpRequestMessage(HttpMethod.Patch, new Uri(client.BaseUri, $"{path}?fieldManager=helm&dryRun=All"))
            {
                Content = new StringContent(one.ToJsonString(), Encoding.UTF8, new MediaTypeHeaderValue("application/apply-patch+yaml")),
            };
            using var response = await client.HttpClient.SendAsync(request, Cancel);
            Assert.True(response.IsSuccessStatusCode, $"{kind} {name}: {await response.Content.ReadAsStringAsync(Cancel)}");
        }

        var expected = new List<string>();
        if (version == "1.36") expected.AddRange(["admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy", "admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding"]);
        if (version != "1.20" && values != "ha") expected.AddRange(["monitoring.coreos.com/v1 PodMonitor", "monitoring.coreos.com/v1 PrometheusRule", "monitoring.coreos.com/v1 ServiceMonitor"]);
        if (version != "1.20") expected.Add("policy/v1 PodDisruptionBudget");
        Assert.Equal(expected.Order(), unknown);
        if (unknown.Count > 0) TestContext.Current.SendDiagnosticMessage($"Not checked, since this API does not know them: {string.Join(", ", unknown)}.");
    }

    sealed class Folder : IDisposable
    {
        readonly string path = Directory.CreateTempSubdirectory("veltrix-chart-").FullName;

        public string Write(string name, string text)
        {
            var file = Path.Combine(path, name);
            File.WriteAllText(file, text);
            return file;
        }

        public void Dispose() => Directory.Delete(path, recursive: true);
    }
}
