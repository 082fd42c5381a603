using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Veltrix.Cli.Clusters;

/// <summary>Signals to processes, by their numbers on Linux.</summary>
static partial class ProcessSignal
{
    public const int Quit = 3;
    public const int Kill = 9;
    public const int Terminate = 15;
    public const int Continue = 18;
    public const int Stop = 19;

    /// <returns>False: there is no such process, or it may not be signalled.</returns>
    public static bool Send(int pid, int signal) => kill(pid, signal) == 0;

    /// <summary>Whether the process is there and is not a corpse.</summary>
    public static bool IsAlive(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    /// <summary>Whether it hangs because somebody stopped it.</summary>
    public static bool IsStopped(int pid)
    {
        try
        {
            var line = File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith("State:", StringComparison.Ordinal));
            return line.Contains('T');
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);
}
