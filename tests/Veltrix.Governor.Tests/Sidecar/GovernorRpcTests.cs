using System.Net;
using System.Text.Json.Nodes;
using Grpc.Core;
using Veltrix.Governor.Sidecar;
using Veltrix.Wire.Governor;

namespace Veltrix.Governor.Tests.Sidecar;

[Collection(OneAtATime.Name)]
public class GovernorRpcTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_report_over_the_wire_becomes_a_vote()
    {
        await using var governor = await RunningGovernor.Start();
        using var report = governor.Client.Report(cancellationToken: Cancel);

        await report.RequestStream.WriteAsync(governor.Script.Report(), Cancel);
        while (!governor.Host.Sidecar.Hunts.Any()) await Task.Yield();
        await governor.Host.Tick(Cancel);
        var vote = await governor.Client.VoteAsync(new VoteRequest(), cancellationToken: Cancel);
        await report.RequestStream.CompleteAsync();
        await report;

        Assert.Equal("here", vote.Governor);
        Assert.Equal((ScriptedHunt.Id, VoteState.Abstain), (vote.Votes.Single().Hunt, vote.Votes.Single().State));
        Assert.Equal(0.5, vote.Load.CpuRatio);
    }

    [Fact]
    public async Task A_server_is_ready_when_it_reports_and_says_so()
    {
        await using var governor = await RunningGovernor.Start();
        Assert.Contains("no server", await Ready());

        var report = governor.Script.Report();
        report.NotReady = "hunt capitals stands still";
        governor.Host.Sidecar.Take(report);
        Assert.Contains("hunt capitals stands still", await Ready());
        governor.Host.Sidecar.Take(governor.Script.Report());
        Assert.Equal("ok", await Ready());

        governor.Script.Clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Contains("no server", await Ready());

        async Task<string> Ready()
        {
            using var answer = await governor.Http.GetAsync("/readyz/server", Cancel);
            var said = await answer.Content.ReadAsStringAsync(Cancel);
            Assert.Equal(said == "ok" ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            return said;
        }
    }

    [Fact]
    public async Task A_vote_comes_with_its_reason_and_apply_changes_what_servers_are_told()
    {
        await using var governor = await RunningGovernor.Start();
        await governor.Run(40_000);
        governor.Script.MemoryRatio = 0.83;
        await governor.Tick();

        var vote = (await governor.Client.VoteAsync(new VoteRequest(), cancellationToken: Cancel)).Votes.Single();
        Assert.Equal((35_000.0, "brake", VoteState.Fresh), (vote.Limit, vote.Mode, vote.State));

        using var watch = governor.Client.Watch(new WatchRequest { Server = "server" }, cancellationToken: Cancel);
        Assert.Equal(40_000, (await Next(watch)).Limit);
        await governor.Client.ApplyAsync(governor.Applies(35_000), governor.Token, cancellationToken: Cancel);
        var guidance = await Next(watch);
        Assert.Equal((35_000L, 50.0, "one governor", 49_000L), (guidance.Limit, guidance.JoinsPerSecond, guidance.Reason, guidance.ServerCap));
    }

    [Fact]
    public async Task Watch_keeps_coming_while_nothing_changes()
    {
        await using var governor = await RunningGovernor.Start();
        await governor.Run();
        using var watch = governor.Client.Watch(new WatchRequest { Server = "server" }, cancellationToken: Cancel);
        await Next(watch);

        for (var i = 0; i < 5; i++)
        {
            var next = watch.ResponseStream.MoveNext(Cancel);
            // Within the two seconds that the contract gives; in steps, since the service may not wait yet when time moves.
            for (var step = 0; !next.IsCompleted; step++)
            {
                Assert.True(step < 2_000, "nothing came");
                governor.Script.Clock.Advance(TimeSpan.FromMilliseconds(200));
                await Task.WhenAny(next, Task.Delay(5, Cancel));
            }
            Assert.True(await next);
        }
    }

    [Fact]
    public async Task Watch_ends_when_the_governor_stops()
    {
        var governor = await RunningGovernor.Start();
        await governor.Run();
        using var watch = governor.Client.Watch(new WatchRequest { Server = "server" }, cancellationToken: Cancel);
        await Next(watch);
        using var report = governor.Client.Report(cancellationToken: Cancel);
        await report.RequestStream.WriteAsync(governor.Script.Report(), Cancel);

        var ends = Drain(watch);
        await governor.Host.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20), Cancel);

        await ends.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        await governor.DisposeAsync();
    }

    [Fact]
    public async Task Without_the_right_token_nothing_is_changed_and_a_sentence_says_so()
    {
        await using var governor = await RunningGovernor.Start();
        await governor.Run();
        var wrong = new Metadata { { "authorization", "Bearer 0123456789abcdef0123456789abcdef" } };

        foreach (var (headers, says) in new[] { (new Metadata(), "needs the control token"), (wrong, "not this governor's control token"), (new Metadata { { "authorization", "Basic x" } }, "not this governor's") })
        {
            await Refused(StatusCode.Unauthenticated, says, governor.Client.ApplyAsync(governor.Applies(1, term: 99), headers, cancellationToken: Cancel));
            await Refused(StatusCode.Unauthenticated, says, governor.Client.SetPolicyAsync(new SetPolicyRequest { Hunt = ScriptedHunt.Id, Policy = "static", Who = "x", Why = "y" }, headers, cancellationToken: Cancel));
            await Refused(StatusCode.Unauthenticated, says, governor.Client.OverrideAsync(new OverrideRequest { Hunt = ScriptedHunt.Id, PinLimit = 1, Who = "x", Why = "y" }, headers, cancellationToken: Cancel));
        }
        // A vote may be heard by anyone, and what such a caller says was applied is not believed.
        await governor.Client.VoteAsync(new VoteRequest { Term = 99, Applied = { governor.Applies(1).Applied } }, cancellationToken: Cancel);

        Assert.Equal(40_000, governor.Now.Told!.Limit);
        Assert.Null(governor.Now.PinLimit);
        await governor.Client.VoteAsync(new VoteRequest { Term = 2, Applied = { governor.Applies(30_000).Applied } }, governor.Token, cancellationToken: Cancel);
        Assert.Equal(30_000, governor.Now.Told!.Limit);
    }

    [Fact]
    public async Task An_orchestrator_that_leads_no_longer_is_refused()
    {
        await using var governor = await RunningGovernor.Start();
        await governor.Run();
        await governor.Client.ApplyAsync(governor.Applies(30_000, term: 5), governor.Token, cancellationToken: Cancel);

        await Refused(StatusCode.FailedPrecondition, "newer than term 4", governor.Client.ApplyAsync(governor.Applies(50_000, term: 4), governor.Token, cancellationToken: Cancel));

        Assert.Equal(30_000, governor.Now.Told!.Limit);
    }

    [Fact]
    public async Task Explain_tells_what_was_decided_and_what_changed()
    {
        await using var governor = await RunningGovernor.Start();
        await governor.Run(40_000);
        governor.Script.MemoryRatio = 0.83;
        await governor.Tick();
        await governor.Client.ApplyAsync(governor.Applies(35_000), governor.Token, cancellationToken: Cancel);

        var all = (await governor.Client.ExplainAsync(new ExplainRequest { Hunt = ScriptedHunt.Id }, cancellationToken: Cancel)).Decisions;
        var changes = (await governor.Client.ExplainAsync(new ExplainRequest { Hunt = ScriptedHunt.Id, ChangesOnly = true, Last = 2 }, cancellationToken: Cancel)).Decisions;

        Assert.Contains(all, decision => decision is { Policy: "scaled", Shadow: true });
        Assert.Equal(["linear", "applied"], changes.Select(decision => decision.Policy));
        Assert.All(changes, decision => Assert.Equal((40_000, 35_000), (decision.FromLimit, decision.ToLimit)));
        Assert.StartsWith("40,000 → 35,000: ", changes[0].Text);
        Assert.Equal("40,000 → 35,000: one governor", changes[1].Text);
        await Refused(StatusCode.NotFound, "knows no hunt 'nowhere'; its server reports capitals", governor.Client.ExplainAsync(new ExplainRequest { Hunt = "nowhere" }, cancellationToken: Cancel));
    }

    [Fact]
    public async Task SetPolicy_and_Override_want_a_name_a_reason_and_sense()
    {
        await using var governor = await RunningGovernor.Start();
        await governor.Run();
        AsyncUnaryCall<SetPolicyResponse> Set(string policy, string why = "a test", string hunt = ScriptedHunt.Id) =>
            governor.Client.SetPolicyAsync(new SetPolicyRequest { Hunt = hunt, Policy = policy, Shadows = { "linear" }, Who = "anna", Why = why }, governor.Token, cancellationToken: Cancel);
        AsyncUnaryCall<OverrideResponse> Pin(long? limit, long untilMs = 0, string who = "anna")
        {
            var request = new OverrideRequest { Hunt = ScriptedHunt.Id, Who = who, Why = "a test", UntilMs = untilMs };
            if (limit is { } given) request.PinLimit = given;
            return governor.Client.OverrideAsync(request, governor.Token, cancellationToken: Cancel);
        }

        await Refused(StatusCode.InvalidArgument, "There is no policy 'magic'; there are forecast, headroom", Set("magic"));
        await Refused(StatusCode.InvalidArgument, "why must be said", Set("static", why: " "));
        await Refused(StatusCode.NotFound, "knows no hunt", Set("static", hunt: "nowhere"));
        await Refused(StatusCode.InvalidArgument, "why must be said", Pin(1, who: ""));
        await Refused(StatusCode.InvalidArgument, "in the past", Pin(1, untilMs: 1));
        await Refused(StatusCode.InvalidArgument, "0 to 10,000,000", Pin(-1));

        await Set("static");
        await Pin(12_000, untilMs: governor.Script.Clock.GetUtcNow().AddHours(1).ToUnixTimeMilliseconds());
        await governor.Tick();
        Assert.Equal(("static", 12_000L), (governor.Now.Policy, governor.Now.PinLimit));
        Assert.StartsWith("anna: a test, until ", (await governor.Client.VoteAsync(new VoteRequest(), cancellationToken: Cancel)).Votes.Single().PinOrigin);
        await Pin(null);
        await governor.Tick();
        Assert.Null(governor.Now.PinLimit);
    }

    [Fact]
    public void The_token_is_made_once_and_only_its_owner_may_read_it()
    {
        var folder = Directory.CreateTempSubdirectory("veltrix-token-");
        var file = Path.Combine(folder.FullName, "deep", "control.token");

        var made = ControlToken.Open(file);
        var text = File.ReadAllText(file).Trim();

        Assert.Equal(64, text.Length);
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.True(made.Admits($"Bearer {text}"));
        Assert.True(ControlToken.Open(file).Admits($"Bearer {text}"));
        foreach (var wrong in new[] { null, "", text, $"bearer {text}", "Bearer ", $"Bearer {text}0" }) Assert.False(made.Admits(wrong));
        File.WriteAllText(file, "short");
        Assert.Contains("at least 16 are needed", Assert.Throws<IOException>(() => ControlToken.Open(file)).Message);
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Ready_is_who_can_measure()
    {
        await using var governor = await RunningGovernor.Start();
        async Task<(HttpStatusCode, string)> Ask(string path)
        {
            using var answer = await governor.Http.GetAsync(path, Cancel);
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel));
        }

        Assert.Equal((HttpStatusCode.OK, "ok"), await Ask("/livez"));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "not ready: nothing was measured yet"), await Ask("/readyz"));
        await governor.Run();
        Assert.Equal((HttpStatusCode.OK, "ok"), await Ask("/readyz"));
        governor.Script.StoreIsAway = true;
        await governor.Tick();
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "not ready: the shared store does not answer"), await Ask("/readyz"));
    }

    [Fact]
    public async Task The_page_shows_what_holds_and_why_and_no_script_but_its_own()
    {
        await using var governor = await RunningGovernor.Start();
        await governor.Run(40_000);
        governor.Script.MemoryRatio = 0.83;
        await governor.Tick();
        foreach (var path in new[] { "/ops", "/ops.js", "/ops.css" })
        {
            using var answer = await governor.Http.GetAsync(path, Cancel);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.StartsWith("default-src 'none'; script-src 'self';", answer.Headers.GetValues("Content-Security-Policy").Single());
            var text = await answer.Content.ReadAsStringAsync(Cancel);
            // What the policy forbids would not work.
            foreach (var inline in new[] { "style=", "onclick=", "innerHTML", "https://" }) Assert.DoesNotContain(inline, text);
        }

        var state = JsonNode.Parse(await governor.Http.GetStringAsync("/ops/hunts", Cancel))!;
        var hunt = state["hunts"]!.AsArray().Single()!;
        Assert.Equal((40_000, 35_000, 20_000, "brake"), ((int)hunt["limit"]!, (int)hunt["vote"]!, (int)hunt["seated"]!, (string)hunt["mode"]!));
        Assert.StartsWith("40,000 → 35,000", (string?)hunt["reason"]);
        Assert.Equal(0.83, (double)hunt["signals"]![0]!["value"]!);
        Assert.Null(hunt["signals"]![3]!["value"]);
        Assert.Equal(5, hunt["plot"]!.AsArray().Count);
        Assert.Equal("redis", (string?)state["store"]!["product"]);
    }

    [Fact]
    public async Task It_ticks_by_itself()
    {
        using var script = new ScriptedHunt();
        await using var host = await GovernorHost.Start(new GovernorOptions { Folder = script.Folder, Store = script.Probe }, Cancel);
        host.Sidecar.Take(script.Report());

        while (host.Sidecar.Ticks < 1) await Task.Delay(10, Cancel);

        Assert.NotNull(host.Sidecar.Memory);
    }

    static async Task<Guidance> Next(AsyncServerStreamingCall<WatchResponse> watch)
    {
        Assert.True(await watch.ResponseStream.MoveNext(Cancel));
        return watch.ResponseStream.Current.Hunts.Single();
    }

    static async Task Drain(AsyncServerStreamingCall<WatchResponse> watch)
    {
        try
        {
            while (await watch.ResponseStream.MoveNext(Cancel))
            {
            }
        }
        catch (RpcException)
        {
            // A connection that ends under a stream is an end too.
        }
    }

    static async Task Refused<T>(StatusCode code, string says, AsyncUnaryCall<T> call)
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        Assert.Equal(code, error.StatusCode);
        Assert.Contains(says, error.Status.Detail);
    }
}
