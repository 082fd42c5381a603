namespace Veltrix.Hunts.Tests.Playing;

/// <summary>Overrides as the hunt's own rules see them: words with who, why and an end.</summary>
public sealed class OverrideTests
{
    readonly Term term = new(new HuntState(), new LedgerGate(1, 0));
    long position;

    public OverrideTests() => Decide(0, new Command.Publish("hunt: h\ntitle: H\nchallenges:\n  - { id: a, answers: [x] }\n", false));

    [Fact]
    public void What_is_set_is_kept_with_who_why_and_when()
    {
        Assert.Equal(new Fact.SettingOverridden("join.pace", "5", 900), Decide(100, new Command.SetOverride("join.pace", "5", 900)));
        Assert.Equal([new Override("join.pace", "5", 900, "anna", "because", 100)], term.State.Overrides);
        Decide(200, new Command.SetOverride("join.pace", "6", null));
        Assert.Equal([new Override("join.pace", "6", null, "anna", "because", 200)], term.State.Overrides);
        Assert.Equal(new Fact.SettingRestored("join.pace"), Decide(300, new Command.UnsetOverride("join.pace")));
        Assert.Empty(term.State.Overrides);
    }

    [Fact]
    public void An_end_in_the_past_or_now_is_refused()
    {
        Assert.Equal(new Fact.ActionRefused(Refusal.InThePast), Decide(100, new Command.SetOverride("k", "v", 99)));
        Assert.Equal(new Fact.ActionRefused(Refusal.InThePast), Decide(100, new Command.SetOverride("k", "v", 100)));
        Assert.Empty(term.State.Overrides);
    }

    [Fact]
    public void What_is_not_set_or_has_ended_cannot_be_taken_back()
    {
        Assert.Equal(new Fact.ActionRefused(Refusal.NotOverridden), Decide(100, new Command.UnsetOverride("k")));
        Decide(100, new Command.SetOverride("k", "v", 200));
        Assert.Equal(new Fact.ActionRefused(Refusal.NotOverridden), Decide(200, new Command.UnsetOverride("k")));
    }

    [Fact]
    public void Those_that_ended_leave_the_fold_when_the_next_one_is_set()
    {
        Decide(100, new Command.SetOverride("b", "v", 200));
        Decide(100, new Command.SetOverride("a", "v", null));
        Assert.Equal(["a", "b"], term.State.Overrides.Select(o => o.Key));
        Decide(200, new Command.SetOverride("c", "v", null));
        Assert.Equal(["a", "c"], term.State.Overrides.Select(o => o.Key));
    }

    [Fact]
    public void They_can_be_set_in_every_phase()
    {
        foreach (var action in new Command[] { new Command.Open(), new Command.Pause(), new Command.Resume(), new Command.Close() })
        {
            Decide(100, action);
            Assert.IsType<Fact.SettingOverridden>(Decide(100, new Command.SetOverride("k", $"{action}", null)));
        }
    }

    [Fact]
    public void A_hunt_keeps_only_so_many_and_so_long_ones()
    {
        for (var i = 0; i < 500; i++) Assert.IsType<Fact.SettingOverridden>(Decide(100, new Command.SetOverride($"k{i}", "v", null)));
        Assert.Equal(new Fact.ActionRefused(Refusal.OutOfRange), Decide(100, new Command.SetOverride("one more", "v", null)));
        Assert.IsType<Fact.SettingOverridden>(Decide(100, new Command.SetOverride("k0", "again", null)));
        Assert.Equal(new Fact.ActionRefused(Refusal.OutOfRange), Decide(100, new Command.SetOverride("k0", new string('v', 201), null)));
    }

    Fact Decide(long timeMs, Command command) => term.Decide(++position, timeMs, new Envelope(CommandId.None, "anna", "because", null, command))!.Facts[^1];
}
