using System.Globalization;

namespace Veltrix.Hosting;

/// <summary>What the machine allows this process, whatever is set.</summary>
public static class MachineLimits
{
    /// <summary>Files and sockets that this process may have open at once; null where the system does not say (it says on Linux).</summary>
    public static long? OpenFiles { get; } = Read("/proc/self/limits");

    /// <summary>The most sockets that a server serves: as set, else nine tenths of the open files, so that logs and stores keep theirs; null where nothing is known.</summary>
    public static long? ConnectionsMax(Settings settings) => settings.Get(Keys.MaxConnectionsPerServer) is > 0 and var most ? most : OpenFiles * 9 / 10;

    static long? Read(string file)
    {
        const string name = "Max open files";
        if (!File.Exists(file)) return null;
        var line = File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
        return long.TryParse(line?[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture, out var soft) ? soft : null;
    }
}
