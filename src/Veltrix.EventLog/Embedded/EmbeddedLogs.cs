namespace Veltrix.EventLog.Embedded;

/// <summary>
/// Logs in a data folder on this machine, each in a folder named as the log. One process at a time holds the data folder.
/// </summary>
/// <remarks>Names have no dot and file names have one, so they never clash.</remarks>
public sealed class EmbeddedLogs : IEventLogs
{
    readonly string folder;
    readonly TimeProvider clock;
    readonly FolderHold held;
    readonly SemaphoreSlim gate = new(1);
    readonly Dictionary<string, EmbeddedLog> open = [];
    bool closed;

    EmbeddedLogs(string folder, TimeProvider clock, FolderHold held) => (this.folder, this.clock, this.held) = (folder, clock, held);

    /// <summary>Takes hold of a data folder, making it if it is not there.</summary>
    /// <exception cref="EventLogException">Another process holds it (<see cref="EventLogFault.InUse"/>).</exception>
    public static EmbeddedLogs Open(string folder, TimeProvider clock)
    {
        folder = Path.GetFullPath(folder);
        return new EmbeddedLogs(folder, clock, FolderHold.Take(folder));
    }

    public bool AreShared => false;

    /// <summary>Whether a folder holds logs, without taking hold of it.</summary>
    public static bool AreIn(string folder) => Directory.Exists(folder) && Directory.EnumerateFiles(folder, EndMark.FileName, SearchOption.AllDirectories).Any();

    public async Task<IEventLog> Open(string name, CancellationToken cancel)
    {
        LogName.Check(name);
        await gate.WaitAsync(cancel);
        try
        {
            if (closed)
                throw new EventLogException(EventLogFault.Closed, $"The data folder {folder} was closed.");
            if (open.TryGetValue(name, out var log))
            {
                if (!log.IsClosing)
                    return log;
                await log.DisposeAsync();
            }
            return open[name] = await Task.Run(() => EmbeddedLog.Open(name, Path.Combine(folder, name), clock), cancel);
        }
        catch (Exception e) when (e is IOException and not EventLogException or UnauthorizedAccessException)
        {
            throw Disk.Fault(e, Path.Combine(folder, name));
        }
        finally
        {
            gate.Release();
        }
    }

    public Task<IReadOnlyList<string>> List(CancellationToken cancel) => Task.Run<IReadOnlyList<string>>(() =>
    {
        var names = new List<string>();
        foreach (var mark in Directory.EnumerateFiles(folder, EndMark.FileName, SearchOption.AllDirectories))
        {
            cancel.ThrowIfCancellationRequested();
            names.Add(Path.GetRelativePath(folder, Path.GetDirectoryName(mark)!).Replace(Path.DirectorySeparatorChar, '/'));
        }
        names.Sort(StringComparer.Ordinal);
        return names;
    }, cancel);

    /// <summary>Closes every log, then lets go of the folder.</summary>
    public async ValueTask DisposeAsync()
    {
        await gate.WaitAsync();
        try
        {
            if (closed)
                return;
            closed = true;
            await Task.WhenAll(open.Values.Select(log => log.DisposeAsync().AsTask()));
            open.Clear();
            held.Dispose();
        }
        finally
        {
            gate.Release();
        }
    }
}
