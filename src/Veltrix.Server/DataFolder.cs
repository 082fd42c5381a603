using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Veltrix.EventLog;
using Veltrix.EventLog.Embedded;
using Veltrix.EventLog.Kafka;
using Veltrix.Hosting;
using Veltrix.Server.Ledgers;

namespace Veltrix.Server;

/// <summary>
/// Where a server keeps what is its own; only the logs may be elsewhere, on Kafka:
/// <code>
/// logs/{hunt}/submissions, logs/{hunt}/ledger    the truth
/// logs/{hunt}/import                             of a hunt that was imported: whether to the end
/// logs/log.origin                                which cluster has it, if it is elsewhere
/// checkpoints/{hunt}/{position}.checkpoint       makes a start faster; may be deleted
/// token.key, admin.key, control.db               readable by the owner only
/// hunt-config.yml                                settings, if there are any
/// server.json                                    where the server of this folder listens
/// </code>
/// One process at a time holds it.
/// </summary>
public static class DataFolder
{
    /// <summary>Opens the logs in a data folder.</summary>
    /// <exception cref="EventLogException">Another process holds the folder, it cannot be written, or its logs are on Kafka.</exception>
    public static IEventLogs OpenLogs(string folder, TimeProvider clock)
    {
        var origin = OriginFile(folder);
        if (File.Exists(origin))
            throw new EventLogException(EventLogFault.Misconfigured,
                $"The logs of the data folder {folder} are {File.ReadAllText(origin)}, and no Kafka is set. Set {Keys.KafkaServers.Name} again, or choose another data folder.");
        return EmbeddedLogs.Open(Path.Combine(folder, "logs"), clock);
    }

    /// <summary>Opens the logs of a data folder, on Kafka where the settings say so.</summary>
    /// <exception cref="EventLogException">The same; or the cluster cannot be used, or is another one than that of this folder.</exception>
    public static async Task<IEventLogs> OpenLogs(string folder, Settings settings, TimeProvider clock, CancellationToken cancel)
    {
        if (KafkaOf(settings) is not { } options) return OpenLogs(folder, clock);
        var place = Path.Combine(folder, "logs");
        if (EmbeddedLogs.AreIn(place))
            throw new EventLogException(EventLogFault.Misconfigured,
                $"The data folder {folder} holds logs of its own, and {Keys.KafkaServers.Name} is set: they would no longer be served. Choose another data folder, or take the setting out.");
        var held = FolderHold.Take(place);
        KafkaLogs? logs = null;
        try
        {
            logs = KafkaLogs.Open(options, clock);
            var origin = $"on the Kafka cluster {await logs.ClusterId(cancel)}, in topics {options.TopicPrefix}.*";
            // Positions of one log mean nothing in another: a checkpoint taken for the wrong one would be a wrong fold.
            if (File.Exists(OriginFile(folder)) && File.ReadAllText(OriginFile(folder)) is var before && before != origin)
                throw new EventLogException(EventLogFault.Misconfigured,
                    $"The logs of the data folder {folder} are {before}, and the settings say that they are {origin}. Correct the settings, or choose another data folder.");
            File.WriteAllText(OriginFile(folder), origin);
            return new HeldLogs(logs, held);
        }
        catch
        {
            if (logs is not null) await logs.DisposeAsync();
            held.Dispose();
            throw;
        }
    }

    /// <summary>The same for a program that is no server: as the folder's own settings say, or those of a file.</summary>
    /// <exception cref="EventLogException">The same.</exception>
    /// <exception cref="ConfigException">The settings have faults, or the file is not there.</exception>
    public static async Task<IEventLogs> OpenLogs(string folder, string? config, TimeProvider clock, CancellationToken cancel)
    {
        using var settings = new Settings(clock);
        new ConfigWatch(config ?? Path.Combine(folder, ConfigFile.DefaultName), settings, clock, NullLogger.Instance).ReadFirst(required: config is not null);
        return await OpenLogs(folder, settings, clock, cancel);
    }

    /// <summary>The ledger of a hunt that is there, and whole.</summary>
    /// <exception cref="KeyNotFoundException">There is none; the message says where it was looked for.</exception>
    public static async Task<IEventLog> OpenLedger(IEventLogs logs, string folder, string hunt, CancellationToken cancel)
    {
        var names = await logs.List(cancel);
        if (!names.Contains($"{hunt}/ledger")) throw new KeyNotFoundException($"there is no hunt '{hunt}' in {folder}");
        if (await ImportJournal.IsUnfinished(logs, hunt, names, cancel)) throw new KeyNotFoundException(ImportJournal.Explain(hunt));
        return await logs.Open($"{hunt}/ledger", cancel);
    }

    /// <summary>How to reach the Kafka that the settings name; null: the logs are in the data folder.</summary>
    public static KafkaOptions? KafkaOf(Settings settings) => settings.Get(Keys.KafkaServers) is not { Length: > 0 } servers ? null : new KafkaOptions
    {
        BootstrapServers = servers,
        TopicPrefix = settings.Get(Keys.KafkaTopicPrefix),
        ReplicationFactor = (int)settings.Get(Keys.KafkaReplication),
        AppendPatience = settings.Get(Keys.KafkaAppendPatience),
        SecurityProtocol = settings.Get(Keys.KafkaSecurity),
        SaslMechanism = settings.Get(Keys.KafkaMechanism),
        SaslUsername = settings.Get(Keys.KafkaUser),
        SaslPasswordFile = settings.Get(Keys.KafkaPasswordFile),
        CaFile = settings.Get(Keys.KafkaCaFile),
        CertificateFile = settings.Get(Keys.KafkaCertificateFile),
        KeyFile = settings.Get(Keys.KafkaKeyFile),
        MoreOptions = settings.Get(Keys.KafkaMoreOptions),
    };

    static string OriginFile(string folder) => Path.Combine(folder, "logs", "log.origin");

    /// <summary>Says where the server of this folder is, for the CLI.</summary>
    public static void WriteAddress(string folder, Uri url)
    {
        var path = AddressFile(folder);
        File.WriteAllText(path + ".new", JsonSerializer.Serialize(new { url = url.ToString().TrimEnd('/'), pid = Environment.ProcessId }));
        File.Move(path + ".new", path, overwrite: true);
    }

    public static void RemoveAddress(string folder) => File.Delete(AddressFile(folder));

    static string AddressFile(string folder) => Path.Combine(folder, "server.json");

    /// <summary>Logs elsewhere, for as long as this process holds its data folder.</summary>
    sealed class HeldLogs(IEventLogs logs, FolderHold held) : IEventLogs
    {
        public bool AreShared => logs.AreShared;

        public Task<IEventLog> Open(string name, CancellationToken cancel) => logs.Open(name, cancel);

        public Task<IReadOnlyList<string>> List(CancellationToken cancel) => logs.List(cancel);

        public async ValueTask DisposeAsync()
        {
            await logs.DisposeAsync();
            held.Dispose();
        }
    }
}
