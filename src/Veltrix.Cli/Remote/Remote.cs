using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Veltrix.Cli;

/// <summary>A server over its HTTP interface (<c>docs/reference/http.md</c>). Every refusal becomes a <see cref="CliException"/> with the exit code that fits.</summary>
sealed class Remote : IDisposable
{
    readonly HttpClient client;
    readonly string namedBy;

    /// <param name="namedBy">Who said that the server is there; for the error when it is not.</param>
    public Remote(Uri url, string? key, string namedBy)
    {
        this.namedBy = namedBy;
        Url = url;
        client = new HttpClient(new SocketsHttpHandler { UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(5) })
        {
            BaseAddress = new Uri(DataHome.Trimmed(url) + "/"),
            Timeout = Timeout.InfiniteTimeSpan, // A verify of a long ledger takes as long as it takes; Ctrl-C ends it.
        };
        if (key is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    public Uri Url { get; }

    public static string HuntPath(string hunt) => $"v1/hunts/{Uri.EscapeDataString(hunt)}";

    public static string PlayUrl(Uri server, string hunt) => $"{DataHome.Trimmed(server)}/play/{hunt}";

    public static string BoardUrl(Uri server, string hunt) => $"{DataHome.Trimmed(server)}/board/{hunt}";

    public Task<JsonNode> Get(string path, CancellationToken cancel) => Answer(new(HttpMethod.Get, path), cancel);

    public Task<JsonNode> Post(string path, JsonNode body, CancellationToken cancel) =>
        Answer(new(HttpMethod.Post, path) { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") }, cancel);

    public Task<JsonNode> PostYaml(string path, string yaml, CancellationToken cancel) =>
        Answer(new(HttpMethod.Post, path) { Content = new StringContent(yaml, Encoding.UTF8, "application/yaml") }, cancel);

    public Task<JsonNode> Delete(string path, CancellationToken cancel) => Answer(new(HttpMethod.Delete, path), cancel);

    /// <summary>The body as it comes, for what may be long.</summary>
    public async Task<Stream> Stream(string path, CancellationToken cancel)
    {
        var response = await Send(new(HttpMethod.Get, path), cancel);
        return await response.Content.ReadAsStreamAsync(cancel);
    }

    public void Dispose() => client.Dispose();

    async Task<JsonNode> Answer(HttpRequestMessage request, CancellationToken cancel)
    {
        using var response = await Send(request, cancel);
        try
        {
            return await JsonNode.ParseAsync(await response.Content.ReadAsStreamAsync(cancel), cancellationToken: cancel) ?? throw new JsonException("null");
        }
        catch (JsonException error)
        {
            throw new CliException(ExitCode.Failed, $"{request.RequestUri} was not answered with JSON.", "Is that a Veltrix server?", error);
        }
    }

    async Task<HttpResponseMessage> Send(HttpRequestMessage request, CancellationToken cancel)
    {
        HttpResponseMessage response;
        try
        {
            response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        }
        catch (HttpRequestException error)
        {
            throw new ServerSilentException(
                error.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused }
                    ? $"No server answers at {DataHome.Trimmed(Url)} ({namedBy})."
                    : $"{DataHome.Trimmed(Url)} ({namedBy}) cannot be reached: {(error.InnerException ?? error).Message}.",
                error);
        }
        if (response.IsSuccessStatusCode) return response;
        using (response) throw await Refusal(response, cancel);
    }

    static async Task<CliException> Refusal(HttpResponseMessage response, CancellationToken cancel)
    {
        var text = await response.Content.ReadAsStringAsync(cancel);
        JsonObject? problem = null;
        try
        {
            problem = JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            // Something between us and the server answered.
        }
        var code = (string?)problem?["code"];
        var said = (string?)problem?["detail"] ?? (string?)problem?["title"] ?? $"The server answered {(int)response.StatusCode} {response.ReasonPhrase}.";
        var remedy = (string?)problem?["remedy"];
        var message = code is null ? said : $"{said} ({code})";
        if (problem?["faults"] is JsonArray faults) return new HuntFaultyException(message, [.. faults.Select(fault => fault!)]);
        return response.StatusCode switch
        {
            HttpStatusCode.Unauthorized => new CliException(ExitCode.Refused, message, "Name the file of this server's key with --key-file; 'veltrix up' writes admin.key into its data folder."),
            HttpStatusCode.Forbidden => new CliException(ExitCode.Refused, message, "This key may not do that; an organiser's key may."),
            HttpStatusCode.NotFound => new CliException(ExitCode.NotFound, message, remedy ?? "'veltrix hunt list' shows what there is."),
            HttpStatusCode.Conflict => new CliException(ExitCode.Refused, message, remedy),
            HttpStatusCode.TooManyRequests => new CliException(
                ExitCode.Throttled, message, response.Headers.RetryAfter?.Delta is { } wait ? $"Try again in {wait.TotalSeconds:0} s." : "Try again later."),
            _ => new CliException(ExitCode.Failed, message, remedy),
        };
    }
}

/// <summary>Nobody is there. Verbs that can do without a server catch it.</summary>
sealed class ServerSilentException(string message, Exception inner)
    : CliException(ExitCode.Failed, message, "Start one with 'veltrix up', or name another with --url or --data.", inner);

/// <summary>The server looked at a hunt's definition and found faults, each with line, column, message and remedy.</summary>
sealed class HuntFaultyException(string message, IReadOnlyList<JsonNode> faults) : CliException(ExitCode.Failed, message)
{
    public IReadOnlyList<JsonNode> Faults { get; } = faults;
}
