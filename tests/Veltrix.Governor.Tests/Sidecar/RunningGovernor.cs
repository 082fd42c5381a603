using Grpc.Core;
using Grpc.Net.Client;
using Veltrix.Governor.Sidecar;
using Veltrix.Wire.Governor;

namespace Veltrix.Governor.Tests.Sidecar;

/// <summary>A governor with its listeners, whose measurements are a script and whose ticks come from the test. Tests of it run one after the other: a meter is known by its name in a whole process.</summary>
sealed class RunningGovernor : IAsyncDisposable
{
    readonly GrpcChannel channel;

    RunningGovernor(GovernorHost host, ScriptedHunt script)
    {
        (Host, Script) = (host, script);
        channel = GrpcChannel.ForAddress(host.GrpcUrl);
        Client = new GovernorService.GovernorServiceClient(channel);
        Http = new HttpClient { BaseAddress = host.HttpUrl };
        Token = new Metadata { { "authorization", $"Bearer {File.ReadAllText(host.TokenFile).Trim()}" } };
    }

    public GovernorHost Host { get; }

    public ScriptedHunt Script { get; }

    public GovernorService.GovernorServiceClient Client { get; }

    public HttpClient Http { get; }

    public Metadata Token { get; }

    public HuntSnapshot Now => Host.Sidecar.Of(ScriptedHunt.Id).Snapshot;

    public static async Task<RunningGovernor> Start(string policy = "linear", string shadows = "scaled", bool configIsGood = true)
    {
        var script = new ScriptedHunt(policy, shadows);
        var options = new GovernorOptions { Folder = script.Folder, Store = script.Probe, Clock = script.Clock, Name = "here", TicksByItself = false, ConfigIsGood = () => configIsGood };
        return new RunningGovernor(await GovernorHost.Start(options, TestContext.Current.CancellationToken), script);
    }

    /// <summary>Five seconds later: the server has reported, over the wire or not, and the governor ticks.</summary>
    public async Task Tick(int times = 1)
    {
        for (var i = 0; i < times; i++)
        {
            Script.Clock.Advance(TimeSpan.FromSeconds(5));
            Host.Sidecar.Take(Script.Report());
            await Host.Tick(TestContext.Current.CancellationToken);
        }
    }

    public async Task Run(long limit = 40_000)
    {
        await Tick();
        await Client.ApplyAsync(Applies(limit), Token, cancellationToken: TestContext.Current.CancellationToken);
        await Tick(3);
    }

    public ApplyRequest Applies(long limit, long term = 1, double joins = 50, bool pause = false) => new()
    {
        Term = term,
        Applied = { new Applied { Hunt = ScriptedHunt.Id, Limit = limit, JoinsPerSecond = joins, AtMs = Script.Clock.GetUtcNow().ToUnixTimeMilliseconds(), Pause = pause, Reason = "one governor", Cause = "none" } },
    };

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        channel.Dispose();
        await Host.DisposeAsync();
        Script.Dispose();
    }
}

[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class OneAtATime
{
    public const string Name = "governors with listeners";
}
