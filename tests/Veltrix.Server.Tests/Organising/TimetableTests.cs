using Veltrix.Hosting;

namespace Veltrix.Server.Tests.Organising;

/// <summary>A hunt opens and closes by itself, to the millisecond of its timetable.</summary>
public sealed class TimetableTests
{
    static readonly DateTimeOffset Noon = new(2031, 5, 4, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task It_opens_and_closes_by_itself_and_late_answers_do_not_count()
    {
        var clock = OffsetClock.At(Noon.AddHours(-1));
        // Where lots are drawn nobody is in before the opening.
        await using var server = await TestServer.Start(options => options with { Clock = clock, Settings = Settings.Of("waiting.lottery: off") });
        await server.Publish(TestServer.Quiz.Replace("title:", "opens: 2031-05-04T12:00:00Z\ncloses: 2031-05-04T13:00:00Z\ntitle:"), open: false);
        var token = (string)(await server.Join("quiz", "Ada"))["token"]!;
        await using var live = await server.Connect("quiz", token);
        Assert.Equal(("scheduled", Noon.ToUnixTimeMilliseconds()), ((string)live.Welcome["phase"]!, (long)live.Welcome["opens"]!));
        Assert.Empty((await server.Get("/v1/hunts/quiz/challenges", token))["challenges"]!.AsArray());
        Assert.Equal("NotOpen", (string)(await live.Submit(1, "a", "one"))["reason"]!);

        clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal("open", (string)(await live.Next("hunt"))["phase"]!);
        Assert.Equal("correct", (string)(await live.Submit(2, "a", "one"))["verdict"]!);

        clock.Advance(TimeSpan.FromHours(1));
        // Whether or not the timer has fired yet: by the time of its log this answer is late.
        Assert.Equal("Closed", (string)(await live.Submit(3, "b", "two"))["reason"]!);
        var closed = await live.Next("hunt");
        Assert.Equal(("closed", Noon.AddHours(1).ToUnixTimeMilliseconds()), ((string)closed["phase"]!, (long)closed["closes"]!));
        Assert.Equal("closed", (string)(await server.Get("/v1/hunts"))["hunts"]![0]!["phase"]!);
    }

    [Fact]
    public async Task With_nobody_playing_it_still_opens_and_closes()
    {
        var clock = OffsetClock.At(Noon.AddMilliseconds(-300));
        await using var server = await TestServer.Start(options => options with { Clock = clock });
        await server.Publish(TestServer.Quiz.Replace("title:", "opens: 2031-05-04T12:00:00Z\ncloses: 2031-05-04T12:00:00.200Z\ntitle:"), open: false);
        await using var live = await server.Connect("quiz");
        if ((string)live.Welcome["phase"]! != "closed") await live.Next("hunt", h => (string)h["phase"]! == "closed");
        var facts = (await server.Ledger("quiz")).SelectMany(line => line["facts"]!.AsArray()).Select(fact => (string)fact!["fact"]!).ToArray();
        Assert.Equal("HuntClosed", facts[^1]);
        Assert.Single(facts, "HuntClosed");
    }
}
