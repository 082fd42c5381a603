using System.Net;
using System.Text.Json.Nodes;
using Veltrix.Gate;
using Veltrix.Governor.Orchestration;
using Veltrix.Governor.Tests.Sidecar;
using Veltrix.Hosting;

namespace Veltrix.Governor.Tests.Orchestration;

public sealed class OrchestratorHostTests(SharedRedis shared) : IClassFixture<SharedRedis>, IDisposable
{
    static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;

    readonly string folder = Directory.CreateTempSubdirectory("veltrix-orchestrator-").FullName;

    string TokenFile()
    {
        var file = Path.Combine(folder, "control.token");
        File.WriteAllText(file, "a-token-of-the-test\n");
        return file;
    }

    OrchestratorOptions Options(GateStore store, params ScriptedGovernor[] governors) => new()
    {
        Governors = [.. governors.Select(governor => governor.Url)], OpenStore = store, TokenFile = TokenFile(), Port = 0, Every = TimeSpan.FromMilliseconds(50), Within = TimeSpan.FromSeconds(10),
    };

    [Fact]
    public async Task It_shows_limits_reasons_votes_and_the_plan_and_measures_itself()
    {
        await using var one = await ScriptedGovernor.Start(("h", 31_000));
        await using var two = await ScriptedGovernor.Start(("h", 32_000));
        await using var store = await shared.Open();
        await using var host = await OrchestratorHost.Start(Options(store, one, two), Cancel);
        using var http = new HttpClient { BaseAddress = host.Url };
        Assert.Equal("ok", await http.GetStringAsync("/livez", Cancel));
        for (var i = 0; i < 2; i++) await store.Hunt("h").Renew($"s{i}", TimeSpan.FromMinutes(1), [], Cancel);
        await Until(async () => (one.Epoch = two.Epoch = (await store.Hunt("h").Counts(Cancel)).Epoch) != 0);
        // Not the votes of a round before the gate was open, which were of no epoch.
        await Until(() => Task.FromResult(host.Now.Outcome.Rulings is [{ Limits.Limit: 31_000, Tally.Fresh: 2, Votes: [{ Epoch: var seen }, ..] }] && seen == one.Epoch));
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/readyz", Cancel)).StatusCode);

        var view = JsonNode.Parse(await http.GetStringAsync("/v1/hunts", Cancel))!;
        var hunt = view["hunts"]![0]!;
        Assert.Equal((true, 31_000, "redis_memory"), ((bool)view["is_leader"]!, (int)hunt["limit"]!, (string)hunt["cause"]!));
        Assert.Contains("redis memory 0.70 of 0.80 (lowest of 2 votes)", (string)hunt["reason"]!);
        Assert.Equal([31_000, 32_000], hunt["votes"]!.AsArray().Select(vote => (int)vote!["limit"]!).Order());
        Assert.Equal(31_000, view["governors"]!.AsArray().Sum(governor => (int)governor!["share"]!));
        Assert.Contains("expected in 5 min", (string)view["plan"]!["reason"]!);

        var metrics = await http.GetStringAsync("/metrics", Cancel);
        Assert.Contains("""veltrix_orchestrator_limit_players{hunt_id="h"} 31000""", metrics);
        Assert.Contains("""veltrix_orchestrator_votes{hunt_id="h",state="fresh"} 2""", metrics);
    }

    [Fact]
    public async Task The_pace_is_measured_where_there_is_one()
    {
        await using var governor = await ScriptedGovernor.Start(("h", 31_000));
        governor.Pace = 120;
        await using var store = await shared.Open();
        await using var host = await OrchestratorHost.Start(Options(store, governor), Cancel);
        await store.Hunt("h").Renew("s", TimeSpan.FromMinutes(1), [], Cancel);
        await Until(async () => (governor.Epoch = (await store.Hunt("h").Counts(Cancel)).Epoch) != 0);
        await Until(() => Task.FromResult(host.Now.Outcome.Rulings is [{ Limits.JoinsPerSecond: 120, Tally.Fresh: 1, Votes: [{ Epoch: var seen }] }] && seen == governor.Epoch));

        using var http = new HttpClient { BaseAddress = host.Url };
        var metrics = await http.GetStringAsync("/metrics", Cancel);
        Assert.Contains("""veltrix_orchestrator_admit_rate_players_per_second{hunt_id="h"} 120""", metrics);
        MetricsPage.Compare(metrics, "Every process", "Orchestrator");
        Assert.DoesNotContain(Promlint.Check(metrics), fault => fault.StartsWith("veltrix_", StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_is_not_ready_before_it_has_been_round_and_does_not_start_on_what_cannot_work()
    {
        await using var store = await shared.Open();

        await Assert.ThrowsAsync<ArgumentException>(() => OrchestratorHost.Start(Options(store) with { Governors = ["127.0.0.1:9357"] }, Cancel));
        await Assert.ThrowsAsync<FileNotFoundException>(() => OrchestratorHost.Start(Options(store) with { TokenFile = Path.Combine(folder, "none") }, Cancel));

        await using var silent = await ScriptedGovernor.Start();
        silent.IsSilent = true;
        await using var host = await OrchestratorHost.Start(Options(store, silent), Cancel);
        using var http = new HttpClient { BaseAddress = host.Url };
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await http.GetAsync("/readyz", Cancel)).StatusCode);
    }

    [Fact]
    public async Task A_store_without_a_limit_of_its_own_is_measured_by_the_budget_in_the_file_which_is_watched()
    {
        var file = Path.Combine(folder, "hunt-config.yml");
        var options = new OrchestratorOptions { Governors = [], ConfigFile = file, Port = 0, Every = TimeSpan.FromMilliseconds(50), Within = TimeSpan.FromSeconds(10) };
        await Assert.ThrowsAsync<ConfigException>(() => OrchestratorHost.Start(options, Cancel));

        File.WriteAllText(file, "redis.memory_budget: 1_000_000_000\n");
        await using var host = await OrchestratorHost.Start(options, Cancel);
        await Until(() => Task.FromResult(host.Now.Outcome.MemoryRatio is > 0 and < 1));
        var before = host.Now.Outcome.MemoryRatio!.Value;

        File.WriteAllText(file, "redis.memory_budget: 100_000_000\n");
        await Until(() => Task.FromResult(host.Now.Outcome.MemoryRatio > 5 * before));
    }

    static async Task Until(Func<Task<bool>> holds)
    {
        for (var i = 0; !await holds(); i++)
        {
            Assert.True(i < 400, "it did not come about");
            await Task.Delay(25, Cancel);
        }
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
