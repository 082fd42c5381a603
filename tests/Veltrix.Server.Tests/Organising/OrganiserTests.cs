using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Veltrix.Server.Admission;
using Veltrix.Server.Live;

namespace Veltrix.Server.Tests.Organising;

/// <summary>What an organiser does is a fact with who and why, and everybody is told.</summary>
public sealed class OrganiserTests(SharedServer shared) : IClassFixture<SharedServer>
{
    TestServer Server => shared.Server;

    [Fact]
    public async Task Faults_of_a_definition_are_answered_with_line_column_and_remedy()
    {
        var answer = await Server.Publish("hunt: faulty\ntitle: T\nchallenges:\n  - { id: a, points: -1, answers: [x] }\n");
        Assert.Equal((422, "BadDefinition"), ((int)answer["http"]!, (string)answer["code"]!));
        var fault = answer["faults"]![0]!;
        Assert.Equal(4, (int)fault["line"]!);
        Assert.InRange((int)fault["column"]!, 1, 40);
        Assert.NotEmpty((string)fault["message"]!);
        Assert.NotEmpty((string)fault["remedy"]!);
        Assert.Equal(404, (int)(await Server.Get("/v1/hunts/faulty"))["http"]!);
    }

    [Theory]
    [InlineData(1_000_001)]
    [InlineData(1_200_000)]
    [InlineData(3_000_000)]
    public async Task A_definition_of_more_than_a_million_bytes_is_too_large(int bytes)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/hunts") { Content = new StringContent(new string('#', bytes), Encoding.UTF8, "application/yaml") };
        // The answer comes before the body; who does not wait for it may find the connection closed.
        request.Headers.ExpectContinue = true;
        using var response = await Server.SendRaw(request, Server.Server.AdminKey);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        Assert.Equal((413, "TooLarge", 1_000_000), ((int)response.StatusCode, (string)answer["code"]!, (int)answer["limit"]!));
    }

    [Fact]
    public async Task A_definition_of_a_million_bytes_is_read()
    {
        var yaml = TestServer.Quiz.Replace("hunt: quiz", "hunt: large").TrimEnd() + "\n#";
        Assert.Equal(201, (int)(await Server.Publish(yaml.PadRight(1_000_000, '#')))["http"]!);
    }

    [Fact]
    public async Task A_hunt_is_published_once()
    {
        var hunt = await shared.NewHunt();
        var again = await Server.Publish(TestServer.Quiz.Replace("hunt: quiz", $"hunt: {hunt}").Replace("points: 1", "points: 100"));
        Assert.Equal((409, "AlreadyPublished"), ((int)again["http"]!, (string)again["code"]!));
        Assert.Contains("veltrix hunt open", (string)again["remedy"]!);
        await using var live = await Server.Connect(hunt, await shared.NewHunter(hunt));
        Assert.Equal(1, (int)(await live.Submit(1, "a", "one"))["points"]!);
    }

    [Fact]
    public async Task Of_many_who_publish_the_same_at_once_one_succeeds()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Server.Publish(TestServer.Quiz.Replace("hunt: quiz", "hunt: contested"), open: false)));
        Assert.Equal([201, 409, 409, 409, 409], answers.Select(a => (int)a["http"]!).Order());
    }

    [Fact]
    public async Task The_phases_follow_the_organiser_and_hunters_are_told_each_time()
    {
        var hunt = await shared.NewHunt(open: false);
        await using var live = await Server.Connect(hunt, await shared.NewHunter(hunt));
        Assert.Equal("scheduled", (string)live.Welcome["phase"]!);
        Assert.Equal("NotOpen", (string)(await live.Submit(1, "a", "one"))["reason"]!);
        await Does(hunt, "open", new { why = "all are here" });
        Assert.Equal("open", (string)(await live.Next("hunt"))["phase"]!);
        await Does(hunt, "pause", new { why = "fire drill" });
        Assert.Equal("paused", (string)(await live.Next("hunt"))["phase"]!);
        Assert.Equal("Paused", (string)(await live.Submit(2, "a", "one"))["reason"]!);
        await Does(hunt, "resume", new { why = "no fire" });
        Assert.Equal("open", (string)(await live.Next("hunt"))["phase"]!);
        var closes = DateTimeOffset.UtcNow.AddHours(5).ToUnixTimeMilliseconds();
        await Does(hunt, "extend", new { why = "lost time", closes });
        Assert.Equal(closes, (long)(await live.Next("hunt"))["closes"]!);
        Assert.Equal("correct", (string)(await live.Submit(3, "a", "one"))["verdict"]!);
        await Does(hunt, "close", new { why = "enough" });
        Assert.Equal("closed", (string)(await live.Next("hunt"))["phase"]!);
        Assert.Equal("Closed", (string)(await live.Submit(4, "b", "two"))["reason"]!);
        Assert.Equal("Closed", (string)(await Server.Join(hunt, "Late"))["code"]!);

        var acts = (await Server.Ledger(hunt)).Where(line => (string)line["command"]!["who"]! != "").Select(line => $"{line["facts"]![0]!["fact"]} by {line["command"]!["who"]}: {line["command"]!["why"]}");
        Assert.Equal(
            ["HuntPublished by admin: ", "HuntOpened by admin: all are here", "HuntPaused by admin: fire drill", "HuntResumed by admin: no fire", "HuntExtended by admin: lost time", "HuntClosed by admin: enough"],
            acts);
    }

    [Fact]
    public async Task What_does_not_fit_is_refused_with_its_reason_and_leaves_its_trace()
    {
        var hunt = await shared.NewHunt(open: false);
        var hunter = (string)(await Server.Join(hunt, "Ada"))["hunter"]!;
        await Refused(hunt, "pause", new { }, "NotOpen");
        await Refused(hunt, "resume", new { }, "NotPaused");
        await Does(hunt, "open", new { });
        await Refused(hunt, "open", new { }, "AlreadyOpen");
        await Refused(hunt, "resume", new { }, "NotPaused");
        await Refused(hunt, "extend", new { closes = 1 }, "InThePast");
        await Refused(hunt, "extend", new { closes = long.MinValue }, "InThePast");
        await Refused(hunt, "adjust", new { team = 99, points = 1 }, "UnknownTeam");
        await Refused(hunt, "adjust", new { team = -1, points = 1 }, "UnknownTeam");
        await Refused(hunt, "adjust", new { team = 0, points = 1_000_000_001 }, "OutOfRange");
        await Refused(hunt, "ban", new { hunter = "nobody" }, "UnknownHunter");
        await Does(hunt, "ban", new { hunter });
        await Refused(hunt, "ban", new { hunter }, "Banned");
        await Does(hunt, "pause", new { });
        await Refused(hunt, "pause", new { }, "Paused");
        await Does(hunt, "close", new { });
        await Refused(hunt, "close", new { }, "Closed");
        await Refused(hunt, "open", new { }, "Closed");
        Assert.Contains(await Server.Ledger(hunt), line => (string?)line["facts"]![0]!["reason"] == "UnknownTeam");
    }

    [Theory]
    [InlineData("dance", "{}")]
    [InlineData("extend", "{}")]
    [InlineData("adjust", """{"team":0}""")]
    [InlineData("adjust", """{"team":0,"points":-9223372036854775808}""")]
    [InlineData("adjust", """{"team":0,"points":9223372036854775807}""")]
    [InlineData("adjust", """{"team":0,"points":1.5}""")]
    [InlineData("ban", "{}")]
    [InlineData("ban", """{"hunter":""}""")]
    [InlineData("announce", "{}")]
    [InlineData("announce", """{"text":""}""")]
    [InlineData("announce", """{"text":3}""")]
    [InlineData("announce", """{"text":"half a pair: \ud800"}""")]
    [InlineData("announce", "[]")]
    [InlineData("announce", "null")]
    [InlineData("announce", "{")]
    [InlineData("announce", "")]
    public async Task An_action_that_is_not_one_is_answered_400_with_a_code_and_harms_nobody(string action, string body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/hunts/{SharedServer.Hunt}/actions/{action}") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        using var response = await Server.SendRaw(request, Server.Server.AdminKey);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        Assert.NotEmpty((string)JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["code"]!);
        Assert.Equal("ok", await Server.GetText("/readyz"));
    }

    [Fact]
    public async Task Texts_that_are_too_long_are_refused_before_they_are_kept()
    {
        foreach (var (action, body) in new (string, object)[]
        {
            ("announce", new { text = new string('x', 1001) }), ("open", new { why = new string('x', 501) }), ("ban", new { hunter = new string('x', 1_000_000) }),
        })
            Assert.Equal(400, (int)(await Server.Act(SharedServer.Hunt, action, body))["http"]!);
    }

    [Fact]
    public async Task An_announcement_reaches_everybody_who_is_connected()
    {
        var hunt = await shared.NewHunt();
        await using var live = await Server.Connect(hunt, await shared.NewHunter(hunt));
        await using var spectator = await Server.Connect(hunt);
        await using var relay = await Server.Connect(hunt, Server.Token(Scopes.Relay));
        var text = "Soup is ready \"now\" <b> 😀\n" + new string('x', 900);
        await Does(hunt, "announce", new { text });
        foreach (var client in new[] { live, spectator, relay })
        {
            var heard = await client.Next("announcement");
            Assert.Equal(text, (string)heard["text"]!);
            Assert.InRange((long)heard["time"]!, 1, long.MaxValue);
        }
    }

    [Fact]
    public async Task Who_is_banned_is_sent_away_on_every_device_leaves_the_board_and_may_not_return()
    {
        var hunt = await shared.NewHunt();
        var ada = await Server.Join(hunt, "Ada");
        await shared.NewHunter(hunt, "Bob");
        await using var phone = await Server.Connect(hunt, (string)ada["token"]!, new { instance = "phone" });
        await using var laptop = await Server.Connect(hunt, (string)ada["token"]!, new { instance = "laptop" });
        await phone.Submit(1, "a", "one");
        await Does(hunt, "ban", new { why = "cheats", hunter = (string)ada["hunter"]! });
        await phone.ReadToClose(CloseCodes.Banned);
        await laptop.ReadToClose(CloseCodes.Banned);
        Assert.Equal(["Bob"], (await Server.Get($"/v1/hunts/{hunt}/board"))["rows"]!.AsArray().Select(row => (string)row!["name"]!));
        Assert.Equal(1, (int)(await Server.Get($"/v1/hunts/{hunt}/board"))["rows"]![0]!["rank"]!);
        Assert.Null((await Server.Get($"/v1/hunts/{hunt}/me", (string)ada["token"]!))["rank"]);
        await using var back = await Server.ConnectSilently(hunt);
        await back.Send("hello", new { token = (string)ada["token"]!, instance = "phone" });
        await back.ReadToClose(CloseCodes.Banned);
    }

    [Fact]
    public async Task A_team_stays_on_the_board_while_one_of_it_may_play()
    {
        var hunt = await shared.NewHunt(TestServer.TeamQuiz);
        var ada = await Server.Join(hunt, "Ada", new { found = "Owls" });
        var bob = await Server.Join(hunt, "Bob", new { invite = (string)ada["team"]!["invite"]! });
        await using var mate = await Server.Connect(hunt, (string)bob["token"]!);
        await Does(hunt, "ban", new { hunter = (string)ada["hunter"]! });
        Assert.Single((await Server.Get($"/v1/hunts/{hunt}/board"))["rows"]!.AsArray());
        Assert.Equal("correct", (string)(await mate.Submit(1, "a", "one"))["verdict"]!);
        await Does(hunt, "ban", new { hunter = (string)bob["hunter"]! });
        Assert.Empty((await Server.Get($"/v1/hunts/{hunt}/board"))["rows"]!.AsArray());
    }

    [Fact]
    public async Task An_adjustment_moves_the_team_and_leaves_its_time_alone()
    {
        var hunt = await shared.NewHunt();
        await shared.NewHunter(hunt, "Ada");
        await using var bob = await Server.Connect(hunt, await shared.NewHunter(hunt, "Bob"));
        await bob.Submit(1, "a", "one");
        var time = (long)(await Server.Get($"/v1/hunts/{hunt}/board"))["rows"]![0]!["time"]!;
        await Does(hunt, "adjust", new { why = "helped up", team = 0, points = 5 });
        await Does(hunt, "adjust", new { why = "shouted", team = 1, points = -3 });
        var rows = (await Server.Get($"/v1/hunts/{hunt}/board"))["rows"]!.AsArray();
        Assert.Equal([("Ada", 5), ("Bob", -2)], rows.Select(row => ((string)row!["name"]!, (int)row["score"]!)));
        Assert.Equal(time, (long)rows[1]!["time"]!);
        Assert.Equal((-2, 2), ((int)(await bob.Next("board", b => (int)b["me"]!["score"]! < 0))["me"]!["score"]!, 2));
    }

    /// <summary>As when somebody sends microseconds for milliseconds. It used to end the scorer, at every start anew.</summary>
    [Theory]
    [InlineData(1_900_000_000_000_000)]
    [InlineData(long.MaxValue)]
    public async Task A_closing_time_in_the_far_future_is_no_trouble(long closes)
    {
        var hunt = await shared.NewHunt();
        await using var live = await Server.Connect(hunt, await shared.NewHunter(hunt));
        await Does(hunt, "extend", new { closes });
        Assert.Equal("correct", (string)(await live.Submit(1, "a", "one"))["verdict"]!);
        Assert.Equal("ok", await Server.GetText("/readyz"));
    }

    [Fact]
    public async Task The_ledger_is_exported_from_where_one_asks()
    {
        var hunt = await shared.NewHunt();
        await shared.NewHunter(hunt);
        var all = await Server.Ledger(hunt);
        Assert.Equal(["HuntPublished", "HuntOpened", "TeamFounded"], all.Select(line => (string)line["facts"]![0]!["fact"]!));
        Assert.Equal(["TeamFounded", "TeamJoined"], all[2]["facts"]!.AsArray().Select(fact => (string)fact!["fact"]!));
        var rest = await Server.GetText($"/v1/hunts/{hunt}/ledger?after={all[1]["position"]}", Server.Token(Scopes.Audit, hunt));
        Assert.Equal(all[2].ToJsonString(), JsonNode.Parse(rest)!.ToJsonString());
    }

    [Fact]
    public async Task A_recorded_hunt_keeps_the_time_that_its_commands_say()
    {
        var key = Server.Server.ReplayKey();
        var hunt = await shared.NewHunt(open: false, key: key, query: "&clock=recorded");
        Assert.Equal(400, (int)(await Server.Publish(TestServer.Quiz, key: key, query: "&clock=slow"))["http"]!);
        await using var relay = await Server.Connect(hunt, key);
        await relay.Answer(await relay.Send("join", new { hunter = "h", instance = "r", seq = 1, nickname = "Ada", at = 1000 }));
        await Does(hunt, "open", new { });
        long[] times = [5000, 4000, 6000];
        for (var i = 0; i < times.Length; i++)
            await relay.Answer(await relay.Send("submit", new { hunter = "h", instance = "r", seq = i + 2, challenge = "abc"[i..(i + 1)], answer = "no", at = times[i] }));
        // The second was said to be earlier than the first: time does not go back.
        foreach (var time in new[] { 5000, 5000, 6000 }) Assert.Equal(time, (long)(await relay.Next("outcome"))["time"]!);
    }

    /// <summary>A hunt that people play goes by the server's clock, whoever asks otherwise.</summary>
    [Fact]
    public async Task In_a_hunt_that_is_not_recorded_nobody_sets_the_time()
    {
        var hunt = await shared.NewHunt();
        await using var relay = await Server.Connect(hunt, Server.Server.ReplayKey());
        var error = (await relay.Answer(await relay.Send("join", new { hunter = "h", instance = "r", seq = 1, nickname = "Ada", at = 4_000_000_000_000 })))["error"]!;
        Assert.Equal("BadMember", (string)error["code"]!);
        Assert.Contains("recorded", (string)error["message"]!);
    }

    async Task Does(string hunt, string action, object body)
    {
        var answer = await Server.Act(hunt, action, body);
        Assert.True((int)answer["http"]! == 200, answer.ToJsonString());
        Assert.NotEmpty(answer["facts"]!.AsArray());
    }

    async Task Refused(string hunt, string action, object body, string reason)
    {
        var answer = await Server.Act(hunt, action, body);
        Assert.Equal((409, reason), ((int)answer["http"]!, (string)answer["code"]!));
        Assert.NotEmpty((string)answer["detail"]!);
    }
}
