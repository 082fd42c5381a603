using System.Text.Json.Nodes;
using Veltrix.Server.Admission;
using Veltrix.Server.Live;

namespace Veltrix.Server.Tests.Admission;

/// <summary>More come than may play: who waits knows where, and nobody who plays notices.</summary>
public sealed class WaitingTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_five_hunters_two_play_and_three_wait_in_the_order_they_came()
    {
        await using var house = await SmallHouse.Open(limit: 2);
        var ada = await house.Enter("Ada");
        await house.Enter("Bob");
        var cyd = await house.Queue("Cyd", 1);
        var dee = await house.Queue("Dee", 2);
        var eve = await house.Queue("Eve", 3);
        var seen = await house.Place(dee);
        Assert.Equal((2, 1, 3, 2, 2), ((int)seen["place"]!, (int)seen["ahead"]!, (int)seen["waiting"]!, (int)seen["limit"]!, (int)seen["seated"]!));
        // A sentence for hunters, and what it rests on for operators.
        Assert.Equal("The house is full: 2 play. A place is free when somebody leaves, or when there is room for more.", (string)seen["reason"]!);
        Assert.Contains("max_concurrent_hunters", (string)seen["set_by"]!["why"]!);
        Assert.True(seen.AsObject().ContainsKey("eta") && seen["eta"] is null);
        // The hunt's log has heard of those who play, and of nobody else.
        Assert.Equal(2, (await house.Server.Ledger(SmallHouse.Hunt)).SelectMany(line => line["facts"]!.AsArray()).Count(fact => (string)fact!["fact"]! == "TeamJoined"));

        house.SetLimit(3);
        await house.UntilAdmitted(cyd);
        await SmallHouse.Until(async () => (int?)(await house.Place(dee))["place"] == 1);
        var joined = await house.Join("Cyd", cyd);
        Assert.Equal((201, house.Read(cyd).Hunter), ((int)joined["http"]!, (string)joined["hunter"]!));
        // The answer was lost: asked again, it is the same hunter.
        Assert.Equal((string)joined["hunter"]!, (string)(await house.Join("Cyd", cyd))["hunter"]!);

        await house.Gate.Leave((string)ada["hunter"]!, Cancel);
        await house.UntilAdmitted(dee);
        Assert.Equal("waiting", (string)(await house.Place(eve))["state"]!);
        await house.NobodyTooMany();
    }

    [Fact]
    public async Task Whoever_waits_is_told_which_setting_keeps_him_out_and_who_set_it()
    {
        await using var house = await SmallHouse.Open(limit: 1);
        await house.Enter("Ada");
        var byCeiling = (await house.Join("Bob"))["set_by"]!;
        Assert.Equal(
            ("max_concurrent_hunters", "settings:1", "https://veltrix.dev/docs/reference/config.md#max_concurrent_hunters"),
            ((string)byCeiling["key"]!, (string)byCeiling["origin"]!, (string)byCeiling["page"]!));

        Assert.Equal(200, (int)(await house.Server.Post($"/v1/hunts/{SmallHouse.Hunt}/settings", new { key = "pin_limit", value = 1, why = "the venue is full" }, house.Server.Token(Scopes.Organiser, SmallHouse.Hunt, "anna")))["http"]!);
        await SmallHouse.Until(async () => (string)(await house.Join("Cyd"))["set_by"]!["key"]! == "pin_limit");
        Assert.Contains("anna", (string)(await house.Join("Dan"))["set_by"]!["origin"]!);
    }

    [Fact]
    public async Task A_seat_that_is_only_looked_at_goes_to_the_next()
    {
        var clock = new OffsetClock();
        await using var house = await SmallHouse.Open(limit: 1, more: "seat.grace: 10s", clock: clock);
        var ada = await house.Enter("Ada");
        var (bob, cyd) = (await house.Queue("Bob", 1), await house.Queue("Cyd", 2));
        await house.Gate.Leave((string)ada["hunter"]!, TestContext.Current.CancellationToken);
        await house.UntilAdmitted(bob);
        // Bob's client shows the page, and nobody is in front of it.
        await SmallHouse.Until(async () =>
        {
            Assert.Equal(200, (int)(await house.Place(bob))["http"]!);
            return (string?)(await house.Place(cyd))["state"] == "admitted";
        });
    }

    [Fact]
    public async Task A_reload_and_a_second_tab_keep_one_place()
    {
        await using var house = await SmallHouse.Open(limit: 1);
        await house.Enter("Ada");
        var ticket = await house.Queue("Bob", 1);
        await house.Queue("Cyd", 2);
        Assert.Equal((202, 1), ((int)(await house.Join("Bob", ticket))["http"]!, (int)(await house.Join("Bob", ticket))["place"]!));
        var (one, first) = await house.Wait(ticket);
        var (two, second) = await house.Wait(ticket);
        await using (one)
        await using (two)
        {
            Assert.Equal((1, 1, 2), ((int)first["place"]!, (int)second["place"]!, (int)second["waiting"]!));
            house.SetLimit(2);
            await one.Next("admitted");
            await two.Next("admitted");
        }

        Assert.Equal(201, (int)(await house.Join("Bob", ticket))["http"]!);
        await house.NobodyTooMany();
    }

    [Fact]
    public async Task On_a_socket_the_place_the_board_and_the_news_come_by_themselves()
    {
        await using var house = await SmallHouse.Open(limit: 1);
        var ada = await house.Enter("Ada");
        await using var playing = await house.Server.Connect(SmallHouse.Hunt, (string)ada["token"]!);
        var ticket = await house.Queue("Bob", 1);
        var (live, first) = await house.Wait(ticket);
        await using (live)
        {
            Assert.Equal((1, 0, "absolute"), ((int)first["place"]!, (int)first["ahead"]!, (string)first["clock"]!));
            await playing.Submit(1, "a", "one");
            await live.Next("waiting", frame => frame["top"]!.AsArray().Any(row => (string)row!["name"]! == "Ada" && (int)row["score"]! == 1));
            await house.Server.Act(SmallHouse.Hunt, "announce", new { text = "soon" });
            Assert.Equal("soon", (string)(await live.Next("announcement"))["text"]!);
            await live.Ping();
            var refused = (await live.Answer(await live.Send("submit", new { seq = 1, challenge = "a", answer = "one" })))["error"]!;
            Assert.Equal(("NotSeated", 1, 1), ((string)refused["code"]!, (int)refused["limit"]!, (int)refused["value"]!));
            Assert.Equal("max_concurrent_hunters", (string)refused["set_by"]!["key"]!);
            house.SetLimit(2);
            await live.Next("admitted");
        }

        var bob = await house.Join("Bob", ticket);
        await using var welcome = await house.Server.Connect(SmallHouse.Hunt, (string)bob["token"]!);
        Assert.Equal("Bob", (string)welcome.Welcome["name"]!);
    }

    [Fact]
    public async Task A_lost_connection_keeps_the_seat_for_its_grace_and_after_it_the_hunter_waits_and_is_welcomed_again()
    {
        await using var house = await SmallHouse.Open(limit: 1);
        var ada = await house.Enter("Ada");
        var token = (string)ada["token"]!;
        await using (var live = await house.Server.Connect(SmallHouse.Hunt, token)) await live.Submit(1, "a", "one");
        var bob = await house.Queue("Bob", 1);
        // Within the grace it is as if nothing had been, and Bob still waits.
        await using (await house.Server.Connect(SmallHouse.Hunt, token)) Assert.Equal("waiting", (string)(await house.Place(bob))["state"]!);

        await house.Gate.Leave((string)ada["hunter"]!, Cancel);
        await house.UntilAdmitted(bob);
        var (back, first) = await house.ComeBack(token);
        await using (back)
        {
            Assert.Equal(1, (int)first["place"]!);
            var refused = (await back.Answer(await back.Send("submit", new { seq = 2, challenge = "b", answer = "two" })))["error"]!;
            Assert.Equal("NotSeated", (string)refused["code"]!);
            await house.Gate.Leave(house.Read(bob).Hunter, Cancel);
            Assert.Equal(1, (int)(await back.Next("welcome"))["last_seq"]!);
            Assert.Equal("correct", (string)(await back.Submit(2, "b", "two"))["verdict"]!);
        }

        await house.NobodyTooMany();
    }

    [Fact]
    public async Task A_full_house_never_costs_a_seated_hunter_an_answer()
    {
        await using var house = await SmallHouse.Open(limit: 2);
        var tokens = new[] { (string)(await house.Enter("Ada"))["token"]!, (string)(await house.Enter("Bob"))["token"]! };
        for (var i = 0; i < 5; i++) await house.Queue($"Waiter {i}", i + 1);
        foreach (var token in tokens)
        {
            await using var live = await house.Server.Connect(SmallHouse.Hunt, token);
            for (var seq = 1; seq <= 15; seq++) Assert.NotNull(await live.Submit(seq, "a", $"guess {seq}"));
            Assert.Empty(live.Kept("error"));
        }
    }

    [Fact]
    public async Task A_ticket_survives_a_restart_of_the_server()
    {
        await using var house = await SmallHouse.Open(limit: 1);
        var ada = await house.Enter("Ada");
        var bob = await house.Queue("Bob", 1);
        var cyd = await house.Queue("Cyd", 2);
        await house.Server.Restart();
        Assert.Equal(1, (int)(await house.Place(bob))["place"]!);
        Assert.Equal(2, (int)(await house.Place(cyd))["place"]!);
        await using var live = await house.Server.Connect(SmallHouse.Hunt, (string)ada["token"]!);
        Assert.Equal("correct", (string)(await live.Submit(1, "a", "one"))["verdict"]!);
    }

    [Fact]
    public async Task After_the_store_forgot_everything_seats_and_places_are_as_they_were()
    {
        await using var house = await SmallHouse.Open(limit: 1);
        var ada = await house.Enter("Ada");
        await using var live = await house.Server.Connect(SmallHouse.Hunt, (string)ada["token"]!);
        var bob = await house.Queue("Bob", 1);
        var cyd = await house.Queue("Cyd", 2);
        var (waiting, _) = await house.Wait(cyd);
        await using (waiting)
        {
            // Cyd is heard of first, and still is behind Bob.
            await house.Gate.Forget(Cancel);
            await SmallHouse.Until(async () => (await house.Gate.Counts(Cancel)) is { Rebuilding: false, Waiting: 1, Seated: 1 });
            Assert.Equal("correct", (string)(await live.Submit(1, "a", "one"))["verdict"]!);
            await SmallHouse.Until(async () => (int?)(await house.Place(bob))["place"] == 1);
            await waiting.Next("waiting", frame => (int?)frame["place"] == 2);
            Assert.Equal((202, 3), ((int)(await house.Join("Dee"))["http"]!, (await house.Gate.Counts(Cancel)).Waiting));
        }

        await house.NobodyTooMany();
    }

    /// <summary>Its server died as the store lost its seats, say, and nobody could tell of its seat.</summary>
    [Fact]
    public async Task Who_had_a_seat_that_the_store_forgot_gets_it_before_all_who_wait()
    {
        await using var house = await SmallHouse.Open(limit: 2);
        await using var ada = await house.Server.Connect(SmallHouse.Hunt, (string)(await house.Enter("Ada"))["token"]!);
        var eve = (string)(await house.Enter("Eve"))["token"]!;
        var bob = await house.Queue("Bob", 1);
        var cyd = await house.Queue("Cyd", 2);
        await house.Gate.Forget(Cancel);
        // They ask for their places anew, and are not let in while eve may still come.
        await SmallHouse.Until(async () => ((int?)(await house.Place(bob))["place"], (int?)(await house.Place(cyd))["place"]) == (1, 2));
        await using var back = await house.Server.Connect(SmallHouse.Hunt, eve);
        Assert.Equal((1, 2), ((int)(await house.Place(bob))["place"]!, (int)(await house.Place(cyd))["place"]!));

        await house.NobodyTooMany();
    }

    /// <summary>One whose grace ran out has joined as well, and had no seat to come back to.</summary>
    [Fact]
    public async Task Who_waited_when_the_store_forgot_leaves_the_seat_to_the_one_who_had_it()
    {
        await using var house = await SmallHouse.Open(limit: 2);
        await using var ada = await house.Server.Connect(SmallHouse.Hunt, (string)(await house.Enter("Ada"))["token"]!);
        var fay = await house.Enter("Fay");
        await house.Gate.Leave((string)fay["hunter"]!, Cancel);
        var eve = (string)(await house.Enter("Eve"))["token"]!;
        var (waits, _) = await house.ComeBack((string)fay["token"]!);
        await using (waits)
        {
            // Once the server has read the list.
            for (var i = 0; i < 2; i++) await waits.Next("waiting", frame => (int?)frame["place"] == 1);
            await house.Gate.Forget(Cancel);
            await SmallHouse.Until(async () => (await house.Gate.Counts(Cancel)) is { Rebuilding: false, Seated: 1, Waiting: 1 });
            await using var back = await house.Server.Connect(SmallHouse.Hunt, eve);
            Assert.True((await house.Gate.Counts(Cancel)) is { Seated: 2, Waiting: 1 });
        }

        await house.NobodyTooMany();
    }

    [Fact]
    public async Task A_ticket_that_was_changed_or_given_out_elsewhere_is_refused_everywhere()
    {
        await using var house = await SmallHouse.Open(limit: 1);
        await house.Enter("Ada");
        var ticket = await house.Queue("Bob", 1);
        var other = new Ticket("elsewhere", "HUNTER", 1, false, false).Sign(Keyring.Open(house.Server.Folder));
        var parts = ticket.Split('.');
        (parts[4], var foreign) = ("MQ", string.Join('.', parts));
        foreach (var bad in new[] { ticket[..^2] + "AA", string.Join('.', parts), other, "t1", "", "t1.....", foreign[..20] })
        {
            Assert.Equal((400, "TicketInvalid"), ((int)(await house.Join("Bob", bad))["http"]!, (string)(await house.Join("Bob", bad))["code"]!));
            Assert.Equal((401, "TicketInvalid"), ((int)(await house.Place(bad))["http"]!, (string)(await house.Place(bad))["code"]!));
            await using var live = await house.Server.ConnectSilently(SmallHouse.Hunt);
            await live.Send("hello", new { ticket = bad });
            await live.ReadToClose(CloseCodes.TicketInvalid);
        }
    }

    [Fact]
    public async Task Before_the_opening_places_are_drawn_by_lot_and_after_it_they_go_by_arrival()
    {
        var noon = new DateTimeOffset(2031, 5, 4, 12, 0, 0, TimeSpan.Zero);
        var clock = OffsetClock.At(noon.AddMinutes(-5));
        await using var house = await SmallHouse.Open(2, clock: clock, hunt: TestServer.Quiz.Replace("title:", "opens: 2031-05-04T12:00:00Z\ntitle:"), open: false);
        var tickets = new List<string>();
        for (var i = 0; i < 6; i++)
        {
            var answer = await house.Join($"Early {i}");
            Assert.Equal((202, null, noon.ToUnixTimeMilliseconds()), ((int)answer["http"]!, (long?)answer["place"], (long)answer["drawn_at"]!));
            tickets.Add((string)answer["ticket"]!);
        }

        var (live, first) = await house.Wait(tickets[0]);
        Assert.Null(first["place"]);
        await live.DisposeAsync();
        clock.Advance(TimeSpan.FromMinutes(5));
        var keyring = Keyring.Open(house.Server.Folder);
        var byLot = tickets.OrderBy(ticket => house.Read(ticket).Order(keyring)).ToList();
        await house.UntilAdmitted(byLot[0]);
        await house.UntilAdmitted(byLot[1]);
        for (var i = 2; i < 6; i++) Assert.Equal(("waiting", i - 1), ((string)(await house.Place(byLot[i]))["state"]!, (int)(await house.Place(byLot[i]))["place"]!));
        await house.Queue("Late", 5);
        await house.NobodyTooMany();
    }

    [Fact]
    public async Task A_pass_goes_first_and_is_one_hunter_however_often_it_is_shown()
    {
        await using var house = await SmallHouse.Open(limit: 1);
        await house.Enter("Ada");
        var bob = await house.Queue("Bob", 1);
        var issued = await house.Server.Post($"/v1/hunts/{SmallHouse.Hunt}/passes", new { count = 2, why = "the press" }, house.Server.Server.AdminKey);
        Assert.Equal((201, 2), ((int)issued["http"]!, issued["tokens"]!.AsArray().Count));
        var pass = (string)issued["tokens"]![0]!;
        var one = await house.Join("Zed", pass: pass);
        var two = await house.Join("Zed", pass: pass);
        Assert.Equal((202, 1, 2), ((int)one["http"]!, (int)one["place"]!, (int)two["waiting"]!));
        Assert.Equal(house.Read((string)one["ticket"]!).Hunter, house.Read((string)two["ticket"]!).Hunter);
        await SmallHouse.Until(async () => (int?)(await house.Place(bob))["place"] == 2);
        house.SetLimit(2);
        await house.UntilAdmitted((string)one["ticket"]!);

        Assert.Equal("PassInvalid", (string)(await house.Join("Eve", pass: bob))["code"]!);
        Assert.Equal("PassInvalid", (string)(await house.Join("Eve", pass: house.Server.Token(Scopes.Priority, "elsewhere")))["code"]!);
        Assert.Equal(401, (int)(await house.Server.Post($"/v1/hunts/{SmallHouse.Hunt}/passes", new { count = 2, why = "x" }))["http"]!);
        Assert.Equal(400, (int)(await house.Server.Post($"/v1/hunts/{SmallHouse.Hunt}/passes", new { count = 0, why = "x" }, house.Server.Server.AdminKey))["http"]!);
        Assert.Equal(400, (int)(await house.Server.Post($"/v1/hunts/{SmallHouse.Hunt}/passes", new { count = 1 }, house.Server.Server.AdminKey))["http"]!);
    }

    [Fact]
    public async Task One_who_waits_to_come_back_is_welcomed_when_the_hunt_closes_and_sent_away_when_it_was_banned()
    {
        await using var house = await SmallHouse.Open(limit: 1);
        var hunters = new List<JsonNode>();
        foreach (var name in new[] { "Ada", "Bob", "Cyd" })
        {
            hunters.Add(await house.Enter(name));
            await house.Gate.Leave((string)hunters[^1]["hunter"]!, Cancel);
        }

        await house.Enter("Dee");
        var (ada, _) = await house.ComeBack((string)hunters[0]["token"]!);
        var (bob, _) = await house.ComeBack((string)hunters[1]["token"]!);
        await using (ada)
        await using (bob)
        {
            await house.Server.Act(SmallHouse.Hunt, "ban", new { hunter = (string)hunters[1]["hunter"]! });
            await house.Server.Act(SmallHouse.Hunt, "close", new { });
            Assert.Equal("closed", (string)(await ada.Next("hunt"))["phase"]!);
            Assert.Equal("closed", (string)(await ada.Next("welcome"))["phase"]!);
            await bob.ReadToClose(CloseCodes.Banned);
        }
    }

    [Fact]
    public async Task What_the_hunt_would_refuse_is_refused_before_anybody_waits_for_it()
    {
        await using var house = await SmallHouse.Open(limit: 1);
        await house.Enter("Ada");
        Assert.Equal("SoloOnly", (string)(await house.Server.Join(SmallHouse.Hunt, "Bob", new { found = "Owls" }))["code"]!);
        await house.Server.Act(SmallHouse.Hunt, "close", new { });
        Assert.Equal("Closed", (string)(await house.Join("Bob"))["code"]!);
        Assert.Equal(0, (await house.Gate.Counts(Cancel)).Waiting);
    }

    [Fact]
    public async Task Sockets_go_to_those_who_play_first_and_beyond_the_limit_nobody_is_let_hang()
    {
        await using var house = await SmallHouse.Open(limit: 1, more: "max_connections_per_server: 2");
        var ada = await house.Enter("Ada");
        var ticket = await house.Queue("Bob", 1);
        var (waiting, _) = await house.Wait(ticket);
        await using (waiting)
        await using (var playing = await house.Server.Connect(SmallHouse.Hunt, (string)ada["token"]!))
        await using (var watching = await house.Server.Connect(SmallHouse.Hunt))
        {
            await waiting.ReadToClose(CloseCodes.PollInstead);
            Assert.False((bool)(await house.Place(ticket))["socket"]!);
            await using var tooMany = await house.Server.ConnectSilently(SmallHouse.Hunt);
            await tooMany.ReadToClose(CloseCodes.ServerFull);
            Assert.InRange((int)JsonNode.Parse(tooMany.CloseReason!)!["after_ms"]!, 1, 10_000);
            Assert.Equal("correct", (string)(await playing.Submit(1, "a", "one"))["verdict"]!);
            await watching.Ping();
        }
    }

    [Fact]
    [Trait("speed", "slow")]
    public async Task What_departed_hunters_cost_in_the_store_is_gone_within_a_minute_after_their_grace()
    {
        await using var house = await SmallHouse.Open(limit: 2, more: "seat.grace: 10s\nwaiting.patience: 20s");
        await using (await house.Server.Connect(SmallHouse.Hunt, (string)(await house.Enter("Ada"))["token"]!)) await house.Enter("Bob");
        var gone = await house.Queue("Cyd", 1);
        var began = DateTime.UtcNow;
        // Cyd is let in when the first seat falls free, and does not come either.
        await SmallHouse.Until(async () => (await house.Gate.Counts(Cancel)) is { Seated: 0, Waiting: 0, Leaves: 3 });
        Assert.InRange((DateTime.UtcNow - began).TotalSeconds, 9, 60);
        Assert.Empty(await house.Gate.Seated([house.Read(gone).Hunter], Cancel));
    }
}
