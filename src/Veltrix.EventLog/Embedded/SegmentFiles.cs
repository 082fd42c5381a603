using System.Globalization;
using Microsoft.Win32.SafeHandles;
using static Veltrix.EventLog.Embedded.RecordFormat;

namespace Veltrix.EventLog.Embedded;

/// <summary>The files of one log, <c>segment.0</c>, <c>segment.1</c> …, each <see cref="SegmentBytes"/> of the address space. The first ones may be gone by truncation.</summary>
sealed class SegmentFiles(string folder)
{
    const string Prefix = "segment.";

    public string Folder => folder;

    public string PathOf(int segment) => Path.Combine(folder, Prefix + segment.ToString(CultureInfo.InvariantCulture));

    public static int SegmentOf(long position) => checked((int)(position / SegmentBytes));

    /// <summary>The numbers of the files that are there, ascending.</summary>
    public List<int> Present()
    {
        var present = new List<int>();
        foreach (var path in Directory.EnumerateFiles(folder, Prefix + "*"))
        {
            if (int.TryParse(Path.GetFileName(path.AsSpan())[Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var segment))
                present.Add(segment);
        }
        present.Sort();
        return present;
    }

    /// <summary>Opens a segment for reading beside its writer.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    public SafeFileHandle OpenForReading(int segment) =>
        File.OpenHandle(PathOf(segment), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    /// <summary>Opens a segment for writing, making it if needed. Every write is on the disk when it returns (O_SYNC), the file's name included.</summary>
    public SafeFileHandle OpenForWriting(int segment)
    {
        var path = PathOf(segment);
        var isNew = !File.Exists(path);
        var handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, FileOptions.WriteThrough);
        if (isNew)
            Disk.SyncFolder(folder);
        return handle;
    }

    /// <summary>
    /// Throws unless the file that holds the byte before <paramref name="end"/> is there by its name, and reaches that far: a file deleted, moved or replaced
    /// still takes writes through an open handle, and nobody will find them. One look at the folder, no reading.
    /// </summary>
    public void CheckReaches(long end)
    {
        var path = PathOf(SegmentOf(end - 1));
        var file = new FileInfo(path);
        if (!file.Exists || file.Length < (end - 1) % SegmentBytes + 1)
            throw Gone(path);
    }

    /// <summary>What is thrown where acknowledged records were taken away under a running log.</summary>
    public static IOException Gone(string path) =>
        new($"{path} was deleted, moved or replaced while the log was open: put it back as it was, or restore it from a backup and start again");

    /// <summary>Removes every byte from <paramref name="position"/> on, durably.</summary>
    public void CutAt(long position)
    {
        var first = SegmentOf(position);
        foreach (var segment in Present())
        {
            if (segment > first)
                File.Delete(PathOf(segment));
        }
        if (File.Exists(PathOf(first)))
        {
            using var file = OpenForWriting(first);
            if (RandomAccess.GetLength(file) > position % SegmentBytes)
            {
                RandomAccess.SetLength(file, position % SegmentBytes);
                RandomAccess.FlushToDisk(file);
            }
        }
        Disk.SyncFolder(folder);
    }

    /// <summary>Deletes the segments that lie wholly below <paramref name="position"/>.</summary>
    public void DeleteBelow(long position)
    {
        foreach (var segment in Present())
        {
            if (segment < SegmentOf(position))
                File.Delete(PathOf(segment));
        }
    }
}
