using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Veltrix.Server.Tests;

/// <summary>A hunter's end of the live protocol, for tests: sends frames and waits for the kinds it is asked for.</summary>
public sealed class LiveClient : IAsyncDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

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

    public Task SendBytes(byte[] bytes, WebSocketMessageType type) => socket.SendAsync(bytes, type, true, TestContext.Current.CancellationToken);

    /// <summary>Submits, and gives the outcome.</summary>
    public async Task<JsonNode> Submit(long seq, string challenge, string answer)
    {
        await Send("submit", new { seq, challenge, answer });
        await Next("ack");
        return await Next("outcome", o => (long)o["seq"]! == seq);
    }

    /// <summary>Waits for the next frame of a kind, keeping others for later; gives its members.</summary>
    public async Task<JsonNode> Next(string kind, Func<JsonNode, bool>? which = null)
    {
        for (var i = 0; i < passedOver.Count; i++)
            if (Fits(passedOver[i]) is { } kept)
            {
                passedOver.RemoveAt(i);
                return kept;
            }

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(Patience);
        while (true)
        {
            var frame = await Receive(timeout.Token) ?? throw new InvalidOperationException($"closed with {CloseStatus} {CloseReason} while waiting for {kind}");
            if (Fits(frame) is { } found) return found;
            passedOver.Add(frame);
        }

        JsonNode? Fits(JsonNode frame) => frame[kind] is { } members && which?.Invoke(members) != false ? members : null;
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
        if (socket.State == WebSocketState.Open)
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
