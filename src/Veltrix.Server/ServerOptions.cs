using Microsoft.Extensions.Logging;
using Veltrix.EventLog;
using Veltrix.Gate;
using Veltrix.Hosting;

namespace Veltrix.Server;

/// <summary>What a server is started with.</summary>
public sealed record ServerOptions
{
    /// <summary>Logs (unless they are on Kafka), checkpoints and keys; made if it is not there. One server at a time holds it.</summary>
    public required string DataFolder { get; init; }

    /// <summary>Address to listen on.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>0 = any free one.</summary>
    public int Port { get; init; } = 8080;

    /// <summary>The settings, which must be there; null: <c>hunt-config.yml</c> in the data folder, if it is there. Watched, either way.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>The one hunt that this server serves: its text, which is published if nothing is yet. Null: all hunts that its logs hold.</summary>
    public string? Hunt { get; init; }

    /// <summary>The built web pages; null: none.</summary>
    public string? WebFolder { get; init; }

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>The store of seats, shared with other servers; null: one in this process, opened and closed with the server.</summary>
    public GateStore? Gate { get; init; }

    /// <summary>Where the layers of settings come together, shared with a governor in this process; null: the server's own.</summary>
    public Settings? Settings { get; init; }

    /// <summary>gRPC of the governor beside this server; null: nobody governs, and the limit of each hunt is its ceiling.</summary>
    public Uri? Governor { get; init; }

    /// <summary>Origins beside its own that browsers may connect from, for example <c>https://hunt.example</c>.</summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    /// <summary>The least that is worth a line in the log.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>Opens the logs of a data folder; null: those that the settings name. Here other logs come in, also such as misbehave on purpose.</summary>
    public Func<string, TimeProvider, IEventLogs>? OpenLogs { get; init; }
}
