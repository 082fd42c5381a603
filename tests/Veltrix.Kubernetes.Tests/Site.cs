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
        // Charts install the CRD before anything else.
        await site.Api.Apply(Resource.Crds.Path(null, "hunts.veltrix.dev"), Crds.AsApplied(cel: false), "helm", Cancel);
        await site.PlantDefaults();
        return site;
    }

    /// <summary>As an install or upgrade of the chart does.</summary>
    public Task PlantDefaults() => Api.Apply(Resource.ConfigMaps.Path(Space, Installation.Defaults), new JsonObject
    {
        ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = new JsonObject { ["name"] = Installation.Defaults }, ["data"] = new JsonObject { ["hunt-config.yml"] = Defaults },
    }, "helm", Cancel);

    public async Task<OperatorHost> Operator(string name = "one", TimeProvider? clock = null)
    {
        var host = await OperatorHost.Start(new OperatorOptions
        {
            KubeConfig = Cluster.KubeConfig, Namespace = Space, Installation = Installation, Listen = new(System.Net.IPAddress.Loopback, 0), Name = name, Clock = clock ?? TimeProvider.System, Logging = Talks ? null : NullLoggerFactory.Instance,
        }, Cancel);
        operators.Add(host);
        return host;
    }

    public async Task<OperatorHost> LeadingOperator(string name = "one", TimeProvider? clock = null)
    {
        var host = await Operator(name, clock);
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

    /// <summary>
    /// A service account with exactly the rights that <c>docs/reference/kubernetes-objects.md</c> lists for somebody, and the KUBECONFIG of a pod that has it.
    /// </summary>
    public async Task<string> KubeConfig(string account, string? who, string folder)
    {
        if (who is not null)
        {
            await Api.Apply(Resource.Of("v1", "ServiceAccount").Path(Space, account), Named("v1", "ServiceAccount", account), "helm", Cancel);
            await Grant(account, $"{who}, in its namespace", "Role", Resource.Of(HuntObjects.RbacApi, "Role").Path(Space, account), Resource.Of(HuntObjects.RbacApi, "RoleBinding").Path(Space, account));
            await Grant($"{Space}-{account}", $"{who}, in the cluster", "ClusterRole", $"apis/{HuntObjects.RbacApi}/clusterroles/{Space}-{account}", $"apis/{HuntObjects.RbacApi}/clusterrolebindings/{Space}-{account}", account);
        }

        var asked = await Api.Create(
            Resource.Of("v1", "ServiceAccount").Path(Space, account, "token"),
            new JsonObject { ["apiVersion"] = "authentication.k8s.io/v1", ["kind"] = "TokenRequest", ["spec"] = new JsonObject { ["audiences"] = new JsonArray("https://kubernetes.default.svc"), ["expirationSeconds"] = 3600 } }, Cancel);
        var file = Path.Combine(folder, $"{account}.kubeconfig");
        var admin = await File.ReadAllTextAsync(Cluster.KubeConfig, Cancel);
        await File.WriteAllTextAsync(file, $"{admin[..admin.IndexOf("users:", StringComparison.Ordinal)]}users: [{{name: veltrix, user: {{token: {asked["status"]!["token"]}}}}}]\n", Cancel);
        return file;
    }

    async Task Grant(string name, string row, string kind, string role, string binding, string? account = null)
    {
        var rules = Rights(row);
        if (rules.Count == 0) return;
        var body = Named(HuntObjects.RbacApi, kind, name);
        body["rules"] = rules;
        await Api.Apply(role, body, "helm", Cancel);
        body = Named(HuntObjects.RbacApi, kind + "Binding", name);
        body["roleRef"] = new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = kind, ["name"] = name };
        body["subjects"] = new JsonArray(new JsonObject { ["kind"] = "ServiceAccount", ["name"] = account ?? name, ["namespace"] = Space });
        await Api.Apply(binding, body, "helm", Cancel);
    }

    static JsonObject Named(string api, string kind, string name) => new() { ["apiVersion"] = api, ["kind"] = kind, ["metadata"] = new JsonObject { ["name"] = name } };

    /// <summary>The rows of the table of rights that are about somebody, as rules of a role.</summary>
    public static JsonArray Rights(string who)
    {
        var rules = new JsonArray();
        var about = "";
        foreach (var cells in Page.Split("## Rights")[1].Split('\n').Where(line => line.StartsWith('|')).Select(line => line.Split('|', StringSplitOptions.TrimEntries)))
        {
            if (cells[1].Length > 0) about = cells[1];
            if (about != who) continue;
            var names = cells[3].Contains("only", StringComparison.Ordinal) ? cells[3].Split('`').Where((_, at) => at % 2 == 1).Select(name => (JsonNode)name).ToArray() : [];
            var rule = new JsonObject
            {
                ["apiGroups"] = new JsonArray(cells[2]),
                ["resources"] = new JsonArray([.. cells[3].Split(", only")[0].Split(", ").Select(resource => (JsonNode)resource)]),
                ["verbs"] = new JsonArray([.. cells[4].Split(", ").Select(verb => (JsonNode)verb.Split(' ')[0])]),
            };
            if (names.Length > 0) rule["resourceNames"] = new JsonArray(names);
            rules.Add((JsonNode)rule);
        }

        return rules;
    }

    static string Page { get; } = File.ReadAllText(Path.Combine(Root(AppContext.BaseDirectory), "docs/reference/kubernetes-objects.md"));

    public static string Root(string folder) => File.Exists(Path.Combine(folder, "Veltrix.slnx")) ? folder : Root(Path.GetDirectoryName(folder)!);

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

    public async Task<IReadOnlyList<JsonNode>> Pods(string hunt) =>
        [.. (await Api.Find<JsonObject>($"{Resource.Pods.Path(Space)}?labelSelector=veltrix.dev%2Fhunt%3D{hunt}", Cancel))!["items"]!.AsArray().Select(pod => pod!)];

    public async Task<IReadOnlyList<JsonNode>> List(Resource resource) => [.. (await Api.Find<JsonObject>(resource.Path(Space), Cancel))!["items"]!.AsArray().Select(item => item!)];

    public async Task<int> Count(Resource resource) => (await List(resource)).Count;

    public async Task<IReadOnlyList<Hunt>> Hunts() => [.. (await List(Resource.Hunts)).Select(item => k8s.KubernetesJson.Deserialize<Hunt>(item))];

    public async Task<JsonObject> Find(Resource resource, string name) => (await Api.Find<JsonObject>(resource.Path(Space, name), Cancel))!;

    /// <summary>Asks until the API answers, which it may not do just after its start.</summary>
    public async Task<T> Insist<T>(Func<Task<T>> ask)
    {
        for (var left = 100; ; left--)
            try
            {
                return await ask();
            }
            catch (ClusterApiException) when (left > 0)
            {
                await Task.Delay(200, Cancel);
            }
    }

    public Task Insist(Func<Task> ask) => Insist(async () =>
    {
        await ask();
        return true;
    });

    public async Task StopAll()
    {
        foreach (var host in operators) await host.DisposeAsync();
        operators.Clear();
    }

    /// <summary>Reasons and messages.</summary>
    public async Task<IReadOnlyList<string>> Events() =>
        [.. (await Api.Find<JsonObject>(Resource.Events.Path(Space), Cancel))!["items"]!.AsArray().Select(told => $"{told!["reason"]}: {told["message"]}")];

    /// <summary>What a kubelet does with pods that are to end.</summary>
    public async Task PodsEnd(string hunt)
    {
        var list = await Api.Find<JsonObject>($"{Resource.Pods.Path(Space)}?labelSelector=veltrix.dev%2Fhunt%3D{hunt}", Cancel);
        foreach (var pod in list!["items"]!.AsArray().Where(pod => pod!["metadata"]!["deletionTimestamp"] is not null))
            await Api.Delete(Resource.Pods.Path(Space, (string)pod!["metadata"]!["name"]!) + "?gracePeriodSeconds=0", Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAll();
        Api.Dispose();
    }
}
