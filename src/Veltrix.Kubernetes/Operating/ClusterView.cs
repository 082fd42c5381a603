using k8s.Models;

namespace Veltrix.Kubernetes.Operating;

/// <summary>What the operator watches, in memory. Changes put the hunts that they are about into the queue.</summary>
public sealed class ClusterView
{
    readonly Action<string> changed;

    /// <param name="changed">Told the name of the hunt that something is about; <c>*</c>: of all.</param>
    /// <param name="defaultsChanged">Told of the maps of settings for all hunts.</param>
    public ClusterView(ClusterApi api, string space, Installation installation, TimeProvider clock, Action<string> changed, Action<V1Pod> podChanged, Action defaultsChanged)
    {
        this.changed = changed;
        Hunts = new Mirror<Hunt>(api, Resource.Hunts, space, "", clock, hunt => changed(hunt.Name));
        Deployments = new Mirror<V1Deployment>(api, Resource.Deployments, space, HuntNames.Selector, clock, deployment => About(deployment.Metadata));
        Pods = new Mirror<V1Pod>(api, Resource.Pods, space, HuntNames.Selector, clock, pod =>
        {
            podChanged(pod);
            About(pod.Metadata);
        });
        ConfigMaps = new Mirror<V1ConfigMap>(api, Resource.ConfigMaps, space, "", clock, map =>
        {
            if (map.Metadata.Name == installation.Defaults || map.Metadata.Name == installation.Runtime)
            {
                defaultsChanged();
                changed("*");
            }
            else
            {
                About(map.Metadata);
            }
        });
    }

    public Mirror<Hunt> Hunts { get; }

    public Mirror<V1Deployment> Deployments { get; }

    public Mirror<V1Pod> Pods { get; }

    /// <summary>All of the namespace: the installation's have labels of their own, and people's none.</summary>
    public Mirror<V1ConfigMap> ConfigMaps { get; }

    public Task Synced => Task.WhenAll(Hunts.Synced, Deployments.Synced, Pods.Synced, ConfigMaps.Synced);

    /// <summary>Null while the API answers.</summary>
    public string? Trouble => Hunts.Trouble ?? Deployments.Trouble ?? Pods.Trouble ?? ConfigMaps.Trouble;

    public IReadOnlyCollection<V1Pod> PodsOf(string hunt) => [.. Pods.All.Where(pod => pod.Metadata.Labels?.TryGetValue(HuntNames.HuntLabel, out var name) == true && name == hunt)];

    public Task Run(CancellationToken cancel) => Task.WhenAll(Hunts.Run(cancel), Deployments.Run(cancel), Pods.Run(cancel), ConfigMaps.Run(cancel));

    void About(V1ObjectMeta metadata)
    {
        if (metadata.Labels?.TryGetValue(HuntNames.HuntLabel, out var hunt) == true) changed(hunt);
    }
}
