namespace Veltrix.Server.Tests;

/// <summary>Playing as a hunter does: over HTTP and one socket, through log, scorer, ledger and board.</summary>
public class LivePlayTests
{
    [Fact]
    public async Task A_right_answer_comes_back_with_points_and_rank_and_moves_the_board()
    {
        await using var server = await TestServer.Start();
        Assert.Equal(201, (int)(await server.Publish(TestServer.Quiz))["http"]!);
        var ada = await server.Join("quiz", "Ada");
        var bob = await server.Join("quiz", "Bob");
        await using var live = await server.Connect("quiz", (string)ada["token"]!);
        await using var watching = await server.Connect("quiz", (string)bob["token"]!);
        Assert.Equal("open", (string)live.Welcome["phase"]!);

        var outcome = await live.Submit(1, "a", " ONE ");

        Assert.Equal("correct", (string)outcome["verdict"]!);
        Assert.Equal(1, (int)outcome["score"]!);
        Assert.Equal(1, (int)outcome["rank"]!);
        Assert.Equal(1, (int)outcome["number"]!);
        var board = await watching.Next("board", b => (long)b["as_of"]!["position"]! >= (long)outcome["position"]!);
        Assert.Equal("Ada", (string)board["top"]![0]!["name"]!);
        Assert.Equal(2, (int)board["me"]!["rank"]!);
    }

    [Fact]
    public async Task Solving_what_a_challenge_requires_unlocks_it()
    {
        await using var server = await TestServer.Start();
        await server.Publish(TestServer.Quiz);
        var token = (string)(await server.Join("quiz", "Ada"))["token"]!;
        await using var live = await server.Connect("quiz", token);

        Assert.Equal("Locked", (string)(await live.Submit(1, "c", "three"))["reason"]!);
        Assert.Null((await live.Submit(2, "a", "one"))["unlocked"]);
        Assert.Equal(1, (int)(await live.Submit(3, "b", "2"))["attempts_left"]!);
        Assert.Equal("c", (string)(await live.Submit(4, "b", "two"))["unlocked"]![0]!);
        Assert.Equal("AlreadySolved", (string)(await live.Submit(5, "b", "two"))["reason"]!);
        Assert.Equal("UnknownChallenge", (string)(await live.Submit(6, "z", "two"))["reason"]!);
        Assert.Equal(7, (int)(await live.Submit(7, "c", "three"))["score"]!);

        var list = await server.Get("/v1/hunts/quiz/challenges", token);
        Assert.Equal(["solved", "solved", "solved"], list["challenges"]!.AsArray().Select(c => (string)c!["state"]!));
    }
}
