namespace Veltrix.Cli.Clusters;

/// <summary>What a cluster consists of.</summary>
sealed record ClusterOptions
{
    /// <summary>Settings, keys, messages, and a folder for each role.</summary>
    public required string Folder { get; init; }

    /// <summary>Each with a governor beside it.</summary>
    public int Servers { get; init; } = 2;

    /// <summary>One leads, the others stand by.</summary>
    public int Orchestrators { get; init; } = 2;

    /// <summary>host:port of the store of seats.</summary>
    public required string Redis { get; init; }

    /// <summary>The same store as one server, by number from 1, reaches it; null: as everybody does.</summary>
    public Func<int, string>? RedisOfServer { get; init; }

    /// <summary>The settings file of one server, by number from 1, where it is not that of all; null: it is.</summary>
    public Func<int, string>? ConfigOfServer { get; init; }

    /// <summary>Nobody wants what it holds once it ends: its processes are killed then, and not waited for.</summary>
    public bool IsThrownAway { get; init; }

    /// <summary>host:port of the brokers with the logs; null: as the settings in the folder say.</summary>
    public string? Kafka { get; init; }

    /// <summary>Address that servers listen on.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>Of the first server; the others follow. 0: any free ones.</summary>
    public int Port { get; init; }
}
