using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Veltrix.Governor.Sidecar;

/// <summary>
/// Every decision of one hunt: the whole of it as NDJSON in <c>governor/{hunt}.decisions.ndjson</c>, and the telling part of the newest ones in memory. Thread-safe.
/// </summary>
/// <remarks>
/// A tick is about 1.5 kB, so a day of ticks every 5 s is about 26 MB. A file of <see cref="FileBytes"/> becomes <c>{hunt}.decisions.1.ndjson</c>, the older ones move up, and what is beyond
/// <see cref="Files"/> goes. Nothing here ever stops the governor: while the folder cannot be written, lines wait in memory (<see cref="PendingMax"/>, the oldest go first), that is said once, and they are
/// written when it heals.
/// </remarks>
public sealed partial class DecisionLog : IDisposable
{
    public const long FileBytes = 64L << 20;
    public const int Files = 8;
    public const int PendingMax = 1_000;
    const int KeptEntries = 20_000;

    readonly Lock gate = new();
    readonly string path;
    readonly ILogger logger;
    readonly long fileBytes;
    readonly Queue<DecisionEntry> entries = new();
    readonly Queue<DecisionEntry> changes = new();
    readonly Queue<DecisionLine> pending = new();
    readonly Dictionary<string, string> writtenHashes = [];
    FileStream? file;
    bool failing;

    /// <param name="folder">Made if missing; where it cannot be, decisions are kept in memory only.</param>
    public DecisionLog(string folder, string hunt, ILogger logger, long fileBytes = FileBytes)
    {
        path = PathOf(folder, hunt);
        this.logger = logger;
        this.fileBytes = fileBytes;
        Remember();
    }

    public static string PathOf(string folder, string hunt) => Path.Combine(folder, "governor", $"{Uri.EscapeDataString(hunt)}.decisions.ndjson");

    /// <summary>The files of a log that are still there, oldest first, the given one last.</summary>
    public static IEnumerable<string> Parts(string newest) => Enumerable.Range(1, Files).Reverse().Select(n => Numbered(newest, n)).Where(File.Exists).Append(newest);

    /// <summary>Lines that wait because the folder cannot be written.</summary>
    public int Pending
    {
        get
        {
            lock (gate) return pending.Count;
        }
    }

    public void Add(TickRecord tick)
    {
        lock (gate)
        {
            foreach (var lane in tick.Lanes) Keep(DecisionEntry.Of(tick, lane));
            Write(new DecisionLine(Tick: tick));
        }
    }

    public void Add(DecisionEntry applied)
    {
        lock (gate)
        {
            Keep(applied);
            Write(new DecisionLine(Applied: applied));
        }
    }

    /// <summary>The newest, oldest first.</summary>
    public IReadOnlyList<DecisionEntry> Last(int count, bool changesOnly)
    {
        lock (gate)
        {
            var from = changesOnly ? changes : entries;
            return [.. from.Skip(Math.Max(0, from.Count - count))];
        }
    }

    void Keep(DecisionEntry entry)
    {
        Bound(entries, entry);
        // What a shadow would have changed has changed nothing.
        if (entry.IsChange && !entry.Shadow) Bound(changes, entry);
    }

    static void Bound(Queue<DecisionEntry> queue, DecisionEntry entry)
    {
        queue.Enqueue(entry);
        if (queue.Count > KeptEntries) queue.Dequeue();
    }

    void Write(DecisionLine line)
    {
        pending.Enqueue(line);
        if (pending.Count > PendingMax) pending.Dequeue();
        try
        {
            while (pending.TryPeek(out var next))
            {
                Rotate();
                file ??= Open();
                file.Write(Encode(next));
                file.Flush();
                pending.Dequeue();
            }

            if (failing) LogHealed(path);
            failing = false;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            if (!failing) LogUnwritable(path, error.Message);
            failing = true;
            Close();
        }
    }

    byte[] Encode(DecisionLine line)
    {
        if (line.Tick is { } tick)
        {
            var lanes = tick.Lanes.Select(lane => writtenHashes.GetValueOrDefault(lane.Policy) == lane.Hash ? lane with { Parameters = null } : lane);
            line = new DecisionLine(Tick: tick with { Lanes = [.. lanes] });
            foreach (var lane in tick.Lanes) writtenHashes[lane.Policy] = lane.Hash;
        }

        return [.. JsonSerializer.SerializeToUtf8Bytes(line, DecisionJson.Options), (byte)'\n'];
    }

    FileStream Open()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        writtenHashes.Clear();
        var opened = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read | FileShare.Delete, bufferSize: 0);
        // A write that was cut short has left a piece of a line; what follows begins on its own.
        if (opened.Length > 0) opened.Write("\n"u8);
        return opened;
    }

    void Rotate()
    {
        if (file is null || file.Length < fileBytes) return;
        Close();
        File.Delete(Numbered(path, Files));
        for (var n = Files - 1; n >= 1; n--)
            if (File.Exists(Numbered(path, n))) File.Move(Numbered(path, n), Numbered(path, n + 1));
        File.Move(path, Numbered(path, 1));
    }

    static string Numbered(string path, int n) => $"{path[..^".ndjson".Length]}.{n}.ndjson";

    /// <summary>After a restart the log begins with what the last process wrote.</summary>
    void Remember()
    {
        try
        {
            if (!File.Exists(path)) return;
            using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete), Encoding.UTF8);
            // A file that says it holds nothing may be a device that never ends.
            if (reader.BaseStream.Length == 0) return;
            // The newest few hours are enough; the file has the rest.
            reader.BaseStream.Seek(Math.Max(0, reader.BaseStream.Length - (4 << 20)), SeekOrigin.Begin);
            while (reader.ReadLine() is { } text)
            {
                if (Replay.Read(text) is not { } line) continue;
                if (line.Applied is { } applied) Keep(applied);
                foreach (var lane in line.Tick?.Lanes ?? []) Keep(DecisionEntry.Of(line.Tick!, lane));
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            LogUnreadable(path, error.Message);
        }
    }

    void Close()
    {
        file?.Dispose();
        file = null;
    }

    public void Dispose()
    {
        lock (gate) Close();
    }

    [LoggerMessage(LogLevel.Error, "Decisions cannot be written to {Path}: {Why} They wait in memory, and the governor goes on.")]
    partial void LogUnwritable(string path, string why);

    [LoggerMessage(LogLevel.Information, "Decisions are written to {Path} again.")]
    partial void LogHealed(string path);

    [LoggerMessage(LogLevel.Warning, "Earlier decisions in {Path} cannot be read: {Why}")]
    partial void LogUnreadable(string path, string why);
}
