using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Veltrix.Server.Admission;
using Veltrix.Server.Live;

namespace Veltrix.Server.Tests.Admission;

/// <summary>Every token opens exactly the doors it was made for.</summary>
public sealed class ScopeTests(SharedServer shared) : IClassFixture<SharedServer>
{
    const string Hunt = SharedServer.Hunt;

    /// <summary>Requests by name, and the statuses that mean "come in": what is wrong with the body is a later question.</summary>
    static readonly Dictionary<string, (Func<HttpRequestMessage> Make, int Allowed)> Doors = new()
    {
        ["challenges"] = (() => new(HttpMethod.Get, $"/v1/hunts/{Hunt}/challenges"), 200),
        ["me"] = (() => new(HttpMethod.Get, $"/v1/hunts/{Hunt}/me"), 200),
        ["ledger"] = (() => new(HttpMethod.Get, $"/v1/hunts/{Hunt}/ledger"), 200),
        ["verify"] = (() => new(HttpMethod.Post, $"/v1/hunts/{Hunt}/verify"), 200),
        ["act"] = (() => new(HttpMethod.Post, $"/v1/hunts/{Hunt}/actions/announce") { Content = JsonContent.Create(new { text = "" }) }, 400),
        ["publish"] = (() => new(HttpMethod.Post, "/v1/hunts") { Content = new StringContent("no hunt", Encoding.UTF8, "application/yaml") }, 422),
        ["publish recorded"] = (() => new(HttpMethod.Post, "/v1/hunts?clock=recorded") { Content = new StringContent("no hunt", Encoding.UTF8, "application/yaml") }, 422),
    };

    [Theory]
    [InlineData(Scopes.Hunter, Hunt, "challenges,me")]
    [InlineData(Scopes.Hunter, "other", "")]
    [InlineData(Scopes.Audit, Hunt, "ledger,verify")]
    [InlineData(Scopes.Audit, "other", "")]
    [InlineData(Scopes.Audit, "*", "ledger,verify")]
    [InlineData(Scopes.Organiser, Hunt, "ledger,verify,act")]
    [InlineData(Scopes.Organiser, "other", "")]
    [InlineData(Scopes.Organiser, "*", "ledger,verify,act,publish")]
    [InlineData(Scopes.Relay, "*", "")]
    [InlineData(Scopes.Replay, "*", "")]
    [InlineData(Scopes.Organiser | Scopes.Relay | Scopes.Replay, "*", "ledger,verify,act,publish,publish recorded")]
    [InlineData(Scopes.None, "*", "")]
    public async Task Over_HTTP_a_scope_opens_its_own_doors(Scopes scopes, string hunt, string opened)
    {
        var token = shared.Server.Token(scopes, hunt, await Hunter());
        foreach (var (name, door) in Doors)
        {
            using var response = await shared.Server.SendRaw(door.Make(), token);
            var expected = opened.Split(',').Contains(name) ? door.Allowed : 401;
            Assert.True(expected == (int)response.StatusCode, $"{name} with {scopes} for {hunt}: {(int)response.StatusCode} instead of {expected}");
        }
    }

    [Fact]
    public async Task Without_a_token_or_with_a_false_one_no_guarded_door_opens()
    {
        var good = shared.Server.Token(Scopes.Organiser);
        string?[] bad = [null, "", "x", good[..^1], good[..^4] + "AAAA", "v1.Mg.Kg.dGVzdA.!", "v1.Mg.Kg.dGVzdA." + new string('A', 43), good + " " + good];
        foreach (var token in bad)
            foreach (var (name, door) in Doors)
            {
                using var response = await shared.Server.SendRaw(door.Make(), token);
                Assert.True(response.StatusCode == HttpStatusCode.Unauthorized, $"{name} with '{token}': {(int)response.StatusCode}");
                Assert.Equal("TokenInvalid", (string)JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["code"]!);
            }
    }

    [Fact]
    public async Task A_token_of_a_hunter_who_never_joined_opens_nothing()
    {
        Assert.Equal(401, (int)(await shared.Server.Get($"/v1/hunts/{Hunt}/me", shared.Server.Token(Scopes.Hunter, Hunt, "nobody")))["http"]!);
        await using var live = await shared.Server.ConnectSilently(Hunt);
        await live.Send("hello", new { token = shared.Server.Token(Scopes.Hunter, Hunt, "nobody"), instance = "i" });
        await live.ReadToClose(CloseCodes.TokenInvalid);
    }

    [Theory]
    [InlineData(Scopes.Hunter, "other")]
    [InlineData(Scopes.Organiser, "*")]
    [InlineData(Scopes.Audit, Hunt)]
    [InlineData(Scopes.Replay, "*")]
    [InlineData(Scopes.Relay, "other")]
    [InlineData(Scopes.None, "*")]
    public async Task Over_the_socket_a_token_that_does_not_play_here_ends_the_connection(Scopes scopes, string hunt)
    {
        await using var live = await shared.Server.ConnectSilently(Hunt);
        await live.Send("hello", new { token = shared.Server.Token(scopes, hunt, await Hunter()), instance = "i" });
        await live.ReadToClose(CloseCodes.TokenInvalid);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("v1.MQ.cXVpeg.YWRh.!!!")]
    public async Task Over_the_socket_a_false_token_ends_the_connection_with_its_code(string token)
    {
        await using var live = await shared.Server.ConnectSilently(Hunt);
        await live.Send("hello", new { token, instance = "i" });
        await live.ReadToClose(CloseCodes.TokenInvalid);
    }

    [Fact]
    public async Task A_spectator_sees_the_board_and_may_not_answer()
    {
        await shared.NewHunter();
        await using var live = await shared.Server.Connect(Hunt);
        Assert.Null(live.Welcome["hunter"]);
        Assert.NotNull((await live.Next("board"))["top"]);
        await live.Send("submit", new { seq = 1, challenge = "a", answer = "one" });
        Assert.Equal("Spectator", (string)(await live.Next("error"))["code"]!);
    }

    [Fact]
    public async Task A_relay_joins_and_submits_for_others_and_hears_what_became_of_it()
    {
        var hunt = await shared.NewHunt();
        await using var relay = await shared.Server.Connect(hunt, shared.Server.Token(Scopes.Relay, hunt));
        Assert.Null(relay.Welcome["hunter"]);
        Assert.NotNull((await relay.Answer(await relay.Send("join", new { hunter = "h-1", instance = "r", seq = 1, nickname = "Ada" })))["ack"]);
        Assert.Equal("h-1.r.2", (string)(await relay.Answer(await relay.Send("submit", new { hunter = "h-1", instance = "r", seq = 2, challenge = "a", answer = "one" })))["ack"]!["command"]!);
        var outcome = await relay.Next("outcome");
        Assert.Equal(("h-1", "correct", 1), ((string)outcome["hunter"]!, (string)outcome["verdict"]!, (int)outcome["number"]!));
        await relay.Send("submit", new { hunter = "stranger", instance = "r", seq = 1, challenge = "a", answer = "one" });
        Assert.Equal("NotJoined", (string)(await relay.Next("outcome"))["reason"]!);
    }

    [Theory]
    [InlineData("submit", """{"seq":1,"challenge":"a","answer":"one"}""", "MissingMember")]
    [InlineData("submit", """{"hunter":"h","seq":1,"challenge":"a","answer":"one"}""", "MissingMember")]
    [InlineData("submit", """{"hunter":"h h","instance":"i","seq":1,"challenge":"a","answer":"one"}""", "BadMember")]
    [InlineData("submit", """{"hunter":"h","instance":"i","seq":0,"challenge":"a","answer":"one"}""", "BadMember")]
    [InlineData("submit", """{"hunter":"h","instance":"i","seq":1,"challenge":"a","answer":"one","at":1}""", "BadMember")]
    [InlineData("join", """{"hunter":"h","instance":"i","seq":1,"nickname":"Ada","at":1}""", "BadMember")]
    [InlineData("join", """{"hunter":"h","instance":"i","seq":1,"nickname":""}""", "BadMember")]
    [InlineData("join", """{"hunter":"h","instance":"i","seq":1}""", "MissingMember")]
    [InlineData("join", """{"hunter":"h","instance":"i","seq":1,"nickname":"Ada","team":{"found":"Owls","invite":"C"}}""", "BadMember")]
    public async Task A_relay_says_for_whom_and_only_with_the_scope_replay_when(string kind, string body, string code)
    {
        await using var relay = await shared.Server.Connect(Hunt, shared.Server.Token(Scopes.Relay));
        Assert.Equal(code, (string)(await relay.Answer(await relay.Send(kind, JsonNode.Parse(body)!)))["error"]!["code"]!);
    }

    [Theory]
    [InlineData("http://127.0.0.1:$", true)]
    [InlineData("https://hunt.example", true)]
    [InlineData("https://HUNT.example", true)]
    [InlineData(null, true)]
    [InlineData("https://evil.example", false)]
    [InlineData("https://hunt.example.evil.example", false)]
    [InlineData("http://127.0.0.1", false)]
    [InlineData("http://127.0.0.1:1", false)]
    [InlineData("null", false)]
    public async Task Pages_connect_from_here_or_from_where_the_server_allows(string? origin, bool allowed)
    {
        var url = shared.Server.Server.Url;
        origin = origin?.Replace("$", $"{url.Port}");
        if (allowed)
        {
            await using var live = await LiveClient.Connect(url, Hunt, null, origin: origin);
            Assert.Equal(Hunt, (string)live.Welcome["hunt"]!);
        }
        else
        {
            using var socket = new ClientWebSocket();
            socket.Options.CollectHttpResponseDetails = true;
            socket.Options.SetRequestHeader("Origin", origin);
            await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(new UriBuilder(url) { Scheme = "ws", Path = $"/v1/hunts/{Hunt}/live" }.Uri, TestContext.Current.CancellationToken));
            Assert.Equal(HttpStatusCode.Forbidden, socket.HttpStatusCode);
        }
    }

    [Fact]
    public async Task Who_comes_to_the_socket_without_an_upgrade_is_told_what_it_is() =>
        Assert.Equal(426, (int)(await shared.Server.Get($"/v1/hunts/{Hunt}/live"))["http"]!);

    async Task<string> Hunter() => (string)(await shared.Server.Join(Hunt, "Ada"))["hunter"]!;
}
