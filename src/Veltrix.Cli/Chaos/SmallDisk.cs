using System.Diagnostics;

namespace Veltrix.Cli.Chaos;

/// <summary>A disk of its own for one folder, small enough to be filled: a file system in memory, which only root may make.</summary>
sealed class SmallDisk : IDisposable
{
    const int Bytes = 4 << 20;

    readonly string folder;

    SmallDisk(string folder) => this.folder = folder;

    /// <exception cref="CliException">This process may not mount.</exception>
    public static SmallDisk Mount(string folder)
    {
        Directory.CreateDirectory(folder);
        if (Run("mount", "-t", "tmpfs", "-o", $"size={Bytes},mode=700", "tmpfs", folder) is { } fault)
            throw new CliException(ExitCode.Refused, $"A small disk to fill could not be mounted on {folder}: {fault}", "Run chaos as root, in a container with the capability SYS_ADMIN.");
        return new SmallDisk(folder);
    }

    public void Fill()
    {
        try
        {
            using var file = new FileStream(Filler, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
            var block = new byte[4096];
            while (true) file.Write(block);
        }
        catch (IOException)
        {
            // That is what is wanted.
        }
    }

    public void Free() => File.Delete(Filler);

    string Filler => Path.Combine(folder, "filler");

    static string? Run(string program, params IEnumerable<string> args)
    {
        using var process = Process.Start(new ProcessStartInfo(program, args) { RedirectStandardError = true })!;
        var said = process.StandardError.ReadToEnd().Trim();
        process.WaitForExit();
        return process.ExitCode == 0 ? null : said;
    }

    public void Dispose() => Run("umount", "--lazy", folder);
}
