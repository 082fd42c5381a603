using System.Text.Json.Nodes;
using Veltrix.Gate;
using Veltrix.Hosting;
using Veltrix.Server.Admission;

namespace Veltrix.Server.Tests.Admission;

/// <summary>A server with an open hunt that lets in few, and what tests of its waiting room ask of it.</summary>
sealed class SmallHouse : IAsyncDisposable
{
    public const string Hunt = "quiz";

    readonly string yaml;

    SmallHouse(TestServer server, Settings settings, string yaml)
    {
        Server = server;
        Settings = settings;
        this.yaml = yaml;
    }

    public TestServer Server { get; }

    public Settings Settings { get; }

    public HuntGate Gate => Server.Gate(Hunt);

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<SmallHouse> Open(
        int limit, string more = "", TimeProvider? clock = null, Func<ServerOptions, ServerOptions>? configure = null, string hunt = TestServer.Quiz, bool open = true)
    {
        var yaml = $"gate.audit: on\nwaiting.frames: 1s\n{more}\n";
        var settings = Settings.Of($"max_concurrent_hunters: {limit}\n{yaml}");
        var server = await TestServer.Start(options =>
        {
            options = options with { Settings = settings, Clock = clock ?? options.Clock };
            return configure?.Invoke(options) ?? options;
        });
        Assert.Equal(201, (int)(await server.Publish(hunt, open))["http"]!);
        return new SmallHouse(server, settings, yaml);
    }

    /// <summary>People change the ceiling.</summary>
    public void SetLimit(int limit) => Assert.True(Settings.Load(ConfigFile.Read("settings", $"max_concurrent_hunters: {limit}\n{yaml}")).Ok);

    public Task<JsonNode> Join(string name, string? ticket = null, object? proof = null, string? pass = null) =>
        Server.Post($"/v1/hunts/{Hunt}/join", new { nickname = name, ticket, proof, pass });

    /// <summary>Joins, and must get a seat.</summary>
    public async Task<JsonNode> Enter(string name)
    {
        var joined = await Join(name);
        Assert.Equal(201, (int)joined["http"]!);
        return joined;
    }

    /// <summary>Joins, must wait, and gives the ticket.</summary>
    public async Task<string> Queue(string name, long place)
    {
        var answer = await Join(name);
        Assert.Equal((202, "waiting", place), ((int)answer["http"]!, (string)answer["state"]!, (long)answer["place"]!));
        return (string)answer["ticket"]!;
    }

    public Task<JsonNode> Place(string ticket) => Server.Get($"/v1/hunts/{Hunt}/place", ticket);

    public Task UntilAdmitted(string ticket) => Until(async () => (string?)(await Place(ticket))["state"] == "admitted");

    public Ticket Read(string ticket) => Ticket.Read(Keyring.Open(Server.Folder), Hunt, ticket)!;

    /// <summary>A connection that waits with its ticket, and its first frame.</summary>
    public async Task<(LiveClient Live, JsonNode First)> Wait(string ticket)
    {
        var live = await Server.ConnectSilently(Hunt);
        await live.Send("hello", new { ticket });
        return (live, await live.Next("waiting"));
    }

    /// <summary>A connection of a hunter without a seat.</summary>
    public async Task<(LiveClient Live, JsonNode First)> ComeBack(string token)
    {
        var live = await Server.ConnectSilently(Hunt);
        await live.Send("hello", new { token, instance = "test" });
        return (live, await live.Next("waiting"));
    }

    /// <summary>By what the gate's script itself wrote down: nobody was ever let in at a full house.</summary>
    public async Task NobodyTooMany() => Assert.All(await Gate.Audit(Cancel), grant => Assert.True(grant.Count < grant.Limit, grant.ToString()));

    public static async Task Until(Func<Task<bool>> holds)
    {
        for (var i = 0; i < 600; i++)
        {
            if (await holds()) return;
            await Task.Delay(50, Cancel);
        }

        Assert.Fail("it did not come about within 30 s");
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        Settings.Dispose();
    }
}
