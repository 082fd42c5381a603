using Microsoft.Extensions.Logging;
using Veltrix.Gate;

namespace Veltrix.Governor.Orchestration;

/// <summary>What an orchestrator is started with.</summary>
public sealed record OrchestratorOptions
{
    /// <summary>Addresses as <see cref="GovernorAddress"/> reads them.</summary>
    public required IReadOnlyList<string> Governors { get; init; }

    /// <summary>The shared store of the gates.</summary>
    public GateStoreOptions Store { get; init; } = new();

    /// <summary>Read before anything runs and watched from then on; it must be there. Of what it sets, <c>redis.memory_budget</c> is the orchestrator's. Null: none.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>A store that is open already, in a process of several roles; the caller closes it. It goes before <see cref="Store"/>, and its budget is the caller's matter.</summary>
    public GateStore? OpenStore { get; init; }

    /// <summary>The file with the control token; read again at every round, because mounted secrets change. Null: governors here want none.</summary>
    public string? TokenFile { get; init; }

    /// <summary>Where metrics and <c>/v1/hunts</c> are to be had.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>0 = any free one.</summary>
    public int Port { get; init; } = 9359;

    /// <summary>This orchestrator among its standbys.</summary>
    public string Name { get; init; } = $"{Environment.MachineName}-{Environment.ProcessId}";

    /// <summary>From round to round.</summary>
    public TimeSpan Every { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a leader that is gone keeps others waiting; a leader leads no longer than this without renewing.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For one call to a governor or to the store.</summary>
    public TimeSpan Within { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether the gates of all hunts write down every grant; else those where people set <c>gate.audit</c>.</summary>
    public bool Audit { get; init; }

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Null: to standard error.</summary>
    public ILoggerFactory? Logging { get; init; }
}
