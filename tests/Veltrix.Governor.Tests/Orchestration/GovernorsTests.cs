using System.Net;
using System.Net.Sockets;
using Veltrix.Governor.Orchestration;
using Veltrix.Wire.Governor;

namespace Veltrix.Governor.Tests.Orchestration;

/// <summary>Calls to governors that are really there, over HTTP/2.</summary>
public class GovernorsTests
{
    static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;

    readonly HeardLog log = new();

    Governors Call(params string[] addresses) => Call(TimeSpan.FromMilliseconds(400), "a-token-of-the-test", addresses);

    Governors Call(TimeSpan within, string? token, params string[] addresses) =>
        new([.. addresses.Select(text => GovernorAddress.TryParse(text, out var address, out var fault) ? address : throw new ArgumentException(fault))], () => token, within, TimeProvider.System, new Faults(log));

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [Fact]
    public async Task A_silent_governor_and_a_dead_one_cost_the_deadline_and_the_others_are_heard()
    {
        await using var one = await ScriptedGovernor.Start(("h", 30_000));
        await using var two = await ScriptedGovernor.Start(("h", 31_000));
        await using var silent = await ScriptedGovernor.Start();
        silent.IsSilent = true;
        using var governors = Call(one.Url, silent.Url, two.Url, $"http://127.0.0.1:{FreePort()}");

        // Connecting is slow the first time in a process; that is not what is measured.
        await governors.Vote(new VoteRequest(), Cancel);
        var answers = await governors.Vote(new VoteRequest { Term = 3 }, Cancel);

        Assert.Equal(4, answers.Count);
        Assert.Equal([30_000, 31_000], answers.Where(answer => answer.Response is not null).Select(answer => answer.Response!.Votes[0].Limit).Order());
        Assert.Equal(3, one.Asked.Last().Term);
        // What the question says was applied is believed only from who shows the token.
        Assert.All(one.Shown, shown => Assert.Equal("Bearer a-token-of-the-test", shown));
        Assert.Equal(1, log.Lines.Count(line => line.Contains("no answer within 0.4 s", StringComparison.Ordinal) && line.Contains(silent.Url, StringComparison.Ordinal)));
        // The deadline ends the call at the other end, too.
        while (silent.LetGo < 2) await Task.Delay(5, Cancel);
    }

    [Fact]
    public async Task A_fault_is_logged_when_it_comes_and_when_it_is_over_and_a_governor_that_came_back_is_heard()
    {
        await using var governor = await ScriptedGovernor.Start(("h", 30_000));
        using var governors = Call(governor.Url);
        await Until(async () => (await governors.Vote(new VoteRequest(), Cancel))[0].Response is not null);
        var (port, before) = (governor.Port, log.Lines.Count);
        await governor.Stop();

        for (var i = 0; i < 5; i++) Assert.Null((await governors.Vote(new VoteRequest(), Cancel))[0].Response);
        // It may have been refused in one way at first and in another later, never at every round.
        Assert.InRange(log.Lines.Count - before, 1, 3);

        await governor.Listen(port);
        await Until(async () => (await governors.Vote(new VoteRequest(), Cancel))[0].Response is not null);
        Assert.EndsWith("well again", log.Lines.Last());
    }

    [Fact]
    public async Task Applying_needs_the_token_and_tells_of_a_newer_orchestrator()
    {
        await using var governor = await ScriptedGovernor.Start(("h", 30_000));
        var request = new ApplyRequest { Term = 5, Applied = { new Applied { Hunt = "h", Limit = 12 } } };

        using (var stranger = Call(TimeSpan.FromSeconds(10), "another", governor.Url))
        {
            await stranger.Vote(new VoteRequest(), Cancel);
            Assert.True(await stranger.Apply(request, Cancel));
            Assert.Empty(governor.Told);
            Assert.Contains(log.Lines, line => line.Contains("the token is wrong", StringComparison.Ordinal));
        }

        using var governors = Call(TimeSpan.FromSeconds(10), governor.Token, governor.Url);
        await governors.Vote(new VoteRequest(), Cancel);
        Assert.True(await governors.Apply(request, Cancel));
        Assert.Equal(request, Assert.Single(governor.Told));
        governor.IsOutrun = true;
        Assert.False(await governors.Apply(request, Cancel));
    }

    [Fact]
    public async Task Of_a_name_every_address_is_asked()
    {
        await using var governor = await ScriptedGovernor.Start(("h", 30_000));
        using var governors = Call(TimeSpan.FromSeconds(10), null, $"dns:localhost:{governor.Port}", governor.Url);

        var answers = await governors.Vote(new VoteRequest(), Cancel);

        // The same governor under its name and its address is asked once.
        Assert.Single(answers, answer => answer.Response is not null);
    }

    [Fact]
    public async Task A_name_that_nobody_knows_is_a_fault_and_stops_nobody()
    {
        await using var governor = await ScriptedGovernor.Start(("h", 30_000));
        using var governors = Call(TimeSpan.FromSeconds(10), null, "dns:no-such-name.invalid:9357", governor.Url);

        Assert.NotNull(Assert.Single(await governors.Vote(new VoteRequest(), Cancel)).Response);
        Assert.Contains(log.Lines, line => line.StartsWith("address dns:no-such-name.invalid:9357: ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("http://127.0.0.1:9357", true)]
    [InlineData("https://governor.example", true)]
    [InlineData("dns:governors.hunts.svc:9357", true)]
    [InlineData("dns:governors", false)]
    [InlineData("dns::9357", false)]
    [InlineData("dns:governors:0", false)]
    [InlineData("127.0.0.1:9357", false)]
    [InlineData("http://127.0.0.1:9357/vote", false)]
    [InlineData("", false)]
    public void Addresses_are_understood_or_refused_with_what_is_right(string text, bool understood)
    {
        Assert.Equal(understood, GovernorAddress.TryParse(text, out var address, out var fault));
        if (understood) Assert.Equal(text, address!.ToString());
        else Assert.Contains("dns:name:port", fault);
    }

    static async Task Until(Func<Task<bool>> holds)
    {
        for (var i = 0; !await holds(); i++)
        {
            Assert.True(i < 200, "it did not come about");
            await Task.Delay(50, Cancel);
        }
    }
}
