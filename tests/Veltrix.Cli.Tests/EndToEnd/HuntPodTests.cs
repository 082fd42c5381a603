using System.Net;
using System.Text.Json.Nodes;
using Veltrix.EventLog;
using Veltrix.EventLog.Kafka;
using Veltrix.EventLog.Tests;
using Veltrix.Gate.Tests;
using Veltrix.Hunts;
using Veltrix.Kubernetes;
using Veltrix.Kubernetes.Tests;
using Veltrix.Server.Scoring;

namespace Veltrix.Cli.Tests.EndToEnd;

/// <summary>
/// Hunt pods over a real Kafka and a real API, with a real operator: when they are ready, and what becomes of a Hunt that is deleted while it has none. The two processes of a pod are started and ended
/// by the test, since there is no kubelet.
/// </summary>
[Trait("speed", "slow")]
public sealed class HuntPodTests(SharedCluster cluster, OwnKafka kafka) : IClassFixture<OwnKafka>
{
    const string Ledger = "capitals/ledger";

    [Fact]
    public async Task A_pod_is_ready_while_its_server_is_and_a_suspended_hunt_that_is_deleted_is_closed_in_its_ledger()
    {
        await using var site = await Site.Make(cluster, "pods");
        using var redis = await RedisServer.Start();
        Assert.SkipWhen(redis is null, "redis-server is not installed");
        var options = await kafka.Options("pods");
        using var folder = new TempFolder();
        folder.Write("installation.yml", $"image: veltrix:test\nredis: {redis!.Endpoint}\n");
        using var operate = VeltrixProcess.Start(
            await site.KubeConfig("veltrix-operator", "operator", folder.Path), ["operator", "--namespace", site.Space, "--installation", folder.File("installation.yml"), "--listen", "127.0.0.1:0", "--json"]);
        await operate.NextJson();
        await site.Plant("capitals");
        await Eventually.True(async () => (await site.Pods("capitals")).Count == 1, TimeSpan.FromSeconds(30), $"no pod: {operate.Said}");
        var config = $"kafka.bootstrap_servers: {options.BootstrapServers}\nkafka.topic_prefix: {options.TopicPrefix}\n";

        using (var pod = await HuntPod.Begin(site, "capitals", redis.Endpoint, folder, config))
        {
            // A governor without a server.
            await NotReady(pod, "no server");

            // A server that cannot open its log.
            kafka.Signal("STOP");
            pod.BeginServer();
            await Task.Delay(TimeSpan.FromSeconds(3), Site.Cancel);
            await NotReady(pod, "no server");
            kafka.Signal("CONT");
            await pod.ServerIsUp();
            await pod.GetsReady();
            await Eventually.True(async () => await pod.Phase() == "open", TimeSpan.FromSeconds(10), $"it does not open: {pod.Said}");

            // One that hangs says nothing any more.
            pod.Server.Signal("STOP");
            await Eventually.True(async () => (await pod.Readiness()).Code == HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(20), "a server that hangs is ready");
            pod.Server.Signal("CONT");
            await pod.GetsReady();

            await site.PodsAreReady("capitals");
            await site.Condition("capitals", "Live", condition => condition.Status == "True", TimeSpan.FromSeconds(30));
            await site.Patch(Resource.Hunts, "capitals", new JsonObject { ["spec"] = new JsonObject { ["suspend"] = true } });
            await Eventually.True(async () => (await site.Deployment("capitals"))!.Spec.Replicas == 0, TimeSpan.FromSeconds(20), "suspended, and servers stay");
            await pod.End();
        }

        await Eventually.True(async () =>
        {
            await site.PodsEnd("capitals");
            return (await site.Pods("capitals")).Count == 0;
        }, TimeSpan.FromSeconds(30), "the pods stay");
        Assert.DoesNotContain(await Facts(options), fact => fact is Fact.HuntClosed);

        await site.Api.Delete(Resource.Hunts.Path(site.Space, "capitals"), Site.Cancel);
        await Eventually.True(async () => (await site.Deployment("capitals"))?.Spec.Replicas == 1 && (await site.Pods("capitals")).Count == 1, TimeSpan.FromSeconds(30), $"nobody comes to close it: {operate.Said}");
        using (var pod = await HuntPod.Run(site, "capitals", redis.Endpoint, folder, config, "pod-2"))
        {
            await Eventually.True(async () => await pod.Phase() == "closed", TimeSpan.FromSeconds(30), $"the hunt is not closed: {pod.Said}");
            await pod.GetsReady();
            await site.PodsAreReady("capitals");
            await Eventually.True(async () => (await site.Deployment("capitals"))?.Spec.Replicas is 0 or null, TimeSpan.FromSeconds(30), $"its server stays: {operate.Said}");
            await pod.End();
            Assert.DoesNotContain("forbidden", operate.Said + pod.Said);
        }

        await Eventually.True(async () =>
        {
            await site.PodsEnd("capitals");
            return await site.Hunt("capitals") is null;
        }, TimeSpan.FromSeconds(30), $"the Hunt stays: {operate.Said}");
        Assert.Single(await Facts(options), fact => fact is Fact.HuntClosed);
        Assert.DoesNotContain(await site.Events(), told => told.StartsWith("NotClosed: ", StringComparison.Ordinal));
    }

    /// <summary>Its process lives and reports, but what it shows is old and nothing moves: nobody should be sent there.</summary>
    [Fact]
    public async Task A_pod_whose_hunt_stands_still_is_not_ready_and_says_why()
    {
        await using var site = await Site.Make(cluster, "still");
        using var redis = await RedisServer.Start();
        Assert.SkipWhen(redis is null, "redis-server is not installed");
        var options = await kafka.Options("still");
        await site.LeadingOperator();
        await site.Plant("capitals");
        await site.Deployed("capitals");
        using var folder = new TempFolder();
        using var pod = await HuntPod.Run(site, "capitals", redis!.Endpoint, folder, $"kafka.bootstrap_servers: {options.BootstrapServers}\nkafka.topic_prefix: {options.TopicPrefix}\n");
        await pod.GetsReady();

        await using (var logs = KafkaLogs.Open(options, TimeProvider.System))
            await (await logs.Open(Ledger, Site.Cancel)).Append("no record of ours"u8.ToArray());

        await Eventually.True(async () => (await pod.Readiness()).Code == HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(20), $"it is ready: {pod.Said}");
        await NotReady(pod, "stands still");
    }

    static async Task NotReady(HuntPod pod, string why)
    {
        var (code, text) = await pod.Readiness();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, code);
        Assert.Contains(why, text);
    }

    /// <summary>What the log itself says happened, whoever is still there.</summary>
    static async Task<List<Fact>> Facts(KafkaOptions options)
    {
        await using var logs = KafkaLogs.Open(options, TimeProvider.System);
        var ledger = await logs.Open(Ledger, Site.Cancel);
        using var reader = ledger.Read(IEventLog.Start);
        var facts = new List<Fact>();
        while (reader.ReadAvailable(4096) is { Count: > 0 } batch)
            facts.AddRange(batch.Select(record => LedgerCodec.Decode(record.Payload)).OfType<LedgerRecord.Decided>().SelectMany(decided => decided.Facts));
        return facts;
    }
}
