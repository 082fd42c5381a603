using Veltrix.Server.Admission;
using Veltrix.Server.Live;

namespace Veltrix.Server.Tests.Live;

/// <summary>Who goes away and comes back misses nothing and does nothing twice.</summary>
public sealed class ResumeTests(SharedServer shared) : IClassFixture<SharedServer>
{
    [Fact]
    public async Task Outcomes_missed_while_away_are_told_again_in_order_and_once()
    {
        var (hunt, hunter, token) = await Playing();
        await using (var first = await shared.Server.Connect(hunt, token)) await first.Submit(1, "a", "no");
        await Relay(hunt, hunter, "no", "nearly", "one");

        await using var back = await shared.Server.Connect(hunt, token, new { last_outcome = 1 });
        Assert.Equal((1, 4, 1), ((int)back.Welcome["last_seq"]!, (int)back.Welcome["last_outcome"]!, (int)back.Welcome["score"]!));
        for (var number = 2; number <= 4; number++)
        {
            var outcome = await back.Next("outcome");
            Assert.Equal((number, number == 4 ? "correct" : "incorrect"), ((int)outcome["number"]!, (string)outcome["verdict"]!));
            Assert.Null(outcome["rank"]);
        }

        Assert.Equal(5, (int)(await back.Submit(2, "b", "two"))["number"]!);
        await back.Ping();
        Assert.Empty(back.Kept("outcome"));
    }

    [Fact]
    public async Task Of_more_than_32_outcomes_missed_the_last_32_are_told()
    {
        var (hunt, hunter, token) = await Playing();
        await Relay(hunt, hunter, [.. Enumerable.Repeat("no", 40)]);
        await using var back = await shared.Server.Connect(hunt, token);
        await back.Ping();
        Assert.Equal(Enumerable.Range(9, 32), back.Kept("outcome").Select(o => (int)o["number"]!));
    }

    [Theory]
    [InlineData(-5)]
    [InlineData(3)]
    [InlineData(1_000_000)]
    public async Task A_last_outcome_that_cannot_be_is_no_trouble(long last)
    {
        var (hunt, hunter, token) = await Playing();
        await Relay(hunt, hunter, "no", "no", "no");
        await using var back = await shared.Server.Connect(hunt, token, new { last_outcome = last });
        await back.Ping();
        Assert.Equal(last < 0 ? 3 : 0, back.Kept("outcome").Count);
        Assert.Equal(4, (int)(await back.Submit(9, "a", "one"))["number"]!);
    }

    [Fact]
    public async Task The_same_submission_sent_again_is_acknowledged_and_decided_once()
    {
        var (hunt, _, token) = await Playing();
        await using (var first = await shared.Server.Connect(hunt, token)) await first.Submit(1, "a", "one");

        await using var back = await shared.Server.Connect(hunt, token, new { last_outcome = 1 });
        Assert.NotNull((await back.Answer(await back.Send("submit", new { seq = 1, challenge = "a", answer = "one" })))["ack"]);
        await back.Submit(2, "b", "no");
        Assert.Empty(back.Kept("outcome"));
        var decided = (await shared.Server.Ledger(hunt)).Select(line => (string?)line["command"]!["id"]).Where(id => id?.Contains(".test.") == true).ToArray();
        Assert.Equal(decided.Distinct(), decided);
        Assert.Equal(2, decided.Length);
    }

    [Fact]
    public async Task The_last_sequence_is_that_of_the_instance()
    {
        var (hunt, _, token) = await Playing();
        await using var phone = await shared.Server.Connect(hunt, token, new { instance = "phone" });
        await phone.Submit(7, "a", "no");
        await using var laptop = await shared.Server.Connect(hunt, token, new { instance = "laptop" });
        Assert.Equal(0, (int)laptop.Welcome["last_seq"]!);
        await using var phoneAgain = await shared.Server.Connect(hunt, token, new { instance = "phone" });
        Assert.Equal(7, (int)phoneAgain.Welcome["last_seq"]!);
    }

    [Fact]
    public async Task An_instance_that_connects_again_replaces_itself_and_no_other()
    {
        var (hunt, _, token) = await Playing();
        await using var first = await shared.Server.Connect(hunt, token);
        await using var other = await shared.Server.Connect(hunt, token, new { instance = "other" });
        await using var again = await shared.Server.Connect(hunt, token);
        await first.ReadToClose(CloseCodes.Replaced);
        await other.Submit(1, "a", "one");
        Assert.Equal(1, (int)(await again.Next("outcome"))["number"]!);
    }

    [Fact]
    public async Task All_devices_of_a_hunter_and_all_of_the_team_hear_every_outcome()
    {
        var hunt = await shared.NewHunt(TestServer.TeamQuiz);
        var ada = await shared.Server.Join(hunt, "Ada", new { found = "Owls" });
        var bob = await shared.Server.Join(hunt, "Bob", new { invite = (string)ada["team"]!["invite"]! });
        var cyd = await shared.Server.Join(hunt, "Cyd", new { found = "Mice" });
        await using var phone = await shared.Server.Connect(hunt, (string)ada["token"]!, new { instance = "phone" });
        await using var laptop = await shared.Server.Connect(hunt, (string)ada["token"]!, new { instance = "laptop" });
        await using var mate = await shared.Server.Connect(hunt, (string)bob["token"]!);
        await using var rival = await shared.Server.Connect(hunt, (string)cyd["token"]!);

        await phone.Submit(1, "a", "one");
        foreach (var live in new[] { laptop, mate })
        {
            var outcome = await live.Next("outcome");
            Assert.Equal(((string)ada["hunter"]!, 1, 1), ((string)outcome["hunter"]!, (int)outcome["number"]!, (int)outcome["score"]!));
        }

        Assert.Equal("AlreadySolved", (string)(await mate.Submit(1, "a", "one"))["reason"]!);
        await rival.Ping();
        Assert.Empty(rival.Kept("outcome"));
    }

    [Fact]
    public async Task Numbers_stay_gapless_while_a_hunter_comes_and_goes_under_fire()
    {
        var (hunt, hunter, token) = await Playing();
        var firing = Relay(hunt, hunter, [.. Enumerable.Repeat("no", 150)]);
        long last = 0;
        while (last < 150)
        {
            await using var live = await shared.Server.Connect(hunt, token, new { last_outcome = last });
            for (var i = 0; i < 5 && last < 150; i++)
            {
                var number = (long)(await live.Next("outcome"))["number"]!;
                // Only the last 32 are kept, so a gap is fair right after a hello, and nowhere else.
                Assert.True(i == 0 ? number > last : number == last + 1, $"{number} after {last}");
                last = number;
            }
        }

        await firing;
    }

    async Task<(string Hunt, string Hunter, string Token)> Playing()
    {
        var hunt = await shared.NewHunt();
        var joined = await shared.Server.Join(hunt, "Ada");
        return (hunt, (string)joined["hunter"]!, (string)joined["token"]!);
    }

    /// <summary>Somebody answers challenge a in the hunter's name, without the pace of a hunter.</summary>
    async Task Relay(string hunt, string hunter, params string[] answers)
    {
        await using var relay = await shared.Server.Connect(hunt, shared.Server.Token(Scopes.Relay));
        for (var seq = 1; seq <= answers.Length; seq++)
        {
            await relay.Send("submit", new { hunter, instance = "relay", seq, challenge = "a", answer = answers[seq - 1] });
            await relay.Next("outcome");
        }
    }
}
