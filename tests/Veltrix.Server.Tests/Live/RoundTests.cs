using Veltrix.Server.Live;

namespace Veltrix.Server.Tests.Live;

/// <summary>When the slots of a hunt's boards are due.</summary>
public sealed class RoundTests
{
    readonly ManualClock clock = new();

    [Fact]
    public void At_a_steady_cadence_every_slot_is_due_once_in_it_and_evenly()
    {
        var round = new Round(clock);
        var times = Enumerable.Range(0, Audience.Slots).Select(_ => new List<double>()).ToArray();
        for (var ms = 0.0; ms < 9_000; ms += 7) Pass(round, 7, 3_000, (slot, _) => times[slot].Add(ms));
        foreach (var (slot, at) in times.Index())
        {
            Assert.Equal(3, at.Count);
            for (var n = 0; n < 3; n++) Assert.InRange(at[n], n * 3_000 + (slot + 1) * 15 - 15, n * 3_000 + (slot + 1) * 15 + 7);
        }
    }

    /// <summary>A brownout may stretch three seconds to ten between one board and the next, and what the first one said of the second holds.</summary>
    [Fact]
    public void However_the_cadence_changes_nobody_waits_for_longer_than_was_promised()
    {
        int[] cadences = [1_000, 3_000, 10_000];
        for (var seed = 0; seed < 20; seed++)
        {
            var chance = new Random(seed);
            var round = new Round(clock);
            var (due, said) = (new double?[Audience.Slots], new int[Audience.Slots]);
            var (now, cadence) = (0.0, 1_000);
            while (now < 120_000)
            {
                if (chance.Next(200) == 0) cadence = cadences[chance.Next(cadences.Length)];
                var passed = chance.Next(2, 60);
                now += passed;
                Pass(round, passed, cadence, (slot, posted) =>
                {
                    // A pass looks at all that ended in it, and the slot itself takes as much as a 200th of what was said.
                    if (due[slot] is { } at) Assert.True(now <= at + 60 + 10_000 / Audience.Slots, $"seed {seed}: slot {slot} was due at {at} ms and came at {now} ms");
                    // Where nothing had moved, what was said before holds from whenever something does.
                    if (posted) said[slot] = cadence;
                    if (said[slot] > 0) due[slot] = now + said[slot];
                }, posts: chance.Next(4) > 0);
                for (var slot = 0; slot < Audience.Slots; slot++)
                    if (due[slot] is { } at) Assert.True(now <= at + 60 + 10_000 / Audience.Slots, $"seed {seed}: slot {slot} was due at {at} ms and has not come at {now} ms");
            }
        }
    }

    [Fact]
    public void A_faster_cadence_holds_at_once()
    {
        var round = new Round(clock);
        Pass(round, 9_990, 10_000, (_, _) => { });
        var seen = new HashSet<int>();
        for (var ms = 0; ms < 1_020; ms += 10) Pass(round, 10, 1_000, (slot, _) => seen.Add(slot));
        Assert.Equal(Audience.Slots, seen.Count);
    }

    [Fact]
    public void What_was_missed_for_long_is_not_made_up_for_by_a_burst()
    {
        var round = new Round(clock);
        var seen = new List<int>();
        Pass(round, 60_000, 1_000, (slot, _) => seen.Add(slot));
        Assert.Equal(Enumerable.Range(0, Audience.Slots), seen);
        seen.Clear();
        Pass(round, 6, 1_000, (slot, _) => seen.Add(slot));
        Assert.Equal([0], seen);
    }

    [Fact]
    public void A_board_is_late_two_seconds_after_it_was_promised()
    {
        var round = new Round(clock);
        Assert.False(round.IsLate(0));
        round.Served(0, 3_000);
        clock.Advance(TimeSpan.FromSeconds(5));
        Assert.False(round.IsLate(0));
        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(round.IsLate(0));
        round.Served(0, null);
        Assert.False(round.IsLate(0));
        round.Forget(0);
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.False(round.IsLate(0));
    }

    static void Pass(Round round, double ms, int cadence, Action<int, bool> look, bool posts = true)
    {
        foreach (var slot in round.Pass(TimeSpan.FromMilliseconds(ms), cadence))
        {
            round.Served(slot, posts ? cadence : null);
            look(slot, posts);
        }
    }
}
