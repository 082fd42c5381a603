using k8s.Models;
using Veltrix.Governor.Sidecar;
using Veltrix.Wire.Governor;

namespace Veltrix.Kubernetes.Live;

/// <summary>
/// Beside a governor: watches the Hunt of its pod and the two maps of overrides, and hands what people set there to the governor, which tells its server. While the API is away, what was heard
/// last holds.
/// </summary>
public sealed class OverridesWatch
{
    readonly string hunt;
    readonly string runtimeName;
    readonly GovernorSidecar sidecar;
    readonly Mirror<Hunt> hunts;
    readonly Mirror<V1ConfigMap> own;
    readonly Mirror<V1ConfigMap> runtime;
    readonly Lock gate = new();

    /// <param name="runtimeName">The map of settings for all hunts.</param>
    public OverridesWatch(ClusterApi api, string space, string hunt, string runtimeName, GovernorSidecar sidecar, TimeProvider clock)
    {
        (this.hunt, this.runtimeName, this.sidecar) = (hunt, runtimeName, sidecar);
        hunts = new Mirror<Hunt>(api, Resource.Hunts, space, Named(hunt), clock, _ => Hand());
        own = new Mirror<V1ConfigMap>(api, Resource.ConfigMaps, space, Named(HuntNames.Overrides(hunt)), clock, _ => Hand());
        runtime = new Mirror<V1ConfigMap>(api, Resource.ConfigMaps, space, Named(runtimeName), clock, _ => Hand());
    }

    /// <summary>Runs until cancelled.</summary>
    public async Task Run(CancellationToken cancel)
    {
        var watching = Task.WhenAll(hunts.Run(cancel), own.Run(cancel), runtime.Run(cancel));
        // Nothing is handed over before all three are known: an override would be taken back and set again.
        await Task.WhenAny(Task.WhenAll(hunts.Synced, own.Synced, runtime.Synced), watching);
        Hand();
        await watching;
    }

    void Hand()
    {
        if (!hunts.Synced.IsCompleted || !own.Synced.IsCompleted || !runtime.Synced.IsCompleted) return;
        lock (gate)
        {
            // One that is gone for good takes its pods with it; what holds is left to the end.
            if (hunts.Find(hunt) is not { } now) return;
            var overrides = Overrides.Of(hunt, now.Spec, runtimeName, runtime.Find(runtimeName)?.Data, own.Find(HuntNames.Overrides(hunt))?.Data);
            var told = new ClusterSettings { Hunt = hunt, Ends = now.IsEnding, Hash = overrides.Hash };
            if (now.Status?.EffectiveConfig is { } numbered && numbered.Hash == overrides.Hash) told.Revision = numbered.Revision;
            told.Settings.AddRange(overrides.Entries.Select(entry => new ClusterSetting { Key = entry.Key, Value = entry.Value, Source = entry.Source }));
            sidecar.SetCluster(told);
        }
    }

    /// <summary>One object of that name: rights on a single name allow to list and watch it so.</summary>
    static string Named(string name) => $"fieldSelector=metadata.name%3D{name}";
}
