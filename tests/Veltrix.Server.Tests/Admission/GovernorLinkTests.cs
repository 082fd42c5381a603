using System.Text.Json.Nodes;
using Veltrix.Gate;
using Veltrix.Wire.Governor;

namespace Veltrix.Server.Tests.Admission;

/// <summary>The line to the governor: what is reported, what is gone by, and what happens when it is silent.</summary>
public sealed class GovernorLinkTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Load_is_reported_with_what_people_have_set()
    {
        await using var governor = await SmallGovernor.Start();
        await using var house = await Governed(governor, new OffsetClock());
        var ada = await house.Enter("Ada");
        await using var live = await house.Server.Connect(SmallHouse.Hunt, (string)ada["token"]!);
        await live.Submit(1, "a", "one");
        await SmallHouse.Until(() => Task.FromResult(governor.Heard.Any(report => report.Hunts.Any(hunt => hunt is { SeatedHere: 1, HasOutcomeP99Seconds: true }))));
        var load = governor.Heard.Last(report => report.Hunts.Count == 1).Hunts[0];
        Assert.Equal((SmallHouse.Hunt, "open", 0, "3"), (load.Hunt, load.Phase, load.LogLagRecords, load.Settings["max_concurrent_hunters"]));
        Assert.Contains("settings:1", load.Origins["max_concurrent_hunters"]);
        Assert.InRange(load.OutcomeP99Seconds, 0.0001, 30);
        Assert.InRange(governor.Heard.Last().Load.CpuRatio, 0, 1);
        Assert.True(governor.Heard.Last().Load is { Sockets: 1, SocketsMax: > 100 });
    }

    [Fact]
    public async Task A_brownout_slows_boards_and_shortens_the_grace_but_never_under_ten_seconds()
    {
        await using var governor = await SmallGovernor.Start();
        await using var house = await Governed(governor, new OffsetClock());
        await using var live = await house.Server.Connect(SmallHouse.Hunt, (string)(await house.Enter("Ada"))["token"]!);
        Assert.Equal(1000, (int)live.Welcome["board_ms"]!);
        governor.Say(Guidance(3, brownout: 1));
        await SmallHouse.Until(async () =>
        {
            await using var another = await house.Server.Connect(SmallHouse.Hunt);
            return (int)another.Welcome["board_ms"]! == 3000;
        });
        await live.Submit(1, "a", "one");
        await live.Next("board", board => (int)board["next_ms"]! == 3000);
    }

    [Fact]
    public async Task In_a_full_brownout_presence_and_graph_stay_away_and_outcomes_do_not()
    {
        var clock = new OffsetClock();
        await using var governor = await SmallGovernor.Start();
        await using var house = await Governed(governor, clock);
        await using var ada = await house.Server.Connect(SmallHouse.Hunt, (string)(await house.Enter("Ada"))["token"]!);
        await using var hall = await house.Server.Connect(SmallHouse.Hunt, null, new { graph = true });
        await ada.Submit(1, "a", "one");
        Assert.Equal(1, Score(await hall.Next("graph")));
        // Presence is looked at every five seconds, and goes along with a board that leaves anyway.
        var seq = 1;
        await SmallHouse.Until(async () =>
        {
            clock.Advance(TimeSpan.FromSeconds(6));
            // It is told once, and an earlier board may have done so.
            return hall.Kept("board").Append(await Board(hall, await ada.Submit(++seq, "a", "again"))).Any(board => (int?)board["present"] == 1);
        });
        Assert.False((await Board(hall, await ada.Submit(++seq, "a", "again"))).AsObject().ContainsKey("present"));

        governor.Say(Guidance(3, brownout: 1));
        await SmallHouse.Until(async () =>
        {
            await using var another = await house.Server.Connect(SmallHouse.Hunt);
            return (int)another.Welcome["board_ms"]! == 3000;
        });
        await using var late = await house.Server.Connect(SmallHouse.Hunt, null, new { graph = true });
        clock.Advance(TimeSpan.FromMinutes(5));
        var solved = await ada.Submit(++seq, "b", "two");
        Assert.Equal("correct", (string)solved["verdict"]!);
        // That nothing more is told is told once, to those who had been told something.
        await hall.Next("board", board => board.AsObject().TryGetPropertyValue("present", out var told) && told is null);
        Assert.Null((await Board(late, solved))["present"]);
        solved = await ada.Submit(++seq, "c", "three");
        Assert.Equal("correct", (string)solved["verdict"]!);
        foreach (var screen in new[] { hall, late })
        {
            Assert.Null((await Board(screen, solved))["present"]);
            await screen.Ping();
            Assert.Empty(screen.Kept("graph"));
        }

        governor.Say(Guidance(3));
        foreach (var screen in new[] { hall, late }) Assert.Equal(7, Score(await screen.Next("graph")));

        static Task<JsonNode> Board(LiveClient screen, JsonNode outcome) => screen.Next("board", board => (long)board["as_of"]!["position"]! >= (long)outcome["position"]!);

        static long Score(JsonNode graph) => (long)Assert.Single(graph["lines"]!.AsArray())!["points"]!.AsArray()[^1]![1]!;
    }

    [Fact]
    public async Task A_silent_governor_closes_the_door_to_newcomers_after_thirty_seconds_and_those_who_play_go_on()
    {
        var clock = new OffsetClock();
        await using var governor = await SmallGovernor.Start();
        await using var house = await Governed(governor, clock);
        var token = (string)(await house.Enter("Ada"))["token"]!;
        await using var live = await house.Server.Connect(SmallHouse.Hunt, token);
        await governor.DisposeAsync();
        clock.Advance(TimeSpan.FromSeconds(20));
        await house.Enter("Bob");

        await SmallHouse.Until(async () => (int)(await house.Join("Cyd"))["http"]! == 201);

        // Seats are scarce now, and yet nobody is asked for a proof of work that would be in vain.
        clock.Advance(TimeSpan.FromSeconds(11));
        await SmallHouse.Until(async () => (string?)(await house.Join("Dee"))["code"] == "AdmissionClosed");
        Assert.Contains("the governor is silent", (string)(await house.Join("Dee"))["detail"]!);
        Assert.Equal("correct", (string)(await live.Submit(1, "a", "one"))["verdict"]!);
        await using var again = await house.Server.Connect(SmallHouse.Hunt, token, new { instance = "other" });
        Assert.Equal("correct", (string)(await again.Submit(1, "b", "two"))["verdict"]!);
    }

    [Fact]
    public async Task A_servers_own_cap_and_the_governors_guard_hold()
    {
        await using var governor = await SmallGovernor.Start();
        await using var house = await Governed(governor, new OffsetClock());
        await using var live = await house.Server.Connect(SmallHouse.Hunt, (string)(await house.Enter("Ada"))["token"]!);
        var capped = Guidance(3);
        capped.ServerCap = 1;
        governor.Say(capped);
        await SmallHouse.Until(async () => ((string?)(await house.Join("Bob"))["detail"])?.Contains("this server carries as many as it can") == true);
        var guarded = Guidance(3);
        guarded.Guard = true;
        governor.Say(guarded);
        await SmallHouse.Until(async () => (string?)(await house.Join("Bob"))["code"] == "ProofNeeded");
    }

    /// <summary>A house whose limit of three an orchestrator has published.</summary>
    static async Task<SmallHouse> Governed(SmallGovernor governor, OffsetClock clock)
    {
        governor.Say(Guidance(3));
        var house = await SmallHouse.Open(3, "join.unguarded: none", clock, options => options with { Governor = governor.Url });
        Assert.True(await house.Gate.Publish(1, new GateLimits(3, 0, false, 0, 0, false, "three are plenty", "ceiling", false, 3, true, 0), Cancel));
        await house.Gate.Reopen(1, Cancel);
        await SmallHouse.Until(async () =>
        {
            var join = await house.Join("First");
            if ((int)join["http"]! == 201) await house.Gate.Leave((string)join["hunter"]!, Cancel);
            return (int)join["http"]! == 201;
        });
        return house;
    }

    static Guidance Guidance(long limit, double brownout = 0) =>
        new() { Hunt = SmallHouse.Hunt, Limit = limit, Reason = "three are plenty", BrownoutLag = brownout, BrownoutMemory = brownout };
}
