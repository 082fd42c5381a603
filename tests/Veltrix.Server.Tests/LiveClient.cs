using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Veltrix.Server.Live;

namespace Veltrix.Server.Tests;

/// <summary>A hunter's end of the live protocol, for tests: sends frames and waits for the kinds it is asked for.</summary>
public sealed class LiveClient : IAsyncDisposable
{
    // Machines that run tests are busy.
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    readonly ClientWebSocket socket = new();
    readonly List<JsonNode> passedOver = [];
    long lastId;

    public JsonNode Welcome { get; private set; } = null!;

    public WebSocketCloseStatus? CloseStatus => socket.CloseStatus;

    public string? CloseReason => socket.CloseStatusDescription;

    /// <summary>Connects and, unless told otherwise, says hello.</summary>
    public static async Task<LiveClient> Connect(Uri url, string hunt, string? token, object? hello = null, bool sayHello = true, string? origin = null)
    {
        var client = new LiveClient();
        if (origin is not null) client.socket.Options.SetRequestHeader("Origin", origin);
        await client.socket.ConnectAsync(new UriBuilder(url) { Scheme = "ws", Path = $"/v1/hunts/{hunt}/live" }.Uri, TestContext.Current.CancellationToken);
        if (!sayHello) return client;
        var body = JsonSerializer.SerializeToNode(hello ?? new { })!.AsObject();
        body.TryAdd("token", token);
        body.TryAdd("instance", "test");
        await client.Send("hello", body);
        client.Welcome = await client.Next("welcome");
        return client;
    }

    public async Task<long> Send(string kind, object body)
    {
        await SendText(new JsonObject { ["id"] = ++lastId, [kind] = JsonSerializer.SerializeToNode(body) }.ToJsonString());
        return lastId;
    }

    public Task SendText(string text) => SendBytes(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text);

    public Task SendBytes(byte[] bytes, WebSocketMessageType type, bool endOfMessage = true) =>
        socket.SendAsync(bytes, type, endOfMessage, TestContext.Current.CancellationToken);

    /// <summary>Submits, and gives the outcome.</summary>
    public async Task<JsonNode> Submit(long seq, string challenge, string answer)
    {
        await Send("submit", new { seq, challenge, answer });
        await Next("ack");
        return await Next("outcome", o => (long)o["seq"]! == seq);
    }

    /// <summary>Waits for the next frame of a kind, keeping others for later; gives its members.</summary>
    public async Task<JsonNode> Next(string kind, Func<JsonNode, bool>? which = null) =>
        (await NextFrame(kind, frame => frame[kind] is { } members && which?.Invoke(members) != false))[kind]!;

    /// <summary>Waits for the answer to the frame of this id.</summary>
    public Task<JsonNode> Answer(long id) => NextFrame($"an answer to frame {id}", frame => (long?)frame["id"] == id);

    /// <summary>Asks and is answered: all that the server had posted before has arrived then.</summary>
    public async Task Ping() => Assert.NotNull((await Answer(await Send("ping", new { })))["pong"]);

    /// <summary>Frames of a kind that have arrived and were not asked for.</summary>
    public IReadOnlyList<JsonNode> Kept(string kind) => [.. passedOver.Where(frame => frame[kind] is not null).Select(frame => frame[kind]!)];

    /// <summary>Waits for the next frame that fits, keeping others for later.</summary>
    public async Task<JsonNode> NextFrame(string what, Func<JsonNode, bool> fits)
    {
        if (passedOver.FindIndex(frame => fits(frame)) is >= 0 and var at)
        {
            var kept = passedOver[at];
            passedOver.RemoveAt(at);
            return kept;
        }

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(Patience);
        while (true)
        {
            var frame = await Receive(timeout.Token) ?? throw new InvalidOperationException($"closed with {CloseStatus} {CloseReason} while waiting for {what}");
            if (fits(frame)) return frame;
            passedOver.Add(frame);
        }
    }

    /// <summary>Reads until the server closes, as it must, with this code; gives all frames that came before.</summary>
    public async Task<List<JsonNode>> ReadToClose(CloseCode expected)
    {
        var frames = await ReadToClose();
        Assert.Equal(expected.Code, (int?)CloseStatus);
        Assert.Equal(expected.Name, (string)JsonNode.Parse(CloseReason!)!["code"]!);
        return frames;
    }

    /// <summary>Reads until the server closes; gives all frames that came before.</summary>
    public async Task<List<JsonNode>> ReadToClose()
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(Patience);
        while (await Receive(timeout.Token) is { } frame) passedOver.Add(frame);
        return passedOver;
    }

    async Task<JsonNode?> Receive(CancellationToken cancel)
    {
        var buffer = new byte[64 * 1024];
        var length = 0;
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(length), cancel);
            if (part.MessageType == WebSocketMessageType.Close) return null;
            length += part.Count;
            if (part.EndOfMessage) return JsonNode.Parse(buffer.AsSpan(0, length));
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            try
            {
                await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).WaitAsync(Patience);
            }
            catch (Exception e) when (e is WebSocketException or TimeoutException)
            {
                // The server may be gone already; that is what some tests do.
            }

        socket.Dispose();
    }
}
