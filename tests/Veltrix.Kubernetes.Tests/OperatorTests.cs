using System.Text.Json.Nodes;
using Veltrix.Server.Tests;

namespace Veltrix.Kubernetes.Tests;

[Trait("speed", "slow")]
public sealed class OperatorTests(SharedCluster cluster)
{
    [Fact]
    public async Task A_hunt_becomes_a_deployment_whose_pods_have_governors_at_once()
    {
        await using var site = await Site.Make(cluster, "becomes");
        await site.LeadingOperator();

        await site.Plant("capitals");
        var took = await site.Deployed("capitals");

        // Promised are two seconds, and a busy machine may take longer; one that looks now and then instead of watching would take minutes.
        Assert.True(took < TimeSpan.FromSeconds(10), $"it took {took}");
        var containers = (await site.Deployment("capitals"))!.Spec.Template.Spec;
        Assert.Contains(containers.Containers.Concat(containers.InitContainers ?? []), container => container.Name == "governor");
        foreach (var (resource, name) in new (Resource, string)[]
        {
            (Resource.ConfigMaps, "hunt-capitals-overrides"), (Resource.ConfigMaps, "hunt-capitals-definition"), (Resource.Of("v1", "Service"), "hunt-capitals"),
            (Resource.Of("v1", "Service"), "hunt-capitals-governors"), (Resource.Of("v1", "ServiceAccount"), "hunt-capitals"), (Resource.Of(HuntObjects.RbacApi, "Role"), "hunt-capitals"),
            (Resource.Of(HuntObjects.RbacApi, "RoleBinding"), "hunt-capitals"), (Resource.Of(HuntObjects.RbacApi, "Role"), "hunt-capitals-live"),
        })
            Assert.Equal("capitals", (await site.Api.Find<JsonObject>(resource.Path(site.Space, name), Site.Cancel))?["metadata"]?["ownerReferences"]?[0]?["name"]?.ToString());

        // The controllers make pods of it, and each has a governor.
        await Eventually.True(async () => (await site.Api.Find<JsonObject>(Resource.Pods.Path(site.Space), Site.Cancel))!["items"]!.AsArray().Count == 1, TimeSpan.FromSeconds(20), "no pod");
        Assert.Equal("Starting", (await site.Hunt("capitals"))!.Status!.Phase);
        await site.PodsAreReady("capitals");
        await site.Condition("capitals", "Live", condition => condition.Status == "True");
        await site.Condition("capitals", "GovernorReady", condition => condition.Status == "True");
        var live = (await site.Hunt("capitals"))!;
        Assert.Equal(("Live", 1, live.Metadata.Generation), (live.Status!.Phase, live.Status.Servers!.Ready, live.Status.ObservedGeneration));
    }

    [Fact]
    public async Task What_somebody_changed_by_hand_or_deleted_is_made_anew()
    {
        await using var site = await Site.Make(cluster, "drift");
        await site.LeadingOperator();
        await site.Plant("capitals");
        await site.Deployed("capitals");

        // Taking the governor out of the template, as an administrator could.
        var containers = (await site.Api.Find<JsonObject>(Resource.Deployments.Path(site.Space, "hunt-capitals"), Site.Cancel))!["spec"]!["template"]!["spec"]!["containers"]!.AsArray();
        containers.Remove(containers.Single(container => (string)container!["name"]! == "governor"));
        await site.Patch(Resource.Deployments, "hunt-capitals", new JsonObject { ["spec"] = new JsonObject { ["template"] = new JsonObject { ["spec"] = new JsonObject { ["containers"] = containers.DeepClone() } } } });
        await Eventually.True(async () => (await site.Deployment("capitals"))!.Spec.Template.Spec.Containers.Any(container => container.Name == "governor"), Soon, "the governor does not come back");

        await site.Api.Delete(Resource.Deployments.Path(site.Space, "hunt-capitals"), Site.Cancel);
        await site.Api.Delete(Resource.ConfigMaps.Path(site.Space, "hunt-capitals-overrides"), Site.Cancel);
        await Eventually.True(async () => await site.Deployment("capitals") is { Metadata.DeletionTimestamp: null } && await site.Map("hunt-capitals-overrides") is not null, Soon, "what was deleted stays away");
    }

    [Fact]
    public async Task A_pod_that_looks_like_a_hunt_pod_and_has_no_governor_is_deleted_with_a_word()
    {
        await using var site = await Site.Make(cluster, "audit");
        await site.LeadingOperator();

        await site.Api.Create(Resource.Pods.Path(site.Space), new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = new JsonObject { ["name"] = "sneaked-in", ["labels"] = new JsonObject { ["app.kubernetes.io/name"] = "veltrix", ["app.kubernetes.io/component"] = "hunt", ["veltrix.dev/hunt"] = "capitals" } },
            ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "server", ["image"] = "veltrix:test" }) },
        }, Site.Cancel);

        await Eventually.True(async () => await site.Api.Find<JsonObject>(Resource.Pods.Path(site.Space, "sneaked-in"), Site.Cancel) is not { } pod || pod["metadata"]!["deletionTimestamp"] is not null, Soon, "it stays");
        await Eventually.True(async () => (await site.Events()).Any(told => told.Contains("NoGovernor", StringComparison.Ordinal)), Soon, "nobody is told");
    }

    /// <summary>On an API with admission policies the operator is ready only once such a pod was denied; on this one the documented fallback stands.</summary>
    [Fact]
    public async Task Where_the_API_cannot_deny_pods_without_a_governor_it_is_said_and_the_operator_works()
    {
        await using var site = await Site.Make(cluster, "fallback");
        var host = await site.LeadingOperator();
        await site.Plant("capitals");

        var condition = await site.Condition("capitals", "PolicyUnenforced", _ => true);

        Assert.Equal(("True", "NoAdmissionPolicy"), (condition.Status, condition.Reason));
        Assert.Contains("ValidatingAdmissionPolicy", condition.Message);
        using var http = new HttpClient();
        var scrape = (await http.GetStringAsync(new Uri(host.Url, "/metrics"), Site.Cancel)).Replace("{}", "", StringComparison.Ordinal);
        Assert.Contains("\nveltrix_policy_enforced 0", scrape);
        // Counters that have counted nothing are not there.
        var told = File.ReadAllText(Path.Combine(Site.Root(AppContext.BaseDirectory), "docs/reference/metrics.md")).Split("## Operator\n")[1].Split("\n## ")[0].Split('\n')
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(line => line.Split('`')[1]);
        var exported = scrape.Split('\n').Where(line => line.StartsWith("# TYPE veltrix_", StringComparison.Ordinal)).Select(line => line.Split(' ')[2]).Where(name => name != "veltrix_build_info");
        Assert.Equal(told.Except(["veltrix_operator_ungoverned_pods_total", "veltrix_operator_promoted_settings_total"]).Order(), exported.Except(["veltrix_operator_ungoverned_pods_total", "veltrix_operator_promoted_settings_total"]).Order());
        Assert.Null((await site.Deployment("capitals"))!.Spec.Template.Spec.InitContainers);
    }

    [Fact]
    public async Task What_cannot_be_made_true_is_refused_with_the_reason_and_what_ran_goes_on()
    {
        await using var site = await Site.Make(cluster, "refuse");
        await site.LeadingOperator();
        await site.Plant("capitals");
        await site.Deployed("capitals");

        // The schema itself refuses to switch the governor off, also without CEL.
        var error = await Assert.ThrowsAsync<ClusterApiException>(() => site.Patch(Resource.Hunts, "capitals", new JsonObject { ["spec"] = new JsonObject { ["governor"] = new JsonObject { ["enabled"] = false } } }));
        Assert.Equal(422, error.Code);

        await site.Patch(Resource.Hunts, "capitals", new JsonObject { ["spec"] = new JsonObject { ["definition"] = new JsonObject { ["inline"] = Site.Definition("capitals") + "# changed\n" } } });
        Assert.Contains("goes on", (await site.Condition("capitals", "Accepted", condition => condition.Reason == "DefinitionChanged")).Message);
        Assert.Null((await site.Hunt("capitals"))!.Metadata.DeletionTimestamp);
        await site.Patch(Resource.Hunts, "capitals", new JsonObject { ["spec"] = new JsonObject { ["definition"] = new JsonObject { ["inline"] = Site.Definition("capitals") } } });
        await site.Condition("capitals", "Accepted", condition => condition.Status == "True");
        Assert.Contains(await site.Events(), told => told.Contains("DefinitionChanged", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Servers_follow_the_plan_between_the_bounds_and_kubectl_scale()
    {
        await using var site = await Site.Make(cluster, "scale");
        await site.LeadingOperator();
        await site.Plant("capitals", spec => spec["servers"] = new JsonObject { ["min"] = 2, ["max"] = 4 });
        await site.Deployed("capitals");
        Assert.Equal(2, (await site.Deployment("capitals"))!.Spec.Replicas);

        foreach (var (wanted, servers) in new[] { (3, 3), (9, 4), (1, 2) })
        {
            // As the orchestrator does.
            await site.Api.Apply(Resource.Hunts.Path(site.Space, "capitals", "status"), new JsonObject
            {
                ["apiVersion"] = "veltrix.dev/v1alpha1", ["kind"] = "Hunt", ["metadata"] = new JsonObject { ["name"] = "capitals" }, ["status"] = new JsonObject { ["servers"] = new JsonObject { ["wanted"] = wanted } },
            }, "veltrix-governor", Site.Cancel);
            await Eventually.True(async () => (await site.Deployment("capitals"))!.Spec.Replicas == servers, Soon, $"{wanted} wanted do not make {servers}");
        }

        await site.Api.Merge(Resource.Hunts.Path(site.Space, "capitals", "scale"), new JsonObject { ["spec"] = new JsonObject { ["replicas"] = 3 } }, Site.Cancel);
        await Eventually.True(async () => (await site.Deployment("capitals"))!.Spec.Replicas == 3, Soon, "kubectl scale does nothing");
        await site.Patch(Resource.Hunts, "capitals", new JsonObject { ["spec"] = new JsonObject { ["suspend"] = true } });
        await Eventually.True(async () => (await site.Deployment("capitals"))!.Spec.Replicas == 0, Soon, "suspend does nothing");
        await Eventually.True(async () => (await site.Hunt("capitals"))!.Status!.Phase == "Suspended", Soon, "the phase is not Suspended");
    }

    [Fact]
    public async Task A_hunt_that_is_deleted_goes_only_after_its_pods()
    {
        await using var site = await Site.Make(cluster, "end");
        await site.LeadingOperator();
        await site.Plant("capitals");
        await Eventually.True(async () => (await site.Pods("capitals")).Count == 1, TimeSpan.FromSeconds(20), "no pod");

        await site.Api.Delete(Resource.Hunts.Path(site.Space, "capitals"), Site.Cancel);
        await Eventually.True(async () => (await site.Pods("capitals")).All(pod => pod["metadata"]!["deletionTimestamp"] is not null), TimeSpan.FromSeconds(20), "the pods stay");
        // A pod that was never scheduled is gone at once; only what a node runs is waited for.
        await Eventually.True(async () =>
        {
            await site.PodsEnd("capitals");
            return await site.Hunt("capitals") is null;
        }, TimeSpan.FromSeconds(20), "the Hunt stays");
        await Eventually.True(async () => await site.Deployment("capitals") is null && await site.Map("hunt-capitals-overrides") is null, TimeSpan.FromSeconds(30), "what belonged to it stays");
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_suspended_hunt_that_is_deleted_gets_a_server_that_closes_it_and_does_not_wait_for_ever_where_none_comes(bool comes)
    {
        await using var site = await Site.Make(cluster, "close");
        var clock = new OffsetClock();
        await site.LeadingOperator(clock: clock);
        await site.Plant("capitals");
        await Eventually.True(async () => (await site.Pods("capitals")).Count == 1, TimeSpan.FromSeconds(20), "no pod");
        await site.PodsAreReady("capitals");
        await site.Condition("capitals", "Live", condition => condition.Status == "True");
        await site.Patch(Resource.Hunts, "capitals", new JsonObject { ["spec"] = new JsonObject { ["suspend"] = true } });
        await Eventually.True(async () => (await site.Pods("capitals")).Count == 0, TimeSpan.FromSeconds(20), "suspended, and pods stay");

        await site.Api.Delete(Resource.Hunts.Path(site.Space, "capitals"), Site.Cancel);
        await Eventually.True(async () => (await site.Deployment("capitals"))?.Spec.Replicas == 1 && (await site.Pods("capitals")).Count == 1, TimeSpan.FromSeconds(20), "nobody comes to close it");
        Assert.Contains("Kafka", (await site.Condition("capitals", "Live", condition => condition.Reason == "Closing", TimeSpan.FromSeconds(20))).Message);
        if (comes) await site.PodsAreReady("capitals");
        else clock.Advance(TimeSpan.FromMinutes(6));

        await Eventually.True(async () =>
        {
            await site.PodsEnd("capitals");
            return await site.Hunt("capitals") is null;
        }, TimeSpan.FromSeconds(60), "the Hunt stays");
        Assert.Equal(!comes, (await site.Events()).Any(told => told.StartsWith("NotClosed: ", StringComparison.Ordinal)));
    }

    /// <summary>Its server never came up, so there is nothing to close.</summary>
    [Fact]
    public async Task A_hunt_that_no_server_has_served_goes_at_once()
    {
        await using var site = await Site.Make(cluster, "unserved");
        await site.LeadingOperator();
        await site.Plant("capitals", spec => spec["suspend"] = true);
        await site.Deployed("capitals");

        await site.Api.Delete(Resource.Hunts.Path(site.Space, "capitals"), Site.Cancel);

        await Eventually.True(async () => await site.Hunt("capitals") is null, TimeSpan.FromSeconds(30), "the Hunt stays");
    }

    [Fact]
    public async Task Of_two_operators_one_leads_and_the_other_takes_over_at_once_from_one_that_stops()
    {
        await using var site = await Site.Make(cluster, "two");
        var first = await site.LeadingOperator("first");
        var second = await site.Operator("second");
        await site.Plant("one");
        await site.Deployed("one");
        Assert.False(second.IsLeader);

        await first.DisposeAsync();
        var took = await Eventually.True(() => Task.FromResult(second.IsLeader), Soon, "nobody leads");

        Assert.True(took < Leadership.Lease / 2, $"it waited {took} for a lease that was given back");
        await site.Plant("two");
        await site.Deployed("two");
    }

    static TimeSpan Soon => TimeSpan.FromSeconds(10);
}
