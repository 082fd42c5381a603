using System.Text.Json.Nodes;

namespace Veltrix.Kubernetes.Tests;

[Trait("speed", "slow")]
public sealed class OperatorTests(SharedCluster cluster)
{
    [Fact]
    public async Task A_hunt_becomes_a_deployment_whose_pods_have_governors_within_two_seconds()
    {
        await using var site = await Site.Make(cluster, "becomes");
        await site.LeadingOperator();

        await site.Plant("capitals");
        var took = await site.Deployed("capitals");

        Assert.True(took < TimeSpan.FromSeconds(2), $"it took {took}");
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
}
