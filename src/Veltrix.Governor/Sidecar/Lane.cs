using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Veltrix.Governor.Policies;

namespace Veltrix.Governor.Sidecar;

/// <summary>One policy at work for one hunt: the one that is applied, or one in shadow. Not thread-safe.</summary>
sealed class Lane(string name)
{
    IAdmissionPolicy? policy;
    PolicyState? state;
    PolicyParameters? inUse;

    public string Name => name;

    public bool IsShadow { get; set; }

    /// <summary>Of name and parameters: votes of different rules are not mixed.</summary>
    public string Hash { get; private set; } = "";

    public Decision? Decision { get; private set; }

    /// <summary>The limit it worked from in its last step.</summary>
    public double From { get; private set; }

    /// <summary>Other parameters are another instance that goes on with the same state.</summary>
    public void Use(PolicyParameters parameters)
    {
        if (parameters == inUse) return;
        policy = PolicyCatalog.Create(name, parameters);
        inUse = parameters;
        Hash = HashOf(name, parameters);
    }

    /// <summary>The limit in force is another than it decided.</summary>
    public void Tell(double limit) => state = state is null ? null : state with { Limit = limit };

    /// <summary>One tick; the first begins from the limit in force. A policy that fails has forgotten everything: its next step begins anew.</summary>
    public LaneRecord Step(Observation observation, double now, double inForce)
    {
        var before = state;
        (state, Decision) = (null, null);
        var begun = before ?? policy!.Begin(inForce);
        var step = policy!.Step(begun, observation, now);
        if (!double.IsFinite(step.Decision.Limit)) throw new InvalidOperationException($"it decided for {step.Decision.Limit.ToString(CultureInfo.InvariantCulture)} hunters");
        (state, Decision, From) = (step.State, step.Decision, begun.Limit);
        return new LaneRecord(name, IsShadow, Hash, inUse, before is null, begun.Limit, step.Decision);
    }

    static string HashOf(string name, PolicyParameters parameters) =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(parameters, DecisionJson.Options)))[..8] + "-" + name;
}
