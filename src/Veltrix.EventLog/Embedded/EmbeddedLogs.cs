using System.Globalization;
using System.Text.RegularExpressions;

namespace Veltrix.EventLog.Embedded;

/// <summary>
/// Logs in a data folder on this machine, each in a folder named as the log. One process at a time holds the data folder.
/// </summary>
/// <remarks>A name may have 200 characters. Names have no dot and file names have one, so they never clash.</remarks>
public sealed partial class EmbeddedLogs : IEventLogs
{
    const string LockName = "log.lock";
    const string HolderName = "log.lock.pid";
    const int NameCharsMax = 200;

    readonly string _folder;
    readonly TimeProvider _clock;
    readonly FileStream _lock;
    readonly SemaphoreSlim _gate = new(1);
    readonly Dictionary<string, EmbeddedLog> _open = [];
    bool _closed;

    EmbeddedLogs(string folder, TimeProvider clock, FileStream held) => (_folder, _clock, _lock) = (folder, clock, held);

    /// <summary>Takes hold of a data folder, making it if it is not there.</summary>
    /// <exception cref="EventLogException">Another process holds it (<see cref="EventLogFault.InUse"/>).</exception>
    public static EmbeddedLogs Open(string folder, TimeProvider clock)
    {
        folder = Path.GetFullPath(folder);
        Directory.CreateDirectory(folder);
        var holder = Path.Combine(folder, HolderName);
        FileStream held;
        try
        {
            held = new FileStream(Path.Combine(folder, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e.GetType() == typeof(IOException))
        {
            // The plain IOException is the sharing violation; folder or rights missing have types of their own.
            var pid = File.Exists(holder) ? File.ReadAllText(holder).Trim() : "unknown";
            throw new EventLogException(EventLogFault.InUse,
                $"The data folder {folder} is in use by the process with id {pid}. Stop that one, or choose another folder.", e);
        }
        File.WriteAllText(holder, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        return new EmbeddedLogs(folder, clock, held);
    }

    public async Task<IEventLog> Open(string name, CancellationToken cancel)
    {
        if (name.Length > NameCharsMax || !NamePattern().IsMatch(name))
            throw new ArgumentException(
                $"'{name}' cannot name a log: a name is made of parts of lower-case letters, digits and -, joined by /, {NameCharsMax} characters at most.", nameof(name));
        await _gate.WaitAsync(cancel);
        try
        {
            if (_closed)
                throw new EventLogException(EventLogFault.Closed, $"The data folder {_folder} was closed.");
            if (_open.TryGetValue(name, out var open))
            {
                if (!open.IsClosing)
                    return open;
                await open.DisposeAsync();
            }
            return _open[name] = await Task.Run(() => EmbeddedLog.Open(name, Path.Combine(_folder, name), _clock), cancel);
        }
        finally
        {
            _gate.Release();
        }
    }

    public Task<IReadOnlyList<string>> List(CancellationToken cancel) => Task.Run<IReadOnlyList<string>>(() =>
    {
        var names = new List<string>();
        foreach (var mark in Directory.EnumerateFiles(_folder, EndMark.FileName, SearchOption.AllDirectories))
        {
            cancel.ThrowIfCancellationRequested();
            names.Add(Path.GetRelativePath(_folder, Path.GetDirectoryName(mark)!).Replace(Path.DirectorySeparatorChar, '/'));
        }
        names.Sort(StringComparer.Ordinal);
        return names;
    }, cancel);

    /// <summary>Closes every log, then lets go of the folder.</summary>
    public async ValueTask DisposeAsync()
    {
        await _gate.WaitAsync();
        try
        {
            if (_closed)
                return;
            _closed = true;
            await Task.WhenAll(_open.Values.Select(log => log.DisposeAsync().AsTask()));
            _open.Clear();
            File.Delete(Path.Combine(_folder, HolderName));
            await _lock.DisposeAsync();
        }
        finally
        {
            _gate.Release();
        }
    }

    [GeneratedRegex(@"^[a-z0-9-]+(/[a-z0-9-]+)*\z", RegexOptions.NonBacktracking)]
    private static partial Regex NamePattern();
}
