using System.Text;
using System.Text.Json;

namespace Veltrix.Crowd.Tests;

public class FrameTests
{
    [Fact]
    public void A_board_gives_its_position_and_the_time_of_the_next()
    {
        var tick = Peek("""
            {"board":{"as_of":{"position":90112,"time":1764000000000},"next_ms":1000,"teams":200,"top":[{"rank":1,"team":4,"name":"Owls","score":6}],"me":{"rank":3,"score":2}}}
            """).ReadBoard();
        Assert.Equal(new BoardTick(90112, 1000), tick);
    }

    [Fact]
    public void Members_may_come_in_any_order_and_unknown_ones_are_passed_over()
    {
        var tick = Peek("""{"board":{"new":[{"as_of":1}],"top":[],"next_ms":3000,"as_of":{"era":{"position":1},"time":1,"position":7}}}""").ReadBoard();
        Assert.Equal(new BoardTick(7, 3000), tick);

        var ack = Peek("""{"trace":"x","ack":{"position":5,"command":"h.i.1"},"id":2}""");
        Assert.Equal((FrameKind.Ack, 2L, "h.i.1"), (ack.Kind, ack.Id, ack.ReadAck().Command));
    }

    [Fact]
    public void An_outcome_is_read_whole()
    {
        var outcome = Peek("""
            {"outcome":{"number":3,"command":"1V4.k3v9x2.1","seq":1,"hunter":"1V4","challenge":"c01","verdict":"refused","reason":"AlreadySolved",
            "points":0,"score":2,"attempts_left":null,"position":90112,"time":1764000000000,"unlocked":["c07"]}}
            """).ReadOutcome();
        Assert.Equal(new Outcome(3, "1V4.k3v9x2.1", 1, "1V4", "c01", Verdict.Refused, "AlreadySolved", null, 90112), outcome);
    }

    [Fact]
    public void A_welcome_tells_where_to_go_on_and_how_to_come_back()
    {
        var frame = Peek("""
            {"id":1,"welcome":{"hunt":"capitals","phase":"open","as_of":{"position":9,"time":1},"board_ms":2000,"team":{"number":17,"name":"phase"},
            "last_seq":4,"last_outcome":6,"reconnect":{"min_ms":200,"max_ms":9000},"elsewhere":"http://b.example"}}
            """);
        Assert.Equal((FrameKind.Welcome, 1L), (frame.Kind, frame.Id));
        Assert.Equal(new Welcome("open", 9, 2000, 4, 6, 200, 9000, "http://b.example"), frame.ReadWelcome());
    }

    [Fact]
    public void An_error_keeps_its_code_and_when_to_retry()
    {
        var frame = Peek("""{"id":9,"error":{"code":"TooFast","message":"5 a second","limit":5,"value":6,"retry_after_ms":120}}""");
        Assert.Equal((9L, new FrameError("TooFast", "5 a second", 120)), (frame.Id, frame.ReadError()));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{\"board\":")]
    [InlineData("{\"id\":\"one\",\"ack\":{}}")]
    [InlineData("not json")]
    public void What_is_no_frame_is_a_wire_fault(string text) => Assert.Throws<WireException>(() => Peek(text));

    [Theory]
    [InlineData("""{"board":{"next_ms":1000}}""")]
    [InlineData("""{"board":{"as_of":{"position":"x"},"next_ms":1000}}""")]
    public void A_board_without_what_makes_it_one_is_a_wire_fault(string text) => Assert.Throws<WireException>(() => Peek(text).ReadBoard());

    [Fact]
    public void An_outcome_with_an_unknown_verdict_is_a_wire_fault() =>
        Assert.Throws<WireException>(() => Peek("""{"outcome":{"number":1,"command":"a.b.1","hunter":"a","challenge":"c","verdict":"maybe","position":1}}""").ReadOutcome());

    [Fact]
    public void Kinds_of_no_interest_are_known_as_such() => Assert.Equal(FrameKind.Other, Peek("""{"announcement":{"text":"hi","time":1}}""").Kind);

    [Fact]
    public void Client_frames_have_the_members_of_the_protocol()
    {
        using var frames = new ClientFrame();
        Assert.Equal("""{"id":1,"hello":{"token":"t","instance":"k3","last_outcome":5,"top":10}}""", Text(frames.Hello(1, "t", "k3", 5, 10)));
        Assert.Equal("""{"id":1,"hello":{"token":"t","last_outcome":0,"top":0}}""", Text(frames.Hello(1, "t", null, 0, 0)));
        Assert.Equal("""{"id":2,"submit":{"seq":1,"challenge":"c01","answer":"Lima"}}""", Text(frames.Submit(2, 1, "c01", "Lima")));
        Assert.Equal("""{"id":3,"join":{"hunter":"h","instance":"r","seq":1,"at":7,"nickname":"Ada"}}""", Text(frames.RelayJoin(3, "h", "r", 1, "Ada", 7)));
        Assert.Equal("""{"id":4,"submit":{"hunter":"h","instance":"r","seq":2,"at":8,"challenge":"c","answer":"a"}}""",
            Text(frames.RelaySubmit(4, "h", "r", 2, "c", "a", 8)));
    }

    [Fact]
    public void An_answer_with_quotes_and_foreign_letters_arrives_as_it_was()
    {
        using var frames = new ClientFrame();
        using var json = JsonDocument.Parse(Text(frames.Submit(1, 1, "c", "\"N'Djaména\" \n🧭")));
        Assert.Equal("\"N'Djaména\" \n🧭", json.RootElement.GetProperty("submit").GetProperty("answer").GetString());
    }

    [Theory]
    [InlineData(4001, true)]
    [InlineData(4499, true)]
    [InlineData(1012, true)]
    [InlineData(1006, true)]
    [InlineData(1000, false)]
    [InlineData(1009, false)]
    [InlineData(4500, false)]
    [InlineData(4503, false)]
    public void The_close_code_says_whether_to_come_back(int code, bool back) => Assert.Equal(back, new Farewell(code, "").MayReturn);

    [Fact]
    public void A_close_reason_names_the_code_and_the_wait()
    {
        byte[] payload = [0x0F, 0xA1, .. """{"code":"SlowReader","after_ms":1834}"""u8];
        Assert.Equal(new Farewell(4001, "SlowReader", 1834), Farewell.Read(payload));
        Assert.Equal(new Farewell(1012, "Restart", 2500, "http://b.example:8080"), Farewell.Read([0x03, 0xF4, .. """{"code":"Restart","after_ms":2500,"go":"http://b.example:8080"}"""u8]));
        Assert.Equal(new Farewell(4001, "4001"), Farewell.Read([0x0F, 0xA1, .. "bye"u8]));
        Assert.Equal(1005, Farewell.Read([]).Code);
    }

    static ServerFrame Peek(string json) => ServerFrame.Peek(Encoding.UTF8.GetBytes(json));

    static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}
