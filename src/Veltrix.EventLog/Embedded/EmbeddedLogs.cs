using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace Veltrix.EventLog.Embedded;

/// <summary>
/// The logs of one folder, each in a folder of its own name. One process at a time: the file <c>lock</c> is held open and names the holder.
/// </summary>
public sealed partial class EmbeddedLogs : IEventLogs
{
    readonly string folder;
    readonly TimeProvider clock;
    readonly FileStream held;
    readonly ConcurrentDictionary<string, EmbeddedLog> open = new(StringComparer.Ordinal);
    readonly Lock opening = new();
    bool closed;

    EmbeddedLogs(string folder, TimeProvider clock, FileStream held)
    {
        this.folder = folder;
        this.clock = clock;
        this.held = held;
    }

    /// <summary>Takes the folder, making it if it is not there.</summary>
    /// <exception cref="EventLogException"><see cref="EventLogFault.InUse"/> or <see cref="EventLogFault.Unavailable"/>.</exception>
    public static EmbeddedLogs Open(string folder, TimeProvider clock)
    {
        try
        {
            Directory.CreateDirectory(folder);
            return new EmbeddedLogs(folder, clock, TakeLock(Path.Combine(folder, "lock")));
        }
        catch (UnauthorizedAccessException e)
        {
            throw new EventLogException(EventLogFault.Unavailable, $"{folder} cannot be written: {e.Message}. Give its owner the right, or name another data folder.", e);
        }
    }

    public Task<IEventLog> Open(string name, CancellationToken cancel)
    {
        if (!Name().IsMatch(name))
            throw new ArgumentException($"'{name}' is no name of a log: lower-case letters, digits and -, in parts divided by /, at most 200 characters", nameof(name));
        cancel.ThrowIfCancellationRequested();
        lock (opening)
        {
            if (closed) throw new EventLogException(EventLogFault.Closed, $"the logs of {folder} are closed");
            return Task.FromResult<IEventLog>(open.GetOrAdd(name, _ => new EmbeddedLog(Path.Combine(folder, name), clock)));
        }
    }

    public Task<IReadOnlyList<string>> List(CancellationToken cancel)
    {
        var names = Directory.EnumerateFiles(folder, EmbeddedLog.FirstFile, SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(folder, Path.GetDirectoryName(file)!).Replace(Path.DirectorySeparatorChar, '/'))
            .Where(name => Name().IsMatch(name))
            .Order(StringComparer.Ordinal);
        return Task.FromResult<IReadOnlyList<string>>([.. names]);
    }

    public async ValueTask DisposeAsync()
    {
        lock (opening)
        {
            if (closed) return;
            closed = true;
        }

        foreach (var log in open.Values) await log.DisposeAsync();
        await held.DisposeAsync();
    }

    // FileShare.None is an advisory lock that the system ends with the process, however that ends.
    static FileStream TakeLock(string path)
    {
        try
        {
            var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            file.SetLength(0);
            using var writer = new StreamWriter(file, leaveOpen: true);
            writer.Write(Environment.ProcessId);
            return file;
        }
        catch (IOException e) when (e is not EventLogException && File.Exists(path))
        {
            throw new EventLogException(
                EventLogFault.InUse, $"{Path.GetDirectoryName(path)} is in use by process {Holder(path)}. Stop that one first, or name another data folder.", e);
        }
    }

    static string Holder(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(file);
            return reader.ReadToEnd() is { Length: > 0 } pid ? pid : "(unknown)";
        }
        catch (IOException)
        {
            return "(unknown)";
        }
    }

    [GeneratedRegex("^(?=.{1,200}$)[a-z0-9-]+(/[a-z0-9-]+)*$")]
    private static partial Regex Name();
}
