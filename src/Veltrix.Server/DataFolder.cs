using System.Text.Json;
using Veltrix.EventLog;
using Veltrix.EventLog.Embedded;

namespace Veltrix.Server;

/// <summary>
/// Where a server on the embedded default keeps everything:
/// <code>
/// logs/{hunt}/submissions, logs/{hunt}/ledger    the truth
/// checkpoints/{hunt}/{position}.checkpoint       makes a start faster; may be deleted
/// token.key, admin.key, control.db               readable by the owner only
/// hunt-config.yml                                settings, if there are any
/// server.json                                    where the server of this folder listens
/// </code>
/// One process at a time holds it.
/// </summary>
public static class DataFolder
{
    /// <summary>Opens the logs of a data folder.</summary>
    /// <exception cref="EventLogException">Another process holds the folder, or it cannot be written.</exception>
    public static IEventLogs OpenLogs(string folder, TimeProvider clock) => EmbeddedLogs.Open(Path.Combine(folder, "logs"), clock);

    /// <summary>Says where the server of this folder is, for the CLI.</summary>
    public static void WriteAddress(string folder, Uri url)
    {
        var path = AddressFile(folder);
        File.WriteAllText(path + ".new", JsonSerializer.Serialize(new { url = url.ToString().TrimEnd('/'), pid = Environment.ProcessId }));
        File.Move(path + ".new", path, overwrite: true);
    }

    public static void RemoveAddress(string folder) => File.Delete(AddressFile(folder));

    static string AddressFile(string folder) => Path.Combine(folder, "server.json");
}
