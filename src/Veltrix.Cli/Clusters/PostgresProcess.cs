using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Veltrix.Cli.Clusters;

/// <summary>A real PostgreSQL of our own: on a free port of this machine, in a folder that goes with it. It recovers after a crash.</summary>
/// <remarks>PostgreSQL refuses to run as root; started by root it runs as the user <c>postgres</c>, whom Debian's package makes.</remarks>
sealed class PostgresProcess : IAsyncDisposable
{
    const string Installed = "/usr/lib/postgresql";
    const string Owner = "veltrix";

    static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(30);

    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("veltrix-postgres-");
    readonly int port = LocalPort.Free();
    Process? process;

    PostgresProcess()
    {
    }

    /// <summary>As <c>control.database</c> has it.</summary>
    public string Connection => $"Host=127.0.0.1;Port={port};Database=postgres;Username={Owner}";

    public int Pid => process!.Id;

    string Data => Path.Combine(folder.FullName, "data");

    /// <exception cref="CliException">It is not installed, or does not start.</exception>
    public static async Task<PostgresProcess> Start(CancellationToken cancel)
    {
        var postgres = new PostgresProcess();
        try
        {
            await postgres.Create(cancel);
            await postgres.Begin(cancel);
            return postgres;
        }
        catch
        {
            await postgres.DisposeAsync();
            throw;
        }
    }

    /// <summary>As a crash does, and the machine that starts it again, which recovers what was committed.</summary>
    public async Task Crash(TimeSpan away, CancellationToken cancel)
    {
        await End();
        await Task.Delay(away, cancel);
        await Begin(cancel);
    }

    async Task Create(CancellationToken cancel)
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder.FullName, (UnixFileMode)0b111_101_101);
        Directory.CreateDirectory(Data);
        if (Environment.IsPrivilegedProcess) await Done(Process.Start("chown", ["postgres:", Data]), cancel);
        // Only this machine reaches it, for minutes.
        await Done(Run("initdb", "-D", Data, "-U", Owner, "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C"), cancel);
    }

    async Task Begin(CancellationToken cancel)
    {
        process = Run(
            "postgres", "-D", Data, "-p", port.ToString(CultureInfo.InvariantCulture), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "shared_buffers=16MB",
            // A process of it that waits for nobody any more must not keep the next one from the data.
            "-c", "restart_after_crash=off");
        for (var began = Stopwatch.GetTimestamp(); ; await Task.Delay(50, cancel))
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync(IPAddress.Loopback, port, cancel);
                return;
            }
            catch (SocketException error)
            {
                if (process.HasExited || Stopwatch.GetElapsedTime(began) > StartWithin)
                    throw new CliException(ExitCode.Failed, $"PostgreSQL did not start on port {port}: {error.Message}.", "Try it by hand: pg_ctlcluster 15 main start", error);
            }
    }

    // SIGQUIT ends it and its children at once and without a word, as the loss of the machine would; SIGKILL of the first process alone would leave the children behind, and the next start refused.
    async Task End()
    {
        if (process is null) return;
        if (!process.HasExited)
        {
            ProcessSignal.Send(process.Id, ProcessSignal.Continue);
            ProcessSignal.Send(process.Id, ProcessSignal.Quit);
        }

        await process.WaitForExitAsync();
        process.Dispose();
        process = null;
    }

    static Process Run(string program, params string[] arguments)
    {
        var programs = Directory.Exists(Installed) ? Directory.GetDirectories(Installed).Select(version => Path.Combine(version, "bin")).Where(bin => File.Exists(Path.Combine(bin, program))).Order().LastOrDefault() : null;
        if (programs is null) throw new CliException(ExitCode.Failed, "PostgreSQL is not installed, and a real one is wanted.", "Install it with: sudo apt-get install -y postgresql");
        string[] command = [Path.Combine(programs, program), .. arguments];
        // setpriv becomes the program, so its id is the program's.
        if (Environment.IsPrivilegedProcess) command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", .. command];
        try
        {
            var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
            _ = process.StandardError.ReadToEndAsync(CancellationToken.None);
            return process;
        }
        catch (Win32Exception error)
        {
            throw new CliException(ExitCode.Failed, $"{command[0]} cannot be run: {error.Message}.", "It belongs to util-linux, which every Debian has.", error);
        }
    }

    static async Task Done(Process process, CancellationToken cancel)
    {
        using (process)
        {
            try
            {
                await process.WaitForExitAsync(cancel);
            }
            catch (OperationCanceledException)
            {
                // It would write on into a folder that is about to go.
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync(CancellationToken.None);
                throw;
            }

            if (process.ExitCode != 0) throw new CliException(ExitCode.Failed, $"{process.StartInfo.FileName} ended with exit code {process.ExitCode}.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await End();
        folder.Delete(recursive: true);
    }
}
