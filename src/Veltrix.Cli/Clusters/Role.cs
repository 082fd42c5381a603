using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Veltrix.Cli.Clusters;

/// <summary>
/// One role of a cluster in a process of its own: started again a second after it died, until it is stopped. Its messages go to a file, and the line with which it says that it is ready is read.
/// </summary>
/// <param name="temporary">Its folder for temporary files; null: as this process has it.</param>
/// <remarks>A process that is merely stopped (SIGSTOP) lives, and is left alone: others find out that it is silent.</remarks>
sealed class Role(string name, IReadOnlyList<string> args, string logFile, string? temporary, Action changed) : IAsyncDisposable
{
    static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(1);
    static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(60);

    /// <summary>A server that is told to end takes at most this long to hand over.</summary>
    static readonly TimeSpan EndWithin = TimeSpan.FromSeconds(10);

    readonly CancellationTokenSource stop = new();
    readonly TaskCompletionSource<JsonNode> ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    Task running = Task.CompletedTask;
    // 0: down.
    volatile int pid;

    public string Name { get; } = name;

    /// <summary>What it said when it was ready for the first time.</summary>
    public JsonNode? Said { get; private set; }

    /// <summary>How often it was started.</summary>
    public int Starts { get; private set; }

    public int? Pid => pid is not 0 and var lives ? lives : null;

    /// <summary>Starts it and completes when it is ready.</summary>
    /// <exception cref="CliException">It ended, or was not ready in time.</exception>
    public async Task Start(CancellationToken cancel)
    {
        running = Task.Run(Run, CancellationToken.None);
        try
        {
            Said = await ready.Task.WaitAsync(ReadyWithin, cancel);
        }
        catch (TimeoutException error)
        {
            throw new CliException(ExitCode.Failed, $"{Name} was not ready within {ReadyWithin.TotalSeconds} s.", $"Its messages are in {logFile}.", error);
        }
    }

    async Task Run()
    {
        while (!stop.IsCancellationRequested)
        {
            // Its input stays open as long as this process lives, however that ends.
            var start = new ProcessStartInfo(args[0], args.Skip(1))
            {
                RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, Environment = { [Signals.KeptVariable] = "1" },
            };
            if (temporary is not null) start.Environment["TMPDIR"] = temporary;
            using var child = Process.Start(start)!;
            pid = child.Id;
            // Told to stop while it was being started.
            if (stop.IsCancellationRequested) child.Kill();
            Starts++;
            changed();
            await using (var log = new StreamWriter(logFile, append: true))
            {
                var saying = Keep(child.StandardError, log);
                if (await child.StandardOutput.ReadLineAsync() is { } line && line.StartsWith('{')) ready.TrySetResult(JsonNode.Parse(line)!);
                await Task.WhenAll(saying, Keep(child.StandardOutput, log));
            }

            await child.WaitForExitAsync();
            pid = 0;
            // One that never was ready will not be the next time either.
            if (ready.TrySetException(new CliException(ExitCode.Failed, $"{Name} ended with exit code {child.ExitCode} before it was ready.", $"It said: {LastLine()}"))) return;
            changed();
            await Task.Delay(AgainAfter, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    static async Task Keep(StreamReader from, StreamWriter log)
    {
        while (await from.ReadLineAsync() is { } line)
            lock (log)
            {
                log.WriteLine(line);
                log.Flush();
            }
    }

    // What went wrong comes first, what to do about it after it.
    string LastLine() => File.ReadLines(logFile).LastOrDefault(line => line.StartsWith("veltrix: ", StringComparison.Ordinal)) ?? File.ReadLines(logFile).LastOrDefault(line => line.Trim().Length > 0) ?? "nothing";

    /// <summary>Ends it as a crash does, and for good.</summary>
    public void Kill()
    {
        stop.Cancel();
        if (Pid is { } lives) ProcessSignal.Send(lives, ProcessSignal.Kill);
    }

    /// <summary>Tells it to end, and ends it if it does not.</summary>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        if (Pid is { } lives)
        {
            // One that was stopped would not hear it.
            ProcessSignal.Send(lives, ProcessSignal.Continue);
            ProcessSignal.Send(lives, ProcessSignal.Terminate);
            try
            {
                await running.WaitAsync(EndWithin);
            }
            catch (TimeoutException)
            {
                if (Pid is { } still) ProcessSignal.Send(still, ProcessSignal.Kill);
            }
        }

        await running;
        stop.Dispose();
    }
}
