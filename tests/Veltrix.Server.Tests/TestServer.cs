using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Veltrix.Gate;
using Veltrix.Server.Admission;

namespace Veltrix.Server.Tests;

/// <summary>A real server on a free port and a folder of its own, and the few calls that tests make of it.</summary>
public sealed class TestServer : IAsyncDisposable
{
    public const string Quiz = """
        hunt: quiz
        title: A small quiz
        challenges:
          - { id: a, points: 1, answers: [one] }
          - { id: b, points: 2, answers: [two], attempts: 2 }
          - { id: c, points: 4, answers: [three], unlock: { all_of: [a, b] } }
        """;

    /// <summary>The same for teams of two.</summary>
    public static readonly string TeamQuiz = Quiz.Replace("title:", "team_size: 2\ntitle:");

    readonly ServerOptions options;

    readonly GateStore? gate;

    TestServer(ServerOptions options, GateStore? gate)
    {
        this.options = options;
        this.gate = gate;
    }

    /// <summary>One embedded store for all servers of this process; each has a prefix of its own.</summary>
    static readonly Lazy<Task<GateStore>> Shared = new(() => GateStore.Open(new GateStoreOptions(), CancellationToken.None));

    static int servers;

    public VeltrixServer Server { get; private set; } = null!;

    public string Folder => options.DataFolder;

    /// <summary>The gate as this server sees it.</summary>
    public HuntGate Gate(string hunt) => options.Gate!.Hunt(hunt);

    public HttpClient Http { get; private set; } = null!;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<TestServer> Start(Func<ServerOptions, ServerOptions>? configure = null)
    {
        var options = new ServerOptions { DataFolder = Directory.CreateTempSubdirectory("veltrix-test-").FullName, Port = 0, LogLevel = Microsoft.Extensions.Logging.LogLevel.Warning };
        options = configure?.Invoke(options) ?? options;
        GateStore? gate = null;
        if (options.Gate is null)
        {
            var prefix = $"test{Interlocked.Increment(ref servers)}:";
            gate = await GateStore.Open(new GateStoreOptions { Endpoint = (await Shared.Value).Endpoint, Prefix = prefix, Clock = options.Clock }, Cancel);
            options = options with { Gate = gate };
        }

        var server = new TestServer(options, gate);
        await server.StartAgain();
        return server;
    }

    /// <summary>Stops the server, and starts another one on the same folder.</summary>
    /// <param name="between">Done to the folder while no server holds it.</param>
    public async Task Restart(Func<string, Task>? between = null)
    {
        Http.Dispose();
        await Server.DisposeAsync();
        if (between is not null) await between(Folder);
        await StartAgain();
    }

    async Task StartAgain()
    {
        Server = await VeltrixServer.Start(options, Cancel);
        Http = new HttpClient { BaseAddress = Server.Url };
    }

    /// <summary>A token as this server would sign it.</summary>
    public string Token(Scopes scopes, string hunt = "*", string subject = "test") => Keyring.Open(Folder).Issue(scopes, hunt, subject);

    public async Task<JsonNode> Publish(string yaml, bool open = true, string? key = null, string query = "")
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/hunts?open={open}{query}") { Content = new StringContent(yaml, Encoding.UTF8, "application/yaml") };
        return await Send(request, key ?? Server.AdminKey);
    }

    public Task<JsonNode> Act(string hunt, string action, object body, string? key = null) => Post($"/v1/hunts/{hunt}/actions/{action}", body, key ?? Server.AdminKey);

    public Task<JsonNode> Join(string hunt, string nickname, object? team = null) => Post($"/v1/hunts/{hunt}/join", new { nickname, team });

    public Task<JsonNode> Get(string path, string? key = null) => Send(new HttpRequestMessage(HttpMethod.Get, path), key);

    public Task<JsonNode> Post(string path, object body, string? key = null) => Send(new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) }, key);

    public async Task<string> GetText(string path, string? key = null)
    {
        using var response = await SendRaw(new HttpRequestMessage(HttpMethod.Get, path), key);
        return await response.Content.ReadAsStringAsync(Cancel);
    }

    /// <summary>The decisions in a hunt's ledger.</summary>
    public async Task<JsonNode[]> Ledger(string hunt) =>
        [.. (await GetText($"/v1/hunts/{hunt}/ledger", Server.AdminKey)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];

    public Task<LiveClient> Connect(string hunt, string? token = null, object? hello = null) => LiveClient.Connect(Server.Url, hunt, token, hello);

    public Task<LiveClient> ConnectSilently(string hunt) => LiveClient.Connect(Server.Url, hunt, null, sayHello: false);

    public async Task<HttpResponseMessage> SendRaw(HttpRequestMessage request, string? key = null)
    {
        if (key is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return await Http.SendAsync(request, Cancel);
    }

    /// <summary>The answer's JSON, with its HTTP status under <c>http</c>.</summary>
    async Task<JsonNode> Send(HttpRequestMessage request, string? key)
    {
        using var response = await SendRaw(request, key);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        var json = text.StartsWith('{') ? JsonNode.Parse(text)! : new JsonObject { ["text"] = text };
        json["http"] = (int)response.StatusCode;
        return json;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Server.DisposeAsync();
        if (gate is not null) await gate.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
