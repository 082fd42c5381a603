using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Veltrix.Cli.Tests.EndToEnd;

/// <summary>What came of an attempt to get in: who it is (201), a ticket (202), or a refusal.</summary>
sealed record Knock(HttpStatusCode Status, JsonNode Body)
{
    public bool IsIn => Status is HttpStatusCode.Created;

    public bool Waits => Status is HttpStatusCode.Accepted;

    public string Code => (string?)Body["code"] ?? "";

    public string Detail => (string?)Body["detail"] ?? "";

    public string Hunter => (string)Body["hunter"]!;

    public string? Ticket => (string?)Body["ticket"];

    public override string ToString() => $"{(int)Status} {Body.ToJsonString()}";
}

/// <summary>
/// A hunter's whole end of the wire: answers wrongly at a pace of its own, one answer after the outcome of the other, takes up lost connections, and keeps all that it was told.
/// </summary>
sealed class Player : IAsyncDisposable
{
    static readonly HttpClient Http = new(new SocketsHttpHandler { MaxConnectionsPerServer = 64 }) { Timeout = TimeSpan.FromSeconds(20) };
    static readonly TimeSpan ReconnectAfter = TimeSpan.FromMilliseconds(200);
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    readonly Uri server;
    readonly string token;
    readonly string challenge;
    readonly TimeSpan pace;
    readonly CancellationTokenSource leaving = new();
    readonly Task running;
    readonly Lock guard = new();
    readonly Dictionary<long, string?> submitted = []; // seq → verdict, null while it is not decided
    readonly HashSet<long> acknowledged = [];
    readonly TaskCompletionSource welcomed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    long lastOutcome;
    long lastSeq;
    volatile bool isDone;
    volatile ClientWebSocket? connection;

    Player(Uri server, string hunter, string token, string challenge, TimeSpan pace)
    {
        (this.server, Hunter, this.token, this.challenge, this.pace) = (server, hunter, token, challenge, pace);
        running = Task.Run(Live);
    }

    public string Hunter { get; }

    /// <summary>Codes and messages of all frames that refused something.</summary>
    public ConcurrentQueue<JsonNode> Errors { get; } = [];

    /// <summary>Frames that said that it has no seat.</summary>
    public int Waited { get; private set; }

    /// <summary>Connections that were welcomed.</summary>
    public int Welcomes { get; private set; }

    public int Decided
    {
        get
        {
            lock (guard) return submitted.Values.Count(verdict => verdict is not null);
        }
    }

    /// <summary>What its outcomes said.</summary>
    public IReadOnlyList<string> Verdicts
    {
        get
        {
            lock (guard) return [.. submitted.Values.OfType<string>()];
        }
    }

    /// <summary>Acknowledged, and no outcome came.</summary>
    public IReadOnlyList<long> Undecided
    {
        get
        {
            lock (guard) return [.. acknowledged.Where(seq => submitted[seq] is null)];
        }
    }

    /// <summary>Asks for a seat once.</summary>
    public static async Task<Knock> Ask(Uri server, string hunt, string nickname, string? ticket = null)
    {
        using var response = await Http.PostAsJsonAsync(new Uri(server, $"/v1/hunts/{hunt}/join"), new { nickname, ticket }, TestContext.Current.CancellationToken);
        return new Knock(response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!);
    }

    /// <summary>Where the holder of a ticket stands.</summary>
    public static async Task<JsonNode> Place(Uri server, string hunt, string ticket)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server, $"/v1/hunts/{hunt}/place"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ticket);
        using var response = await Http.SendAsync(request, TestContext.Current.CancellationToken);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
    }

    /// <summary>One who has got in begins to play, and is connected when this returns.</summary>
    public static async Task<Player> Begin(Uri server, string hunt, Knock joined, string challenge = "a", TimeSpan? pace = null)
    {
        Assert.True(joined.IsIn, $"not let in: {joined}");
        var player = new Player(new UriBuilder(server) { Scheme = "ws", Path = $"/v1/hunts/{hunt}/live" }.Uri, joined.Hunter, (string)joined.Body["token"]!, challenge, pace ?? TimeSpan.FromMilliseconds(500));
        await player.welcomed.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        return player;
    }

    /// <summary>Submits nothing more, and waits until all that was sent is decided.</summary>
    public async Task Finish()
    {
        isDone = true;
        var patience = DateTime.UtcNow + Patience;
        while (IsWaiting() && DateTime.UtcNow < patience) await Task.Delay(20);
    }

    /// <summary>The network between drops the connection; it is taken up again at once.</summary>
    public void Drop() => connection?.Abort();

    bool IsWaiting()
    {
        lock (guard) return submitted.Values.Any(verdict => verdict is null);
    }

    async Task Live()
    {
        while (!leaving.IsCancellationRequested)
        {
            using var socket = new ClientWebSocket();
            using var over = CancellationTokenSource.CreateLinkedTokenSource(leaving.Token);
            connection = socket;
            try
            {
                await socket.ConnectAsync(server, over.Token);
                await Send(socket, 0, "hello", new { token, instance = "e2e", last_outcome = lastOutcome });
                var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                var reading = Read(socket, ready, over);
                await Submit(socket, ready.Task, over.Token);
                await reading;
            }
            catch (Exception e) when (e is WebSocketException or OperationCanceledException or InvalidOperationException or IOException)
            {
                // Taken up again.
            }

            await Task.Delay(ReconnectAfter, leaving.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    async Task Submit(ClientWebSocket socket, Task ready, CancellationToken over)
    {
        await ready.WaitAsync(over);
        // What was sent on the connection before and is not decided goes first.
        if (IsWaiting()) await Send(socket, lastSeq, "submit", new { seq = lastSeq, challenge, answer = $"wrong {lastSeq}" });
        while (!over.IsCancellationRequested)
        {
            await Task.Delay(pace, over);
            if (isDone || IsWaiting()) continue;
            lock (guard) submitted[++lastSeq] = null;
            await Send(socket, lastSeq, "submit", new { seq = lastSeq, challenge, answer = $"wrong {lastSeq}" });
        }
    }

    async Task Read(ClientWebSocket socket, TaskCompletionSource ready, CancellationTokenSource over)
    {
        try
        {
            var buffer = new byte[64 * 1024];
            var length = 0;
            while (true)
            {
                var part = await socket.ReceiveAsync(buffer.AsMemory(length), over.Token);
                if (part.MessageType == WebSocketMessageType.Close) return;
                length += part.Count;
                if (!part.EndOfMessage) continue;
                Take(JsonNode.Parse(buffer.AsSpan(0, length))!, ready);
                length = 0;
            }
        }
        finally
        {
            await over.CancelAsync();
        }
    }

    void Take(JsonNode frame, TaskCompletionSource ready)
    {
        lock (guard)
        {
            if (frame["welcome"] is not null)
            {
                Welcomes++;
                ready.TrySetResult();
                welcomed.TrySetResult();
            }
            else if (frame["ack"] is not null) acknowledged.Add((long)frame["id"]!);
            else if (frame["outcome"] is { } outcome)
            {
                lastOutcome = Math.Max(lastOutcome, (long)outcome["number"]!);
                if (submitted.ContainsKey((long)outcome["seq"]!)) submitted[(long)outcome["seq"]!] = (string)outcome["verdict"]!;
            }
            else if (frame["waiting"] is not null) Waited++;
            else if (frame["error"] is { } error)
            {
                Errors.Enqueue(error.DeepClone());
                // Refused for now, so nothing was sent.
                if ((long?)frame["id"] is { } seq && submitted.TryGetValue(seq, out var verdict) && verdict is null && seq == lastSeq)
                {
                    submitted.Remove(seq);
                    lastSeq--;
                }
            }
        }
    }

    static Task Send(ClientWebSocket socket, long id, string kind, object body) => socket.SendAsync(
        JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["id"] = id, [kind] = JsonSerializer.SerializeToNode(body) }), WebSocketMessageType.Text, true, CancellationToken.None);

    /// <summary>Lets go of the connection, as somebody who shuts the lid.</summary>
    public async ValueTask DisposeAsync()
    {
        await leaving.CancelAsync();
        await running;
        leaving.Dispose();
    }
}
