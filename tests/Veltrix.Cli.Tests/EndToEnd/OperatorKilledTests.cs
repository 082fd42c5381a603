using System.Text.Json.Nodes;
using k8s;
using Veltrix.Kubernetes;
using Veltrix.Kubernetes.Operating;
using Veltrix.Kubernetes.Tests;

namespace Veltrix.Cli.Tests.EndToEnd;

/// <summary>An operator that is a process of its own and dies by kill -9, at seeded moments while Hunts come, change and go. What stands at the end is what Hunts become, no more and no less.</summary>
[Trait("speed", "slow")]
public class OperatorKilledTests(SharedCluster cluster)
{
    const int Rounds = 8;
    const int HuntsARound = 3;

    /// <summary>Seconds are what it takes; a busy machine may take long.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>In which somebody's own entries beside ours would be left over from before.</summary>
    static readonly string[] Whole = ["nodeSelector", "matchLabels", "selector", "requests", "limits"];

    [Theory, InlineData(1), InlineData(2)]
    public async Task Whenever_it_dies_the_next_one_finishes_and_nothing_is_left_behind(int seed)
    {
        await using var site = await Site.Make(cluster, $"sigkill-{seed}");
        using var folder = new TempFolder();
        var installation = Installation.Read(folder.Write("installation.yml", "image: veltrix:test\nredis: redis:6379\n"));
        var kubeConfig = await site.KubeConfig("veltrix-operator", "operator", folder.Path);
        var random = new Random(seed);
        var there = new List<string>();
        var gone = new List<string>();
        var said = "";
        for (var round = 0; round < Rounds; round++)
        {
            using var victim = Operator();
            // Some die while they begin; the others in the middle of what follows.
            if (random.Next(4) > 0) await victim.NextJson();
            var dies = Task.Delay(random.Next(0, 2_500), Site.Cancel);
            for (var number = 0; number < HuntsARound; number++)
            {
                var hunt = $"hunt-{round}-{number}";
                await site.Plant(hunt);
                there.Add(hunt);
            }

            var changed = there[random.Next(there.Count)];
            await site.Patch(Resource.Hunts, changed, new JsonObject { ["spec"] = new JsonObject { ["servers"] = Servers(random) } });
            await site.PodsAreReady(there[random.Next(there.Count)]);
            foreach (var hunt in there.Where(_ => random.Next(6) == 0).ToList())
            {
                await site.Api.Delete(Resource.Hunts.Path(site.Space, hunt), Site.Cancel);
                there.Remove(hunt);
                gone.Add(hunt);
            }

            await dies;
            victim.Kill();
            said += victim.Said;
        }

        Assert.NotEmpty(gone);
        using var survivor = Operator();
        await Eventually.True(async () => (await site.Hunts()).Select(hunt => hunt.Name).Order().SequenceEqual(there.Order()), Patience, $"not all that were deleted go: {said}{survivor.Said}");
        // One comes again under the name of one that is gone: nothing of the old one may be taken for its own.
        await site.Plant(gone[0]);
        there.Add(gone[0]);

        var facts = await ClusterProbe.Ask(site.Api, site.Space, installation, Site.Cancel);
        var began = TimeProvider.System.GetTimestamp();
        while (await Difference(site, installation, facts) is { } different)
        {
            if (TimeProvider.System.GetElapsedTime(began) > Patience) Assert.Fail($"{different}\n{said}{survivor.Said}");
            await Task.Delay(100, Site.Cancel);
        }

        foreach (var hunt in await site.Hunts()) Assert.Equal([Hunt.Finalizer], hunt.Metadata.Finalizers);
        survivor.Signal("TERM");
        Assert.Equal(143, (await survivor.End()).Code);
        Assert.DoesNotContain("forbidden", said + survivor.Said);

        // A container that starts again in its pod has the name that it had, and leads on at once.
        VeltrixProcess Operator() => VeltrixProcess.Start(
            kubeConfig, ["operator", "--namespace", site.Space, "--installation", folder.File("installation.yml"), "--listen", "127.0.0.1:0", "--name", "operator-0", "--json"]);
    }

    /// <summary>With members that come and go, so that an apply has something to take away.</summary>
    static JsonObject Servers(Random random) => new()
    {
        ["min"] = random.Next(1, 3),
        ["podTemplate"] = random.Next(2) == 0 ? null : new JsonObject { ["spec"] = new JsonObject { ["nodeSelector"] = new JsonObject { [$"pool-{random.Next(3)}"] = "hunts" }, ["priorityClassName"] = "high" } },
    };

    /// <returns>Null: all objects that are made for hunts are as <see cref="HuntObjects.Of"/> has them, and there are no others.</returns>
    static async Task<string?> Difference(Site site, Installation installation, ClusterFacts facts)
    {
        var wanted = new Dictionary<string, JsonObject>(StringComparer.Ordinal);
        var kinds = new HashSet<Resource>();
        foreach (var hunt in await site.Hunts())
            foreach (var desired in HuntObjects.Of(hunt, installation, facts, Scale.Of(hunt.Spec, hunt.Status?.Servers?.Wanted)))
            {
                var resource = Resource.Of(desired.ApiVersion, desired.Kind);
                kinds.Add(resource);
                wanted.Add(resource.Path(site.Space, desired.Metadata.Name), JsonNode.Parse(KubernetesJson.Serialize(desired))!.AsObject());
            }

        foreach (var resource in kinds)
            foreach (var item in (await site.Api.Find<JsonObject>($"{resource.Path(site.Space)}?{HuntNames.Selector}", Site.Cancel))!["items"]!.AsArray())
            {
                var path = resource.Path(site.Space, (string)item!["metadata"]!["name"]!);
                if (!wanted.Remove(path, out var desired)) return $"{path} belongs to no Hunt";
                foreach (var (member, value) in desired)
                    if (member is not ("apiVersion" or "kind") && Difference($"{path} {member}", value, item[member]) is { } different) return different;
            }

        return wanted.Count > 0 ? $"{wanted.Keys.First()} is not there" : null;
    }

    /// <summary>What was asked for must be there; the API adds members and leaves out what is false, and adds no entries to lists.</summary>
    static string? Difference(string path, JsonNode? wanted, JsonNode? stored)
    {
        switch (wanted)
        {
            case JsonObject members:
                if (stored is not JsonObject there) return $"{path} is not there";
                if (Whole.Any(name => path.EndsWith($" {name}", StringComparison.Ordinal)) && there.Count != members.Count) return $"{path} has {there.ToJsonString()} instead of {members.ToJsonString()}";
                return members.Select(member => Difference($"{path} {member.Key}", member.Value, there[member.Key])).FirstOrDefault(different => different is not null);
            case JsonArray entries:
                if (entries.Count == 0 && stored is null) return null;
                return stored is JsonArray list && list.Count == entries.Count
                    ? entries.Zip(list).Select((pair, at) => Difference($"{path} {at}", pair.First, pair.Second)).FirstOrDefault(different => different is not null)
                    : $"{path} has {stored?.ToJsonString()} instead of {entries.ToJsonString()}";
            default:
                return JsonNode.DeepEquals(wanted, stored) || (stored is null && wanted?.ToJsonString() == "false") ? null : $"{path} is {stored?.ToJsonString()} instead of {wanted?.ToJsonString()}";
        }
    }
}
