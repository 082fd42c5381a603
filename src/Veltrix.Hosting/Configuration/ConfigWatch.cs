using Microsoft.Extensions.Logging;

namespace Veltrix.Hosting;

/// <summary>
/// Watches <c>hunt-config.yml</c> and takes what is new into the <see cref="Settings"/>, while hunts are live. A bad edit leaves the old settings running, and says why.
/// </summary>
/// <remarks>
/// The file is read once a second and its bytes compared: that sees replaced files, symbolic links that were turned (as Kubernetes does with a ConfigMap's <c>..data</c>) and editors that
/// rename, on every file system, whatever the file's times say. What is new is taken at the second look that finds it the same, so a file that is being written is not taken by half.
/// Not thread-safe: one task looks.
/// </remarks>
public sealed partial class ConfigWatch(string path, Settings settings, TimeProvider clock, ILogger logger)
{
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    byte[]? judged;
    byte[]? fresh;
    string? trouble;

    /// <summary>Reads the file before anything runs: then a fault stops the start.</summary>
    /// <param name="required">Whether it must be there.</param>
    /// <exception cref="ConfigException">It has faults, or is not there though it must be.</exception>
    public void ReadFirst(bool required)
    {
        var (bytes, fault) = TryRead();
        if (bytes is null)
        {
            if (fault is not null || required) throw new ConfigException(path, [fault ?? Gone("There is no such file.", "Write it, or do not name it; 'veltrix config list' shows all keys.")]);
            return;
        }

        judged = bytes;
        if (settings.Load(ConfigFile.Read(path, bytes)) is { Ok: false } bad) throw new ConfigException(path, bad.Faults);
    }

    /// <summary>Looks once a second until cancelled.</summary>
    public async Task Run(CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(Every, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(cancel)) Look();
        }
        catch (OperationCanceledException)
        {
        }
    }

    /// <summary>One look.</summary>
    public void Look()
    {
        var (bytes, fault) = TryRead();
        if (bytes is null)
        {
            fresh = null;
            if (judged is not null || fault is not null)
                Miss(fault ?? Gone("The file is gone; what it said last goes on until this process ends.", "Put it back; a file with only a comment in it sets nothing."));
            return;
        }

        var known = judged is not null && bytes.AsSpan().SequenceEqual(judged) && trouble is null;
        var same = fresh is not null && bytes.AsSpan().SequenceEqual(fresh);
        fresh = known || same ? null : bytes;
        if (known || !same) return;
        judged = bytes;
        trouble = null;
        Judge(settings.Load(ConfigFile.Read(path, bytes)));
    }

    void Judge(Reload verdict)
    {
        if (verdict.Ok) LogTaken(path, verdict.Changes.Count == 0 ? "nothing is different" : string.Join("; ", verdict.Changes));
        else LogRefused(path, verdict.Faults.Count, string.Join("; ", verdict.Faults.Select(fault => fault.In(path))));
    }

    // Said once, not every second.
    void Miss(ConfigFault fault)
    {
        if (trouble == fault.Message) return;
        trouble = fault.Message;
        Judge(settings.Missed(path, fault));
    }

    (byte[]? Bytes, ConfigFault? Fault) TryRead()
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            // One more than it has, or than it may have: growing and too long are both seen.
            var buffer = new byte[Math.Min(stream.Length, ConfigFile.BytesMax) + 1];
            return (buffer[..stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)], null);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return (null, null);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return (null, Gone($"The file cannot be read: {error.Message}", "Make it a file that this process may read."));
        }
    }

    static ConfigFault Gone(string message, string remedy) => new(0, 0, "", "", message, remedy);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Path} was read again and is in force: {Changes}")]
    partial void LogTaken(string path, string changes);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Path} was not taken, the settings before it go on; {Count} fault(s): {Faults}")]
    partial void LogRefused(string path, int count, string faults);
}
