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
