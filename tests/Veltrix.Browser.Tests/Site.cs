using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Veltrix.Hosting;
using Veltrix.Server;

namespace Veltrix.Browser.Tests;

/// <summary>A real server with the built pages, on a folder of its own, behind a <see cref="Network"/>; and what its organiser and hunters without a browser do.</summary>
public sealed class Site : IAsyncDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("veltrix-browser-").FullName;
    readonly string webFolder;
    readonly Settings? settings;
    readonly HttpClient http = new();
    VeltrixServer? server;

    Site(string webFolder, Settings? settings) => (this.webFolder, this.settings) = (webFolder, settings);

    public Network Network { get; } = new();

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<Site> Open(string webFolder, Settings? settings)
    {
        var site = new Site(webFolder, settings);
        await site.Start();
        return site;
    }

    public async Task Start()
    {
        server = await VeltrixServer.Start(new ServerOptions { DataFolder = folder, Port = 0, WebFolder = webFolder, Settings = settings }, Cancel);
        Network.Server = server.Url;
    }

    /// <summary>The server goes down in order; its folder stays.</summary>
    public async Task Stop()
    {
        Network.Server = null;
        if (server is not null) await server.DisposeAsync();
        server = null;
    }

    public async Task Publish(string yaml, bool open = true) =>
        await Organise($"/v1/hunts?open={open}", new StringContent(yaml, Encoding.UTF8, "application/yaml"));

    public async Task Act(string hunt, string action, object body) => await Organise($"/v1/hunts/{hunt}/actions/{action}", JsonContent.Create(body));

    /// <summary>A hunter who plays without a browser; gives the number of the team.</summary>
    public async Task<int> Join(string hunt, string nickname)
    {
        using var response = await http.PostAsync(Address($"/v1/hunts/{hunt}/join"), JsonContent.Create(new { nickname }), Cancel);
        var body = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.IsSuccessStatusCode, body);
        return (int)JsonNode.Parse(body)!["team"]!["number"]!;
    }

    public Task Adjust(string hunt, int team, int points) => Act(hunt, "adjust", new { why = "a test", team, points });

    /// <summary>All facts of a kind that the hunt's ledger holds.</summary>
    public async Task<JsonNode[]> Facts(string hunt, string kind)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Address($"/v1/hunts/{hunt}/ledger"));
        var lines = (await Send(request)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return [.. lines.SelectMany(line => JsonNode.Parse(line)!["facts"]!.AsArray()).Where(fact => (string)fact!["fact"]! == kind).Select(fact => fact!)];
    }

    async Task Organise(string path, HttpContent content)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Address(path)) { Content = content };
        await Send(request);
    }

    async Task<string> Send(HttpRequestMessage request)
    {
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", server!.AdminKey);
        using var response = await http.SendAsync(request, Cancel);
        var body = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.IsSuccessStatusCode, body);
        return body;
    }

    // Not over the network of the visitors: the organiser goes on while theirs is cut.
    Uri Address(string path) => new(server!.Url, path);

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await Network.DisposeAsync();
        await Stop();
        Directory.Delete(folder, recursive: true);
    }
}
