using System.Net.Sockets;

namespace Veltrix.Crowd;

/// <summary>
/// One WebSocket that speaks for many hunters. Commands go out in order without waiting for each other, and at most <see cref="Window"/> are open at a time: below
/// the 256 frames that the server keeps for a slow reader, even when each is owed an ack and an outcome.
/// </summary>
sealed class Relay : IAsyncDisposable
{
    public const int Window = 100;

    const int HelloId = 1;

    readonly LiveConnection connection;
    readonly ClientFrame frames = new();
    readonly SemaphoreSlim window = new(Window);
    readonly Lock gate = new();
    readonly TaskCompletionSource welcomed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly TaskCompletionSource<Exception> failed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // By the id of the frame: a join is done with its ack, a submission with its outcome, which carries the command's name only.
    readonly Dictionary<long, string> open = [];
    readonly Dictionary<string, long> idOf = new(StringComparer.Ordinal);
    readonly Task receiving;
    long lastId = HelloId;
    bool leaving;

    Relay(LiveConnection connection)
    {
        this.connection = connection;
        receiving = Receive();
    }

    public static async Task<Relay> Open(LiveAddress address, string token, CancellationToken cancel)
    {
        try
        {
            var relay = new Relay(await LiveConnection.Open(address, null, cancel));
            relay.connection.Send(relay.frames.Hello(HelloId, token, null, 0, top: 0));
            await relay.OrFailure(relay.welcomed.Task, cancel);
            return relay;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new CrowdException($"{address.Host}: the live connection for the replay could not be made: {e.Message}", e);
        }
    }

    public Task Join(string hunter, string instance, int seq, string nickname, long atMs, CancellationToken cancel) =>
        Send($"{hunter}.{instance}.{seq}", isJoin: true, id => frames.RelayJoin(id, hunter, instance, seq, nickname, atMs), cancel);

    public Task Submit(string hunter, string instance, int seq, string challenge, string answer, long atMs, CancellationToken cancel) =>
        Send($"{hunter}.{instance}.{seq}", isJoin: false, id => frames.RelaySubmit(id, hunter, instance, seq, challenge, answer, atMs), cancel);

    /// <summary>Waits until everything sent is done: joins acknowledged, submissions decided.</summary>
    public async Task Drain(CancellationToken cancel)
    {
        for (int i = 0; i < Window; i++)
            await OrFailure(window.WaitAsync(cancel), cancel);
        window.Release(Window);
    }

    public async ValueTask DisposeAsync()
    {
        lock (gate)
            leaving = true;
        connection.Leave();
        await receiving;
        frames.Dispose();
        window.Dispose();
    }

    delegate ReadOnlySpan<byte> FrameWriter(long id);

    async Task Send(string command, bool isJoin, FrameWriter write, CancellationToken cancel)
    {
        await OrFailure(window.WaitAsync(cancel), cancel);
        lock (gate)
        {
            long id = ++lastId;
            open.Add(id, command);
            if (!isJoin)
                idOf.Add(command, id);
            connection.Send(write(id)); // if it fails, the receiving side says why
        }
    }

    async Task OrFailure(Task task, CancellationToken cancel)
    {
        if (task.IsCompletedSuccessfully && !failed.Task.IsCompleted)
            return;
        if (await Task.WhenAny(task, failed.Task).WaitAsync(cancel) == failed.Task)
            throw await failed.Task;
        await task;
    }

    async Task Receive()
    {
        var farewell = await connection.Receive(Handle);
        bool expected;
        int left;
        lock (gate)
            (expected, left) = (leaving, open.Count);
        if (!expected)
            failed.TrySetResult(new CrowdException($"The replay's connection ended ({farewell.Code} {farewell.Name}) with {left} commands not done yet."));
    }

    void Handle(ReadOnlySpan<byte> json)
    {
        var frame = ServerFrame.Peek(json);
        switch (frame.Kind)
        {
            case FrameKind.Welcome:
                welcomed.TrySetResult();
                break;
            case FrameKind.Ack:
                lock (gate)
                {
                    if (open.TryGetValue(frame.Id, out string? command) && !idOf.ContainsKey(command))
                        Done(frame.Id, command);
                }

                break;
            case FrameKind.Outcome:
                var outcome = frame.ReadOutcome();
                lock (gate)
                {
                    if (idOf.TryGetValue(outcome.Command, out long id))
                        Done(id, outcome.Command);
                }

                break;
            case FrameKind.Error:
                var error = frame.ReadError();
                failed.TrySetResult(new CrowdException($"The server refused frame {frame.Id} of the replay: {error.Code}: {error.Message}"));
                break;
        }
    }

    void Done(long id, string command)
    {
        open.Remove(id);
        idOf.Remove(command);
        window.Release();
    }
}
