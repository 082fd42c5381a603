using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Veltrix.Server.Admission;

namespace Veltrix.Server.Tests.Admission;

/// <summary>The way into a hunt: a name, perhaps a team, a token.</summary>
public sealed class JoinTests(SharedServer shared) : IClassFixture<SharedServer>
{
    TestServer Server => shared.Server;

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("1234567890123456789012345")]
    [InlineData("Ada\u202Egnol")]
    [InlineData("Ada\nBob")]
    [InlineData("\u200B")]
    public async Task A_name_that_is_none_is_refused_with_what_is_wrong(string nickname)
    {
        var answer = await Server.Join(SharedServer.Hunt, nickname);
        Assert.Equal((400, "BadMember", "nickname"), ((int)answer["http"]!, (string)answer["code"]!, (string)answer["member"]!));
        Assert.InRange(((string)answer["detail"]!).Length, 10, 300);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"nickname\":3}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("")]
    [InlineData("{\"nickname\":\"\\ud800\"}")]
    public async Task A_body_that_is_no_request_is_answered_400_with_a_code(string body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/hunts/{SharedServer.Hunt}/join") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        using var response = await Server.SendRaw(request);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.NotEmpty((string)JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["code"]!);
    }

    [Theory]
    [InlineData("GET", "/v1/nothing", 404, "NotFound")]
    [InlineData("GET", "/v1/hunts/nowhere", 404, "HuntUnknown")]
    [InlineData("POST", "/v1/hunts/nowhere/join", 404, "HuntUnknown")]
    [InlineData("DELETE", "/v1/hunts/quiz", 405, "MethodNotAllowed")]
    [InlineData("GET", "/v1/hunts/quiz/board?offset=x", 400, "BadRequest")]
    public async Task Every_error_is_a_problem_with_a_code(string method, string path, int status, string code)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (method == "POST") request.Content = JsonContent.Create(new { nickname = "Ada" });
        using var response = await Server.SendRaw(request);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(code, (string)JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["code"]!);
    }

    [Fact]
    public async Task Names_are_kept_as_written_up_to_spaces_and_may_be_shared()
    {
        var hunt = await shared.NewHunt();
        Assert.Equal("Zoë 李 😀", (string)(await Server.Join(hunt, "  Zoe\u0308   李 😀 "))["nickname"]!);
        var (one, two) = (await Server.Join(hunt, "Ada"), await Server.Join(hunt, "Ada"));
        Assert.NotEqual((string)one["hunter"]!, (string)two["hunter"]!);
        Assert.Equal((1, 2), ((int)one["team"]!["number"]!, (int)two["team"]!["number"]!));
        Assert.Null(one["team"]!["invite"]);
        Assert.Equal("Ada", (string)(await Server.Get($"/v1/hunts/{hunt}/me", (string)two["token"]!))["name"]!);
    }

    [Fact]
    public async Task In_a_team_hunt_one_founds_and_others_follow_with_the_invite()
    {
        var hunt = await shared.NewHunt(TestServer.TeamQuiz);
        Assert.Equal("TeamNeeded", (string)(await Server.Join(hunt, "Ada"))["code"]!);
        var ada = await Server.Join(hunt, "Ada", new { found = "The Owls" });
        Assert.Equal((201, "The Owls"), ((int)ada["http"]!, (string)ada["team"]!["name"]!));
        var invite = (string)ada["team"]!["invite"]!;
        // As people type it.
        var typed = $" {invite[..4].ToLowerInvariant()}-{invite[4..].Replace('0', 'o').Replace('1', 'l')} ";
        var bob = await Server.Join(hunt, "Bob", new { invite = typed });
        Assert.Equal((201, 0, invite), ((int)bob["http"]!, (int)bob["team"]!["number"]!, (string)bob["team"]!["invite"]!));
        Assert.Equal((409, "TeamFull"), ((int)(await Server.Join(hunt, "Cyd", new { invite }))["http"]!, (string)(await Server.Join(hunt, "Cyd", new { invite }))["code"]!));
        Assert.Equal((400, "BadMember"), ((int)(await Server.Join(hunt, "Cyd", new { invite, found = "x" }))["http"]!, (string)(await Server.Join(hunt, "Cyd", new { invite, found = "x" }))["code"]!));
        Assert.Equal("team", (string)(await Server.Join(hunt, "Cyd", new { found = "" }))["member"]!);
    }

    [Fact]
    public async Task Where_everybody_hunts_alone_a_team_is_refused()
    {
        foreach (var team in new object[] { new { found = "Owls" }, new { invite = "0000000000000" } })
        {
            var answer = await Server.Join(SharedServer.Hunt, "Ada", team);
            Assert.Equal((409, "SoloOnly"), ((int)answer["http"]!, (string)answer["code"]!));
            Assert.Contains("alone", (string)answer["detail"]!);
        }
    }

    [Fact]
    public async Task Guessing_invites_ends_after_ten_wrong_ones_for_a_minute()
    {
        // A server of its own: the tries are counted by address, and all tests have the same.
        var clock = new OffsetClock();
        await using var server = await TestServer.Start(options => options with { Clock = clock });
        await server.Publish(TestServer.TeamQuiz);
        var invite = (string)(await server.Join("quiz", "Ada", new { found = "Owls" }))["team"]!["invite"]!;
        for (var i = 0; i < InviteTries.Most; i++) Assert.Equal("UnknownInvite", (string)(await server.Join("quiz", "Eve", new { invite = $"WR0NG{i}" }))["code"]!);

        // Also a right one waits, else the answer would tell.
        using var response = await server.SendRaw(new HttpRequestMessage(HttpMethod.Post, "/v1/hunts/quiz/join") { Content = JsonContent.Create(new { nickname = "Eve", team = new { invite } }) });
        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.InRange(response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 30, 63);
        Assert.Equal(201, (int)(await server.Join("quiz", "Zed", new { found = "Mice" }))["http"]!);
        clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(201, (int)(await server.Join("quiz", "Bob", new { invite }))["http"]!);
    }

    [Fact]
    public async Task Challenges_show_what_is_open_to_the_team_and_never_an_answer()
    {
        var hunt = await shared.NewHunt();
        var token = await shared.NewHunter(hunt);
        var list = await Server.Get($"/v1/hunts/{hunt}/challenges", token);
        Assert.Equal((2, 1), (list["challenges"]!.AsArray().Count, (int)list["locked"]!));
        Assert.Equal(["a", "b"], list["challenges"]!.AsArray().Select(c => (string)c!["id"]!));
        Assert.Equal((null, 2), ((int?)list["challenges"]![0]!["attempts_left"], (int?)list["challenges"]![1]!["attempts_left"]));
        Assert.DoesNotContain("answers", list.ToJsonString());
        Assert.DoesNotContain("\"one\"", list.ToJsonString());
    }
}
