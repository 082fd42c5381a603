using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using k8s.Models;

namespace Veltrix.Kubernetes.Tests;

/// <summary>What breaks around an operator: itself in the middle of its work, and the API.</summary>
[Trait("speed", "slow")]
public sealed class OutageTests(OwnCluster cluster) : IClassFixture<OwnCluster>
{
    [Fact]
    public async Task An_API_that_is_killed_for_eight_seconds_costs_neither_the_leadership_nor_a_change()
    {
        await using var site = await Site.Make(cluster, "outage");
        var host = await site.LeadingOperator();
        await site.Plant("before");
        await site.Deployed("before");

        var away = Stopwatch.StartNew();
        cluster.KillApi();
        await Task.Delay(TimeSpan.FromSeconds(8), Site.Cancel);
        await cluster.RestartApi();

        // On a machine that is busy the API takes its time to start: then the lease is lost, as it has to be, and taken again.
        if (away.Elapsed < Leadership.RenewWithin - Leadership.Every) Assert.True(host.IsLeader);
        var back = Stopwatch.StartNew();
        await site.Insist(() => site.Plant("after"));
        await site.Insist(() => site.Patch(Resource.Hunts, "before", new JsonObject { ["spec"] = new JsonObject { ["servers"] = new JsonObject { ["min"] = 3 } } }));
        await Eventually.True(async () => await site.Insist(() => site.Deployment("after")) is not null && (await site.Deployment("before"))!.Spec.Replicas == 3, TimeSpan.FromSeconds(60), "the operator does not come back");
        Report($"after {away.Elapsed.TotalSeconds - back.Elapsed.TotalSeconds:0.0} s without an API: changes made true {back.Elapsed.TotalSeconds:0.0} s after it answered again");
        await Eventually.True(() => Task.FromResult(host.IsLeader), TimeSpan.FromSeconds(30), "nobody leads");
    }

    /// <summary>An API that was started again has no changes of before its start: it answers 410 to a watch that wants to go on from there.</summary>
    [Fact]
    public async Task A_watch_whose_version_the_API_has_forgotten_begins_with_a_list()
    {
        await using var site = await Site.Make(cluster, "forgotten");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Site.Cancel);
        var maps = new Mirror<V1ConfigMap>(site.Api, Resource.ConfigMaps, site.Space, "", TimeProvider.System, _ => { });
        var running = maps.Run(stop.Token);
        await Make("gone");
        await Eventually.True(() => Task.FromResult(maps.Find("gone") is not null), TimeSpan.FromSeconds(20), "the first is not seen");
        Assert.Equal(1, maps.Lists);

        // Of another kind: the API's time goes on, and the watch hears nothing of it.
        await site.Plant("other");
        cluster.KillApi();
        await cluster.RestartApi();
        await site.Insist(() => site.Api.Delete(Resource.ConfigMaps.Path(site.Space, "gone"), Site.Cancel));
        await site.Insist(() => Make("new"));
        await Eventually.True(() => Task.FromResult(maps.Find("gone") is null && maps.Find("new") is not null), TimeSpan.FromSeconds(60), "what changed is not seen");
        Assert.True(maps.Lists > 1, "it went on from a version that the API has forgotten");
        await stop.CancelAsync();
        await running;

        Task Make(string name) => site.Api.Apply(
            Resource.ConfigMaps.Path(site.Space, name),
            new JsonObject { ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = site.Space } }, "test", Site.Cancel);
    }

    [Fact]
    public async Task An_operator_that_is_ended_at_any_step_leaves_nothing_that_the_next_does_not_finish()
    {
        await using var site = await Site.Make(cluster, "killed");
        var random = new Random(5);
        await site.LeadingOperator("start");
        for (var round = 0; round < 5; round++)
        {
            foreach (var hunt in Enumerable.Range(0, 5)) await site.Plant($"hunt-{round}-{hunt}");
            // Somewhere in the middle of a dozen requests a hunt.
            await Task.Delay(random.Next(5, 250), Site.Cancel);
            await site.StopAll();
            await site.LeadingOperator($"round-{round}");
        }

        foreach (var (round, hunt) in Enumerable.Range(0, 5).SelectMany(round => Enumerable.Range(0, 5).Select(hunt => (round, hunt))))
        {
            await site.Deployed($"hunt-{round}-{hunt}");
            await site.Condition($"hunt-{round}-{hunt}", "Accepted", condition => condition.Status == "True");
            Assert.NotNull(await site.Map($"hunt-hunt-{round}-{hunt}-overrides"));
        }
    }

    [Fact]
    public async Task Two_hundred_hunts_at_once()
    {
        const int Hunts = 200;
        await using var site = await Site.Make(cluster, "many");
        var host = await site.LeadingOperator();
        var calls = host.Calls;
        var took = new List<double>();
        var all = Stopwatch.StartNew();
        foreach (var batch in Enumerable.Range(0, Hunts).Chunk(20))
            await Task.WhenAll(batch.Select(number => site.Plant($"many-{number}")));

        var asked = all.Elapsed;
        // By the servers' own stamps: looking at two hundred objects in turn would measure the looking.
        await Eventually.True(async () => await site.Count(Resource.Deployments) == Hunts, TimeSpan.FromSeconds(240), "not all are made");
        var made = all.Elapsed;
        await Eventually.True(async () => (await site.Hunts()).All(hunt => hunt.Status?.Conditions?.Any(condition => condition is { Type: "Accepted", Status: "True" }) == true), TimeSpan.FromSeconds(240), "not all say so");
        foreach (var deployment in await site.List(Resource.Deployments)) took.Add((Moment(deployment) - Moment(await site.Find(Resource.Hunts, (string)deployment["metadata"]!["labels"]!["veltrix.dev/hunt"]!))).TotalSeconds);
        took.Sort();
        var busy = host.Calls - calls;
        // At rest nothing is applied again: leases, and whether pods without a governor are denied. How soon it comes to rest is the machine's.
        var atRest = 0L;
        await Eventually.True(
            async () =>
            {
                calls = host.Calls;
                await Task.Delay(TimeSpan.FromSeconds(15), Site.Cancel);
                return (atRest = (host.Calls - calls) * 4) <= 120;
            },
            TimeSpan.FromSeconds(180), "it does not come to rest");

        Report($"{Hunts} hunts at once: asked for in {asked.TotalSeconds:0.0} s, all made after {made.TotalSeconds:0.0} s; Hunt to Deployment p50 {took[Hunts / 2]:0} s, p95 {took[Hunts * 95 / 100]:0} s (to the second); "
            + $"{(double)busy / Hunts:0.0} API calls a hunt, then {atRest} a minute; working set of the test process {Process.GetCurrentProcess().WorkingSet64 >> 20} MB");
    }

    static DateTime Moment(JsonNode item) => DateTime.Parse((string)item["metadata"]!["creationTimestamp"]!, CultureInfo.InvariantCulture);

    static void Report(string text) => TestContext.Current.TestOutputHelper?.WriteLine(text);
}
