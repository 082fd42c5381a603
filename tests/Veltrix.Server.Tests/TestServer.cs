using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;

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

    readonly bool keepsFolder;

    TestServer(VeltrixServer server, string folder, bool keepsFolder)
    {
        Server = server;
        Folder = folder;
        this.keepsFolder = keepsFolder;
        Http = new HttpClient { BaseAddress = server.Url };
    }

    public VeltrixServer Server { get; }

    public string Folder { get; }

    public HttpClient Http { get; }

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<TestServer> Start(string? folder = null, bool keepsFolder = false)
    {
        folder ??= Directory.CreateTempSubdirectory("veltrix-test-").FullName;
        return new TestServer(await VeltrixServer.Start(new ServerOptions { DataFolder = folder, Port = 0 }, Cancel), folder, keepsFolder);
    }

    public async Task<JsonNode> Publish(string yaml, bool open = true, string? key = null, string query = "")
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/hunts?open={open}{query}") { Content = new StringContent(yaml, Encoding.UTF8, "application/yaml") };
        return await Send(request, key ?? Server.AdminKey);
    }

    public async Task<JsonNode> Act(string hunt, string action, object body, string? key = null) =>
        await Send(new HttpRequestMessage(HttpMethod.Post, $"/v1/hunts/{hunt}/actions/{action}") { Content = JsonContent.Create(body) }, key ?? Server.AdminKey);

    public async Task<JsonNode> Join(string hunt, string nickname, object? team = null) =>
        await Send(new HttpRequestMessage(HttpMethod.Post, $"/v1/hunts/{hunt}/join") { Content = JsonContent.Create(new { nickname, team }) }, null);

    public async Task<JsonNode> Get(string path, string? key = null) => await Send(new HttpRequestMessage(HttpMethod.Get, path), key);

    public async Task<string> GetText(string path, string? key = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (key is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var response = await Http.SendAsync(request, Cancel);
        return await response.Content.ReadAsStringAsync(Cancel);
    }

    public Task<LiveClient> Connect(string hunt, string? token = null, object? hello = null) => LiveClient.Connect(Server.Url, hunt, token, hello);

    /// <summary>The answer's JSON, with its HTTP status under <c>http</c>.</summary>
    async Task<JsonNode> Send(HttpRequestMessage request, string? key)
    {
        if (key is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var response = await Http.SendAsync(request, Cancel);
        var json = JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancel))!;
        json["http"] = (int)response.StatusCode;
        return json;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Server.DisposeAsync();
        if (!keepsFolder) Directory.Delete(Folder, recursive: true);
    }
}
