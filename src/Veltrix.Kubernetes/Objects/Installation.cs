using k8s;
using k8s.Models;

namespace Veltrix.Kubernetes;

/// <summary>What an installation decides for all its hunts: the file that <c>veltrix operator --installation</c> reads, described in <c>docs/reference/kubernetes-objects.md</c>.</summary>
public sealed record Installation
{
    public string Image { get; init; } = "";

    public string ImagePullPolicy { get; init; } = "IfNotPresent";

    public IList<string> ImagePullSecrets { get; init; } = [];

    public string Instance { get; init; } = "veltrix";

    public string Redis { get; init; } = "";

    public string Defaults { get; init; } = "veltrix-hunt-defaults";

    public string Runtime { get; init; } = "veltrix-runtime-overrides";

    public string Orchestrator { get; init; } = "veltrix-orchestrator";

    public SecretNames Secrets { get; init; } = new();

    public Shares Resources { get; init; } = new();

    public sealed record SecretNames
    {
        public string Control { get; init; } = "veltrix-control";

        public string Redis { get; init; } = "";

        public string Postgresql { get; init; } = "";

        public string Kafka { get; init; } = "";
    }

    public sealed record Shares
    {
        public V1ResourceRequirements Server { get; init; } = new();

        public V1ResourceRequirements Governor { get; init; } = new();
    }

    /// <exception cref="InvalidDataException">It is no such file, or says too little.</exception>
    public static Installation Read(string file)
    {
        Installation read;
        try
        {
            read = KubernetesYaml.Deserialize<Installation>(File.ReadAllText(file), strict: true) ?? new Installation();
        }
        catch (YamlDotNet.Core.YamlException error)
        {
            throw new InvalidDataException($"{file}:{error.Start.Line}: {error.InnerException?.Message ?? error.Message}", error);
        }

        var missing = new[] { (read.Image, "image"), (read.Redis, "redis") }.Where(member => member.Item1.Length == 0).Select(member => member.Item2).ToList();
        return missing.Count == 0 ? read : throw new InvalidDataException($"{file} says nothing of {string.Join(" and ", missing)}, and no hunt pod can run without.");
    }
}

/// <summary>What the API of this cluster can do. Tried, not read off a version: distributions and feature gates differ.</summary>
/// <param name="NativeSidecars">Init containers may stay (1.29 and newer).</param>
/// <param name="PolicyApi">Of disruption budgets: <c>policy/v1</c>, or <c>policy/v1beta1</c> before 1.21.</param>
/// <param name="AdmissionPolicies">It has ValidatingAdmissionPolicy (1.30 and newer).</param>
/// <param name="Cel">Rules in CRDs are kept (1.25 and newer).</param>
public sealed record ClusterFacts(bool NativeSidecars, string PolicyApi, bool AdmissionPolicies, bool Cel);
