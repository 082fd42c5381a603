using System.Globalization;

namespace Veltrix.EventLog.Embedded;

/// <summary>This process' hold of a folder that one process at a time may use. The system lets go of it when the process ends, however that happens.</summary>
public sealed class FolderHold : IDisposable
{
    const string LockName = "log.lock";
    const string HolderName = "log.lock.pid";

    readonly string folder;
    readonly FileStream held;

    FolderHold(string folder, FileStream held) => (this.folder, this.held) = (folder, held);

    /// <summary>Takes hold of a folder, making it if it is not there.</summary>
    /// <exception cref="EventLogException">Another process holds it (<see cref="EventLogFault.InUse"/>), or it cannot be written.</exception>
    public static FolderHold Take(string folder)
    {
        var holder = Path.Combine(folder, HolderName);
        FileStream? held = null;
        try
        {
            Directory.CreateDirectory(folder);
            held = new FileStream(Path.Combine(folder, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            File.WriteAllText(holder, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return new FolderHold(folder, held);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var isHeld = held is null && Disk.IsLocked(e);
            held?.Dispose();
            if (!isHeld)
                throw Disk.Fault(e, folder);
            var pid = File.Exists(holder) ? File.ReadAllText(holder).Trim() : "unknown";
            throw new EventLogException(EventLogFault.InUse,
                $"The data folder {folder} is in use by the process with id {pid}. Stop that one, which takes up to ten seconds, or choose another folder.", e);
        }
    }

    public void Dispose()
    {
        if (held.SafeFileHandle.IsClosed) return;
        File.Delete(Path.Combine(folder, HolderName));
        held.Dispose();
    }
}
