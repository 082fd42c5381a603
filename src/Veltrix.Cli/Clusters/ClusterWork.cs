using k8s.Exceptions;
using Microsoft.Extensions.Logging;
using Veltrix.Hosting;
using Veltrix.Kubernetes;

namespace Veltrix.Cli;

/// <summary>Something that runs beside a role and speaks to a Kubernetes API, until it is disposed of.</summary>
sealed class ClusterWork : IAsyncDisposable
{
    readonly ClusterApi api;
    readonly CancellationTokenSource stop = new();
    readonly Task running;

    ClusterWork(ClusterApi api, Func<ClusterApi, Func<CancellationToken, Task>> work)
    {
        this.api = api;
        running = Task.Run(() => work(api)(stop.Token));
    }

    public static ClusterWork Begin(Func<ClusterApi, Func<CancellationToken, Task>> work) => new(Open(), work);

    public static ClusterApi Open()
    {
        try
        {
            return ClusterApi.Open();
        }
        catch (Exception error) when (error is KubeConfigException or FileNotFoundException)
        {
            throw NoApi(error);
        }
    }

    public static CliException NoApi(Exception error) =>
        new(ExitCode.Failed, $"No Kubernetes API is named: {error.Message}", "Set KUBECONFIG to a file that names one, or run this in a pod with a service account.", error);

    /// <summary>To standard error, as roles write it.</summary>
    public static ILoggerFactory Logging() => LoggerFactory.Create(logging => RoleHost.ToStandardError(logging));

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        api.Dispose();
        stop.Dispose();
    }
}
