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

    /// <summary>Free bytes for this user; 0 if the file system does not say.</summary>
    public static long FreeBytes(string folder)
    {
        try
        {
            return new DriveInfo(folder).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    /// <summary>What a failure to use a folder means to the user of a log.</summary>
    public static EventLogException Fault(Exception cause, string folder, bool uncertain = false) => IsFull(cause)
        ? new EventLogException(EventLogFault.DiskFull,
            $"No space to write to {folder}: {FreeBytes(folder):N0} bytes are free. Free some, or raise the quota or file-size limit if there is one; "
            + "appends then work again by themselves. Reading goes on.", cause) { Uncertain = uncertain }
        : new EventLogException(EventLogFault.Unavailable,
            $"{folder} cannot be used ({cause.Message}). Look after the disk and the rights to the folder; the next attempt tries again.", cause) { Uncertain = uncertain };

    /// <summary>True where a file could not be opened because another process holds it (EWOULDBLOCK from flock).</summary>
    public static bool IsLocked(Exception failure) =>
        failure is IOException && (OperatingSystem.IsWindows() ? (failure.HResult & 0xFFFF) is 32 or 33 : failure.HResult is 11);

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
