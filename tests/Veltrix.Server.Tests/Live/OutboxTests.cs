using System.Buffers;
using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Text;
using Veltrix.Server.Live;

namespace Veltrix.Server.Tests.Live;

/// <summary>What one socket is sent when its reader is quick, slow or gone.</summary>
public sealed class OutboxTests : IDisposable
{
    /// <summary>Longer than what a pipe holds: sending it goes on until somebody reads.</summary>
    static readonly byte[] Plug = Enumerable.Repeat((byte)'p', 4 * PipeBytes).ToArray();

    const int PipeBytes = 1024;

    readonly WebSocket client;
    readonly Outbox outbox;
    readonly WebSocket server;

    public OutboxTests()
    {
        var options = new PipeOptions(pauseWriterThreshold: PipeBytes, resumeWriterThreshold: PipeBytes / 2, useSynchronizationContext: false);
        Pipe up = new(options), down = new(options);
        server = WebSocket.CreateFromStream(new Duplex(up.Reader.AsStream(), down.Writer.AsStream()), new WebSocketCreationOptions { IsServer = true });
        client = WebSocket.CreateFromStream(new Duplex(down.Reader.AsStream(), up.Writer.AsStream()), new WebSocketCreationOptions { IsServer = false });
        outbox = new Outbox(server);
    }

    public void Dispose()
    {
        client.Dispose();
        server.Dispose();
    }

    [Fact]
    public async Task Frames_arrive_in_the_order_in_which_they_were_posted()
    {
        for (var i = 0; i < 200; i++) outbox.Post(Encoding.UTF8.GetBytes($"{i}"));
        for (var i = 0; i < 200; i++) Assert.Equal($"{i}", await Read());
    }

    [Fact]
    public async Task A_slow_reader_gets_the_newest_board_and_no_older_one()
    {
        outbox.Post(Plug);
        for (var i = 0; i < 100; i++) outbox.PostBoard(Board($"board {i}"));
        outbox.Post("an outcome"u8.ToArray());
        Assert.Equal(Plug.Length, (await Read()).Length);
        Assert.Equal("an outcome", await Read());
        Assert.Equal("board 99", await Read());
        outbox.PostBoard(Board("board 100"));
        Assert.Equal("board 100", await Read());
    }

    [Fact]
    public async Task With_256_frames_kept_a_reader_may_still_catch_up()
    {
        outbox.Post(Plug);
        for (var i = 0; i < Outbox.FramesMax; i++) outbox.Post(Encoding.UTF8.GetBytes($"{i}"));
        await Read();
        for (var i = 0; i < Outbox.FramesMax; i++) Assert.Equal($"{i}", await Read());
    }

    [Fact]
    public async Task With_257_frames_kept_a_reader_is_sent_away_without_them()
    {
        outbox.Post(Plug);
        for (var i = 0; i <= Outbox.FramesMax; i++) outbox.Post("late"u8.ToArray());
        await Read();
        Assert.Null(await ReadOrClose());
        Assert.Equal(4001, (int)client.CloseStatus!);
        Assert.Contains("after_ms", client.CloseStatusDescription);
    }

    [Fact]
    public async Task Boards_alone_never_send_anybody_away()
    {
        outbox.Post(Plug);
        for (var i = 0; i < 10 * Outbox.FramesMax; i++) outbox.PostBoard(Board($"board {i}"));
        await Read();
        Assert.Equal($"board {10 * Outbox.FramesMax - 1}", await Read());
    }

    [Fact]
    public async Task What_was_posted_before_the_close_arrives_and_nothing_after_it()
    {
        outbox.Post("before"u8.ToArray());
        outbox.Close(CloseCodes.Banned);
        outbox.Post("after"u8.ToArray());
        outbox.PostBoard(Board("after"));
        outbox.Close(CloseCodes.Restart);
        Assert.Equal("before", await Read());
        Assert.Null(await ReadOrClose());
        Assert.Equal(4502, (int)client.CloseStatus!);
        Assert.Equal("""{"code":"Banned"}""", client.CloseStatusDescription);
    }

    [Fact]
    public async Task From_many_threads_every_frame_arrives_once()
    {
        const int threads = 4, each = Outbox.FramesMax / threads;
        var posting = Enumerable.Range(0, threads).Select(t => Task.Run(async () =>
        {
            for (var i = 0; i < each; i++)
            {
                outbox.Post(Encoding.UTF8.GetBytes($"{t}.{i}"));
                if (i % 10 == 0) await Task.Yield();
            }
        })).ToArray();
        var seen = new HashSet<string>();
        for (var i = 0; i < threads * each; i++) Assert.True(seen.Add(await Read()));
        await Task.WhenAll(posting);
    }

    /// <summary>A close that falls into the moment in which the last frame has left must not be lost, nor be sent twice.</summary>
    [Fact]
    public async Task A_close_beside_a_post_is_always_told()
    {
        for (var round = 0; round < 300; round++)
        {
            using var one = new OutboxTests();
            using var start = new Barrier(2);
            var posting = Task.Run(() =>
            {
                start.SignalAndWait(TestContext.Current.CancellationToken);
                one.outbox.Post("frame"u8.ToArray());
            }, TestContext.Current.CancellationToken);
            var closing = Task.Run(() =>
            {
                start.SignalAndWait(TestContext.Current.CancellationToken);
                for (var i = 0; i < round; i++) Thread.SpinWait(1);
                one.outbox.Close(CloseCodes.Restart);
            }, TestContext.Current.CancellationToken);
            await Task.WhenAll(posting, closing);
            while (await one.ReadOrClose() is not null)
            {
            }

            Assert.Equal(1012, (int?)one.client.CloseStatus);
            Assert.Equal(WebSocketState.CloseSent, one.server.State);
        }
    }

    [Fact]
    public async Task Who_arrives_when_all_are_being_sent_away_is_sent_away_too()
    {
        var sockets = new OpenSockets();
        sockets.Close(CloseCodes.Restart, []);
        sockets.Add(outbox);
        Assert.Null(await ReadOrClose());
        Assert.Equal(1012, (int)client.CloseStatus!);
    }

    [Fact]
    public void Posting_to_a_socket_that_is_gone_does_no_harm()
    {
        server.Abort();
        for (var i = 0; i < 1000; i++) outbox.Post("into the void"u8.ToArray());
        outbox.PostBoard(Board("too"));
        outbox.Close(CloseCodes.Restart);
    }

    async Task<string> Read() => await ReadOrClose() ?? throw new InvalidOperationException($"closed with {client.CloseStatus}");

    async Task<string?> ReadOrClose()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(30));
        var buffer = new byte[2 * 4 * PipeBytes];
        for (var length = 0; ;)
        {
            var part = await client.ReceiveAsync(buffer.AsMemory(length), patience.Token);
            if (part.MessageType == WebSocketMessageType.Close) return null;
            length += part.Count;
            if (part.EndOfMessage) return Encoding.UTF8.GetString(buffer, 0, length);
        }
    }

    /// <summary>As the pacer makes them: rented, the outbox gives them back.</summary>
    static ArraySegment<byte> Board(string text)
    {
        var rented = ArrayPool<byte>.Shared.Rent(64);
        return new ArraySegment<byte>(rented, 0, Encoding.UTF8.GetBytes(text, rented));
    }

    /// <summary>One end of a pair of pipes.</summary>
    sealed class Duplex(Stream reading, Stream writing) : Stream
    {
        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => reading.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancel = default) => reading.ReadAsync(buffer, cancel);

        public override void Write(byte[] buffer, int offset, int count) => writing.Write(buffer, offset, count);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancel = default) => writing.WriteAsync(buffer, cancel);

        public override void Flush() => writing.Flush();

        public override Task FlushAsync(CancellationToken cancel) => writing.FlushAsync(cancel);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            reading.Dispose();
            writing.Dispose();
        }
    }
}
