using System.Threading.Channels;
using k8s.Models;
using Microsoft.Extensions.Logging;

namespace Veltrix.Kubernetes.Operating;

/// <summary>The last layer: a pod that looks like a hunt pod and has no governor is deleted, with an event and a count. However it got in, it may not serve.</summary>
public sealed partial class Auditor(ClusterApi api, string space, Events events, OperatorMetrics metrics, ILogger logger)
{
    readonly Channel<V1Pod> suspects = Channel.CreateUnbounded<V1Pod>();

    /// <summary>Whether a pod has the governor that a hunt pod must have: as a sidecar that stays, or as a container.</summary>
    public static bool IsGoverned(V1Pod pod) =>
        pod.Spec.Containers.Any(container => container.Name == HuntNames.Governor)
        || pod.Spec.InitContainers?.Any(container => container is { Name: HuntNames.Governor, RestartPolicy: "Always" }) == true;

    public void Look(V1Pod pod)
    {
        if (pod.Metadata.DeletionTimestamp is null && !IsGoverned(pod)) suspects.Writer.TryWrite(pod);
    }

    /// <summary>Runs until cancelled.</summary>
    public async Task Run(CancellationToken cancel)
    {
        try
        {
            await foreach (var pod in suspects.Reader.ReadAllAsync(cancel))
            {
                try
                {
                    await api.Delete(Resource.Pods.Path(space, pod.Metadata.Name), cancel);
                    metrics.Ungoverned.Add(1);
                    LogDeleted(pod.Metadata.Name);
                    await events.Tell(pod, "NoGovernor", "This pod has the labels of a hunt pod and no governor, so it was deleted. Hunt pods are made by the operator from a Hunt.", isWarning: true, cancel);
                }
                catch (ClusterApiException error)
                {
                    LogNotDeleted(pod.Metadata.Name, error.Message);
                    suspects.Writer.TryWrite(pod);
                    await Task.Delay(TimeSpan.FromSeconds(1), cancel);
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    [LoggerMessage(LogLevel.Warning, "pod {Pod} had the labels of a hunt pod and no governor; it was deleted")]
    partial void LogDeleted(string pod);

    [LoggerMessage(LogLevel.Error, "pod {Pod} has no governor and cannot be deleted: {Reason}")]
    partial void LogNotDeleted(string pod, string reason);
}
