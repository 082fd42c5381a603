using System.Text;
using System.Text.Json.Nodes;
using Veltrix.EventLog;
using Veltrix.Server.Live;

namespace Veltrix.Server.Tests.Live;

/// <summary>A server goes and comes back; hunters find everything as they left it.</summary>
public sealed class RestartTests
{
    [Fact]
    public async Task A_restart_keeps_tokens_scores_ranks_and_outcomes_with_or_without_checkpoints()
    {
        await using var server = await TestServer.Start();
        await server.Publish(TestServer.Quiz);
        var ada = (string)(await server.Join("quiz", "Ada"))["token"]!;
        var bob = (string)(await server.Join("quiz", "Bob"))["token"]!;
        await using (var live = await server.Connect("quiz", ada))
        {
            await live.Submit(1, "b", "wrong");
            await live.Submit(2, "b", "two");
        }

        await using (var live = await server.Connect("quiz", bob)) await live.Submit(1, "a", "one");
        var board = (await server.Get("/v1/hunts/quiz/board"))["rows"]!.ToJsonString();
        var auditor = server.Server.AuditKey("quiz");

        for (var round = 0; round < 2; round++)
        {
            await server.Restart(folder =>
            {
                var checkpoints = Path.Combine(folder, "checkpoints", "quiz");
                Assert.NotEmpty(Directory.GetFiles(checkpoints));
                if (round == 1) Directory.Delete(checkpoints, recursive: true);
                return Task.CompletedTask;
            });
            Assert.Equal(board, (await server.Get("/v1/hunts/quiz/board"))["rows"]!.ToJsonString());
            Assert.Equal((2, 1), ((int)(await server.Get("/v1/hunts/quiz/me", ada))["score"]!, (int)(await server.Get("/v1/hunts/quiz/me", ada))["rank"]!));
            Assert.True((bool)(await server.Post("/v1/hunts/quiz/verify", new { }, auditor))["equal"]!);
            await using var back = await server.Connect("quiz", ada);
            Assert.Equal((2 + round, 2 + round), ((int)back.Welcome["last_seq"]!, (int)back.Welcome["last_outcome"]!));
            Assert.Equal(["incorrect", "correct"], [(string)(await back.Next("outcome"))["verdict"]!, (string)(await back.Next("outcome"))["verdict"]!]);
            if (round == 1) Assert.Equal("AlreadySolved", (string)(await back.Next("outcome"))["reason"]!);
            Assert.Equal("AlreadySolved", (string)(await back.Submit(3 + round, "b", "two"))["reason"]!);
        }
    }

    [Fact]
    public async Task Stopping_tells_everybody_when_to_come_back()
    {
        var server = await TestServer.Start();
        await server.Publish(TestServer.Quiz);
        var token = (string)(await server.Join("quiz", "Ada"))["token"]!;
        await using var live = await server.Connect("quiz", token);
        await using var watching = await server.Connect("quiz");
        await using var silent = await server.ConnectSilently("quiz");
        var closes = new[] { live, watching, silent }.Select(client => client.ReadToClose(CloseCodes.Restart)).ToArray();
        await server.DisposeAsync();
        await Task.WhenAll(closes);
        Assert.InRange((int)JsonNode.Parse(live.CloseReason!)!["after_ms"]!, 1, 5000);
        Assert.False(Directory.Exists(server.Folder));
    }

    [Fact]
    public async Task An_address_in_use_is_an_error_that_leaves_the_folder_free()
    {
        await using var first = await TestServer.Start();
        var folder = Directory.CreateTempSubdirectory("veltrix-test-").FullName;
        try
        {
            var options = new ServerOptions { DataFolder = folder, Port = first.Server.Url.Port };
            await using (var server = await VeltrixServer.Start(options with { Port = 0 }, TestContext.Current.CancellationToken))
            {
                using var http = new HttpClient { BaseAddress = server.Url };
                var request = new HttpRequestMessage(HttpMethod.Post, "/v1/hunts") { Content = new StringContent(TestServer.Quiz, Encoding.UTF8, "application/yaml") };
                request.Headers.Authorization = new("Bearer", server.AdminKey);
                Assert.Equal(201, (int)(await http.SendAsync(request, TestContext.Current.CancellationToken)).StatusCode);
            }

            await Assert.ThrowsAnyAsync<IOException>(() => VeltrixServer.Start(options, TestContext.Current.CancellationToken));
            await using var again = await VeltrixServer.Start(options with { Port = 0 }, TestContext.Current.CancellationToken);
            Assert.True((await Verified(again)).Equal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        static async Task<VerifyReport> Verified(VeltrixServer server)
        {
            using var http = new HttpClient { BaseAddress = server.Url };
            var request = new HttpRequestMessage(HttpMethod.Post, "/v1/hunts/quiz/verify");
            request.Headers.Authorization = new("Bearer", server.AdminKey);
            using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
            var json = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
            return new VerifyReport((bool)json["equal"]!, (long)json["position"]!, (long)json["records"]!, []);
        }
    }

    [Fact]
    public async Task A_folder_in_use_is_refused()
    {
        await using var server = await TestServer.Start();
        var options = new ServerOptions { DataFolder = server.Folder, Port = 0 };
        Assert.Equal(EventLogFault.InUse, (await Assert.ThrowsAsync<EventLogException>(() => VeltrixServer.Start(options, TestContext.Current.CancellationToken))).Fault);
    }

    /// <summary>A command that cannot be understood stops its hunt: deciding on without it would make another history on another server.</summary>
    [Fact]
    public async Task A_hunt_that_stands_still_says_so_and_takes_no_more_answers()
    {
        await using var server = await TestServer.Start();
        await server.Publish(TestServer.Quiz);
        var token = (string)(await server.Join("quiz", "Ada"))["token"]!;
        Assert.Equal("ok", await server.GetText("/readyz"));
        await server.Restart(async folder =>
        {
            await using var logs = DataFolder.OpenLogs(folder, TimeProvider.System);
            await (await logs.Open("quiz/submissions", TestContext.Current.CancellationToken)).Append("garbage"u8.ToArray());
        });
        await Until(async () => (int)(await server.Get("/readyz"))["http"]! == 503);
        Assert.Contains("quiz", await server.GetText("/readyz"));
        Assert.Equal("ok", await server.GetText("/livez"));
        await using var live = await server.Connect("quiz", token);
        var error = (await live.Answer(await live.Send("submit", new { seq = 1, challenge = "a", answer = "one" })))["error"]!;
        Assert.Equal("Unavailable", (string)error["code"]!);
        Assert.Equal(503, (int)(await server.Join("quiz", "Bob"))["http"]!);
    }

    static async Task Until(Func<Task<bool>> holds)
    {
        for (var i = 0; i < 600; i++)
        {
            if (await holds()) return;
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        Assert.Fail("it did not come about within 30 s");
    }
}
