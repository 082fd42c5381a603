using k8s;
using k8s.Models;

namespace Veltrix.Kubernetes.Tests;

public sealed class RealClusterTests(SharedCluster cluster)
{
    [Fact]
    [Trait("speed", "slow")]
    public async Task It_answers_and_its_controllers_work()
    {
        using var client = await cluster.Start();
        var own = await cluster.Namespace(client, "alive");
        await client.AppsV1.CreateNamespacedDeploymentAsync(new V1Deployment
        {
            Metadata = new V1ObjectMeta { Name = "one" },
            Spec = new V1DeploymentSpec
            {
                Selector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { ["app"] = "one" } },
                Template = new V1PodTemplateSpec
                {
                    Metadata = new V1ObjectMeta { Labels = new Dictionary<string, string> { ["app"] = "one" } },
                    Spec = new V1PodSpec { Containers = [new V1Container { Name = "one", Image = "none" }] },
                },
            },
        }, own, cancellationToken: TestContext.Current.CancellationToken);
        await Eventually.True(async () => (await client.CoreV1.ListNamespacedPodAsync(own, cancellationToken: TestContext.Current.CancellationToken)).Items.Count == 1, TimeSpan.FromSeconds(20), "no pod was made");
    }
}
