using k8s.Models;
using Microsoft.Extensions.Logging;

namespace Veltrix.Kubernetes;

/// <summary>
/// One of several processes leads, by a Lease. The client library's elector ends for good at the first refused connection and keeps the lease when it stops; this one does neither: an API that
/// is away for less than <see cref="RenewWithin"/> changes nothing, and a process that stops gives the lease back.
/// </summary>
/// <remarks>No clock of another machine is believed: a lease has run out when it was seen unchanged for as long as it says, by our own monotonic clock.</remarks>
public sealed partial class Leadership(ClusterApi api, string space, string name, string identity, TimeProvider clock, ILogger logger)
{
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(15);

    /// <summary>A leader that could not renew for so long stops, before another may begin.</summary>
    public static readonly TimeSpan RenewWithin = TimeSpan.FromSeconds(10);

    public static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    readonly string path = Resource.Leases.Path(space);
    string seen = "";
    long seenAt;

    /// <summary>Who leads, as last seen; empty: nobody.</summary>
    public string Leader { get; private set; } = "";

    public bool IsLeader { get; private set; }

    /// <summary>Until cancelled: runs <paramref name="lead"/> whenever this process leads, with a token that ends when it no longer does.</summary>
    public async Task Run(Func<CancellationToken, Task> lead, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            if (!await Try(cancel))
            {
                await Task.Delay(Every * (0.75 + Random.Shared.NextDouble() / 2), clock, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                continue;
            }

            LogLeads(identity);
            IsLeader = true;
            using var leading = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            var work = lead(leading.Token);
            await Keep(work, cancel);
            IsLeader = false;
            await leading.CancelAsync();
            await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (work.IsFaulted) LogFailed(work.Exception.InnerException!);
            if (cancel.IsCancellationRequested || work.IsFaulted) await GiveBack();
            if (!cancel.IsCancellationRequested) LogLost(identity);
        }
    }

    async Task Keep(Task work, CancellationToken cancel)
    {
        var renewed = clock.GetTimestamp();
        while (!cancel.IsCancellationRequested && !work.IsCompleted)
        {
            await Task.WhenAny(work, Task.Delay(Every, clock, cancel));
            if (cancel.IsCancellationRequested || work.IsCompleted) return;
            var asked = clock.GetTimestamp();
            // In time, so that a call which hangs does not keep a leader that is none.
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            patience.CancelAfter(Every * 2);
            if (await Try(patience.Token)) renewed = asked;
            else if (Leader != identity && Leader.Length > 0) return;
            else if (clock.GetElapsedTime(renewed) > RenewWithin) return;
        }
    }

    /// <summary>Takes the lease, or renews it. False: somebody else has it, or the API does not answer.</summary>
    async Task<bool> Try(CancellationToken cancel)
    {
        try
        {
            var lease = await api.Find<V1Lease>($"{path}/{name}", cancel);
            var now = clock.GetUtcNow().UtcDateTime;
            if (lease is null)
            {
                await api.Create(path, Mine(new V1Lease { Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = space } }, now, 0), cancel);
                return Taken();
            }

            var mark = $"{lease.Spec.HolderIdentity} {lease.Metadata.ResourceVersion}";
            if (mark != seen) (seen, seenAt) = (mark, clock.GetTimestamp());
            Leader = lease.Spec.HolderIdentity ?? "";
            var length = TimeSpan.FromSeconds(lease.Spec.LeaseDurationSeconds ?? (int)Lease.TotalSeconds);
            if (Leader.Length > 0 && Leader != identity && clock.GetElapsedTime(seenAt) < length) return false;
            // The version goes with it: of two that try at once the API takes one.
            await api.Replace($"{path}/{name}", Mine(lease, now, (lease.Spec.LeaseTransitions ?? 0) + (Leader == identity ? 0 : 1)), cancel);
            return Taken();
        }
        catch (ClusterApiException)
        {
            return false;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    bool Taken()
    {
        Leader = identity;
        return true;
    }

    V1Lease Mine(V1Lease lease, DateTime now, int transitions)
    {
        var acquired = lease.Spec?.HolderIdentity == identity ? lease.Spec.AcquireTime : now;
        (lease.ApiVersion, lease.Kind) = (Resource.Leases.ApiVersion, Resource.Leases.Kind);
        lease.Spec = new V1LeaseSpec { HolderIdentity = identity, LeaseDurationSeconds = (int)Lease.TotalSeconds, AcquireTime = acquired, RenewTime = now, LeaseTransitions = transitions };
        return lease;
    }

    async Task GiveBack()
    {
        try
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            if (await api.Find<V1Lease>($"{path}/{name}", patience.Token) is not { } lease || lease.Spec.HolderIdentity != identity) return;
            lease.Spec.HolderIdentity = "";
            await api.Replace($"{path}/{name}", lease, patience.Token);
        }
        catch (Exception error) when (error is ClusterApiException or OperationCanceledException)
        {
            // Then it runs out.
        }
    }

    [LoggerMessage(LogLevel.Information, "{Identity} leads.")]
    partial void LogLeads(string identity);

    [LoggerMessage(LogLevel.Warning, "{Identity} no longer leads.")]
    partial void LogLost(string identity);

    [LoggerMessage(LogLevel.Error, "What a leader does ended; it begins again.")]
    partial void LogFailed(Exception error);
}
