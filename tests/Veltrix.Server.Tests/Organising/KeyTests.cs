using System.Text.Json.Nodes;
using Veltrix.Server.Admission;
using Veltrix.Server.Live;

namespace Veltrix.Server.Tests.Organising;

/// <summary>Keys that organisers give to others and take back.</summary>
public sealed class KeyTests(SharedServer shared) : IClassFixture<SharedServer>
{
    const string Hunt = SharedServer.Hunt;

    TestServer Server => shared.Server;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_opens_what_its_scope_says_under_its_name_until_it_is_taken_back()
    {
        var hunt = await shared.NewHunt();
        var (id, token) = await Issue(["organiser"], hunt, "anna");

        Assert.Equal(200, await Status(Server.Act(hunt, "pause", new { why = "rain" }, token)));
        Assert.Equal("anna", (string)(await Server.Ledger(hunt))[^1]["command"]!["who"]!);
        Assert.Equal(401, await Status(Server.Act(Hunt, "pause", new { why = "rain" }, token)));
        Assert.Equal(401, await Status(Server.Get("/v1/keys", token)));

        var revoked = await Revoke(id, "it does not rain any more");
        Assert.Equal(("revoked", "admin", "it does not rain any more"), ((string)revoked["state"]!, (string)revoked["revoked_by"]!, (string)revoked["revoked_why"]!));
        Assert.Equal(401, await Status(Server.Act(hunt, "resume", new { why = "sun" }, token)));
    }

    [Fact]
    public async Task Whoever_has_a_key_for_all_hunts_may_give_out_others_in_its_own_name()
    {
        var (_, token) = await Issue(["organiser"], null, "bea");
        var issued = await Server.Post("/v1/keys", new { scopes = new[] { "audit" }, name = "jury", hunt = Hunt, why = "reads" }, token);
        Assert.Equal(201, (int)issued["http"]!);
        Assert.Equal(("bea", "reads", "good"), ((string)issued["key"]!["issued_by"]!, (string)issued["key"]!["why"]!, (string)issued["key"]!["state"]!));
        Assert.Contains("\"position\"", await Server.GetText($"/v1/hunts/{Hunt}/ledger", (string)issued["token"]!));
    }

    [Fact]
    public async Task The_list_has_every_key_and_no_token()
    {
        var (id, token) = await Issue(["relay", "replay"], null, "rehearsal");
        var list = await Server.Get("/v1/keys", Server.Server.AdminKey);
        var key = list["keys"]!.AsArray().Single(key => (string)key!["id"]! == id)!;
        Assert.Equal(["relay", "replay"], key["scopes"]!.AsArray().Select(scope => (string)scope!));
        Assert.Equal(("*", "rehearsal"), ((string)key["hunt"]!, (string)key["name"]!));
        Assert.DoesNotContain(token, list.ToJsonString());
        Assert.EndsWith("control.db", (string)list["database"]!);
        Assert.Contains(list["signing_keys"]!.AsArray(), signing => (string)signing!["state"]! == "signs");
    }

    [Fact]
    public async Task A_key_ends_by_itself_at_the_time_that_was_said()
    {
        var until = shared.Clock.GetUtcNow().AddMinutes(30).ToUnixTimeMilliseconds();
        var (id, token) = await Issue(["audit"], Hunt, "jury", until);
        Assert.Equal(200, await Status(Server.Post($"/v1/hunts/{Hunt}/verify", new { }, token)));
        shared.Clock.Advance(TimeSpan.FromMinutes(31));
        Assert.Equal(401, await Status(Server.Post($"/v1/hunts/{Hunt}/verify", new { }, token)));
        Assert.Equal("expired", (string)(await Server.Get("/v1/keys", Server.Server.AdminKey))["keys"]!.AsArray().Single(key => (string)key!["id"]! == id)!["state"]!);
    }

    [Fact]
    public async Task A_relay_that_is_connected_is_sent_away_when_its_key_is_taken_back()
    {
        var (id, token) = await Issue(["relay"], Hunt, "kiosk");
        await using var relay = await Server.Connect(Hunt, token);
        await relay.Ping();
        await Revoke(id, "it was lost");
        await relay.ReadToClose(CloseCodes.TokenInvalid);
    }

    [Fact]
    public async Task Only_organisers_of_all_hunts_have_to_do_with_keys()
    {
        var hunter = await shared.NewHunter();
        foreach (var key in new[] { null, hunter, Server.Token(Scopes.Audit), Server.Token(Scopes.Organiser, Hunt) })
        {
            Assert.Equal(401, await Status(Server.Get("/v1/keys", key)));
            Assert.Equal(401, await Status(Server.Post("/v1/keys", new { scopes = new[] { "audit" }, name = "x", why = "y" }, key!)));
            Assert.Equal(401, await Status(Server.Post("/v1/signing-keys", new { why = "y" }, key!)));
            Assert.Equal(401, await Status(Delete("/v1/keys/1?why=y", key)));
            Assert.Equal(401, await Status(Delete("/v1/signing-keys/1?why=y", key)));
        }
    }

    [Theory]
    [InlineData("""{"name":"a","why":"b"}""", "BadMember", "scopes")]
    [InlineData("""{"scopes":[],"name":"a","why":"b"}""", "BadMember", "scopes")]
    [InlineData("""{"scopes":["hunter"],"name":"a","why":"b"}""", "BadMember", "organiser, audit, relay, replay")]
    [InlineData("""{"scopes":["priority"],"name":"a","why":"b"}""", "BadMember", "scopes")]
    [InlineData("""{"scopes":["audit"],"why":"b"}""", "BadMember", "name")]
    [InlineData("""{"scopes":["audit"],"name":"","why":"b"}""", "BadMember", "name")]
    [InlineData("""{"scopes":["audit"],"name":"a\nb","why":"b"}""", "BadMember", "name")]
    [InlineData("""{"scopes":["audit"],"name":"a","hunt":"","why":"b"}""", "BadMember", "hunt")]
    [InlineData("""{"scopes":["audit"],"name":"a","why":"b","until":1}""", "BadMember", "until")]
    [InlineData("""{"scopes":["audit"],"name":"a","why":"b","until":9223372036854775807}""", "BadMember", "until")]
    [InlineData("""{"scopes":["audit"],"name":"a"}""", "WhyNeeded", "why")]
    [InlineData("""{"scopes":["audit"],"name":"a","why":" "}""", "WhyNeeded", "why")]
    public async Task What_makes_no_key_is_refused_with_what_would(string body, string code, string named)
    {
        var answer = await Server.Post("/v1/keys", JsonNode.Parse(body)!, Server.Server.AdminKey);
        Assert.Equal((400, code), ((int)answer["http"]!, (string)answer["code"]!));
        Assert.Contains(named, (string)answer["detail"]!);
    }

    [Fact]
    public async Task Keys_that_are_not_there_and_a_key_that_is_needed_are_not_ended()
    {
        Assert.Equal("KeyUnknown", (string)(await Delete("/v1/keys/0000?why=x", Server.Server.AdminKey))["code"]!);
        Assert.Equal("KeyUnknown", (string)(await Delete("/v1/signing-keys/0000?why=x", Server.Server.AdminKey))["code"]!);
        var signs = (string)(await Server.Get("/v1/keys", Server.Server.AdminKey))["signing_keys"]!.AsArray().Single(key => (string)key!["state"]! == "signs")!["id"]!;
        var refused = await Delete($"/v1/signing-keys/{signs}?why=x", Server.Server.AdminKey);
        Assert.Equal((409, "KeyInUse"), ((int)refused["http"]!, (string)refused["code"]!));
        Assert.Contains("key rotate", (string)refused["remedy"]!);
    }

    [Fact]
    public async Task What_was_signed_before_a_rotation_holds_until_the_key_is_retired_and_the_admin_key_follows()
    {
        await using var server = await TestServer.Start();
        await server.Publish(TestServer.Quiz);
        var hunter = (string)(await server.Join(Hunt, "Ada"))["token"]!;
        var before = server.Server.AdminKey;
        var old = Keyring.Open(server.Folder).KeyId;

        Assert.Equal(201, (int)(await server.Post("/v1/signing-keys", new { why = "spring" }, before))["http"]!);
        await Until(() => server.Server.AdminKey != before);
        Assert.Equal(server.Server.AdminKey, (await File.ReadAllTextAsync(Path.Combine(server.Folder, "admin.key"), Cancel)).Trim());
        Assert.Equal(200, await Status(server.Get($"/v1/hunts/{Hunt}/me", hunter)));
        Assert.Equal(200, await Status(server.Get("/v1/keys", before)));
        var later = (string)(await server.Join(Hunt, "Bob"))["token"]!;

        var deleted = await server.SendRaw(new HttpRequestMessage(HttpMethod.Delete, $"/v1/signing-keys/{old}?why=lost"), server.Server.AdminKey);
        Assert.Equal(200, (int)deleted.StatusCode);
        Assert.Equal(401, await Status(server.Get($"/v1/hunts/{Hunt}/me", hunter)));
        Assert.Equal(401, await Status(server.Get("/v1/keys", before)));
        Assert.Equal(200, await Status(server.Get($"/v1/hunts/{Hunt}/me", later)));

        await server.Restart();
        Assert.Equal(401, await Status(server.Get($"/v1/hunts/{Hunt}/me", hunter)));
        Assert.Equal(200, await Status(server.Get($"/v1/hunts/{Hunt}/me", later)));
    }

    [Fact]
    public async Task Tokens_of_a_data_folder_from_before_there_was_control_data_stay_valid()
    {
        var folder = Directory.CreateTempSubdirectory("veltrix-test-").FullName;
        // As every version has written it.
        var key = Convert.ToHexString([.. Enumerable.Range(0, 32).Select(i => (byte)(i * 7))]);
        await File.WriteAllTextAsync(Path.Combine(folder, "token.key"), key + "\n", Cancel);
        const string Organiser = "v1.Mg.Kg.b2xk";
        var token = $"{Organiser}.{System.Buffers.Text.Base64Url.EncodeToString(System.Security.Cryptography.HMACSHA256.HashData(Convert.FromHexString(key), System.Text.Encoding.UTF8.GetBytes(Organiser)))}";

        await using var server = await TestServer.Start(options => options with { DataFolder = folder });
        Assert.Equal(200, await Status(server.Get("/v1/keys", token)));
        Assert.Equal(201, (int)(await server.Post("/v1/keys", new { scopes = new[] { "audit" }, name = "jury", why = "makes the database" }, token))["http"]!);
        Assert.Equal(200, await Status(server.Get("/v1/keys", token)));
        await server.Restart();
        Assert.Equal(200, await Status(server.Get("/v1/keys", token)));
    }

    async Task<(string Id, string Token)> Issue(string[] scopes, string? hunt, string name, long? until = null)
    {
        var issued = await Server.Post("/v1/keys", new { scopes, hunt, name, until, why = "a test" }, Server.Server.AdminKey);
        Assert.True((int)issued["http"]! == 201, issued.ToJsonString());
        return ((string)issued["key"]!["id"]!, (string)issued["token"]!);
    }

    Task<JsonNode> Revoke(string id, string why) => Delete($"/v1/keys/{id}?why={Uri.EscapeDataString(why)}", Server.Server.AdminKey);

    async Task<JsonNode> Delete(string path, string? key)
    {
        using var response = await Server.SendRaw(new HttpRequestMessage(HttpMethod.Delete, path), key);
        var json = JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancel))!;
        json["http"] = (int)response.StatusCode;
        return json;
    }

    static async Task<int> Status(Task<JsonNode> answer) => (int)(await answer)["http"]!;

    static async Task Until(Func<bool> holds)
    {
        for (var since = System.Diagnostics.Stopwatch.StartNew(); !holds();)
        {
            Assert.True(since.Elapsed < TimeSpan.FromSeconds(20));
            await Task.Delay(50, Cancel);
        }
    }
}
