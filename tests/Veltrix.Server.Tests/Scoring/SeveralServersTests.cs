using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Veltrix.EventLog;
using Veltrix.EventLog.Embedded;
using Veltrix.Gate;
using Veltrix.Hunts;
using Veltrix.Server.Leaderboards;
using Veltrix.Server.Live;
using Veltrix.Server.Scoring;

namespace Veltrix.Server.Tests.Scoring;

/// <summary>Servers that share their logs and the gate are one engine: a hunt is everywhere, and whoever of them scores may go at any time.</summary>
public sealed class SeveralServersTests : IAsyncLifetime
{
    readonly string folder = Directory.CreateTempSubdirectory("veltrix-shared-").FullName;
    readonly List<TestServer> servers = [];
    readonly List<SharedLogs> connections = [];
    IEventLogs logs = null!;
    GateStore gate = null!;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        logs = EmbeddedLogs.Open(folder, TimeProvider.System);
        gate = await GateStore.Open(new GateStoreOptions(), Cancel);
    }

    [Fact]
    public async Task A_hunt_published_at_one_is_played_at_all_and_every_board_is_the_same()
    {
        var (a, b) = (await Add(), await Add());
        await a.Publish(TestServer.Quiz);
        await UntilKnown(b);
        var (ada, bob) = (await a.Join("quiz", "Ada"), await b.Join("quiz", "Bob"));

        // Ada joined at one server and plays at the other.
        await using var live = await b.Connect("quiz", (string)ada["token"]!);
        await using var watcher = await a.Connect("quiz", (string)bob["token"]!);
        Assert.Equal("correct", (string)(await live.Submit(1, "a", "one"))["verdict"]!);
        await watcher.Next("board", board => (int)board["top"]![0]!["score"]! == 1 && (string)board["top"]![0]!["name"]! == "Ada");
        Assert.Equal("correct", (string)(await watcher.Submit(1, "a", "one"))["verdict"]!);
        await Same();
    }

    [Fact]
    public async Task A_server_that_stops_hands_its_scoring_over_at_once()
    {
        var (a, b) = (await Add(), await Add());
        await a.Publish(TestServer.Quiz);
        await UntilKnown(b);
        await using var live = await b.Connect("quiz", (string)(await b.Join("quiz", "Ada"))["token"]!);
        Assert.Equal("correct", (string)(await live.Submit(1, "a", "one"))["verdict"]!);
        var epoch = b.Server.Find("quiz")!.View.Epoch;

        var stopped = DateTime.UtcNow;
        await a.Server.DisposeAsync();
        Assert.Equal("correct", (string)(await live.Submit(2, "b", "two"))["verdict"]!);
        Assert.NotEqual(epoch, b.Server.Find("quiz")!.View.Epoch);
        // Not timed, but read from the records: silence would have lasted for the whole of TakeOverAfter.
        var took = await Records("quiz");
        Assert.True(took.Zip(took.Skip(1)).All(pair => pair.Second.TimeMs - pair.First.TimeMs < Scorer.TakeOverAfter.TotalMilliseconds), "the ledger was silent");
    }

    /// <summary>A broker that was killed and has just started says for seconds that it has no such topic.</summary>
    [Fact]
    public async Task A_log_that_cannot_be_read_for_a_moment_is_read_on()
    {
        var (a, b) = (await Add(), await Add());
        await a.Publish(TestServer.Quiz);
        await UntilKnown(b);
        await using var live = await a.Connect("quiz", (string)(await a.Join("quiz", "Ada"))["token"]!);
        var view = b.Server.Find("quiz")!.View;

        connections[1].Fault = new EventLogException(EventLogFault.Unavailable, "no such topic");
        Assert.Equal("correct", (string)(await live.Submit(1, "a", "one"))["verdict"]!);
        while (view.Away is null) await Task.Delay(20, Cancel);
        Assert.Contains("hunt quiz cannot be read just now: no such topic", await (await b.Http.GetAsync("/readyz", Cancel)).Content.ReadAsStringAsync(Cancel));
        // Whoever reads the log by itself is told what it is, and may come again.
        var verified = await b.Post("/v1/hunts/quiz/verify", new { }, b.Server.AdminKey);
        Assert.Equal((503, "Unavailable", "no such topic"), ((int)verified["http"]!, (string)verified["code"]!, (string)verified["detail"]!));

        connections[1].Fault = null;
        Assert.Equal("correct", (string)(await live.Submit(2, "b", "two"))["verdict"]!);
        await Same();
        Assert.Null(view.Away);
        Assert.Equal("ok", await (await b.Http.GetAsync("/readyz", Cancel)).Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task A_scorer_that_was_cut_off_is_replaced_and_when_it_wakes_it_changes_nothing()
    {
        var (a, b) = (await Add(), await Add());
        await a.Publish(TestServer.Quiz);
        await UntilKnown(b);
        await using var atA = await a.Connect("quiz", (string)(await a.Join("quiz", "Ada"))["token"]!);
        await using var atB = await b.Connect("quiz", (string)(await b.Join("quiz", "Bob"))["token"]!);
        Assert.Equal("correct", (string)(await atA.Submit(1, "a", "one"))["verdict"]!);
        // Both find a new hunt without a scorer, and either may be it.
        var written = Written();
        Assert.Equal("correct", (string)(await atB.Submit(1, "a", "one"))["verdict"]!);
        var (scorer, standby, atScorer, atStandby) = Written()[0] > written[0] ? (0, 1, atA, atB) : (1, 0, atB, atA);
        var epoch = View(standby).Epoch;

        connections[scorer].Cut();
        // Its client has sent an answer that the zombie takes and cannot write.
        await atScorer.Send("submit", new { seq = 2, challenge = "b", answer = "two" });
        Assert.Equal("correct", (string)(await atStandby.Submit(2, "b", "two"))["verdict"]!);
        Assert.True(View(standby).Epoch > epoch);

        connections[scorer].Mend();
        Assert.Equal("correct", (string)(await atScorer.Next("outcome", outcome => (long)outcome["seq"]! == 2))["verdict"]!);
        Assert.Equal("correct", (string)(await atStandby.Submit(3, "c", "three"))["verdict"]!);
        await Same();

        long[] Written() => [.. servers.Select(server => server.Server.Find("quiz")!.Scorer.Written)];
        HuntView View(int server) => servers[server].Server.Find("quiz")!.View;
    }

    [Fact]
    public async Task A_standby_that_was_cut_off_does_not_depose_a_scorer_that_works()
    {
        var (a, b) = (await Add(), await Add());
        await a.Publish(TestServer.Quiz);
        await UntilKnown(b);
        await using var atB = await b.Connect("quiz", (string)(await b.Join("quiz", "Bob"))["token"]!);
        var view = b.Server.Find("quiz")!.View;

        connections[1].Cut();
        // Long enough to have claimed the hunt, had it believed its ears.
        while (view.Silence < Scorer.TakeOverAfter + TimeSpan.FromSeconds(1)) await Task.Delay(50, Cancel);
        var taken = await Takes();
        connections[1].Mend();

        Assert.Equal("correct", (string)(await atB.Submit(1, "a", "one"))["verdict"]!);
        // What it had claimed would have been in the ledger before this.
        var heard = view.RecordsRead;
        while (view.RecordsRead < heard + 2) await Task.Delay(50, Cancel);
        Assert.Equal(taken, await Takes());

        async Task<int> Takes() => (await Records("quiz")).Count(record => LedgerCodec.Decode(record.Payload) is LedgerRecord.Took);
    }

    [Fact]
    public async Task A_server_that_goes_lets_nobody_in_and_says_where_its_hunters_go()
    {
        var (a, b) = (await Add(Addressed), await Add(Addressed));
        await a.Publish(TestServer.Quiz);
        await UntilKnown(b);
        await UntilMet(a, b);
        var ada = await a.Join("quiz", "Ada");
        await using var live = await a.Connect("quiz", (string)ada["token"]!);
        var closing = live.ReadToClose(CloseCodes.Restart);
        await a.Server.Stop(Cancel);
        await closing;
        Assert.Equal(b.Server.Url, new Uri((string)JsonNode.Parse(live.CloseReason!)!["go"]!));
        await using var again = await b.Connect("quiz", (string)ada["token"]!);
        Assert.Equal("correct", (string)(await again.Submit(1, "a", "one"))["verdict"]!);
        Assert.Equal(1, (await b.Gate("quiz").Counts(Cancel)).Seated);
    }

    [Fact]
    public async Task Hunters_of_a_server_that_goes_are_spread_over_those_that_stay_and_not_over_those_that_go_too()
    {
        var (a, b, c, d) = (await Add(Addressed), await Add(Addressed), await Add(Addressed), await Add(Addressed));
        await a.Publish(TestServer.Quiz);
        foreach (var other in servers) await UntilKnown(other);
        await UntilMet(a, b, c, d);
        await d.Server.Stop(Cancel);
        var closing = new List<LiveClient>();
        for (var i = 0; i < 4; i++) closing.Add(await a.Connect("quiz"));
        await a.Server.Stop(Cancel);
        var sent = new List<string>();
        foreach (var client in closing)
        {
            await client.ReadToClose(CloseCodes.Restart);
            sent.Add(new Uri((string)JsonNode.Parse(client.CloseReason!)!["go"]!).ToString());
            await client.DisposeAsync();
        }

        Assert.Equal([b.Server.Url.ToString(), b.Server.Url.ToString(), c.Server.Url.ToString(), c.Server.Url.ToString()], sent.Order().OrderBy(url => url == c.Server.Url.ToString()));
    }

    [Fact]
    public async Task Where_no_server_has_said_where_it_is_hunters_come_back_where_they_came_from()
    {
        var (a, b) = (await Add(), await Add());
        await a.Publish(TestServer.Quiz);
        await UntilKnown(b);
        await using var live = await a.Connect("quiz");
        await a.Server.Stop(Cancel);
        await live.ReadToClose(CloseCodes.Restart);
        Assert.Null(JsonNode.Parse(live.CloseReason!)!["go"]);
    }

    [Fact]
    public async Task A_page_of_one_server_may_play_at_the_other_it_was_sent_to()
    {
        var (a, b) = (await Add(Addressed), await Add(Addressed));
        await a.Publish(TestServer.Quiz);
        await UntilKnown(b);
        await UntilMet(a, b);
        using var page = await a.Http.GetAsync("/", Cancel);
        Assert.Contains($"connect-src 'self' ws://{b.Server.Url.Authority};", page.Headers.GetValues("Content-Security-Policy").Single());
        await using var live = await LiveClient.Connect(b.Server.Url, "quiz", null, sayHello: false, origin: a.Server.Url.GetLeftPart(UriPartial.Authority));
        await Assert.ThrowsAsync<WebSocketException>(() => LiveClient.Connect(b.Server.Url, "quiz", null, sayHello: false, origin: "http://elsewhere.example"));
    }

    [Fact]
    public async Task An_address_that_is_none_is_refused_at_the_start()
    {
        var refused = await Assert.ThrowsAsync<InvalidDataException>(() => Add($"server.public_url: http://{{host}}.{new string('a', 66)}:{{port}}\n"));
        Assert.Contains("server.public_url is http://", refused.Message);
        Assert.Contains("at most 80", refused.Message);
    }

    const string Addressed = "server.public_url: \"http://127.0.0.1:{port}\"\n";

    /// <summary>Each has heard of all others at its last sign of life.</summary>
    static async Task UntilMet(params TestServer[] all)
    {
        foreach (var server in all)
            while ((await server.Gate("quiz").Renew("nobody", TimeSpan.FromSeconds(3), null, Cancel)).Elsewhere.Count < all.Length
                || (await server.Http.GetAsync("/", Cancel)).Headers.GetValues("Content-Security-Policy").Single().Split("ws://").Length < all.Length) await Task.Delay(20, Cancel);
    }

    async Task<TestServer> Add(string? config = null)
    {
        var connection = new SharedLogs(logs);
        connections.Add(connection);
        var server = await TestServer.Start(options =>
        {
            if (servers.Count > 0) File.Copy(Path.Combine(servers[0].Folder, "token.key"), Path.Combine(options.DataFolder, "token.key"));
            if (config is not null) File.WriteAllText(Path.Combine(options.DataFolder, "hunt-config.yml"), config);
            return options with { Gate = gate, OpenLogs = (_, _) => connection };
        });
        servers.Add(server);
        return server;
    }

    static async Task UntilKnown(TestServer server)
    {
        while (server.Server.Find("quiz")?.View.Read((state, _) => state.Model) is null) await Task.Delay(20, Cancel);
    }

    /// <summary>All boards are the same once all have read the same, and each is what the ledger folds to.</summary>
    async Task Same()
    {
        var end = (await logs.Open("quiz/ledger", Cancel)).End;
        var boards = new List<string>();
        foreach (var server in servers)
        {
            var live = server.Server.Find("quiz")!;
            while (live.View.Read((_, _, position) => position) < servers.Max(other => other.Server.Find("quiz")!.View.Read((_, _, position) => position))) await Task.Delay(20, Cancel);
            boards.Add((await server.Get("/v1/hunts/quiz/board"))["rows"]!.ToJsonString());
            Assert.True((bool)(await server.Post("/v1/hunts/quiz/verify", new { }, server.Server.AdminKey))["equal"]!);
        }

        Assert.Single(boards.Distinct());
        Assert.True(end > 0);
    }

    async Task<IReadOnlyList<LogRecord>> Records(string hunt)
    {
        using var reader = (await logs.Open($"{hunt}/ledger", Cancel)).Read(IEventLog.Start);
        return reader.ReadAvailable(10_000);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in connections) connection.Mend();
        foreach (var server in servers) await server.DisposeAsync();
        await gate.DisposeAsync();
        await logs.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
