using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Veltrix.Cli;

/// <summary>What of this machine decides whether, and how large, hunts run on it. Looks only; changes nothing that stays.</summary>
static class Machine
{
    // Of the open files a process may have, a tenth is left for logs, libraries and the operating system's own.
    const double SocketShare = 0.9;

    // Measured in bench/RESULTS.md: what one connected hunter takes in the server, rounded up.
    const long BytesPerHunter = 20_000;

    const long FreeBytesLeast = 1_000_000_000;

    public static IReadOnlyList<Finding> Examine(DataHome folder, int port) =>
    [
        Runtime(),
        Sdk(),
        Node(),
        Chromium(),
        OpenFiles(),
        Memory(),
        Cores(),
        Writable(folder),
        Space(folder),
        Port(folder, port),
        Clock(),
    ];

    static Finding Runtime() => Finding.Fine("runtime", $".NET {Environment.Version}");

    static Finding Sdk()
    {
        var newest = Output("dotnet", "--list-sdks")?.Split('\n').LastOrDefault(line => line.StartsWith("10.", StringComparison.Ordinal))?.Split(' ')[0];
        return newest is not null
            ? Finding.Fine("sdk", $".NET SDK {newest}")
            : new Finding("sdk", Severity.Warning, "no .NET 10 SDK: this veltrix runs, but cannot be built here", "curl -fsSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0");
    }

    static Finding Node()
    {
        var version = Output("node", "--version")?.Trim().TrimStart('v');
        if (version is null) return new Finding("node", Severity.Warning, "no Node: the web pages cannot be built here", "Install Node 20 or newer (Debian: apt-get install nodejs npm).");
        return int.TryParse(version.Split('.')[0], out var major) && major >= 20
            ? Finding.Fine("node", $"Node {version}")
            : new Finding("node", Severity.Warning, $"Node {version} is too old to build the web pages", "Install Node 20 or newer.");
    }

    static Finding Chromium() => new[] { "chromium", "chromium-browser", "google-chrome" }.FirstOrDefault(name => OnPath(name) is not null) is { } found
        ? Finding.Fine("browser", $"{found}, for the browser tests")
        : new Finding("browser", Severity.Warning, "no Chromium: browser tests are skipped; hunts do not need it", "Debian: apt-get install chromium");

    static Finding OpenFiles()
    {
        // .NET lifts its own soft limit to the hard one when it starts, so this is what a server gets.
        const string row = "Max open files";
        var line = OperatingSystem.IsLinux() ? File.ReadLines("/proc/self/limits").FirstOrDefault(line => line.StartsWith(row, StringComparison.Ordinal)) : null;
        if (line is null) return Finding.Fine("open files", "the limit is not known on this system");
        var soft = line[row.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        if (!long.TryParse(soft, out var limit)) return Finding.Fine("open files", soft);
        var hunters = (long)(limit * SocketShare);
        return limit >= 20_000
            ? Finding.Fine("open files", Invariant($"{limit:N0} allowed: sockets for {hunters:N0} hunters"))
            : new Finding("open files", Severity.Warning, Invariant($"{limit:N0} allowed: sockets for only {hunters:N0} hunters"), "ulimit -n 65536, or LimitNOFILE=65536 in the systemd unit");
    }

    static Finding Memory()
    {
        var bytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var text = Invariant($"{bytes / 1e9:0.0} GB: at {BytesPerHunter / 1000} KB each, half of it holds {bytes / 2 / BytesPerHunter:N0} hunters");
        return bytes >= 500_000_000 ? Finding.Fine("memory", text) : new Finding("memory", Severity.Warning, text, "Give the machine or container 512 MB or more.");
    }

    static Finding Cores() => Environment.ProcessorCount >= 2
        ? Finding.Fine("cores", $"{Environment.ProcessorCount}")
        : new Finding("cores", Severity.Warning, "1: the log, the scorer and the sockets share it", "Give it two for crowds above a few thousand.");

    static Finding Writable(DataHome folder)
    {
        // The folder need not be there yet: then its nearest ancestor is what counts.
        var existing = Existing(folder);
        var probe = Path.Combine(existing, $".veltrix-doctor-{Environment.ProcessId}");
        try
        {
            using (File.Create(probe, 1, FileOptions.DeleteOnClose)) return Finding.Fine("data folder", existing == folder.Path ? $"{existing} is writable" : $"{folder.Path} can be made");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new Finding("data folder", Severity.Broken, $"{existing} is not writable", "Choose another with --data, or give yourself the right to write there.");
        }
    }

    static Finding Space(DataHome folder)
    {
        var free = new DriveInfo(Existing(folder)).AvailableFreeSpace;
        var text = Invariant($"{free / 1e9:0.0} GB free for the logs");
        return free switch
        {
            >= FreeBytesLeast => Finding.Fine("disk", text),
            >= FreeBytesLeast / 10 => new Finding("disk", Severity.Warning, text, "Make room, or choose another disk with --data. A full disk stops every hunt; nothing acknowledged is lost."),
            _ => new Finding("disk", Severity.Broken, text, "Make room, or choose another disk with --data."),
        };
    }

    static Finding Port(DataHome folder, int port)
    {
        if (port == 0) return Finding.Fine("port", "any free one");
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return Finding.Fine("port", $"{port} is free");
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return folder.ServerUrl() is { } url && url.Port == port
                ? Finding.Fine("port", $"{port} is in use; {folder.ServerFile} says by the server of this data folder")
                : new Finding("port", Severity.Broken, $"{port} is in use by another program", "Choose another with --port, or 0 for any free one.");
        }
        catch (SocketException error)
        {
            return new Finding("port", Severity.Broken, $"{port} cannot be listened on: {error.Message}", "Choose one above 1023 with --port.");
        }
    }

    static Finding Clock()
    {
        var now = TimeProvider.System.GetUtcNow();
        var built = File.GetLastWriteTimeUtc(typeof(Machine).Assembly.Location);
        var text = now.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
        return now.UtcDateTime >= built.AddMinutes(-1)
            ? Finding.Fine("clock", text)
            : new Finding("clock", Severity.Broken, $"{text}: before this program was built", "Set the clock, best by NTP: hunts open and close by it.");
    }

    static string Existing(DataHome folder)
    {
        var path = folder.Path;
        while (!Directory.Exists(path)) path = Path.GetDirectoryName(path)!;
        return path;
    }

    static string? OnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Where(folder => folder.Length > 0).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    static string? Output(string program, string argument)
    {
        if (OnPath(program) is not { } path) return null;
        using var process = Process.Start(new ProcessStartInfo(path, argument) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : null;
    }

    static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
