using System.Text.Json.Nodes;
using Veltrix.EventLog.Tests;
using Veltrix.Gate.Tests;

namespace Veltrix.Cli.Tests.EndToEnd;

/// <summary>Several servers over a real Kafka and a real Redis, as an operator runs them.</summary>
[Trait("speed", "slow")]
public sealed class ClusterTests(SharedKafka kafka)
{
    [Fact]
    public async Task A_cluster_shows_its_roles_brings_back_what_dies_and_upgrades_under_load_without_losing_a_command()
    {
        await kafka.Start();
        using var redis = await RedisServer.Start();
        Assert.SkipWhen(redis is null, "redis-server is not installed");
        using var folder = new TempFolder();
        var hunt = folder.Write("quiz.yml", (await Shell.Run("hunt", "new", "upgrade", "--output", "-")).Out);
        using var up = VeltrixProcess.Start("cluster", "up", "--servers", "2", "--kafka", kafka.Plaintext, "--redis", redis!.Endpoint, "--data", folder.Path, "--hunt", hunt, "--json");
        var urls = (await up.NextJson())["urls"]!.AsArray().Select(url => (string)url!).ToArray();

        Assert.Equal(
            ["server-1", "server-2", "governor-1", "governor-2", "orchestrator-1", "orchestrator-2"],
            (await Roles(folder)).Select(role => (string)role!["name"]!));

        var loading = Shell.Run(
            "load", "--url", urls[0], "--more-url", urls[1], "--hunt", "upgrade", "--answers", folder.File("answers/upgrade.json"), "--hunters", "100", "--ramp", "3s", "--duration", "25s",
            "--rate", "1", "--json");
        await Task.Delay(TimeSpan.FromSeconds(6), TestContext.Current.CancellationToken);
        foreach (var server in new[] { "server-1", "server-2" })
        {
            Assert.Equal(ExitCode.Done, (await Shell.Run("cluster", "kill", server, "--signal", "term", "--data", folder.Path)).Code);
            await UntilBack(folder, server, starts: 2);
        }

        var ended = await loading;
        var report = JsonNode.Parse(ended.Out.Trim().Split('\n')[^1])!;
        Assert.True(report["lost"] is not null, ended.Out + ended.Error);
        Assert.Equal((0, 0), ((int)report["lost"]!, (int)report["doubled"]!));
        Assert.True((long)report["acknowledged"]! > 500, report.ToJsonString());
        // Whoever was in was sent away and told when to come back; on a slow machine some came in only after their server was back.
        Assert.True((int)report["errors"]!["Restart"]! >= 30, report.ToJsonString());

        Assert.Equal(ExitCode.Done, (await Shell.Run("cluster", "kill", "server-1", "--data", folder.Path)).Code);
        await UntilBack(folder, "server-1", starts: 3);
        Assert.Equal(ExitCode.NotFound, (await Shell.Run("cluster", "kill", "server-9", "--data", folder.Path)).Code);

        Assert.Equal(ExitCode.Done, (await Shell.Run("cluster", "down", "--data", folder.Path)).Code);
        Assert.Equal(ExitCode.NotFound, (await Shell.Run("cluster", "status", "--data", folder.Path)).Code);
    }

    static async Task<JsonArray> Roles(TempFolder folder) => (await Shell.Run("cluster", "status", "--data", folder.Path, "--json")).Json["roles"]!.AsArray();

    static async Task UntilBack(TempFolder folder, string name, int starts) => await Fleet.Until($"{name} is back", async () =>
    {
        var role = (await Roles(folder)).Single(role => (string)role!["name"]! == name)!;
        if ((int)role["starts"]! < starts || (string)role["state"]! != "running") return false;
        try
        {
            using var http = new HttpClient { BaseAddress = new Uri((string)role["url"]!) };
            return (await http.GetAsync("/readyz", TestContext.Current.CancellationToken)).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    });
}
