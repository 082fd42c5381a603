namespace Veltrix.Server.Tests;

/// <summary>One server for the tests of a class. Each test has a hunt, or at least a hunter, of its own.</summary>
public sealed class SharedServer : IAsyncLifetime
{
    /// <summary>An open hunt in which everybody hunts alone, for tests that need no hunt of their own.</summary>
    public const string Hunt = "quiz";

    int hunts;

    public OffsetClock Clock { get; } = new();

    public TestServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await TestServer.Start(options => options with { Clock = Clock, AllowedOrigins = ["https://hunt.example"] });
        await Server.Publish(TestServer.Quiz);
    }

    /// <summary>Publishes a hunt under an id that no other has, and gives the id.</summary>
    public async Task<string> NewHunt(string yaml = TestServer.Quiz, bool open = true, string? key = null, string query = "")
    {
        var id = $"hunt-{Interlocked.Increment(ref hunts)}";
        var published = await Server.Publish(yaml.Replace("hunt: quiz", $"hunt: {id}"), open, key, query);
        Assert.Equal(201, (int)published["http"]!);
        return id;
    }

    /// <summary>Joins alone, and gives the token.</summary>
    public async Task<string> NewHunter(string hunt = Hunt, string nickname = "Ada") => (string)(await Server.Join(hunt, nickname))["token"]!;

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
