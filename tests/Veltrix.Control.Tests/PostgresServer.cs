using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Veltrix.Control.Tests;

/// <summary>A real PostgreSQL on a free port of 127.0.0.1, in a folder of its own that is wiped at the end. Tests share it; each has a database of its own.</summary>
public sealed class PostgresServer : IAsyncLifetime
{
    public const string Missing = "PostgreSQL is not installed here: apt-get install postgresql";

    const string Owner = "veltrix";
    const string Password = "a word with 'quotes' and ;";

    readonly string folder = Directory.CreateTempSubdirectory("veltrix-postgres-").FullName;
    readonly int port = FreePort();
    Process? process;
    int databases;

    /// <summary>Null where it is not installed.</summary>
    static string? Programs { get; } = Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(version => int.TryParse(Path.GetFileName(version), out var number) ? number : 0).Select(version => Path.Combine(version, "bin")).FirstOrDefault(bin => File.Exists(Path.Combine(bin, "initdb")))
        : null;

    public bool IsInstalled => Programs is not null;

    /// <summary>The right password of the user in <see cref="Connection"/>, for <c>control.password_file</c>.</summary>
    public string PasswordFile => Path.Combine(folder, "password");

    string Data => Path.Combine(folder, "data");

    public async ValueTask InitializeAsync()
    {
        if (Programs is null) return;
        // initdb refuses root, and whom it runs as instead must get at the folder.
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        await File.WriteAllTextAsync(PasswordFile, Password);
        Directory.CreateDirectory(Data);
        if (Environment.IsPrivilegedProcess) await End(Process.Start("chown", ["postgres:", Data]));
        await End(Run("initdb", "-D", Data, "-U", Owner, "-A", "scram-sha-256", "--pwfile", PasswordFile, "-E", "UTF8", "--no-sync", "--locale=C"));
        await Begin();
    }

    /// <summary>Starts it, also again after <see cref="Crash"/>; returns when it takes connections.</summary>
    public async Task Begin()
    {
        process = Run("postgres", "-D", Data, "-p", $"{port}", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "shared_buffers=16MB", "-c", "max_connections=60");
        for (var since = Stopwatch.StartNew(); ; await Task.Delay(50))
            try
            {
                await using var connection = new NpgsqlConnection(Admin("postgres"));
                await connection.OpenAsync();
                return;
            }
            catch (NpgsqlException) when (since.Elapsed < TimeSpan.FromSeconds(30) && !process.HasExited)
            {
                // Not yet.
            }
    }

    /// <summary>As a crash does: nobody is told, and it recovers at its next start.</summary>
    public Task Crash() => Signal("QUIT");

    /// <summary>The setting for a database that nobody else has; the rights to it are the owner's.</summary>
    public async Task<string> NewDatabase()
    {
        var name = $"control{Interlocked.Increment(ref databases)}";
        await Execute("postgres", $"CREATE DATABASE {name}");
        return Connection(name);
    }

    public string Connection(string database, string user = Owner) => $"Host=127.0.0.1;Port={port};Database={database};Username={user}";

    /// <summary>A connection with all rights, past what is tested.</summary>
    public string Admin(string database) => new NpgsqlConnectionStringBuilder(Connection(database)) { Password = Password, Pooling = false }.ToString();

    public async Task Execute(string database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(Admin(database));
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>As docs/operate/control.md says it: <c>pg_dump</c>, then <c>pg_restore</c> over what is there.</summary>
    public async Task Restore(string from, string into)
    {
        var dump = Path.Combine(folder, $"{from}.dump");
        foreach (var command in (string[][])[["pg_dump", "--format=custom", $"--file={dump}", $"--dbname={from}"], ["pg_restore", "--clean", "--if-exists", $"--dbname={into}", dump]])
        {
            var start = new ProcessStartInfo(Path.Combine(Programs!, command[0]), ["--host=127.0.0.1", $"--port={port}", $"--username={Owner}", .. command[1..]]);
            start.Environment["PGPASSWORD"] = Password;
            await End(Process.Start(start)!);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (process is { HasExited: false }) await Signal("INT");
        process?.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    async Task Signal(string name)
    {
        await End(Process.Start("kill", [$"-{name}", $"{process!.Id}"]));
        await process.WaitForExitAsync();
    }

    // setpriv becomes the program, so its id is the program's.
    static Process Run(string program, params string[] arguments)
    {
        string[] command = [Path.Combine(Programs!, program), .. arguments];
        if (Environment.IsPrivilegedProcess) command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", .. command];
        var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    static async Task End(Process process)
    {
        using (process)
        {
            await process.WaitForExitAsync();
            if (process.ExitCode != 0) throw new InvalidOperationException($"{process.StartInfo.FileName} ended with {process.ExitCode}");
        }
    }

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
