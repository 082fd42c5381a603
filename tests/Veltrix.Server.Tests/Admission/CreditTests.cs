using Veltrix.Hunts;
using Veltrix.Server.Scoring;

namespace Veltrix.Server.Tests.Admission;

/// <summary>Who had to wait gets the time back where the hunt's clock is personal, and only there.</summary>
public sealed class CreditTests
{
    const string Definition = """
        hunt: game
        title: A game
        closes: 1970-01-01T00:10:00Z
        challenges:
          - { id: a, points: 1, answers: [yes] }
        """;

    [Theory]
    [InlineData("personal", "credit_max: 10m", 300)]
    [InlineData("personal", "credit_max: 2m", 120)]
    [InlineData("absolute", "credit_max: 10m", 0)]
    public async Task What_a_team_waited_is_in_the_ledger_with_what_of_it_is_credited(string clockOf, string most, int creditSeconds)
    {
        var clock = new OffsetClock();
        await using var house = await SmallHouse.Open(limit: 1, more: $"waiting.clock: {clockOf}\nwaiting.{most}", clock: clock);
        await house.Enter("Ada");
        var bob = await house.Queue("Bob", 1);
        clock.Advance(TimeSpan.FromMinutes(5));
        house.SetLimit(2);
        await house.UntilAdmitted(bob);
        Assert.Equal(201, (int)(await house.Join("Bob", bob))["http"]!);
        var credited = (await house.Server.Ledger(SmallHouse.Hunt)).SelectMany(line => line["facts"]!.AsArray()).Single(fact => (string)fact!["fact"]! == "TeamCredited")!;
        Assert.Equal(1, (int)credited["team"]!);
        Assert.InRange((long)credited["waited_ms"]!, 300_000, 330_000);
        Assert.InRange((long)credited["credit_ms"]!, creditSeconds * 1000, creditSeconds * 1000 + (creditSeconds == 300 ? 30_000 : 0));
        Assert.True((bool)(await house.Server.Post($"/v1/hunts/{SmallHouse.Hunt}/verify", new { }, house.Server.Server.AdminKey))["equal"]!);
    }

    [Fact]
    public void Credit_goes_before_an_earlier_solve_and_without_credit_the_earlier_one_leads()
    {
        Assert.True(Key(creditMs: 60_000, solvedAt: 150_000).CompareTo(Key(creditMs: 0, solvedAt: 100_000)) < 0);
        Assert.True(Key(creditMs: 0, solvedAt: 150_000).CompareTo(Key(creditMs: 0, solvedAt: 100_000)) > 0);

        static RankKey Key(long creditMs, long solvedAt)
        {
            var game = new Game();
            game.Do(0, "ada", new Command.Join("Ada", new TeamChoice.Alone(), creditMs, creditMs));
            game.Do(solvedAt, "ada", new Command.Submit("a", "yes"));
            return game.Term.State.Teams[0].KeyUnder(RankingRule.ScoreThenTime);
        }
    }

    [Fact]
    public void The_hunt_closes_for_each_team_at_its_own_credit_and_for_all_at_the_largest()
    {
        var game = new Game();
        game.Do(0, "ada", new Command.Join("Ada", new TeamChoice.Alone()));
        game.Do(90_000, "bob", new Command.Join("Bob", new TeamChoice.Alone(), 90_000, 60_000));
        Assert.IsType<Fact.AnswerAccepted>(game.Do(599_999, "ada", new Command.Submit("a", "yes"))[^1]);
        Assert.Equal(new Fact.SubmissionRefused(0, "ada", "a", Refusal.Closed), game.Do(600_000, "ada", new Command.Submit("a", "yes"), seq: 3)[^1]);
        Assert.Equal(HuntPhase.Open, game.Term.State.Phase);
        Assert.Equal(660_000, Referee.NextDue(game.Term.State));
        Assert.IsType<Fact.JoinRefused>(game.Do(610_000, "cyd", new Command.Join("Cyd", new TeamChoice.Alone()))[^1]);
        Assert.IsType<Fact.AnswerAccepted>(game.Do(659_999, "bob", new Command.Submit("a", "yes"))[^1]);
        Assert.IsType<Fact.HuntClosed>(game.Do(660_000, "bob", new Command.Submit("a", "yes"), seq: 3)[0]);
        Assert.Equal((HuntPhase.Closed, 600_000), (game.Term.State.Phase, game.Term.State.ClosesMs));
    }

    [Fact]
    public void A_checkpoint_keeps_credit()
    {
        var game = new Game();
        game.Do(0, "bob", new Command.Join("Bob", new TeamChoice.Alone(), 90_000, 60_000));
        var restored = CheckpointCodec.Decode(CheckpointCodec.Encode(new Folded(1, 1, default, game.Term.State)))!.State;
        Assert.Equal((90_000, 60_000, 60_000), (restored.Teams[0].WaitedMs, restored.Teams[0].CreditMs, restored.MostCreditMs));
    }

    sealed class Game
    {
        long position;

        public Game()
        {
            Do(0, "", new Command.Publish(Definition, false));
            Do(0, "", new Command.Open());
        }

        public Term Term { get; } = new(new HuntState(), new LedgerGate(10, 0));

        public IReadOnlyList<Fact> Do(long timeMs, string hunter, Command command, long seq = 2) =>
            Term.Decide(++position, timeMs, Envelope.Of(hunter.Length == 0 ? CommandId.None : new CommandId(hunter, "i", command is Command.Join ? 1 : seq), command))!.Facts;
    }
}
