using System.Net;
using Veltrix.EventLog;

namespace Veltrix.Cli;

/// <summary>What runs in this process.</summary>
sealed record LocalOptions
{
    public required DataHome Folder { get; init; }

    public string Host { get; init; } = "127.0.0.1";

    /// <summary>0 = any free one.</summary>
    public int Port { get; init; }

    public IReadOnlyList<string> Origins { get; init; } = [];

    /// <summary>The settings; null: <c>hunt-config.yml</c> in the data folder, if it is there.</summary>
    public string? Config { get; init; }

    /// <summary>The text of the one hunt that is served; null: all that the logs hold.</summary>
    public string? Hunt { get; init; }

    /// <summary>host:port of the shared store; null: one in this process.</summary>
    public string? Redis { get; init; }

    /// <summary>Put before the name of every key in it.</summary>
    public string RedisPrefix { get; init; } = "";

    public GovernedBy GovernedBy { get; init; } = GovernedBy.Nobody;

    /// <summary>Opens the logs; null: those that the settings name.</summary>
    public Func<string, TimeProvider, IEventLogs>? OpenLogs { get; init; }
}

/// <summary>Who moves the limits of a server's hunts.</summary>
abstract record GovernedBy
{
    /// <summary>Limits stay at their ceilings.</summary>
    public static readonly GovernedBy Nobody = new ByNobody();

    /// <summary>A governor in another process.</summary>
    public sealed record Sidecar(Uri Url) : GovernedBy;

    /// <summary>A governor and an orchestrator in this process, over their real interfaces.</summary>
    /// <param name="Address">Where metrics and <c>/ops</c> are to be had.</param>
    public sealed record ThisProcess(IPEndPoint Address) : GovernedBy;

    sealed record ByNobody : GovernedBy;
}
