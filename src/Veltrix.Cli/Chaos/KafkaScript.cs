using System.Diagnostics;
using System.Globalization;
using Veltrix.Cli.Clusters;

namespace Veltrix.Cli.Chaos;

/// <summary>
/// A broker that chaos may kill. A folder with two scripts starts and ends it: <c>up</c> starts what does not run, prints <c>KAFKA_BOOTSTRAP=host:port</c> and writes the process id to
/// <c>1/pid</c> in the folder named by <c>KAFKA_RUN</c>; <c>down --wipe</c> ends it and deletes what it kept. <c>KAFKA_PORT</c> names its port.
/// </summary>
sealed class KafkaScript : IAsyncDisposable
{
    readonly string scripts;
    readonly int port;
    readonly DirectoryInfo run = Directory.CreateTempSubdirectory("veltrix-kafka-");

    KafkaScript(string scripts, int port) => (this.scripts, this.port) = (scripts, port);

    public string Bootstrap { get; private set; } = "";

    public int Pid => int.Parse(File.ReadAllText(PidFile).Trim(), CultureInfo.InvariantCulture);

    string PidFile => Path.Combine(run.FullName, "1", "pid");

    public static async Task<KafkaScript> Start(string scripts, int port, CancellationToken cancel)
    {
        var kafka = new KafkaScript(scripts, port);
        try
        {
            await kafka.Up(cancel);
            return kafka;
        }
        catch
        {
            await kafka.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it, or starts it again on what it kept.</summary>
    public async Task Up(CancellationToken cancel)
    {
        var said = await Run("up", [], cancel);
        Bootstrap = said.Split('\n').Select(line => line.Split('=', 2)).FirstOrDefault(pair => pair is ["KAFKA_BOOTSTRAP", _])?[1].Trim()
            ?? throw new CliException(ExitCode.Failed, $"{Path.Combine(scripts, "up")} did not print KAFKA_BOOTSTRAP=host:port.", $"It said: {said.Trim()}");
    }

    public async Task Crash(TimeSpan away, CancellationToken cancel)
    {
        var killed = Pid;
        ProcessSignal.Send(killed, ProcessSignal.Kill);
        await Task.Delay(away, cancel);
        // On a busy machine a process takes a while to go, and holds its ports and the lock of its data until it has.
        while (IsAlive(killed)) await Task.Delay(100, cancel);
        await Up(cancel);
    }

    // One that ended and was not asked for its exit code yet (Z) holds nothing any more.
    static bool IsAlive(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/stat").Split(')')[^1].TrimStart()[0] is not ('Z' or 'X');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    async Task<string> Run(string script, string[] args, CancellationToken cancel)
    {
        var start = new ProcessStartInfo(Path.Combine(scripts, script), args) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["KAFKA_RUN"] = run.FullName;
        start.Environment["KAFKA_PORT"] = port.ToString(CultureInfo.InvariantCulture);
        start.Environment["KAFKA_NODES"] = "1";
        try
        {
            using var process = Process.Start(start)!;
            // The broker may keep the script's error stream open for as long as it lives.
            _ = process.StandardError.ReadToEndAsync(CancellationToken.None);
            string said;
            try
            {
                said = await process.StandardOutput.ReadToEndAsync(cancel);
                await process.WaitForExitAsync(cancel);
            }
            catch (OperationCanceledException)
            {
                // With what it has started, which must not outlive the folder it writes to.
                process.Kill(entireProcessTree: true);
                throw;
            }

            if (process.ExitCode != 0) throw new CliException(ExitCode.Failed, $"{start.FileName} ended with exit code {process.ExitCode}.", "Run it by hand to see why.");
            return said;
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            throw new CliException(ExitCode.NotFound, $"{start.FileName} cannot be run: {error.Message}.", "Name the folder of the scripts 'up' and 'down' with --kafka-scripts.", error);
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            // What it keeps is deleted: it need not close it well.
            if (File.Exists(PidFile)) ProcessSignal.Send(Pid, ProcessSignal.Kill);
            await Run("down", ["--wipe"], CancellationToken.None);
        }
        catch (CliException)
        {
            // It never was there.
        }

        if (run.Exists) run.Delete(recursive: true);
    }
}
