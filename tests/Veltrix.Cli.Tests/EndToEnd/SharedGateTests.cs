using System.Diagnostics;

namespace Veltrix.Cli.Tests.EndToEnd;

/// <summary>
/// Three servers with logs of their own share one hunt's gate in a real Redis. A crowd comes and goes through all of them while one is killed and begins again and one stands still; judged is what
/// the gate itself wrote down.
/// </summary>
[Trait("speed", "slow")]
public class SharedGateTests
{
    const int Ceiling = 90;
    const int Crowd = 45; // On each server: half as many more as the hunt ever takes.
    const int Seed = 4;
    static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);
    static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);

    // The limit is the ceiling, and moves when people move that: what is tested is the gate, and not how a policy feels its way.
    static string Settings(int ceiling) => $"max_concurrent_hunters: {ceiling}\nseat.grace: {Grace.TotalSeconds}s\ngate.audit: \"on\"\ngovernor.policy: static\n";

    [Fact]
    public async Task Servers_are_killed_and_stopped_under_a_crowd_and_nobody_is_granted_a_seat_too_many()
    {
        await using var fleet = await Fleet.Open();
        await fleet.StartGovernor();
        for (var i = 1; i <= 3; i++) await fleet.AddServer(Settings(Ceiling), governed: true);
        await fleet.StartOrchestrator();
        await Fleet.Until("grants are written down", async () => await fleet.Counts() is { Limits.Audit: true } counts && counts.Epoch != 0 && counts.Limits.Limit == Ceiling && counts.Servers.Count == 3);
        var (second, third) = (fleet.Servers[1], fleet.Servers[2]);

        using var enough = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var crowds = fleet.Servers.Select((server, index) => Enumerable.Range(1, Crowd).Select(guest => ComeAndGo(server.Url, new Random(Seed + (index * 1_000) + guest), enough.Token)).ToList()).ToList();
        // Those who play on the second server and never come back: they shut the lid in the moment in which it dies.
        var gone = await fleet.Seat(10, second.Url, pace: TimeSpan.FromSeconds(1));

        second.Process.Kill();
        var killed = Stopwatch.StartNew();
        await Task.WhenAll(gone.Select(player => player.DisposeAsync().AsTask()));
        Assert.Equal(gone.Count, (await Seated(fleet, gone)).Count); // Their grace: a seat outlives its server.
        third.Process.Signal("STOP");
        var stopped = Stopwatch.StartNew();
        await Fleet.Until("the gate has given up on the server that stands still", async () => (await fleet.Counts()).Servers.Count <= 1, Lease + TimeSpan.FromSeconds(5));
        await second.Start();
        await Task.Delay(Lease * 1.5 - stopped.Elapsed is { Ticks: > 0 } rest ? rest : TimeSpan.Zero, TestContext.Current.CancellationToken);
        third.Process.Signal("CONT");
        foreach (var server in fleet.Servers) server.Configure(Settings(Ceiling * 2 / 3));

        // Lease, grace, and the next round of any server.
        await Fleet.Until("the seats of those who never came back are free", async () => (await Seated(fleet, gone)).Count == 0, Lease + Grace + TimeSpan.FromSeconds(10) - killed.Elapsed);
        await Fleet.Until("all three serve again", async () => (await fleet.Counts()).Servers.Count == 3, TimeSpan.FromSeconds(20));
        await Fleet.Until("the limit is lower", async () => (await fleet.Counts()).Limits!.Limit == Ceiling * 2 / 3, TimeSpan.FromSeconds(20));
        await Fleet.Until("somebody is let in under the lower limit", async () => (await fleet.Gate.Audit(TestContext.Current.CancellationToken)).Any(grant => grant.Limit < Ceiling), TimeSpan.FromSeconds(40));
        await Task.Delay(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken); // The crowd goes on through all of them.
        await enough.CancelAsync();
        var visits = (await Task.WhenAll(crowds.SelectMany(crowd => crowd))).Sum();

        // They let in from the waiting list by themselves, and what is judged has to stand still.
        foreach (var server in fleet.Servers) server.Process.Kill();
        Judge(await fleet.Gate.Audit(TestContext.Current.CancellationToken), await fleet.Counts(), visits);
    }

    static void Judge(IReadOnlyList<Gate.GrantRecord> grants, Gate.GateCounts counts, int visits)
    {
        Assert.True(visits > Ceiling, $"only {visits} were let in: the gate was not under pressure");
        Assert.Contains(grants, grant => grant.Count == grant.Limit - 1); // The house was full.
        Assert.All(grants, grant => Assert.InRange(grant.Count, 0, grant.Limit - 1));
        Assert.Equal([Ceiling * 2 / 3, Ceiling], grants.Select(grant => grant.Limit).Distinct().Order());
        Assert.Equal(counts.Joins, grants.Count);
        // Who is granted again was without a seat in between: it held the one before for its grace at least.
        foreach (var hunter in grants.GroupBy(grant => grant.Hunter))
            foreach (var (before, after) in hunter.Zip(hunter.Skip(1)))
                Assert.True(after.AtMs - before.AtMs >= Grace.TotalMilliseconds, $"{hunter.Key} was granted at {before.AtMs} and {after.AtMs}");
        Assert.True(grants.Select(grant => grant.Hunter).Distinct().Count() >= visits);
    }

    /// <summary>Asks until it is let in, plays for a while, goes, and comes as somebody else.</summary>
    /// <returns>How often it was let in.</returns>
    static async Task<int> ComeAndGo(Uri server, Random chance, CancellationToken enough)
    {
        var visits = 0;
        while (!enough.IsCancellationRequested)
        {
            var nickname = $"G {Guid.NewGuid():N}"[..16];
            string? ticket = null;
            while (!enough.IsCancellationRequested)
            {
                try
                {
                    using var patience = CancellationTokenSource.CreateLinkedTokenSource(enough);
                    patience.CancelAfter(TimeSpan.FromSeconds(3));
                    var knock = await Player.Ask(server, Fleet.Hunt, nickname, ticket).WaitAsync(patience.Token);
                    ticket ??= knock.Ticket;
                    if (knock.IsIn)
                    {
                        visits++;
                        await using var player = await Player.Begin(server, Fleet.Hunt, knock).WaitAsync(patience.Token);
                        await Task.Delay(chance.Next(1_000, 6_000), enough);
                        break;
                    }
                }
                catch (Exception e) when (e is HttpRequestException or OperationCanceledException or TimeoutException)
                {
                    // The server is dead or stands still; it is asked again, with the same ticket.
                }

                await Task.Delay(chance.Next(200, 800), enough).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        return visits;
    }

    static Task<IReadOnlyList<string>> Seated(Fleet fleet, List<Player> players) =>
        fleet.Gate.Seated([.. players.Select(player => player.Hunter)], TestContext.Current.CancellationToken);
}
