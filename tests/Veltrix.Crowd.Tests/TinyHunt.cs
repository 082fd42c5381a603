using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Veltrix.Crowd.Tests;

/// <summary>What a <see cref="TinyHunt"/> does wrong, so that a crowd can be seen to notice.</summary>
sealed record Mischief
{
    /// <summary>The ledger keeps this command (counted from 1) to itself.</summary>
    public int LoseRecord { get; init; }

    /// <summary>The ledger tells this one twice.</summary>
    public int RepeatRecord { get; init; }

    /// <summary>The n-th submission's connection is closed with 4001 before its ack, its outcome left for the resume.</summary>
    public int KickAt { get; init; }

    /// <summary>Where that one is sent: a path at this very server, of which only <c>/elsewhere</c> is there.</summary>
    public string? KickTo { get; init; }

    /// <summary>The n-th submission's connection is torn before anything was decided.</summary>
    public int TearAt { get; init; }

    /// <summary>No boards after this many ticks, for every other connection.</summary>
    public int DeafAfterTicks { get; init; } = int.MaxValue;

    /// <summary>The n-th submission is answered with an error and not taken.</summary>
    public int RefuseAt { get; init; }

    /// <summary>The first so many joins are answered 503.</summary>
    public int RefuseJoins { get; init; }

    public bool HideLedger { get; init; }
}

/// <summary>
/// A whole hunt in one lock, in memory, that speaks the protocol: it decides, ranks by finish, then score, then time, keeps a ledger, remembers outcomes for a resume and
/// takes relays. The crowd's own counterpart in tests; the real server is tested with the crowd elsewhere.
/// </summary>
sealed class TinyHunt : IAsyncDisposable
{
    const string Id = "tiny";

    readonly Lock gate = new();
    readonly Dictionary<string, Player> players = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<int, Socket> sockets = new();
    readonly List<(string Command, string Line)> ledger = [];
    readonly CancellationTokenSource closing = new();
    readonly Mischief mischief;
    WebApplication app = null!;
    Task ticking = null!;
    (string Id, int Points, string[] Answers, bool Final)[] challenges;
    long closesMs = long.MaxValue;
    long position = 1000;
    int submissions;
    int joins;
    int lastSocket;
    int elsewhere;

    TinyHunt(int size, Mischief mischief)
    {
        challenges = [.. Enumerable.Range(0, size).Select(i => ($"c{i}", 1, new[] { $"answer {i}" }, false))];
        this.mischief = mischief;
    }

    public Uri Url { get; private set; } = null!;

    public string Phase { get; private set; } = "open";

    public string? Definition { get; private set; }

    /// <summary>The team that each nickname founded, or was invited to.</summary>
    public ConcurrentDictionary<string, string?> TeamOf { get; } = new(StringComparer.Ordinal);

    public int Submissions => Volatile.Read(ref submissions);

    /// <summary>Connections that came to <c>/elsewhere</c>.</summary>
    public int Elsewhere => Volatile.Read(ref elsewhere);

    public static async Task<TinyHunt> Start(int challenges = 20, Mischief? mischief = null)
    {
        var hunt = new TinyHunt(challenges, mischief ?? new());
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        hunt.app = builder.Build();
        hunt.Map();
        await hunt.app.StartAsync();
        hunt.Url = new Uri(hunt.app.Urls.Single());
        hunt.ticking = hunt.Tick();
        return hunt;
    }

    public string AnswersFile(TemporaryFolder folder) => folder.Write("answers.json", JsonSerializer.Serialize(new
    {
        hunt = Id,
        audit_key = "secret",
        challenges = challenges.Select((c, i) => new { id = c.Id, answer = c.Answers[0], requires = i % 5 == 4 ? new[] { challenges[i - 1].Id } : [] }),
    }));

    public async Task Close()
    {
        Phase = "closed";
        foreach (var socket in sockets.Values)
            await socket.Send(new { hunt = new { phase = Phase } });
    }

    /// <summary>Goes away for good, with every connection torn.</summary>
    public async Task Die()
    {
        foreach (var socket in sockets.Values)
            socket.Web.Abort();
        await closing.CancelAsync();
        await app.StopAsync(new CancellationToken(true));
    }

    public async ValueTask DisposeAsync()
    {
        await Die();
        await ticking;
        await app.DisposeAsync();
        closing.Dispose();
    }

    void Map()
    {
        app.UseWebSockets();
        app.MapGet($"/v1/hunts/{Id}", () => Results.Json(new { id = Id, phase = Phase, team_size = 1 }));
        app.MapPost($"/v1/hunts/{Id}/join", (JoinBody body) =>
        {
            int number = Interlocked.Increment(ref joins);
            if (number <= mischief.RefuseJoins)
                return Results.Json(new { code = "Full" }, statusCode: 503);
            lock (gate)
                players.Add($"h{number}", new Player { Name = $"h{number}" });
            string? team = body.Team?.Found ?? body.Team?.Invite?["join ".Length..];
            TeamOf[body.Nickname] = team;
            return Results.Json(new { hunter = $"h{number}", token = $"h{number}", team = new { invite = $"join {team}" } }, statusCode: 201);
        });
        app.MapPost("/v1/hunts", Publish);
        app.MapGet($"/v1/hunts/{Id}/board", (int offset, int limit) => Board(offset, limit));
        app.MapGet($"/v1/hunts/{Id}/ledger", (HttpRequest request) =>
            mischief.HideLedger || request.Headers.Authorization != "Bearer secret" ? Results.Json(new { code = "Forbidden" }, statusCode: 403)
            : Results.Text(string.Concat(Ledger().Select(l => l + "\n")), "application/x-ndjson"));
        app.Map($"/v1/hunts/{Id}/live", Live);
        app.Map($"/elsewhere/v1/hunts/{Id}/live", (HttpContext context) =>
        {
            Interlocked.Increment(ref elsewhere);
            return Live(context);
        });
    }

    /// <summary>As much of the definition as a replay's outcome needs; that the whole of it is right, the reader of hunts decides.</summary>
    async Task<IResult> Publish(HttpRequest request)
    {
        Definition = await new StreamReader(request.Body).ReadToEndAsync();
        if (request.Headers.Authorization != "Bearer replay-key" || request.Query["clock"] != "recorded")
            return Results.Json(new { code = "Forbidden" }, statusCode: 403);
        var lines = Definition.Split('\n').Select(l => l.Trim()).ToArray();
        closesMs = DateTimeOffset.Parse(lines.Single(l => l.StartsWith("closes: ", StringComparison.Ordinal))[8..]).ToUnixTimeMilliseconds();
        challenges = [.. Definition.Split("  - id: ").Skip(1).Select(c => c.Split('\n').Select(l => l.Trim()).ToArray()).Select(c => (
            c[0],
            int.Parse(c.Single(l => l.StartsWith("points: ", StringComparison.Ordinal))[8..]),
            JsonSerializer.Deserialize<string[]>(c.Single(l => l.StartsWith("answers: ", StringComparison.Ordinal))[9..])!,
            c.Contains("final: true")))];
        return Results.Json(new { id = Id }, statusCode: 201);
    }

    IResult Board(int offset, int limit)
    {
        lock (gate)
        {
            var keys = players.Values.Select(p => p.Key).Order().ToArray();
            var rows = players.Values.OrderBy(p => p.Key).Skip(offset).Take(Math.Min(limit, 2))
                .Select(p => new { rank = Array.IndexOf(keys, p.Key) + 1, name = p.Name, score = p.Score, team = 1 });
            return Results.Json(new { teams = players.Count, rows });
        }
    }

    IEnumerable<string> Ledger()
    {
        lock (gate)
        {
            return [.. ledger.SelectMany((l, i) => i + 1 == mischief.LoseRecord ? [] : i + 1 == mischief.RepeatRecord ? new[] { l.Line, l.Line } : [l.Line])];
        }
    }

    async Task Live(HttpContext context)
    {
        using var web = await context.WebSockets.AcceptWebSocketAsync("veltrix.v1.json");
        var socket = new Socket(web);
        int number = Interlocked.Increment(ref lastSocket);
        var buffer = new byte[4096];
        try
        {
            while (true)
            {
                var received = await web.ReceiveAsync(buffer.AsMemory(), closing.Token);
                if (received.MessageType == WebSocketMessageType.Close)
                    break;
                using var json = JsonDocument.Parse(buffer.AsMemory(0, received.Count));
                if (!await Handle(json.RootElement, socket, number))
                    break;
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // The other side went away, or this one is asked to.
        }

        sockets.TryRemove(number, out _);
    }

    /// <summary>False: the connection is over.</summary>
    async Task<bool> Handle(JsonElement frame, Socket socket, int number)
    {
        long id = frame.GetProperty("id").GetInt64();
        if (frame.TryGetProperty("hello", out var hello))
        {
            string token = hello.GetProperty("token").GetString()!;
            socket.Player = players.GetValueOrDefault(token);
            if (socket.Player is not null)
                socket.Player.Instance = hello.GetProperty("instance").GetString()!;
            long after = hello.GetProperty("last_outcome").GetInt64();
            await socket.Send(new
            {
                id,
                welcome = new { phase = Phase, as_of = new { position, time = 1 }, board_ms = 50, last_seq = socket.Player?.LastSeq ?? 0, reconnect = new { min_ms = 5, max_ms = 50 } },
            });
            foreach (object missed in socket.Player?.Outcomes.Skip((int)after) ?? [])
                await socket.Send(missed);
            sockets[number] = socket;
            return true;
        }

        if (frame.TryGetProperty("join", out var join))
        {
            string command = $"{join.GetProperty("hunter").GetString()}.{join.GetProperty("instance").GetString()}.{join.GetProperty("seq").GetInt32()}";
            lock (gate)
                players.Add(join.GetProperty("hunter").GetString()!, new Player { Name = join.GetProperty("nickname").GetString()! });
            await socket.Send(new { id, ack = new { command, position = ++position } });
            return true;
        }

        int nth = Interlocked.Increment(ref submissions);
        if (nth == mischief.TearAt)
        {
            socket.Web.Abort();
            return false;
        }

        if (nth == mischief.RefuseAt)
        {
            await socket.Send(new { id, error = new { code = "TooFast", message = "5 a second", retry_after_ms = 100 } });
            return true;
        }

        var (ack, outcome) = Decide(frame.GetProperty("submit"), socket.Player, id);
        if (nth == mischief.KickAt)
        {
            await socket.Web.CloseOutputAsync((WebSocketCloseStatus)4001, JsonSerializer.Serialize(new { code = "SlowReader", after_ms = 20, go = mischief.KickTo is { } to ? $"{Url.GetLeftPart(UriPartial.Authority)}{to}" : null }), closing.Token);
            return false;
        }

        await socket.Send(ack);
        if (outcome is not null)
            await socket.Send(outcome);
        return true;
    }

    (object Ack, object? Outcome) Decide(JsonElement submit, Player? own, long id)
    {
        lock (gate)
        {
            var player = own ?? players[submit.GetProperty("hunter").GetString()!];
            string hunter = own?.Name ?? submit.GetProperty("hunter").GetString()!, challenge = submit.GetProperty("challenge").GetString()!;
            string instance = own?.Instance ?? submit.GetProperty("instance").GetString()!;
            int seq = submit.GetProperty("seq").GetInt32();
            string command = $"{hunter}.{instance}.{seq}";
            object ack = new { id, ack = new { command, position = position + 1 } };
            if (seq <= player.LastSeq)
                return (ack, null);
            long at = submit.TryGetProperty("at", out var recorded) ? recorded.GetInt64() : 0;
            var asked = challenges.Single(c => c.Id == challenge);
            bool correct = asked.Answers.Contains(submit.GetProperty("answer").GetString());
            string verdict = at >= closesMs || player.Solved.Contains(challenge) ? "refused" : correct ? "correct" : "incorrect";
            if (verdict == "correct")
            {
                player.Solved.Add(challenge);
                (player.Score, player.SolvedAt) = (player.Score + asked.Points, at);
                player.FinishedAt = asked.Final ? at : player.FinishedAt;
            }

            player.LastSeq = seq;
            ledger.Add((command, JsonSerializer.Serialize(new { position = ++position, command = new { position, id = command }, facts = Array.Empty<object>() })));
            object outcome = new
            {
                outcome = new
                {
                    number = player.Outcomes.Count + 1, command, seq, hunter, challenge, verdict, position,
                    reason = verdict == "refused" ? at >= closesMs ? "Closed" : "AlreadySolved" : null,
                },
            };
            player.Outcomes.Add(outcome);
            return (ack, outcome);
        }
    }

    async Task Tick()
    {
        try
        {
            for (int tick = 0; ; tick++)
            {
                await Task.Delay(50, closing.Token);
                foreach (var (number, socket) in sockets)
                {
                    if (tick < mischief.DeafAfterTicks || number % 2 == 0)
                        await socket.Send(new { board = new { as_of = new { position = Interlocked.Read(ref position), time = 1 }, next_ms = 50 } });
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    sealed record JoinBody(string Nickname, TeamBody? Team);

    sealed record TeamBody(string? Found, string? Invite);

    sealed class Player
    {
        public required string Name { get; init; }

        public string? Instance { get; set; }

        public int LastSeq { get; set; }

        public HashSet<string> Solved { get; } = [];

        public List<object> Outcomes { get; } = [];

        public int Score { get; set; }

        public long SolvedAt { get; set; }

        public long FinishedAt { get; set; } = long.MaxValue;

        public (long, int, long) Key => (FinishedAt, -Score, SolvedAt);
    }

    sealed class Socket(WebSocket web)
    {
        readonly SemaphoreSlim turn = new(1);

        public WebSocket Web { get; } = web;

        public Player? Player { get; set; }

        public async Task Send(object frame)
        {
            await turn.WaitAsync();
            try
            {
                await Web.SendAsync(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(frame)), WebSocketMessageType.Text, true, CancellationToken.None);
            }
            catch (Exception e) when (e is WebSocketException or IOException or ObjectDisposedException or OperationCanceledException)
            {
                // Gone: its own loop notices.
            }
            finally
            {
                turn.Release();
            }
        }
    }
}
