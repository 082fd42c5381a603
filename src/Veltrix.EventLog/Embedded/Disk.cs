using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Veltrix.EventLog.Embedded;

/// <summary>What the framework does not offer of a file system.</summary>
static partial class Disk
{
    /// <summary>Makes the names in a folder durable: a new file survives a power cut only after this. Windows does it by itself.</summary>
    public static void SyncFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
            return;
        var descriptor = Open(folder, 0);
        if (descriptor < 0)
            throw new IOException($"{folder} cannot be opened to make its file names durable (errno {Marshal.GetLastPInvokeError()}).");
        try
        {
            // EINVAL: the file system has no such thing for folders.
            if (Sync(descriptor) != 0 && Marshal.GetLastPInvokeError() is var errno and not 22)
                throw new IOException($"The file names in {folder} cannot be made durable (errno {errno}).", errno);
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    /// <summary>Reads until the span is full or the file ends; returns how much.</summary>
    public static int ReadAll(SafeFileHandle file, Span<byte> bytes, long offset)
    {
        var read = 0;
        while (read < bytes.Length && RandomAccess.Read(file, bytes[read..], offset + read) is > 0 and var got)
            read += got;
        return read;
    }

    public static long FreeBytes(string folder) => new DriveInfo(folder).AvailableFreeSpace;

    /// <summary>True for no space (ENOSPC), a used-up quota (EDQUOT) and a file-size limit (EFBIG).</summary>
    public static bool IsFull(Exception? failure) =>
        failure is IOException && (OperatingSystem.IsWindows() ? (failure.HResult & 0xFFFF) is 0x70 or 0x27 : failure.HResult is 28 or 27 or 122);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
