using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace Veltrix.Crowd;

/// <summary>The HTTP interface of the servers of a hunt, as far as crowds use it: asked in turn, so that a request made again goes to another. Few kept-alive connections, shared by everybody.</summary>
sealed class HuntHttp : IDisposable
{
    readonly HttpClient client;
    readonly Uri[] servers;
    uint turn = uint.MaxValue;

    /// <param name="connections">Most connections to one server at a time; further requests wait their turn.</param>
    public HuntHttp(IReadOnlyList<Uri> urls, int connections)
    {
        servers = [.. urls.Select(url => new Uri(url.AbsoluteUri.TrimEnd('/') + "/"))];
        client = new HttpClient(new SocketsHttpHandler
        {
            MaxConnectionsPerServer = connections,
            UseCookies = false,
            UseProxy = false,
            ConnectTimeout = TimeSpan.FromSeconds(5),
        })
        {
            Timeout = TimeSpan.FromSeconds(30),
        };
    }

    public sealed record HuntInfo(string Id, string Phase, int? TeamSize, long? Teams);

    public sealed record Joined(string Hunter, string Token, JoinedTeam? Team);

    /// <summary>What a join is answered: a hunter with its token, or a ticket to wait with.</summary>
    public sealed record JoinAnswer(string? Hunter, string? Token, JoinedTeam? Team, string? Ticket, int? PollS, bool? Socket)
    {
        public Joined? Joined => Hunter is not null && Token is not null ? new(Hunter, Token, Team) : null;
    }

    public sealed record Place(string State, int? PollS, bool? Socket);

    public sealed record JoinedTeam(string? Invite);

    public sealed record BoardPage(long Teams, BoardRow[] Rows);

    public sealed record BoardRow(int Rank, string Name, long Score);

    public Task<HuntInfo> Hunt(string hunt, CancellationToken cancel) => Read<HuntInfo>(new(HttpMethod.Get, Path(hunt)), cancel);

    /// <summary>Joins as a guest; in a team hunt with the mates' invite, or, without one, founding <paramref name="found"/>.</summary>
    /// <param name="ticket">Of an earlier answer.</param>
    /// <param name="proof">Challenge and nonce, where they were asked for.</param>
    public Task<JoinAnswer> Join(string hunt, string nickname, string? found, string? invite, string? ticket, (string Challenge, string Nonce)? proof, CancellationToken cancel)
    {
        var body = new Dictionary<string, object> { ["nickname"] = nickname };
        if (invite is not null)
            body["team"] = new { invite };
        else if (found is not null)
            body["team"] = new { found };
        if (ticket is not null)
            body["ticket"] = ticket;
        if (proof is var (challenge, nonce))
            body["proof"] = new { challenge, nonce };
        return Read<JoinAnswer>(new(HttpMethod.Post, Path(hunt) + "/join") { Content = JsonContent.Create(body) }, cancel);
    }

    /// <summary>Where the holder of a ticket stands.</summary>
    public Task<Place> PlaceOf(string hunt, string ticket, CancellationToken cancel) => Read<Place>(With(ticket, new(HttpMethod.Get, Path(hunt) + "/place")), cancel);

    /// <summary>Publishes a hunt whose time is what its commands say. Needs a key of scope <c>replay</c>.</summary>
    public async Task PublishRecorded(string yaml, string key, CancellationToken cancel)
    {
        var content = new StringContent(yaml, Encoding.UTF8, "application/yaml");
        await Read<JsonElement>(With(key, new(HttpMethod.Post, "v1/hunts?clock=recorded") { Content = content }), cancel);
    }

    public Task<BoardPage> Board(string hunt, int offset, int limit, CancellationToken cancel) =>
        Read<BoardPage>(new(HttpMethod.Get, $"{Path(hunt)}/board?offset={offset}&limit={limit}"), cancel);

    /// <summary>The ledger as lines, each one a record, from its beginning to its present end.</summary>
    public async IAsyncEnumerable<string> Ledger(string hunt, string key, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var request = With(key, new(HttpMethod.Get, Path(hunt) + "/ledger?after=0"));
        using var response = await Send(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(cancel), Encoding.UTF8, false, 64 * 1024);
        while (await lines.ReadLineAsync(cancel) is { } line)
        {
            if (line.Length > 0)
                yield return line;
        }
    }

    public void Dispose() => client.Dispose();

    static string Path(string hunt) => $"v1/hunts/{Uri.EscapeDataString(hunt)}";

    static HttpRequestMessage With(string key, HttpRequestMessage request)
    {
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return request;
    }

    async Task<T> Read<T>(HttpRequestMessage message, CancellationToken cancel)
    {
        using var request = message;
        using var response = await Send(request, HttpCompletionOption.ResponseContentRead, cancel);
        try
        {
            return await response.Content.ReadFromJsonAsync<T>(CrowdJson.Options, cancel) ?? throw new JsonException("the answer is null");
        }
        catch (JsonException e)
        {
            throw new WireException($"{request.Method} {request.RequestUri} was answered with something else than expected: {e.Message}");
        }
    }

    /// <exception cref="HttpRefusedException">The answer is no success.</exception>
    /// <exception cref="HttpRequestException">There is no answer.</exception>
    async Task<HttpResponseMessage> Send(HttpRequestMessage request, HttpCompletionOption completion, CancellationToken cancel)
    {
        HttpResponseMessage response;
        request.RequestUri = new Uri(servers[Interlocked.Increment(ref turn) % (uint)servers.Length], request.RequestUri!);
        try
        {
            response = await client.SendAsync(request, completion, cancel);
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw new HttpRequestException($"no answer within {client.Timeout.TotalSeconds} s", e);
        }

        if (response.IsSuccessStatusCode)
            return response;
        using (response)
            throw await Refusal(request, response, cancel);
    }

    static async Task<HttpRefusedException> Refusal(HttpRequestMessage request, HttpResponseMessage response, CancellationToken cancel)
    {
        string body = await response.Content.ReadAsStringAsync(cancel);
        Problem? problem = null;
        try
        {
            problem = JsonSerializer.Deserialize<Problem>(body, CrowdJson.Options);
        }
        catch (JsonException)
        {
            // Not every proxy in between speaks problem+json.
        }

        return new HttpRefusedException(request, response.StatusCode, problem?.Code, response.Headers.RetryAfter?.Delta, body.Length > 2000 ? body[..2000] : body)
        {
            Work = problem is { Challenge: { } challenge, Bits: { } bits } ? (challenge, bits) : null,
        };
    }

    sealed record Problem(string? Code, string? Challenge, int? Bits);
}

/// <summary>The server answered a request with a refusal.</summary>
sealed class HttpRefusedException(HttpRequestMessage request, HttpStatusCode status, string? code, TimeSpan? retryAfter, string body)
    : Exception($"{request.Method} {request.RequestUri} was answered {(int)status} {body}".TrimEnd())
{
    public HttpStatusCode Status { get; } = status;

    /// <summary>The stable code of the problem, or the status where it has none.</summary>
    public string Code { get; } = code ?? $"Http{(int)status}";

    public TimeSpan? RetryAfter { get; } = retryAfter;

    /// <summary>The proof of work that is asked for.</summary>
    public (string Challenge, int Bits)? Work { get; init; }

    /// <summary>Full, starting or over its pace: the same request may succeed later.</summary>
    public bool MayRetry => Status is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout;
}
