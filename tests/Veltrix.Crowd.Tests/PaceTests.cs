using CsCheck;

namespace Veltrix.Crowd.Tests;

public class PaceTests
{
    [Fact]
    public void Every_tenth_of_a_second_has_its_share_of_submissions_give_or_take_one() =>
        Gen.Select(Gen.Int[1, 3000], Gen.Double[0.05, 2], Gen.Int).Sample((hunters, rate, seed) =>
        {
            var pace = new Pace(hunters, rate, TimeSpan.FromSeconds(5), seed);
            double perTick = hunters * rate / 10;
            for (int tick = 1; tick <= 50; tick++)
            {
                int due = 0;
                while (pace.TryNext(TimeSpan.FromSeconds(tick / 10.0), out _))
                    due++;
                if (Math.Abs(due - perTick) > 2)
                    return false;
            }

            return true;
        }, iter: 50);

    [Fact]
    public void Every_hunter_has_one_turn_a_round_with_gaps_a_tenth_off_at_most() =>
        Gen.Select(Gen.Int[1, 500], Gen.Int).Sample((hunters, seed) =>
        {
            var turns = Turns(hunters, rate: 1, seconds: 4, seed);
            var rounds = turns.Chunk(hunters).ToArray();
            if (rounds.Length != 4 || rounds.Any(r => r.Distinct().Count() != hunters))
                return false;
            int block = (hunters + 9) / 10;
            return Enumerable.Range(0, hunters).All(h => rounds.Zip(rounds.Skip(1)).All(p => Math.Abs(Array.IndexOf(p.First, h) - Array.IndexOf(p.Second, h)) < block));
        }, iter: 30);

    [Fact]
    public void The_same_seed_gives_the_same_turns_and_another_seed_others()
    {
        Assert.Equal(Turns(100, 1, 3, seed: 7), Turns(100, 1, 3, seed: 7));
        Assert.NotEqual(Turns(100, 1, 3, seed: 7), Turns(100, 1, 3, seed: 8));
    }

    [Fact]
    public void All_that_was_asked_is_due_by_the_end_and_no_more()
    {
        var pace = new Pace(15_000, 0.1, TimeSpan.FromSeconds(30), 1);
        int due = 0;
        while (pace.TryNext(TimeSpan.FromSeconds(30), out _))
            due++;
        Assert.Equal(45_000, due);
        Assert.Equal(45_000, pace.Total);
        Assert.False(pace.TryNext(TimeSpan.FromHours(1), out _));
    }

    [Fact]
    public void A_rate_of_nothing_asks_for_nothing() => Assert.Empty(Turns(10, 0, 5, 1));

    static int[] Turns(int hunters, double rate, int seconds, int seed)
    {
        var pace = new Pace(hunters, rate, TimeSpan.FromSeconds(seconds), seed);
        var turns = new List<int>();
        while (pace.TryNext(TimeSpan.FromSeconds(seconds), out int hunter))
            turns.Add(hunter);
        return [.. turns];
    }
}
