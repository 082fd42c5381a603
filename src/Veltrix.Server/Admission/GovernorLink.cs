using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Veltrix.EventLog;
using Veltrix.Hosting;
using Veltrix.Hunts;
using Veltrix.Wire.Governor;
using ClusterSetting = Veltrix.Hosting.ClusterSetting;

namespace Veltrix.Server.Admission;

/// <summary>
/// The line to the governor beside this server: tells it once a second what this server carries, and hears what holds for its hunts.
/// </summary>
/// <remarks>
/// Two streams that live apart; each is taken up again by itself after 0.5 to 5 s. Nobody waits for them: turnstiles go by what was heard last, and close to newcomers when that is
/// <see cref="Door.GuidanceStale"/> old.
/// </remarks>
/// <param name="notReady">Why nobody should be sent to this server now; null: it can do its work.</param>
sealed partial class GovernorLink(Uri governor, Admissions house, Func<IReadOnlyCollection<LiveHunt>> hunts, Func<string?> notReady, ILogger logger)
{
    static readonly TimeSpan ReportEvery = TimeSpan.FromSeconds(1);
    static readonly TimeSpan RetryLeast = TimeSpan.FromSeconds(0.5);
    static readonly TimeSpan RetryMost = TimeSpan.FromSeconds(5);

    readonly LoadGauge gauge = new(house);
    Task? closing;

    /// <summary>Runs until cancelled.</summary>
    public async Task Run(CancellationToken cancel)
    {
        // A channel waits ever longer, up to two minutes, before it tries a dead peer again: nobody new would be let in for as long after the governor is back.
        using var channel = GrpcChannel.ForAddress(governor, new GrpcChannelOptions { InitialReconnectBackoff = RetryLeast, MaxReconnectBackoff = RetryMost });
        var client = new GovernorService.GovernorServiceClient(channel);
        await Task.WhenAll(Keep("report", () => Report(client, cancel), cancel), Keep("watch", () => Watch(client, cancel), cancel));
    }

    async Task Report(GovernorService.GovernorServiceClient client, CancellationToken cancel)
    {
        using var call = client.Report(cancellationToken: cancel);
        using var timer = new PeriodicTimer(ReportEvery);
        do
        {
            var report = gauge.Read(hunts());
            report.NotReady = notReady() ?? "";
            await call.RequestStream.WriteAsync(report, cancel);
        }
        while (await timer.WaitForNextTickAsync(cancel));
    }

    async Task Watch(GovernorService.GovernorServiceClient client, CancellationToken cancel)
    {
        using var call = client.Watch(new WatchRequest { Server = house.Server }, cancellationToken: cancel);
        await foreach (var said in call.ResponseStream.ReadAllAsync(cancel))
        {
            house.HeardGovernor();
            foreach (var told in said.Cluster) Adopt(told);
            foreach (var guidance in said.Hunts)
                if (hunts().FirstOrDefault(hunt => hunt.Id == guidance.Hunt) is { } hunt) house.Of(hunt).Guide(guidance);
        }
    }

    void Adopt(ClusterSettings told)
    {
        if (hunts().FirstOrDefault(hunt => hunt.Id == told.Hunt) is not { } hunt) return;
        house.Settings.SetCluster(told.Hunt, [.. told.Settings.Select(set => new ClusterSetting(set.Key, set.Value, set.Source))], new ClusterMark(told.Hash, told.Revision));
        if (told.Ends && closing is null or { IsCompleted: true }) closing = Close(hunt);
    }

    /// <summary>Whoever deletes a hunt ends it for all: what is won is won, and everybody is told. Of several servers one closes it, and the others find it closed.</summary>
    async Task Close(LiveHunt hunt)
    {
        if (hunt.View.Read((state, _) => state.Model is null || state.Phase is HuntPhase.Closed)) return;
        try
        {
            await hunt.Play(new Envelope(new CommandId("", TeamWishes.NewHunter(), 1), "cluster", "the Hunt was deleted", null, new Command.Close()), CancellationToken.None);
        }
        catch (EventLogException error)
        {
            // Told again with the next word of the governor.
            LogNotClosed(hunt.Id, error.Message);
        }
    }

    async Task Keep(string what, Func<Task> talk, CancellationToken cancel)
    {
        var wait = RetryLeast;
        var isDown = false;
        while (!cancel.IsCancellationRequested)
        {
            var began = house.Clock.GetTimestamp();
            try
            {
                await talk();
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (RpcException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is RpcException or InvalidOperationException or HttpRequestException or IOException)
            {
                if (!isDown) LogDown(what, governor, e is RpcException rpc ? rpc.Status.Detail : e.Message);
            }

            isDown = true;
            if (house.Clock.GetElapsedTime(began) > RetryMost) (wait, isDown) = (RetryLeast, false);
            await Task.Delay(wait * (0.75 + Random.Shared.NextDouble() / 2), cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            wait = wait * 2 < RetryMost ? wait * 2 : RetryMost;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "the governor at {Governor} cannot be reached ({What}): {Reason}. The last limit holds for 30 s, then nobody new is let in until it is back")]
    partial void LogDown(string what, Uri governor, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "hunt {Hunt} was deleted and cannot be closed yet: {Reason}")]
    partial void LogNotClosed(string hunt, string reason);
}
