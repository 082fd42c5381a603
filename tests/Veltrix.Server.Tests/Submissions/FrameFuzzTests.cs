using System.Net.Sockets;
using System.Text;
using Veltrix.Server.Submissions;

namespace Veltrix.Server.Tests.Submissions;

/// <summary>Frames as broken clients and bored strangers make them: each is answered or ends its own connection, and nobody else notices.</summary>
public sealed class FrameFuzzTests(SharedServer shared) : IClassFixture<SharedServer>
{
    const int Seed = 20_261_202;

    static readonly string[] Seeds =
    [
        """{"id":1,"hello":{"token":"v1.MQ.cXVpeg.YWRh.AAAA","instance":"tab","last_outcome":3,"around":2,"top":10}}""",
        """{"id":2,"submit":{"seq":5,"challenge":"a","answer":"one \u00e9 \ud83d\ude00 \\ \" é 😀"}}""",
        """{"id":3,"show":{"around":5,"top":50}}""",
        """{"id":4,"ping":{}}""",
        """{"id":5,"join":{"hunter":"h","instance":"i","seq":1,"nickname":"Ada","team":{"found":"Owls","invite":"CODE"},"at":7}}""",
    ];

    static readonly string[] Crumbs =
    [
        "{", "}", "[", "]", ":", ",", "\"", "\\", "\\u", "\\ud800", "null", "true", "-", "1e999", "1e-7", "99999999999999999999", "0", "\0", "\uFFFE", "\u2028", "é", "😀", " ", "\n", "//", "\"id\":", "\"id\":8,",
        "\"submit\":{}", "\"ping\":{},", "\"show\":null,", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "\uFEFF",
    ];

    [Fact]
    public void Any_bytes_are_read_as_a_frame_or_refused_with_a_reason()
    {
        var random = new Random(Seed);
        for (var i = 0; i < 50_000; i++)
        {
            var bytes = Mutated(random);
            try
            {
                var frame = ClientFrame.Read(bytes, out _, out var fault);
                Assert.True(frame is null ? fault is { Code.Length: > 0, Message.Length: > 0 } : fault is null && frame.Id is not null);
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"frame {i} of seed {Seed}: {e.Message}\n{Encoding.UTF8.GetString(bytes)}");
            }
        }
    }

    [Fact]
    public async Task Over_a_socket_every_frame_is_answered_and_others_play_on()
    {
        var hunt = await shared.NewHunt();
        await using var other = await shared.Server.Connect(hunt, await shared.NewHunter(hunt, "Bob"));
        await using var live = await shared.Server.Connect(hunt, await shared.NewHunter(hunt));
        var random = new Random(Seed);
        for (var i = 0; i < 400; i++)
        {
            // A minute later the bad frames are forgotten.
            if (i % 10 == 0) shared.Clock.Advance(TimeSpan.FromMinutes(2));
            await live.SendText(Encoding.UTF8.GetString(Mutated(random)));
            await live.NextFrame($"an answer to frame {i} of seed {Seed}", f => f["error"] is not null || f["ack"] is not null || f["pong"] is not null || f["shown"] is not null);
        }

        await live.Ping();
        Assert.Equal("correct", (string)(await other.Submit(1, "a", "one"))["verdict"]!);
    }

    [Fact]
    public async Task As_a_first_frame_anything_is_answered_or_closed()
    {
        var hunt = await shared.NewHunt();
        var random = new Random(Seed);
        for (var i = 0; i < 60; i++)
        {
            await using var live = await shared.Server.ConnectSilently(hunt);
            await live.SendText(Encoding.UTF8.GetString(Mutated(random)));
            try
            {
                await live.NextFrame("an answer", _ => true);
            }
            catch (InvalidOperationException) when (live.CloseStatus is not null)
            {
                Assert.Equal(4500, (int)live.CloseStatus!);
            }
        }
    }

    [Fact]
    public async Task Bytes_that_are_no_WebSocket_at_all_end_their_own_connection_only()
    {
        var hunt = await shared.NewHunt();
        await using var other = await shared.Server.Connect(hunt, await shared.NewHunter(hunt));
        var random = new Random(Seed);
        for (var i = 0; i < 40; i++)
        {
            using var tcp = new TcpClient();
            await tcp.ConnectAsync("127.0.0.1", shared.Server.Server.Url.Port, TestContext.Current.CancellationToken);
            var stream = tcp.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes(
                $"GET /v1/hunts/{hunt}/live HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"), TestContext.Current.CancellationToken);
            var answer = new byte[1024];
            Assert.StartsWith("HTTP/1.1 101", Encoding.ASCII.GetString(answer, 0, await stream.ReadAsync(answer, TestContext.Current.CancellationToken)));
            var noise = new byte[random.Next(1, 400)];
            random.NextBytes(noise);
            await stream.WriteAsync(noise, TestContext.Current.CancellationToken);
        }

        Assert.Equal("correct", (string)(await other.Submit(1, "a", "one"))["verdict"]!);
    }

    static byte[] Mutated(Random random)
    {
        if (random.Next(10) == 0)
        {
            var noise = new byte[random.Next(200)];
            random.NextBytes(noise);
            return noise;
        }

        var text = Seeds[random.Next(Seeds.Length)];
        for (var n = random.Next(4); n >= 0; n--)
        {
            var at = random.Next(text.Length + 1);
            var cut = Math.Min(random.Next(6), text.Length - at);
            text = random.Next(3) switch
            {
                0 => text.Remove(at, cut),
                1 => text.Insert(at, Crumbs[random.Next(Crumbs.Length)]),
                _ => text.Remove(at, cut).Insert(at, Crumbs[random.Next(Crumbs.Length)]),
            };
        }

        var bytes = Encoding.UTF8.GetBytes(text);
        if (random.Next(8) == 0 && bytes.Length > 0) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        return bytes;
    }
}
