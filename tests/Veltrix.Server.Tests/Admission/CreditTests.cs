using System.Text.Json.Nodes;
using CsCheck;
using Google.Protobuf;
using Veltrix.Hunts;
using Veltrix.Server.Scoring;
using Veltrix.Server.Tests.Scoring;

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
    public async Task The_cap_in_force_is_a_fact_follows_live_changes_and_ends_the_hunt_for_all()
    {
        var noon = new DateTimeOffset(2031, 5, 4, 12, 0, 0, TimeSpan.Zero);
        var clock = OffsetClock.At(noon);
        var hunt = TestServer.Quiz.Replace("title:", "closes: 2031-05-04T13:00:00Z\nsettings: { waiting.clock: personal }\ntitle:");
        await using var house = await SmallHouse.Open(limit: 1, clock: clock, hunt: hunt);
        await house.Enter("Ada");
        var bob = await house.Queue("Bob", 1);
        await using var hall = await house.Server.Connect(SmallHouse.Hunt);
        // The scorer says it within a second of the publishing.
        if (ForAll(hall.Welcome) != noon.AddMinutes(70)) await hall.Next("hunt", moved => ForAll(moved) == noon.AddMinutes(70));

        var set = await house.Server.Post(
            $"/v1/hunts/{SmallHouse.Hunt}/settings", new { key = "waiting.credit_max", value = "20m", why = "a long queue" }, house.Server.Server.AdminKey);
        Assert.Equal(200, (int)set["http"]!);
        var moved = await hall.Next("hunt");
        Assert.Equal((noon.AddHours(1), noon.AddMinutes(80)), (At(moved, "closes"), ForAll(moved)));
        Assert.Equal(noon.AddMinutes(80), ForAll(await house.Server.Get($"/v1/hunts/{SmallHouse.Hunt}")));

        // Past its closing time nobody new comes in, and who has waited does.
        clock.Advance(TimeSpan.FromMinutes(65));
        Assert.Equal("Closed", (string)(await house.Join("Cyd"))["code"]!);
        house.SetLimit(2);
        await house.UntilAdmitted(bob);
        var joined = await house.Join("Bob", bob);
        Assert.Equal(201, (int)joined["http"]!);
        await using var late = await house.Server.Connect(SmallHouse.Hunt, (string)joined["token"]!);
        Assert.Equal(TimeSpan.FromMinutes(20), TimeSpan.FromMilliseconds((long)late.Welcome["credit_ms"]!));
        Assert.Equal("correct", (string)(await late.Submit(1, "a", "one"))["verdict"]!);

        clock.Advance(TimeSpan.FromMinutes(16));
        var closed = await hall.Next("hunt");
        Assert.Equal(("closed", noon.AddHours(1), null), ((string)closed["phase"]!, At(closed, "closes"), ForAll(closed)));
        var facts = (await house.Server.Ledger(SmallHouse.Hunt)).SelectMany(line => line["facts"]!.AsArray()).Select(fact => fact!).ToList();
        Assert.Equal([600_000, 1_200_000], facts.Where(fact => (string)fact["fact"]! == "CreditCapped").Select(fact => (long)fact["most_ms"]!));

        static DateTimeOffset? At(JsonNode json, string name) => (long?)json[name] is { } ms ? DateTimeOffset.FromUnixTimeMilliseconds(ms) : null;

        static DateTimeOffset? ForAll(JsonNode json) => At(json, "closes_for_all");
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
    public void It_closes_for_all_at_the_cap_also_where_nobody_waited()
    {
        var game = new Game();
        game.Do(0, "ada", new Command.Join("Ada", new TeamChoice.Alone()));
        Assert.Equal([new Fact.CreditCapped(120_000)], game.Do(1_000, "", new Command.CapCredit(120_000)));
        Assert.Null(game.Try(2_000, "", new Command.CapCredit(120_000)));
        Assert.Equal(720_000, Referee.NextDue(game.Term.State));
        Assert.Null(game.Try(719_999, "", new Command.Tick()));
        Assert.Equal(new Fact.SubmissionRefused(0, "ada", "a", Refusal.Closed), game.Do(719_999, "ada", new Command.Submit("a", "yes"))[^1]);
        Assert.Equal([new Fact.HuntClosed()], game.Do(720_000, "", new Command.Tick()));
        Assert.Equal((HuntPhase.Closed, 600_000), (game.Term.State.Phase, game.Term.State.ClosesMs));
        Assert.Null(game.Try(730_000, "", new Command.CapCredit(900_000)));
    }

    [Fact]
    public void A_cap_that_comes_too_late_does_not_open_a_hunt_that_was_due_to_close()
    {
        var game = new Game();
        Assert.Equal([new Fact.HuntClosed()], game.Do(600_000, "", new Command.CapCredit(120_000)));
    }

    [Fact]
    public void A_cap_that_is_lowered_takes_nothing_from_those_who_have_more()
    {
        var game = new Game();
        game.Do(0, "", new Command.CapCredit(120_000));
        game.Do(90_000, "bob", new Command.Join("Bob", new TeamChoice.Alone(), 90_000, 90_000));
        game.Do(100_000, "", new Command.CapCredit(30_000));
        Assert.Equal(690_000, Referee.NextDue(game.Term.State));
        game.Do(110_000, "", new Command.CapCredit(0));
        Assert.Equal(690_000, game.Term.State.ClosesForAllMs);
    }

    [Fact]
    public void An_extension_moves_the_end_of_all_with_it()
    {
        var game = new Game();
        game.Do(0, "", new Command.CapCredit(120_000));
        game.Do(650_000, "", new Command.Extend(700_000));
        Assert.Equal(820_000, Referee.NextDue(game.Term.State));
        Assert.Equal([new Fact.HuntClosed()], game.Do(700_001, "", new Command.Close()));
        Assert.Equal(700_000, game.Term.State.ClosesMs);
    }

    /// <summary>Reckoned a second time, from the facts alone: closing time as it was moved last, cap as it was said last, largest credit.</summary>
    [Fact]
    public void Whatever_happens_it_closes_at_the_cap_and_for_each_team_at_its_own_credit() =>
        Games.Of.Sample(commands =>
        {
            long closes = 60_000, cap = 0, most = 0;
            var credits = new Dictionary<int, long>();
            var closed = false;
            foreach (var decided in Games.Ledger(commands).Select(entry => entry.Record).OfType<LedgerRecord.Decided>())
            {
                var due = !closed && closes + Math.Max(cap, most) <= decided.TimeMs;
                Assert.Equal(due, decided.Facts.Contains(new Fact.HuntClosed()));
                closed |= due;
                foreach (var fact in decided.Facts)
                    switch (fact)
                    {
                        case Fact.HuntExtended extended: closes = extended.ClosesMs; break;
                        case Fact.CreditCapped capped: cap = capped.MostMs; break;
                        case Fact.TeamCredited credited: most = Math.Max(most, credits[credited.Team] = credited.CreditMs); break;
                        case Fact.AnswerAccepted accepted: Assert.True(decided.TimeMs < closes + credits.GetValueOrDefault(accepted.Team)); break;
                    }
            }
        }, iter: 1000, threads: 1);

    [Fact]
    public void Where_no_cap_is_told_it_closes_for_all_at_the_largest_credit_given()
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

    [Fact]
    public void A_checkpoint_keeps_the_cap_and_one_that_has_none_closes_at_the_largest_credit()
    {
        var game = new Game();
        game.Do(0, "bob", new Command.Join("Bob", new TeamChoice.Alone(), 90_000, 60_000));
        game.Do(0, "", new Command.CapCredit(120_000));
        var bytes = CheckpointCodec.Encode(new Folded(1, 1, default, game.Term.State));
        Assert.Equal(720_000, CheckpointCodec.Decode(bytes)!.State.ClosesForAllMs);

        var without = Wire.Checkpoint.Checkpoint.Parser.ParseFrom(bytes);
        without.CreditCapMs = 0; // as absent
        Assert.Equal(660_000, CheckpointCodec.Decode(without.ToByteArray())!.State.ClosesForAllMs);
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

        public IReadOnlyList<Fact> Do(long timeMs, string hunter, Command command, long seq = 2) => Try(timeMs, hunter, command, seq)!.Facts;

        /// <summary>Null where it comes to nothing.</summary>
        public LedgerRecord.Decided? Try(long timeMs, string hunter, Command command, long seq = 2) =>
            Term.Decide(++position, timeMs, Envelope.Of(hunter.Length == 0 ? CommandId.None : new CommandId(hunter, "i", command is Command.Join ? 1 : seq), command));
    }
}
