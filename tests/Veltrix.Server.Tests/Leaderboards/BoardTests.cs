using System.Text.Json.Nodes;
using Veltrix.Server.Admission;

namespace Veltrix.Server.Tests.Leaderboards;

/// <summary>The board as it is read, exported and pushed.</summary>
public sealed class BoardTests(SharedServer shared) : IClassFixture<SharedServer>
{
    TestServer Server => shared.Server;

    [Fact]
    public async Task Pages_cover_the_board_without_gap_or_overlap()
    {
        var hunt = await Crowd(25);
        var whole = await Rows($"/v1/hunts/{hunt}/board");
        Assert.Equal(25, whole.Length);
        List<string> paged = [];
        for (var offset = 0; offset < 30; offset += 7) paged.AddRange(await Rows($"/v1/hunts/{hunt}/board?offset={offset}&limit=7"));
        Assert.Equal(whole, paged);
        Assert.Empty(await Rows($"/v1/hunts/{hunt}/board?offset=25"));
        Assert.Empty(await Rows($"/v1/hunts/{hunt}/board?offset={int.MaxValue}"));
        Assert.Single(await Rows($"/v1/hunts/{hunt}/board?offset=24&limit=1000"));
        foreach (var wrong in new[] { "offset=-1", "limit=0", "limit=1001", "limit=-5" })
        {
            var answer = await Server.Get($"/v1/hunts/{hunt}/board?{wrong}");
            Assert.Equal((400, "OutOfRange", 1000), ((int)answer["http"]!, (string)answer["code"]!, (int)answer["limit"]!));
        }
    }

    [Fact]
    public async Task Around_a_team_are_its_neighbours_on_each_side()
    {
        var hunt = await Crowd(25);
        var whole = await Rows($"/v1/hunts/{hunt}/board");
        Assert.Equal(whole[7..18], await Rows($"/v1/hunts/{hunt}/board/around/12"));
        Assert.Equal(whole[..3], await Rows($"/v1/hunts/{hunt}/board/around/0?k=2"));
        Assert.Equal(whole[22..], await Rows($"/v1/hunts/{hunt}/board/around/24?k=2"));
        Assert.Equal(whole[12..13], await Rows($"/v1/hunts/{hunt}/board/around/12?k=0"));
        Assert.Equal(whole, await Rows($"/v1/hunts/{hunt}/board/around/12?k=50"));
        foreach (var team in new[] { 25, -1 })
            Assert.Equal((404, "UnknownTeam"), ((int)(await Server.Get($"/v1/hunts/{hunt}/board/around/{team}"))["http"]!, (string)(await Server.Get($"/v1/hunts/{hunt}/board/around/{team}"))["code"]!));
        foreach (var k in new[] { -1, 51 }) Assert.Equal(400, (int)(await Server.Get($"/v1/hunts/{hunt}/board/around/12?k={k}"))["http"]!);
    }

    [Fact]
    public async Task Who_has_more_points_is_first_then_who_solved_earlier_and_equals_share_a_rank()
    {
        var hunt = await shared.NewHunt();
        await using var relay = await Server.Connect(hunt, Server.Token(Scopes.Relay));
        foreach (var name in new[] { "Ada", "Bob", "Cyd", "Dan", "Eve" }) await Relay(relay, name);
        await Solve(relay, "Cyd", "a", "one");
        await Task.Delay(5, TestContext.Current.CancellationToken);
        await Solve(relay, "Ada", "a", "one");
        await Solve(relay, "Bob", "b", "two");
        var rows = (await Server.Get($"/v1/hunts/{hunt}/board"))["rows"]!.AsArray();
        Assert.Equal([("Bob", 1), ("Cyd", 2), ("Ada", 3), ("Dan", 4), ("Eve", 4)], rows.Select(row => ((string)row!["name"]!, (int)row["rank"]!)));
        Assert.Equal((2, 1), ((int)rows[0]!["score"]!, (int)rows[0]!["solved"]!));
        Assert.InRange((long)rows[0]!["time"]!, DateTimeOffset.UtcNow.AddMinutes(-5).ToUnixTimeMilliseconds(), DateTimeOffset.UtcNow.AddDays(1).ToUnixTimeMilliseconds());
    }

    [Fact]
    public async Task The_CSV_keeps_commas_and_quotes_and_runs_no_formula()
    {
        var hunt = await shared.NewHunt();
        foreach (var name in new[] { "Plain", "Comma, Inc", "Say \"hi\"", "=1+1", "+49", "-5", "@home", "Zoë 李", "=\"a\",b" }) await shared.NewHunter(hunt, name);
        using var response = await Server.SendRaw(new HttpRequestMessage(HttpMethod.Get, $"/v1/hunts/{hunt}/exports/board.csv"));
        Assert.Equal("text/csv; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        var bytes = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        Assert.Equal((byte)'r', bytes[0]); // no byte order mark: programs read it more often than spreadsheets
        var lines = System.Text.Encoding.UTF8.GetString(bytes).Split("\r\n");
        Assert.Equal("rank,team,name,score,solved,last_solve", lines[0]);
        Assert.Equal("", lines[^1]);
        Assert.Equal(
            ["1,0,Plain,0,0,0", "1,1,\"Comma, Inc\",0,0,0", "1,2,\"Say \"\"hi\"\"\",0,0,0", "1,3,'=1+1,0,0,0", "1,4,'+49,0,0,0", "1,5,'-5,0,0,0", "1,6,'@home,0,0,0", "1,7,Zoë 李,0,0,0", "1,8,\"'=\"\"a\"\",b\",0,0,0"],
            lines[1..^1]);
    }

    [Fact]
    public async Task The_CTFtime_feed_has_the_shape_that_CTFtime_reads()
    {
        var hunt = await shared.NewHunt();
        await using var live = await Server.Connect(hunt, await shared.NewHunter(hunt, "Zoë"));
        await shared.NewHunter(hunt, "Bob");
        await live.Submit(1, "b", "two");
        using var response = await Server.SendRaw(new HttpRequestMessage(HttpMethod.Get, $"/v1/hunts/{hunt}/exports/ctftime.json"));
        Assert.Equal(TimeSpan.FromSeconds(30), response.Headers.CacheControl!.MaxAge);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotContain(text, c => c > 127);
        var feed = JsonNode.Parse(text)!;
        var tasks = feed["tasks"]!.AsArray().Select(t => (string)t!).ToArray();
        Assert.Equal(tasks.Distinct(), tasks);
        Assert.Equal(3, tasks.Length);
        var (zoe, bob) = (feed["standings"]![0]!, feed["standings"]![1]!);
        Assert.Equal((1, "Zoë", 2), ((int)zoe["pos"]!, (string)zoe["team"]!, (int)zoe["score"]!));
        Assert.Equal(2, (int)zoe["taskStats"]![tasks[1]]!["points"]!);
        Assert.Single(zoe["taskStats"]!.AsObject());
        Assert.InRange((long)zoe["lastAccept"]!, 1_700_000_000, 10_000_000_000); // seconds
        Assert.Equal((2, 0), ((int)bob["pos"]!, (int)bob["score"]!));
        Assert.Empty(bob["taskStats"]!.AsObject());
        Assert.Null(bob["lastAccept"]);
    }

    [Fact]
    public async Task A_frame_has_as_many_rows_as_were_asked_for_and_shows_the_hunter_and_its_neighbours()
    {
        var hunt = await Crowd(60);
        var token = await shared.NewHunter(hunt, "Zed");
        await using var live = await Server.Connect(hunt, token);
        var board = await live.Next("board");
        Assert.Equal((10, 61, 1000), (board["top"]!.AsArray().Count, (int)board["teams"]!, (int)board["next_ms"]!));
        Assert.Equal((1, 0, "Team 0", 60), ((int)board["top"]![0]!["rank"]!, (int)board["top"]![0]!["team"]!, (string)board["top"]![0]!["name"]!, (int)board["top"]![0]!["score"]!));
        Assert.Equal((61, 0), ((int)board["me"]!["rank"]!, (int)board["me"]!["score"]!));
        Assert.Null(board["around"]);

        Assert.NotNull((await live.Answer(await live.Send("show", new { top = 50, around = 3 })))["shown"]);
        board = await live.Next("board");
        Assert.Equal(50, board["top"]!.AsArray().Count);
        Assert.Equal([58, 59, 60, 61], board["around"]!.AsArray().Select(row => (int)row!["rank"]!));

        await live.Send("show", new { top = 0, around = 10 });
        board = await live.Next("board");
        Assert.Empty(board["top"]!.AsArray());
        Assert.Equal(11, board["around"]!.AsArray().Count);

        await using var spectator = await Server.Connect(hunt, null, new { top = 50, around = 5 });
        board = await spectator.Next("board");
        Assert.Equal(50, board["top"]!.AsArray().Count);
        Assert.Null(board["me"]);
        Assert.Null(board["around"]);
    }

    [Fact]
    public async Task While_nothing_moves_no_frame_is_sent_and_as_of_never_goes_back()
    {
        var hunt = await Crowd(3);
        await using var live = await Server.Connect(hunt, await shared.NewHunter(hunt));
        await using var spectator = await Server.Connect(hunt);
        var first = await spectator.Next("board");
        await Task.Delay(1500, TestContext.Current.CancellationToken);
        await spectator.Ping();
        Assert.Empty(spectator.Kept("board"));

        long last = (long)first["as_of"]!["position"]!, time = (long)first["as_of"]!["time"]!;
        for (var seq = 1; seq <= 3; seq++)
        {
            var moved = await live.Submit(seq, "a", "no");
            var board = await spectator.Next("board", b => (long)b["as_of"]!["position"]! >= (long)moved["position"]!);
            Assert.True((long)board["as_of"]!["position"]! > last && (long)board["as_of"]!["time"]! >= time);
            (last, time) = ((long)board["as_of"]!["position"]!, (long)board["as_of"]!["time"]!);
        }
    }

    [Fact]
    public async Task The_graph_has_the_first_ten_of_those_who_scored_and_comes_only_to_those_who_show_it()
    {
        var hunt = await Crowd(12);
        await using var live = await Server.Connect(hunt, await shared.NewHunter(hunt, "Zed"), new { graph = true });
        await using var spectator = await Server.Connect(hunt);
        var graph = await live.Next("graph");
        Assert.Equal(Enumerable.Range(0, 10).Select(n => $"Team {n}"), graph["lines"]!.AsArray().Select(line => (string)line!["name"]!));
        Assert.Equal(Enumerable.Range(0, 10).Select(n => 12 - n), graph["lines"]!.AsArray().Select(line => (int)line!["points"]![0]![1]!));
        Assert.InRange((long)graph["from"]!, 1, (long)graph["as_of"]!["time"]!);

        // A point for somebody at the end changes the board and not the graph.
        await live.Submit(1, "a", "one");
        await live.Next("board", board => (int?)board["me"]?["score"] == 1);
        await spectator.Next("board");
        await spectator.Ping();
        Assert.Empty(spectator.Kept("graph"));

        Assert.NotNull((await spectator.Answer(await spectator.Send("show", new { top = 10, graph = true })))["shown"]);
        Assert.Equal(10, (await spectator.Next("graph"))["lines"]!.AsArray().Count);
    }

    [Fact]
    public async Task Lists_and_cards_say_what_there_is()
    {
        var hunt = await shared.NewHunt(TestServer.TeamQuiz);
        await Server.Join(hunt, "Ada", new { found = "Owls" });
        var line = (await Server.Get("/v1/hunts"))["hunts"]!.AsArray().Single(h => (string)h!["id"]! == hunt)!;
        Assert.Equal(("A small quiz", "open", 1), ((string)line["title"]!, (string)line["phase"]!, (int)line["teams"]!));
        var card = await Server.Get($"/v1/hunts/{hunt}");
        Assert.Equal((2, 3, "score-then-time"), ((int)card["team_size"]!, (int)card["challenges"]!, (string)card["ranking"]!));
        Assert.InRange((long)card["as_of"]!["position"]!, 1, long.MaxValue);
    }

    /// <summary>Teams 0, 1, 2 … in the order of their ranks.</summary>
    async Task<string> Crowd(int teams)
    {
        var hunt = await shared.NewHunt();
        await using var relay = await Server.Connect(hunt, Server.Token(Scopes.Relay));
        for (var team = 0; team < teams; team++) await Relay(relay, $"Team {team}");
        await Task.WhenAll(Enumerable.Range(0, teams).Select(team => Server.Act(hunt, "adjust", new { team, points = teams - team })));
        return hunt;
    }

    static async Task Relay(LiveClient relay, string name) =>
        Assert.NotNull((await relay.Answer(await relay.Send("join", new { hunter = name.Replace(' ', '-'), instance = "r", seq = 1, nickname = name })))["ack"]);

    static async Task Solve(LiveClient relay, string hunter, string challenge, string answer)
    {
        await relay.Send("submit", new { hunter, instance = "r", seq = 2, challenge, answer });
        Assert.Equal("correct", (string)(await relay.Next("outcome"))["verdict"]!);
    }

    async Task<string[]> Rows(string path) => [.. (await Server.Get(path))["rows"]!.AsArray().Select(row => row!.ToJsonString())];
}
