using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Veltrix.Gate.Tests;
using Veltrix.Kubernetes;
using Veltrix.Kubernetes.Tests;

namespace Veltrix.Cli.Tests.EndToEnd;

/// <summary>
/// A Hunt on a real API with the rights that are documented, no more: operator, orchestrator, and a hunt pod whose two containers are real processes with the pod's own arguments, since there is
/// no kubelet. Only what is about the machine differs: addresses, folders, and a log of its own instead of Kafka.
/// </summary>
[Trait("speed", "slow")]
public class HuntOnKubernetesTests(SharedCluster cluster)
{
    /// <summary>Promised are two seconds, and taken are tenths. A machine that does ten things at once may take longer; what is not watched but looked for now and then would take minutes.</summary>
    static readonly TimeSpan Promised = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_hunt_is_made_lives_is_changed_by_hand_and_ends()
    {
        await using var site = await Site.Make(cluster, "live");
        using var redis = await RedisServer.Start();
        Assert.SkipWhen(redis is null, "redis-server is not installed");
        using var folder = new TempFolder();
        folder.Write("installation.yml", $"image: veltrix:test\nredis: {redis!.Endpoint}\n");
        using var operate = VeltrixProcess.Start(
            await site.KubeConfig("veltrix-operator", "operator", folder.Path), ["operator", "--namespace", site.Space, "--installation", folder.File("installation.yml"), "--listen", "127.0.0.1:0", "--json"]);
        await operate.NextJson();
        var orchestratorConfig = await site.KubeConfig("veltrix-orchestrator", "orchestrator", folder.Path);

        await site.Plant("capitals");
        await Eventually.True(async () => await site.Deployment("capitals") is not null, TimeSpan.FromSeconds(20), $"no Deployment: {operate.Said}");
        using var pod = await HuntPod.Run(site, "capitals", redis.Endpoint, folder);
        using var orchestrate = VeltrixProcess.Start(
            orchestratorConfig, ["orchestrator", "--redis", redis.Endpoint, "--governor", pod.Governor, "--token-file", folder.File("token"), "--listen", "127.0.0.1:0", "--kubernetes", site.Space, "--json"]);
        await orchestrate.NextJson();

        // The orchestrator's leader writes what holds, and nobody else.
        var live = await Eventually.Some(async () => (await site.Hunt("capitals"))?.Status is { Limit: > 0 } status ? status : null, TimeSpan.FromSeconds(30), $"no limit in the status: {orchestrate.Said} {pod.Said}");
        Assert.Equal((5000, 1), (live.Ceiling, live.Servers!.Wanted));
        Assert.InRange(live.ThrottleRatio!.Value, 0.01, 1);
        Assert.NotEmpty(live.Reason!);
        var map = (await Eventually.Some(async () => (await site.Map("hunt-capitals-overrides")) is { Data: not null } there ? there : null, TimeSpan.FromSeconds(5), "nothing in the map"))!;
        Assert.Equal(live.Ceiling!.Value.ToString(CultureInfo.InvariantCulture), map.Data["live.ceiling"]);
        Assert.Equal(["veltrix-governor"], map.Metadata.ManagedFields.Where(owner => $"{owner.FieldsV1}".Contains("live.limit", StringComparison.Ordinal)).Select(owner => owner.Manager));

        // A governor reads what it tells its server, and writes nothing: neither live values nor settings nor the Hunt.
        using (var governor = ClusterApi.Open(folder.File("hunt-capitals.kubeconfig")))
            foreach (var (resource, name) in new[] { (Resource.ConfigMaps, "hunt-capitals-overrides"), (Resource.ConfigMaps, "veltrix-hunt-defaults"), (Resource.ConfigMaps, "veltrix-runtime-overrides"), (Resource.Hunts, "capitals") })
                Assert.Equal(403, (await Assert.ThrowsAsync<ClusterApiException>(() => governor.Merge(resource.Path(site.Space, name), new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["tried"] = "yes" } } }, Site.Cancel))).Code);

        // What people set acts at once; later layers win.
        await site.Patch(Resource.Hunts, "capitals", new JsonObject { ["spec"] = new JsonObject { ["overrides"] = new JsonObject { ["max_concurrent_hunters"] = "700", ["seat.grace"] = "30s" } } });
        Assert.Equal("spec.overrides of Hunt capitals", await pod.Acts("max_concurrent_hunters", "700", Promised));
        await site.Patch(Resource.ConfigMaps, "hunt-capitals-overrides", new JsonObject { ["data"] = new JsonObject { ["max_concurrent_hunters"] = "600" } });
        Assert.Equal("ConfigMap hunt-capitals-overrides", await pod.Acts("max_concurrent_hunters", "600", Promised));
        await Eventually.True(async () => (await site.Hunt("capitals"))!.Status!.Ceiling == 600, TimeSpan.FromSeconds(15), "the limit does not follow");
        await site.Patch(Resource.ConfigMaps, "veltrix-runtime-overrides", new JsonObject { ["data"] = new JsonObject { ["board_cadence"] = "2s", ["seat.grace"] = "20s" } });
        Assert.Equal("ConfigMap veltrix-runtime-overrides", await pod.Acts("board_cadence", "2s", Promised));
        Assert.Equal("30s", (await pod.Setting("seat.grace")).Value);

        // The live values of before are still the orchestrator's, and a person's key is still hers.
        map = (await site.Map("hunt-capitals-overrides"))!;
        Assert.Equal(("600", true), (map.Data["max_concurrent_hunters"], map.Data.ContainsKey("live.limit")));

        // The chart's own map, patched by hand in the middle of the night, and what an upgrade of the chart leaves of it.
        await site.Patch(Resource.ConfigMaps, "veltrix-hunt-defaults", new JsonObject { ["data"] = new JsonObject { ["hunt-config.yml"] = Site.Defaults + "waiting.frames: 5s\n" } });
        Assert.Equal("ConfigMap veltrix-runtime-overrides", await pod.Acts("waiting.frames", "5s", Promised));
        await site.PlantDefaults();
        await Task.Delay(TimeSpan.FromSeconds(1), Site.Cancel);
        Assert.Equal("5s", (await pod.Setting("waiting.frames")).Value);

        // Status, governor, server and command line name the same state of all this.
        await Eventually.True(async () =>
        {
            var told = (await site.Hunt("capitals"))!.Status!.EffectiveConfig!;
            var labels = $"hash=\"{told.Hash}\",hunt_id=\"capitals\",revision=\"{told.Revision}\"";
            return (await pod.Metrics(pod.GovernorHttp)).Contains($"veltrix_governor_cluster_config_info{{{labels}}} 1", StringComparison.Ordinal)
                && (await pod.Metrics(pod.Ops)).Contains($"veltrix_config_cluster_info{{{labels}}} 1", StringComparison.Ordinal)
                && await pod.Revision() == (told.Revision, told.Hash);
        }, TimeSpan.FromSeconds(20), "status, governor and server do not agree");

        // What is no setting changes nothing, and is said.
        await site.Patch(Resource.Hunts, "capitals", new JsonObject { ["spec"] = new JsonObject { ["overrides"] = new JsonObject { ["max_concurrent_hunter"] = "1" } } });
        Assert.Contains("max_concurrent_hunters", (await site.Condition("capitals", "ConfigApplied", condition => condition.Status == "False")).Message);
        Assert.Equal("600", (await pod.Setting("max_concurrent_hunters")).Value);

        // The pod is ready by its governor's word alone.
        Assert.Equal(HttpStatusCode.OK, (await pod.Readiness()).Code);

        // The end: the hunt is closed for everybody, then its pods go, then the Hunt.
        await site.PodsAreReady("capitals");
        await site.Condition("capitals", "Live", condition => condition.Status == "True");
        await site.Api.Delete(Resource.Hunts.Path(site.Space, "capitals"), Site.Cancel);
        await Eventually.True(async () => await pod.Phase() == "closed", TimeSpan.FromSeconds(5), $"the hunt is not closed: {pod.Said}");
        await Eventually.True(async () =>
        {
            await site.PodsEnd("capitals");
            return await site.Hunt("capitals") is null;
        }, TimeSpan.FromSeconds(30), $"the Hunt stays: {operate.Said}");
        operate.Signal("TERM");
        Assert.Equal(143, (await operate.End()).Code);
        Assert.DoesNotContain("forbidden", operate.Said + pod.Said + orchestrate.Said);
    }
}
