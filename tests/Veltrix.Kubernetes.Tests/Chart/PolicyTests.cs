using System.Text.Json.Nodes;
using k8s;

namespace Veltrix.Kubernetes.Tests.Chart;

/// <summary>
/// What the chart's admission policies let through. Their CEL is evaluated by a library, since the API that tests start is too old to have such policies; where <c>VELTRIX_TEST_KUBECONFIG</c> names
/// a newer one, it is asked as well.
/// </summary>
public sealed class PolicyTests
{
    const string Space = "games";
    static readonly Installation installation = new() { Image = "veltrix:0.1.0", Redis = "redis:6379" };
    static readonly ClusterFacts newApi = new(NativeSidecars: true, "policy/v1", AdmissionPolicies: true, Cel: true);

    static readonly Lazy<List<JsonObject>> rendered = new(() => Helm.Objects(Helm.Template(["--set", "bundled.enabled=true", .. RenderedTests.Age("1.36")])));

    [Fact]
    public void What_the_operator_makes_is_let_through_and_so_is_all_of_the_chart()
    {
        Assert.All(Verdicts("governor", [Pod(), Deployment(), Pod(newApi with { NativeSidecars = false })]), Assert.Null);
        Assert.All(Verdicts("governor", rendered.Value), Assert.Null);
        Assert.All(Verdicts("settings", rendered.Value), Assert.Null);
    }

    public static TheoryData<string, string> WaysRound => new()
    {
        { "bare pod", "without a governor" },
        { "deployment without it", "without a governor" },
        { "taken out of a deployment by a patch", "without a governor" },
        { "a plain init container", "without a governor" },
        { "another name", "without a governor" },
        { "no labels", "without a governor" },
        { "no labels, and the verb in the command", "without a governor" },
        { "no labels, and the server a sidecar of something else", "without a governor" },
        { "the labels put on later", "without a governor" },
        { "in a cron job", "without a governor" },
        { "another program in it", "something else" },
        { "another verb in it", "something else" },
        { "another image in it", "no other" },
        { "another image beside it", "no other" },
        { "another image beside it, as a sidecar", "no other" },
        { "an image that begins like ours", "no other" },
        { "the operator's own canary", "without a governor" },
    };

    [Theory, MemberData(nameof(WaysRound))]
    public void Every_way_round_the_governor_is_denied(string way, string word) => Assert.Contains(word, Verdicts("governor", [Tried(way)]).Single());

    [Fact]
    public void What_is_no_hunt_pod_is_none_of_its_business()
    {
        var other = Pod();
        other["metadata"]!.AsObject().Remove("labels");
        other["spec"]!.AsObject().Remove("initContainers");
        other["spec"]!["containers"]![0]!["image"] = "nginx:1";
        Assert.Null(Verdicts("governor", [other]).Single());
    }

    [Theory, InlineData("hunt-capitals-overrides"), InlineData("veltrix-hunt-defaults"), InlineData("veltrix-runtime-overrides")]
    public void No_map_of_settings_can_be_made_immutable(string name)
    {
        Assert.Contains("cannot be made immutable", Verdict(Map(name, [], immutable: true)));
        Assert.Null(Verdict(Map(name, [], immutable: false)));
        Assert.Null(Verdict(Map("games-own", [], immutable: true)));
    }

    [Fact]
    public void Live_values_are_written_by_the_orchestrator_alone()
    {
        const string Orchestrator = "system:serviceaccount:games:veltrix-orchestrator";
        var live = Map("hunt-capitals-overrides", new() { ["live.limit"] = "800", ["seat.grace"] = "30s" });
        var changed = Map("hunt-capitals-overrides", new() { ["live.limit"] = "900", ["seat.grace"] = "30s" });
        var withPersons = Map("hunt-capitals-overrides", new() { ["live.limit"] = "800", ["seat.grace"] = "20s", ["brownout"] = "off" });
        var without = Map("hunt-capitals-overrides", new() { ["seat.grace"] = "30s" });

        Assert.Contains("it alone writes them", Verdict(live));
        Assert.Contains("it alone writes them", Verdict(changed, live));
        Assert.Contains("it alone writes them", Verdict(without, live));
        Assert.Null(Verdict(withPersons, live));
        Assert.Null(Verdict(changed, live, Orchestrator));
        Assert.Null(Verdict(live, without, Orchestrator));
    }

    [Fact]
    public void They_are_bound_to_the_namespace_by_a_label_that_nobody_can_take_away()
    {
        var bindings = rendered.Value.Where(one => (string?)one["kind"] == "ValidatingAdmissionPolicyBinding").ToList();
        Assert.Equal(2, bindings.Count);
        foreach (var binding in bindings)
        {
            Assert.Equal("""{"matchLabels":{"kubernetes.io/metadata.name":"games"}}""", binding["spec"]!["matchResources"]!["namespaceSelector"]!.ToJsonString());
            Assert.Equal("""["Deny"]""", binding["spec"]!["validationActions"]!.ToJsonString());
            Assert.Equal("Fail", (string?)rendered.Value.One("ValidatingAdmissionPolicy", (string)binding["spec"]!["policyName"]!)["spec"]!["failurePolicy"]);
        }
    }

    /// <summary>The trait keeps it out of <c>./check</c>, which says so, where no such API is named: what did not run is not counted as passed.</summary>
    [Fact]
    [Trait("speed", "slow")]
    [Trait("needs", "newer-kubernetes")]
    public async Task A_newer_api_denies_the_same()
    {
        var kubeConfig = Environment.GetEnvironmentVariable("VELTRIX_TEST_KUBECONFIG") ?? "";
        Assert.SkipWhen(kubeConfig.Length == 0, "needs a Kubernetes API of 1.30 or newer, with ValidatingAdmissionPolicy: VELTRIX_TEST_KUBECONFIG names the kubeconfig of one");

        var cancel = TestContext.Current.CancellationToken;
        var space = $"veltrix-test-{Guid.NewGuid():N}"[..24];
        var installed = Helm.Run(kubeConfig, ["install", "veltrix", Helm.Chart, "--namespace", space, "--create-namespace", "--set", "bundled.enabled=true"]);
        try
        {
            Assert.True(installed.Code == 0, installed.Said);
            using var api = ClusterApi.Open(kubeConfig);
            foreach (var (way, word) in WaysRound.Select(row => (row.Data.Item1, row.Data.Item2)).Where(way => (string?)Tried(way.Item1)["kind"] == "Pod"))
                await Eventually.True(async () => (await Denial(way))?.Contains(word, StringComparison.Ordinal) == true, TimeSpan.FromSeconds(10), $"{way} is not denied");

            async Task<string?> Denial(string way)
            {
                var pod = Tried(way);
                pod["metadata"]!["namespace"] = space;
                pod["metadata"]!["name"] = "tried";
                pod["spec"]!.AsObject().Remove("serviceAccountName");
                try
                {
                    await api.Create(Resource.Pods.Path(space) + "?dryRun=All", pod, cancel);
                    return null;
                }
                catch (ClusterApiException error)
                {
                    return error.Message;
                }
            }
        }
        finally
        {
            Helm.Run(kubeConfig, ["uninstall", "veltrix", "--namespace", space]);
            using var api = ClusterApi.Open(kubeConfig);
            await api.Delete($"api/v1/namespaces/{space}", cancel);
        }
    }

    static JsonObject Tried(string way)
    {
        var pod = Pod();
        var spec = pod["spec"]!;
        var governor = spec["initContainers"]![0]!;
        var server = spec["containers"]![0]!;
        switch (way)
        {
            case "the labels put on later":
            case "bare pod":
                spec.AsObject().Remove("initContainers");
                return pod;
            case "a plain init container":
                governor.AsObject().Remove("restartPolicy");
                return pod;
            case "another name":
                governor["name"] = "gouvernor";
                return pod;
            case "no labels":
                pod["metadata"]!.AsObject().Remove("labels");
                goto case "bare pod";
            case "no labels, and the verb in the command":
                server["command"] = new JsonArray("/app/veltrix", "server");
                server.AsObject().Remove("args");
                goto case "no labels";
            case "no labels, and the server a sidecar of something else":
                spec["initContainers"] = new JsonArray(new JsonObject { ["name"] = "first", ["image"] = (string)server["image"]!, ["args"] = server["args"]!.DeepClone(), ["restartPolicy"] = "Always" });
                server["image"] = "busybox:1";
                server.AsObject().Remove("args");
                pod["metadata"]!.AsObject().Remove("labels");
                return pod;
            case "another image beside it, as a sidecar":
                spec["initContainers"]!.AsArray().Add((JsonNode)new JsonObject { ["name"] = "server", ["image"] = "busybox:1", ["restartPolicy"] = "Always" });
                server["name"] = "web";
                return pod;
            case "another program in it":
                governor["command"] = new JsonArray("/bin/sleep", "infinity");
                return pod;
            case "another verb in it":
                governor["args"] = new JsonArray("health", "http://127.0.0.1:9358/livez");
                return pod;
            case "another image in it":
                governor["image"] = "busybox:1";
                return pod;
            case "another image beside it":
                server["image"] = "busybox:1";
                return pod;
            case "an image that begins like ours":
                governor["image"] = "veltrixen:0.1.0";
                return pod;
            case "the operator's own canary":
                return Operating.CanaryPods.Ungoverned(Space, installation);
            case "in a cron job":
                spec.AsObject().Remove("initContainers");
                return new JsonObject
                {
                    ["apiVersion"] = "batch/v1", ["kind"] = "CronJob", ["metadata"] = new JsonObject { ["name"] = "nightly" },
                    ["spec"] = new JsonObject { ["jobTemplate"] = new JsonObject { ["spec"] = new JsonObject { ["template"] = new JsonObject { ["metadata"] = pod["metadata"]!.DeepClone(), ["spec"] = spec.DeepClone() } } } },
                };
            default:
                var deployment = Deployment();
                deployment["spec"]!["template"]!["spec"]!.AsObject().Remove("initContainers");
                return deployment;
        }
    }

    static JsonObject Deployment(ClusterFacts? facts = null)
    {
        var hunt = new Hunt { ApiVersion = "veltrix.dev/v1alpha1", Kind = "Hunt", Metadata = new() { Name = "capitals", NamespaceProperty = Space, Uid = "1" }, Spec = new() { Definition = new() { Inline = "hunt: capitals" } } };
        return JsonNode.Parse(KubernetesJson.Serialize(HuntObjects.Of(hunt, installation, facts ?? newApi, 1).Single(made => made.Kind == "Deployment")))!.AsObject();
    }

    static JsonObject Pod(ClusterFacts? facts = null)
    {
        var template = Deployment(facts)["spec"]!["template"]!;
        return new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Pod", ["metadata"] = template["metadata"]!.DeepClone(), ["spec"] = template["spec"]!.DeepClone() };
    }

    static JsonObject Map(string name, Dictionary<string, string> data, bool? immutable = null)
    {
        var map = new JsonObject
        {
            ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = new JsonObject { ["name"] = name }, ["data"] = new JsonObject(data.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))),
        };
        if (immutable is { } said) map["immutable"] = said;
        return map;
    }

    static string? Verdict(JsonObject map, JsonObject? old = null, string user = "somebody") => Ask("settings", [new JsonObject { ["object"] = map.DeepClone(), ["oldObject"] = old?.DeepClone(), ["user"] = user }]).Single();

    static List<string?> Verdicts(string policy, IEnumerable<JsonObject> objects) => Ask(policy, [.. objects.Select(one => new JsonObject { ["object"] = one.DeepClone() })]);

    /// <summary>For each the message of the denial; null: it is let through.</summary>
    static List<string?> Ask(string policy, JsonArray requests)
    {
        Assert.SkipUnless(Directory.Exists(Path.Combine(Helm.Root, "tests/tools/node_modules/@bufbuild/cel")), "needs node and: npm --prefix tests/tools ci");
        var body = new JsonObject { ["policy"] = rendered.Value.One("ValidatingAdmissionPolicy", $"veltrix-games-{policy}").DeepClone(), ["requests"] = requests };
        var said = Helm.Run("node", body.ToJsonString(), [Path.Combine(Helm.Root, "tests/tools/policy.js")]);
        Assert.True(said.Code == 0, said.Said);
        return [.. JsonNode.Parse(said.Out)!.AsArray().Select(message => (string?)message)];
    }
}
