using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Veltrix.Server.Live;
using Veltrix.Server.Submissions;

namespace Veltrix.Server.Tests.Submissions;

/// <summary>Whatever arrives is answered with what is wrong with it; only who goes on and on is sent away.</summary>
public sealed class BadFrameTests(SharedServer shared) : IClassFixture<SharedServer>
{
    static readonly string Long = new('x', 401);

    [Theory]
    [InlineData("", "NotJson")]
    [InlineData("{", "NotJson")]
    [InlineData("hello", "NotJson")]
    [InlineData("""{"id":7,"ping":{}} {}""", "NotJson")]
    [InlineData("null", "NotJson")]
    [InlineData("[]", "NotJson")]
    [InlineData("7", "NotJson")]
    [InlineData("\"hello\"", "NotJson")]
    [InlineData("{}", "UnknownKind")]
    [InlineData("""{"id":7}""", "UnknownKind", 7)]
    [InlineData("""{"id":7,"dance":{}}""", "UnknownKind", 7)]
    [InlineData("""{"id":7,"ping":null}""", "UnknownKind", 7)]
    [InlineData("""{"id":7,"join":{"hunter":"h","instance":"i","seq":1,"nickname":"n"}}""", "UnknownKind", 7)]
    [InlineData("""{"id":7,"ping":{},"show":{}}""", "BadMember", 7, 1, 2)]
    [InlineData("""{"ping":{}}""", "MissingMember")]
    [InlineData("""{"id":"x","ping":{}}""", "BadMember")]
    [InlineData("""{"id":1.5,"ping":{}}""", "BadMember")]
    [InlineData("""{"id":9223372036854775808,"ping":{}}""", "BadMember")]
    [InlineData("""{"id":7,"ping":3}""", "BadMember", 7)]
    [InlineData("""{"ping":3,"id":7}""", "BadMember", 7)]
    [InlineData("""{"id":7,"submit":[]}""", "BadMember", 7)]
    [InlineData("""{"id":7,"submit":{"seq":"one","challenge":"a","answer":"b"}}""", "BadMember", 7)]
    [InlineData("""{"id":7,"submit":{"seq":1.5,"challenge":"a","answer":"b"}}""", "BadMember", 7)]
    [InlineData("""{"id":7,"submit":{"seq":9223372036854775808,"challenge":"a","answer":"b"}}""", "BadMember", 7)]
    [InlineData("""{"id":7,"submit":{"seq":1,"challenge":3,"answer":"b"}}""", "BadMember", 7)]
    [InlineData("""{"id":7,"submit":{"seq":1,"challenge":"a","answer":"\ud800"}}""", "BadMember", 7)]
    [InlineData("""{"id":7,"submit":{"seq":1,"challenge":"a"}}""", "MissingMember", 7)]
    [InlineData("""{"id":7,"submit":{"seq":1,"answer":"b"}}""", "MissingMember", 7)]
    [InlineData("""{"id":7,"submit":{"seq":1,"challenge":"","answer":"b"}}""", "BadMember", 7, 48, 0)]
    [InlineData("""{"id":7,"submit":{"challenge":"a","answer":"b"}}""", "BadMember", 7, 1, 0)]
    [InlineData("""{"id":7,"submit":{"seq":0,"challenge":"a","answer":"b"}}""", "BadMember", 7, 1, 0)]
    [InlineData("""{"id":7,"submit":{"seq":-3,"challenge":"a","answer":"b"}}""", "BadMember", 7, 1, -3)]
    [InlineData("""{"id":7,"show":{"around":11}}""", "BadMember", 7, 10, 11)]
    [InlineData("""{"id":7,"show":{"around":-1}}""", "BadMember", 7, 10, -1)]
    [InlineData("""{"id":7,"show":{"top":11}}""", "BadMember", 7, 50, 11)]
    [InlineData("""{"id":7,"show":{"top":-10}}""", "BadMember", 7, 50, -10)]
    [InlineData("""{"id":7,"hello":{}}""", "HelloTwice", 7)]
    public async Task A_bad_frame_is_answered_with_what_is_wrong_and_the_hunter_plays_on(string text, string code, int? id = null, int? limit = null, int? value = null)
    {
        await using var live = await Playing();
        await live.SendText(text);
        await Told(live, code, id, limit, value);
        Assert.Equal("correct", (string)(await live.Submit(1, "a", "one"))["verdict"]!);
    }

    [Fact]
    public async Task Texts_that_are_too_long_are_answered_with_limit_and_length()
    {
        await using var live = await Playing();
        await live.Send("submit", new { seq = 1, challenge = Long[..49], answer = "x" });
        await Told(live, "BadMember", 2, 48, 49);
        await live.Send("submit", new { seq = 1, challenge = "a", answer = Long });
        await Told(live, "BadMember", 3, 400, 401);
        Assert.Equal("incorrect", (string)(await live.Submit(1, "a", Long[..400]))["verdict"]!);
    }

    [Theory]
    [InlineData("""{"id":7,"ping":{}}""", "HelloFirst", 7)]
    [InlineData("""{"id":7,"submit":{"seq":1,"challenge":"a","answer":"one"}}""", "HelloFirst", 7)]
    [InlineData("""{"id":7,"hello":{"token":"$","instance":""}}""", "BadMember", 7, 16, 0)]
    [InlineData("""{"id":7,"hello":{"token":"$"}}""", "MissingMember", 7)]
    [InlineData("""{"id":7,"hello":{"token":"$","instance":"12345678901234567"}}""", "BadMember", 7, 16, 17)]
    [InlineData("""{"id":7,"hello":{"token":"$","instance":"two words"}}""", "BadMember", 7, 16, 9)]
    [InlineData("""{"id":7,"hello":{"token":"$","instance":"i","around":11}}""", "BadMember", 7, 10, 11)]
    [InlineData("""{"id":7,"hello":{"token":"$","instance":"i","top":51}}""", "BadMember", 7, 50, 51)]
    [InlineData("""{"id":7,"hello":{"token":3}}""", "BadMember", 7)]
    public async Task A_bad_beginning_is_answered_and_a_good_hello_may_follow(string text, string code, int? id = null, int? limit = null, int? value = null)
    {
        var token = await shared.NewHunter();
        await using var live = await shared.Server.ConnectSilently(SharedServer.Hunt);
        await live.SendText(text.Replace("$", token));
        await Told(live, code, id, limit, value);
        await live.Send("hello", new { token, instance = "i" });
        Assert.Equal("Ada", (string)(await live.Next("welcome"))["name"]!);
    }

    [Fact]
    public async Task A_frame_of_4096_bytes_is_taken_and_one_of_4097_is_not()
    {
        await using var live = await Playing();
        await live.SendText("""{"id":7,"ping":{}}""".PadRight(ClientFrame.BytesMax));
        Assert.NotNull((await live.Answer(7))["pong"]);
        await live.SendText("""{"id":8,"ping":{}}""".PadRight(ClientFrame.BytesMax + 1));
        await Told(live, "FrameTooBig", null, 4096, 4097);
        await live.Ping();
    }

    [Fact]
    public async Task A_frame_of_ten_times_the_limit_ends_the_connection_and_one_byte_less_does_not()
    {
        await using var live = await Playing();
        await live.SendBytes(new byte[10 * ClientFrame.BytesMax - 1], WebSocketMessageType.Text);
        await Told(live, "FrameTooBig", null, 4096, 40_959);
        await live.SendBytes(new byte[10 * ClientFrame.BytesMax], WebSocketMessageType.Text);
        await live.ReadToClose(CloseCodes.FrameTooBig);
    }

    [Fact]
    public async Task A_frame_without_end_is_told_why_it_is_cut_off()
    {
        await using var live = await Playing();
        var reading = live.ReadToClose(CloseCodes.FrameTooBig);
        try
        {
            for (var i = 0; i < 400; i++) await live.SendBytes(new byte[1000], WebSocketMessageType.Text, endOfMessage: false);
        }
        catch (WebSocketException)
        {
            // Closed while still sending, as it should be.
        }

        await reading;
    }

    [Fact]
    public async Task A_frame_in_many_parts_is_one_frame()
    {
        await using var live = await Playing();
        foreach (var (part, last) in """{"id":7,"ping":{}}""".Select((c, i) => ((byte)c, i == 17)))
        {
            await live.SendBytes([], WebSocketMessageType.Text, endOfMessage: false);
            await live.SendBytes([part], WebSocketMessageType.Text, last);
        }

        Assert.NotNull((await live.Answer(7))["pong"]);
        await live.SendBytes(Encoding.UTF8.GetBytes("""{"id":8,"ping":{}}"""), WebSocketMessageType.Text, endOfMessage: false);
        await live.SendBytes([], WebSocketMessageType.Text);
        Assert.NotNull((await live.Answer(8))["pong"]);
        for (var i = 0; i < 4; i++) await live.SendBytes(new byte[1024], WebSocketMessageType.Text, endOfMessage: false);
        await live.SendBytes(new byte[1], WebSocketMessageType.Text);
        await Told(live, "FrameTooBig", null, 4096, 4097);
    }

    [Fact]
    public async Task Binary_frames_are_named_as_such()
    {
        await using var live = await Playing();
        await live.SendBytes("""{"id":7,"ping":{}}"""u8.ToArray(), WebSocketMessageType.Binary);
        await Told(live, "NotText");
        await live.SendBytes([], WebSocketMessageType.Binary);
        await Told(live, "NotText");
        await live.Ping();
    }

    /// <summary>As RFC 6455 (8.1) asks for. The framework does it before the server sees the frame, and cuts the connection so quickly that its 1007 may be lost.</summary>
    [Fact]
    public async Task Text_that_is_not_UTF8_ends_the_connection()
    {
        await using var live = await Playing();
        await live.SendBytes([0x7B, 0x22, 0xC3, 0x28, 0x22, 0x7D], WebSocketMessageType.Text);
        try
        {
            await live.ReadToClose();
            Assert.Equal(1007, (int?)live.CloseStatus);
        }
        catch (WebSocketException e)
        {
            Assert.Equal(WebSocketError.ConnectionClosedPrematurely, e.WebSocketErrorCode);
        }

        await using var again = await Playing();
        await again.Ping();
    }

    [Fact]
    public async Task Members_of_a_newer_protocol_are_ignored()
    {
        await using var live = await Playing();
        await live.SendText("""{"id":7,"later":[{"x":1}],"ping":{"how":"loud"}}""");
        Assert.NotNull((await live.Answer(7))["pong"]);
    }

    [Fact]
    public async Task Too_fast_is_told_when_to_try_again_and_is_no_offence()
    {
        await using var live = await Playing();
        for (var seq = 1; seq <= Pace.Burst; seq++) Assert.NotNull((await live.Answer(await live.Send("submit", new { seq, challenge = "a", answer = "no" })))["ack"]);
        JsonNode? refused = null;
        // Far more than the bad frames that would end the connection. A slow machine may let some through.
        for (var i = 0; i < 60; i++)
            if ((await live.Answer(await live.Send("submit", new { seq = Pace.Burst + 1, challenge = "a", answer = "one" })))["error"] is { } error) refused = error;
        Assert.NotNull(refused);
        Assert.Equal("TooFast", (string)refused["code"]!);
        Assert.Equal(Pace.PerSecond, (int)refused["limit"]!);
        Assert.InRange((int)refused["retry_after_ms"]!, 1, 200);

        // What was refused was not queued: it is sent again until it is taken, and decided then. A timer may fire a little early, so once more may be needed.
        var answer = refused;
        for (var tries = 0; answer is not null && tries < 10; tries++)
        {
            await Task.Delay((int)answer["retry_after_ms"]!, TestContext.Current.CancellationToken);
            answer = (await live.Answer(await live.Send("submit", new { seq = Pace.Burst + 1, challenge = "a", answer = "one" })))["error"];
        }

        Assert.Equal("correct", (string)(await live.Next("outcome", o => (int)o["seq"]! == Pace.Burst + 1))["verdict"]!);
    }

    [Fact]
    public async Task Twenty_bad_frames_within_a_minute_end_the_connection()
    {
        await using var live = await Playing();
        for (var i = 0; i < 19; i++) await live.SendText("?");
        await live.Ping();
        await live.SendText("?");
        var frames = await live.ReadToClose(CloseCodes.Abuse);
        Assert.Equal(20, frames.Count(f => (string?)f["error"]?["code"] == "NotJson"));
    }

    [Fact]
    public async Task After_the_end_nothing_is_taken_any_more()
    {
        var hunt = await shared.NewHunt();
        await using var live = await shared.Server.Connect(hunt, await shared.NewHunter(hunt));
        for (var i = 0; i < 20; i++) await live.SendText("?");
        await live.Send("submit", new { seq = 1, challenge = "a", answer = "one" });
        await live.ReadToClose(CloseCodes.Abuse);
        Assert.DoesNotContain(await shared.Server.Ledger(hunt), line => line.ToJsonString().Contains("AnswerAccepted"));
    }

    [Fact]
    public async Task Bad_frames_are_forgotten_after_a_minute()
    {
        await using var live = await Playing();
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < 19; i++) await live.SendText("?");
            await live.Ping();
            shared.Clock.Advance(TimeSpan.FromSeconds(61));
        }

        await live.Ping();
    }

    [Fact]
    public async Task A_hunt_that_is_not_here_is_said_in_the_close_even_to_who_talks_first()
    {
        for (var i = 0; i < 5; i++)
        {
            await using var live = await shared.Server.ConnectSilently("nowhere");
            try
            {
                for (var n = 0; n < i; n++) await live.Send("hello", new { instance = "i" });
            }
            catch (WebSocketException)
            {
                // It was closed already.
            }

            await live.ReadToClose(CloseCodes.HuntUnknown);
        }
    }

    [Fact]
    [Trait("speed", "slow")]
    public async Task Who_says_nothing_for_five_seconds_is_sent_away_and_may_return()
    {
        await using var live = await shared.Server.ConnectSilently(SharedServer.Hunt);
        await live.ReadToClose(CloseCodes.NoHello);
        Assert.InRange((int)JsonNode.Parse(live.CloseReason!)!["after_ms"]!, 1, 2000);
    }

    async Task<LiveClient> Playing() => await shared.Server.Connect(SharedServer.Hunt, await shared.NewHunter());

    static async Task Told(LiveClient live, string code, int? id = null, int? limit = null, int? value = null)
    {
        var frame = await live.NextFrame("error", f => f["error"] is not null);
        var error = frame["error"]!;
        Assert.Equal((code, id, limit, value), ((string)error["code"]!, (int?)frame["id"], (int?)error["limit"], (int?)error["value"]));
        Assert.NotEmpty((string)error["message"]!);
    }
}
