using System.Text.Json;
using k8s.Models;
using Veltrix.Kubernetes.Operating;

namespace Veltrix.Kubernetes.Tests;

/// <summary>What the operator decides without asking anybody: acceptance, overrides, promotion, status.</summary>
public class RulesTests
{
    static Hunt Hunt(Func<HuntSpec, HuntSpec>? with = null) => HuntObjectsTests.Hunt(with: with);

    static Refusal? Judge(Hunt hunt, string? definition = null, string? published = null, string? defaults = Site.Defaults) =>
        Acceptance.Of(hunt, definition ?? hunt.Spec.Definition.Inline, published, defaults);

    static HuntSpec WithPod(HuntSpec spec, PodSpecAdditions pod) => spec with { Servers = spec.Servers with { PodTemplate = new PodAdditions { Spec = pod } } };

    [Fact]
    public void A_hunt_that_can_be_made_true_is_accepted() => Assert.Null(Judge(Hunt()));

    [Fact]
    public void The_example_is_accepted()
    {
        var hunt = k8s.KubernetesJson.Deserialize<Hunt>(Chart.Helm.Objects(File.ReadAllText(Path.Combine(Site.Root(AppContext.BaseDirectory), "examples/kubernetes/hunt.yaml"))).Single().ToJsonString());

        Assert.Null(Judge(hunt));
        Assert.Empty(Overrides.Of(hunt.Name, hunt.Spec, "runtime", null, null).Faults);
    }

    public static TheoryData<string, string> Refused => new()
    {
        { "GovernorOff", """{"governor":{"enabled":false}}""" },
        { "NoDefinition", """{"definition":{}}""" },
        { "BadServers", """{"servers":{"min":3,"max":2}}""" },
        { "ReservedName", """{"servers":{"podTemplate":{"spec":{"containers":[{"name":"governor","image":"mine"}]}}}}""" },
        { "ReservedName", """{"servers":{"podTemplate":{"spec":{"env":[{"name":"VELTRIX_POD","value":"x"}]}}}}""" },
        { "ReservedName", """{"servers":{"podTemplate":{"spec":{"env":[{"name":"VELTRIX_STARTED_MS","value":"x"}]}}}}""" },
        { "ReservedName", """{"servers":{"podTemplate":{"spec":{"containers":[{"name":"spy","image":"mine","volumeMounts":[{"name":"api-token","mountPath":"/t"}]}]}}}}""" },
        { "ReservedName", """{"servers":{"podTemplate":{"spec":{"volumes":[{"name":"control","emptyDir":{}}]}}}}""" },
        { "BadPodTemplate", """{"servers":{"podTemplate":{"spec":{"hostNetwork":true}}}}""" },
        { "BadPodTemplate", """{"servers":{"podTemplate":{"spec":{"initContainers":[]}}}}""" },
        { "BadPodTemplate", """{"servers":{"podTemplate":{"spec":{"volumes":[{"name":"node","hostPath":{"path":"/"}}]}}}}""" },
        { "BadPodTemplate", """{"servers":{"podTemplate":{"spec":{"volumes":[{"name":"t","projected":{"sources":[{"serviceAccountToken":{"path":"token"}}]}}]}}}}""" },
    };

    [Theory, MemberData(nameof(Refused))]
    public void What_the_rules_of_the_CRD_refuse_is_refused_here_too_for_an_API_without_them(string reason, string patch)
    {
        var whole = JsonDocument.Parse(k8s.KubernetesJson.Serialize(Hunt().Spec)).RootElement.EnumerateObject().ToDictionary(member => member.Name, member => member.Value);
        foreach (var member in JsonDocument.Parse(patch).RootElement.EnumerateObject()) whole[member.Name] = member.Value;
        var hunt = Hunt(_ => k8s.KubernetesJson.Deserialize<HuntSpec>(JsonSerializer.Serialize(whole)));

        var refusal = Judge(hunt, Site.Definition("capitals"));

        Assert.Equal(reason, refusal?.Reason);
        Assert.True(refusal!.Message.Length > 40, refusal.Message);
    }

    [Fact]
    public void A_definition_is_read_before_a_pod_is_made_and_its_faults_are_told()
    {
        Assert.Contains("line 4", Judge(Hunt(), "hunt: capitals\ntitle: A test\nchallenges:\n  - idd: one\n")!.Message);
        Assert.Contains("one name", Judge(Hunt(), Site.Definition("rivers"))!.Message);
        Assert.Equal("DefinitionMissing", Judge(Hunt(spec => spec with { Definition = new HuntSource { ConfigMap = new ConfigMapSource { Name = "evening" } } }))!.Reason);
        Assert.Equal("DefinitionChanged", Judge(Hunt(), published: "another")!.Reason);
        Assert.Null(Judge(Hunt(), published: Acceptance.Hash(Site.Definition("capitals"))));
    }

    [Fact]
    public void Hunt_pods_need_a_log_that_outlives_them()
    {
        Assert.Equal("NoSharedLog", Judge(Hunt(), defaults: "max_concurrent_hunters: 5\n")!.Reason);
        Assert.Equal("NoDefaults", Judge(Hunt(), defaults: null)!.Reason);
        Assert.Equal("BadDefaults", Judge(Hunt(), defaults: "max_concurrent_hunter: 5\n")!.Reason);
    }

    [Fact]
    public void Later_layers_win_and_what_is_no_setting_is_left_out_and_told()
    {
        var spec = Hunt().Spec with
        {
            Limit = new LimitSpec { Ceiling = 300, FloorRatio = 0.1, Policy = "linear" },
            Servers = new ServersSpec { HuntersPerServer = 2_500 },
            Overrides = new Dictionary<string, string> { ["max_concurrent_hunters"] = "400", ["governor.tick"] = "2s", ["board_cadence"] = "soon" },
        };
        var overrides = Overrides.Of("capitals", spec, "runtime", new Dictionary<string, string> { ["max_concurrent_hunters"] = "200", ["room_weight"] = "3" },
            new Dictionary<string, string> { ["live.limit"] = "7", ["seat.grace"] = "20s", ["governor.policy"] = "headroom" });

        Assert.Equal(
            [("governor.hunters_per_server", "2500"), ("governor.policy", "headroom"), ("limit_floor_ratio", "0.1"), ("max_concurrent_hunters", "400"), ("room_weight", "3"), ("seat.grace", "20s")],
            overrides.Entries.Select(entry => (entry.Key, entry.Value)));
        Assert.Equal(["ConfigMap hunt-capitals-overrides", "spec.overrides of Hunt capitals", "spec.servers of Hunt capitals", "spec.limit of Hunt capitals", "ConfigMap runtime"], overrides.Sources);
        Assert.Equal(2, overrides.Faults.Count);
        Assert.Contains(overrides.Faults, fault => fault.Contains("governor.tick", StringComparison.Ordinal) && fault.StartsWith("spec.overrides", StringComparison.Ordinal));
    }

    [Fact]
    public void Live_values_and_order_do_not_change_the_hash()
    {
        Dictionary<string, string> one = new() { ["seat.grace"] = "20s", ["room_weight"] = "2" };
        Dictionary<string, string> other = new() { ["room_weight"] = "2", ["live.limit"] = "9", ["seat.grace"] = "20s" };

        Assert.Equal(Overrides.Of("a", Hunt().Spec, "r", null, one).Hash, Overrides.Of("a", Hunt().Spec, "r", null, other).Hash);
        Assert.NotEqual(Overrides.Of("a", Hunt().Spec, "r", null, one).Hash, Overrides.Of("a", Hunt().Spec, "r", one, new Dictionary<string, string> { ["room_weight"] = "4" }).Hash);
    }

    static V1ConfigMap Defaults(Dictionary<string, string> data, params (string Manager, string Key)[] owners) => new()
    {
        Metadata = new V1ObjectMeta
        {
            Name = "veltrix-hunt-defaults",
            ManagedFields = [.. owners.Select(owner => new V1ManagedFieldsEntry { Manager = owner.Manager, FieldsV1 = JsonDocument.Parse("{\"f:data\":{\"f:" + owner.Key + "\":{}}}").RootElement })],
        },
        Data = data,
    };

    [Fact]
    public void What_the_chart_wrote_is_the_baseline_and_what_a_person_changed_in_it_is_promoted()
    {
        var byChart = Promotion.Of(Defaults(new() { ["hunt-config.yml"] = Site.Defaults }, ("helm", "hunt-config.yml")), null);
        Assert.Equal((Site.Defaults, 0), (byChart.Baseline, byChart.Settings.Count));

        var byHand = Promotion.Of(Defaults(new() { ["hunt-config.yml"] = Site.Defaults + "seat.grace: 20s\n", ["room_weight"] = "4" }, ("kubectl-patch", "hunt-config.yml"), ("kubectl-patch", "room_weight")), Site.Defaults);
        Assert.Null(byHand.Baseline);
        Assert.Equal(["room_weight", "seat.grace"], byHand.Settings.Keys);

        // Broken by hand: nothing can be read of it, and nothing is promoted.
        Assert.Empty(Promotion.Of(Defaults(new() { ["hunt-config.yml"] = "seat.grace: soon" }, ("kubectl-edit", "hunt-config.yml")), Site.Defaults).Settings);
    }

    [Fact]
    public void The_status_says_what_is_and_since_when()
    {
        var hunt = Hunt();
        var deployment = new V1Deployment { Spec = new V1DeploymentSpec { Replicas = 2 }, Status = new V1DeploymentStatus { ReadyReplicas = 1 } };
        var pod = new V1Pod { Status = new V1PodStatus { InitContainerStatuses = [new V1ContainerStatus { Name = "governor", Ready = true }] } };
        var overrides = Overrides.Of("capitals", hunt.Spec, "r", null, null);
        var noon = new DateTimeOffset(2026, 12, 1, 12, 0, 0, TimeSpan.Zero);

        hunt.Status = HuntState.Of(hunt, new Observed(null, deployment, [pod, new V1Pod()], overrides, "none here", "veltrix:1"), noon);
        Assert.Equal(("Degraded", 1, 1, 3L), (hunt.Status.Phase, hunt.Status.Servers!.Ready, hunt.Status.Governor!.Ready, hunt.Status.ObservedGeneration));
        Assert.Equal(
            ["Accepted True Accepted", "GovernorReady False SomeAreNot", "ConfigApplied True Applied", "Live True ServersReady", "PolicyUnenforced True NoAdmissionPolicy"],
            hunt.Status.Conditions!.Select(condition => $"{condition.Type} {condition.Status} {condition.Reason}"));

        var later = HuntState.Of(hunt, new Observed(new Refusal("BadServers", "no."), deployment, [pod], overrides, null, "veltrix:1"), noon.AddHours(1));
        Assert.Equal(["2026-12-01T13:00:00Z", "2026-12-01T13:00:00Z", "2026-12-01T12:00:00Z", "2026-12-01T12:00:00Z", "2026-12-01T13:00:00Z"], later.Conditions!.Select(condition => condition.LastTransitionTime));
        Assert.Contains("goes on", later.Conditions![0].Message);
        Assert.Equal(hunt.Status.EffectiveConfig!.Revision, later.EffectiveConfig!.Revision);
    }

    [Theory, InlineData(true), InlineData(false)]
    public void A_pod_is_governed_by_a_container_or_by_a_sidecar_that_stays(bool stays)
    {
        var pod = new V1Pod { Spec = new V1PodSpec { Containers = [new V1Container { Name = "server" }], InitContainers = [new V1Container { Name = "governor", RestartPolicy = stays ? "Always" : null }] } };

        Assert.Equal(stays, Auditor.IsGoverned(pod));
    }

    [Fact]
    public void The_CRD_describes_every_field_and_every_status_that_there_is()
    {
        var crd = Crds.AsApplied(cel: true);
        var schema = crd["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!.AsObject();
        var undescribed = new List<string>();
        Walk("", schema);

        Assert.Empty(undescribed);
        Assert.DoesNotContain("x-kubernetes-validations", Crds.AsApplied(cel: false).ToJsonString());
        Assert.Contains("x-kubernetes-validations", crd.ToJsonString());

        void Walk(string path, System.Text.Json.Nodes.JsonObject node)
        {
            foreach (var (name, child) in node["properties"]?.AsObject() ?? [])
            {
                if (child!["description"] is null && path + name is not "metadata") undescribed.Add(path + name);
                Walk($"{path}{name}.", child.AsObject());
            }

            if (node["items"] is System.Text.Json.Nodes.JsonObject items) Walk($"{path}[].", items);
        }
    }
}
