using System.Diagnostics;
using Veltrix.Control;
using Veltrix.Control.Tests;

namespace Veltrix.Server.Tests.Organising;

/// <summary>Servers with data folders of their own that share a PostgreSQL: what one signs, all know, and what one takes back is taken from all.</summary>
public sealed class SharedKeysTests(PostgresServer postgres) : IClassFixture<PostgresServer>, IAsyncLifetime
{
    static readonly TimeSpan HeardWithin = TimeSpan.FromSeconds(5);

    string config = "";

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(postgres.IsInstalled, PostgresServer.Missing);
        config = $"control.database: {await postgres.NewDatabase()}\ncontrol.password_file: {postgres.PasswordFile}\n";
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    Task<TestServer> Start() => TestServer.Start(options =>
    {
        File.WriteAllText(Path.Combine(options.DataFolder, "hunt-config.yml"), config);
        return options;
    });

    [Fact]
    public async Task A_token_of_one_server_is_good_at_the_other_and_a_key_taken_back_here_is_refused_there_within_seconds()
    {
        await using var here = await Start();
        await using var there = await Start();
        Assert.Equal(200, await Status(there, here.Server.AdminKey));

        var issued = await here.Post("/v1/keys", new { scopes = new[] { "organiser" }, name = "anna", why = "runs the evening" }, here.Server.AdminKey);
        var token = (string)issued["token"]!;
        await Until(async () => await Status(there, token) == 200, HeardWithin);

        using var revoked = await here.SendRaw(new HttpRequestMessage(HttpMethod.Delete, $"/v1/keys/{issued["key"]!["id"]}?why=over"), here.Server.AdminKey);
        Assert.Equal(200, (int)revoked.StatusCode);
        Assert.Equal(401, await Status(here, token));
        var heard = await Until(async () => await Status(there, token) == 401, HeardWithin);
        TestContext.Current.TestOutputHelper!.WriteLine($"heard after {heard.TotalMilliseconds:0} ms");
    }

    [Fact]
    public async Task A_rotation_refuses_nobody_on_any_server_at_any_time()
    {
        await using var here = await Start();
        await using var there = await Start();
        var first = here.Server.AdminKey;
        Assert.Equal(201, (int)(await here.Post("/v1/signing-keys", new { why = "spring" }, first))["http"]!);

        var since = Stopwatch.StartNew();
        while (here.Server.AdminKey == first || there.Server.AdminKey == first)
        {
            Assert.Equal(200, await Status(there, here.Server.AdminKey));
            Assert.Equal(200, await Status(here, there.Server.AdminKey));
            Assert.True(since.Elapsed < TimeSpan.FromSeconds(20));
            await Task.Delay(20, Cancel);
        }

        Assert.Equal(200, await Status(there, first));
    }

    [Fact]
    public async Task Without_the_database_people_play_on_and_keys_hold_but_none_changes()
    {
        await using var own = new PostgresServer();
        await own.InitializeAsync();
        config = $"control.database: {await own.NewDatabase()}\ncontrol.password_file: {own.PasswordFile}\n";
        await using var server = await Start();
        await server.Publish(TestServer.Quiz);
        var token = (string)(await server.Post("/v1/keys", new { scopes = new[] { "organiser" }, name = "anna", why = "runs the evening" }, server.Server.AdminKey))["token"]!;

        await own.Crash();
        var refused = await server.Post("/v1/keys", new { scopes = new[] { "audit" }, name = "jury", why = "reads" }, token);
        Assert.Equal((503, nameof(ControlFault.ControlUnavailable)), ((int)refused["http"]!, (string)refused["code"]!));
        Assert.Contains("cannot be reached", (string)refused["detail"]!);
        Assert.NotNull(refused["remedy"]);

        var hunter = await server.Join("quiz", "Ada");
        await using var live = await server.Connect("quiz", (string)hunter["token"]!);
        Assert.Equal("correct", (string)(await live.Submit(1, "a", "one"))["verdict"]!);
        Assert.Equal(200, (int)(await server.Act("quiz", "announce", new { text = "go on" }, token))["http"]!);

        await own.Begin();
        await Until(async () => (int)(await server.Post("/v1/keys", new { scopes = new[] { "audit" }, name = "jury", why = "reads" }, token))["http"]! == 201, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_start_without_the_database_fails_with_what_where_and_what_to_do()
    {
        config = "control.database: Host=127.0.0.1;Port=1;Database=control;Username=veltrix\n";
        var refused = await Assert.ThrowsAsync<ControlException>(Start);
        Assert.Contains("control at 127.0.0.1:1 cannot be reached", refused.Message);
        Assert.NotEmpty(refused.Remedy);
    }

    static async Task<int> Status(TestServer server, string token) => (int)(await server.Get("/v1/settings/status", token))["http"]!;

    static async Task<TimeSpan> Until(Func<Task<bool>> holds, TimeSpan patience)
    {
        var since = Stopwatch.StartNew();
        while (!await holds())
        {
            Assert.True(since.Elapsed < patience, $"not within {patience}");
            await Task.Delay(20, Cancel);
        }

        return since.Elapsed;
    }
}
