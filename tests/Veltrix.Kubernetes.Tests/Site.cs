using System.Text.Json.Nodes;
using k8s.Models;
using Microsoft.Extensions.Logging.Abstractions;
using Veltrix.Kubernetes.Operating;

namespace Veltrix.Kubernetes.Tests;

/// <summary>A namespace as a chart would leave it, with operators that tests start and stop.</summary>
sealed class Site : IAsyncDisposable
{
    public const string Defaults = "max_concurrent_hunters: 5000\nkafka.bootstrap_servers: kafka:9092\n";

    static readonly bool Talks = Environment.GetEnvironmentVariable("VELTRIX_TEST_LOGS") is not null;

    readonly List<OperatorHost> operators = [];

    Site(RealCluster cluster, ClusterApi api, string space) => (Cluster, Api, Space) = (cluster, api, space);

    public RealCluster Cluster { get; }

    public ClusterApi Api { get; }

    public string Space { get; }

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static Installation Installation { get; } = new() { Image = "veltrix:test", Redis = "redis:6379" };

    public static async Task<Site> Make(RealCluster cluster, string name)
    {
        using var client = await cluster.Start();
        var site = new Site(cluster, ClusterApi.Open(cluster.KubeConfig), await cluster.Namespace(client, name));
        await site.Api.Apply(Resource.ConfigMaps.Path(site.Space, Installation.Defaults), new JsonObject
        {
            ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = new JsonObject { ["name"] = Installation.Defaults }, ["data"] = new JsonObject { ["hunt-config.yml"] = Defaults },
        }, "helm", Cancel);
        return site;
    }

    public async Task<OperatorHost> Operator(string name = "one")
    {
        var host = await OperatorHost.Start(new OperatorOptions
        {
            KubeConfig = Cluster.KubeConfig, Namespace = Space, Installation = Installation, Listen = new(System.Net.IPAddress.Loopback, 0), Name = name, Logging = Talks ? null : NullLoggerFactory.Instance,
        }, Cancel);
        operators.Add(host);
        return host;
    }

    public async Task<OperatorHost> LeadingOperator(string name = "one")
    {
        var host = await Operator(name);
        await Ready(host);
        return host;
    }

    public static async Task Ready(OperatorHost host)
    {
        using var http = new HttpClient();
        await Eventually.True(async () => host.IsLeader && (await http.GetAsync(new Uri(host.Url, "/readyz"), Cancel)).IsSuccessStatusCode, TimeSpan.FromSeconds(40), "the operator does not get ready");
    }

    public static string Definition(string hunt) => $"hunt: {hunt}\ntitle: A test\nchallenges:\n  - id: one\n    name: One\n    text: What is one and one?\n    answers: [two]\n";

    public async Task<Hunt> Plant(string hunt, Action<JsonObject>? more = null)
    {
        var spec = new JsonObject { ["definition"] = new JsonObject { ["inline"] = Definition(hunt) } };
        more?.Invoke(spec);
        await Api.Apply(Resource.Hunts.Path(Space, hunt), new JsonObject
        {
            ["apiVersion"] = "veltrix.dev/v1alpha1", ["kind"] = "Hunt", ["metadata"] = new JsonObject { ["name"] = hunt }, ["spec"] = spec,
        }, "kubectl", Cancel);
        return (await Hunt(hunt))!;
    }

    public Task<Hunt?> Hunt(string hunt) => Api.Find<Hunt>(Resource.Hunts.Path(Space, hunt), Cancel);

    public Task<V1Deployment?> Deployment(string hunt) => Api.Find<V1Deployment>(Resource.Deployments.Path(Space, HuntNames.Of(hunt)), Cancel);

    /// <summary>Waits for a hunt's Deployment; where none comes, the Hunt's own conditions say why.</summary>
    public async Task<TimeSpan> Deployed(string hunt)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (await Deployment(hunt) is null)
        {
            if (TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromSeconds(10)) Assert.Fail($"no Deployment: {string.Join("; ", (await Hunt(hunt))?.Status?.Conditions ?? [])}");
            await Task.Delay(10, Cancel);
        }

        return TimeProvider.System.GetElapsedTime(began);
    }

    public Task<V1ConfigMap?> Map(string name) => Api.Find<V1ConfigMap>(Resource.ConfigMaps.Path(Space, name), Cancel);

    public async Task<Condition> Condition(string hunt, string type, Func<Condition, bool> holds, TimeSpan? within = null) => await Eventually.Some(
        async () => (await Hunt(hunt))?.Status?.Conditions?.FirstOrDefault(condition => condition.Type == type && holds(condition)),
        within ?? TimeSpan.FromSeconds(10), $"{type} of {hunt} does not get so");

    /// <summary>As kubectl patch does it.</summary>
    public Task Patch(Resource resource, string name, JsonObject patch) => Api.Merge(resource.Path(Space, name) + "?fieldManager=kubectl-patch", patch, Cancel);

    /// <summary>There is no kubelet: says of a hunt's pods what one would say.</summary>
    public async Task PodsAreReady(string hunt)
    {
        var list = await Api.Find<JsonObject>($"{Resource.Pods.Path(Space)}?labelSelector=veltrix.dev%2Fhunt%3D{hunt}", Cancel);
        foreach (var pod in list!["items"]!.AsArray())
            await Api.Merge(Resource.Pods.Path(Space, (string)pod!["metadata"]!["name"]!, "status"), new JsonObject
            {
                ["status"] = new JsonObject
                {
                    ["phase"] = "Running",
                    ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Ready", ["status"] = "True" }),
                    ["containerStatuses"] = new JsonArray([.. pod["spec"]!["containers"]!.AsArray().Select(container => (JsonNode)new JsonObject
                    {
                        ["name"] = (string)container!["name"]!, ["ready"] = true, ["restartCount"] = 0, ["image"] = "veltrix:test", ["imageID"] = "none",
                    })]),
                },
            }, Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in operators) await host.DisposeAsync();
        Api.Dispose();
    }
}
