using System.Diagnostics;
using System.Text.Json;

namespace Veltrix.Crowd;

/// <summary>
/// A process of a load run with several: reads its <see cref="LoadOptions"/> as one line of JSON, writes progress and at last its tally as lines of JSON. The end of its
/// input means that the run is to end early.
/// </summary>
public static class LoadWorker
{
    static readonly TimeSpan ProgressEvery = TimeSpan.FromMilliseconds(200);

    /// <summary>What the command <c>load-worker</c> does, with the process's standard input and output. Gives the exit code.</summary>
    public static async Task<int> Run(TextReader input, TextWriter output, CancellationToken cancel)
    {
        var writing = new Lock();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        try
        {
            string line = await input.ReadLineAsync(cancel) ?? throw new CrowdException("load-worker: no options on standard input. `veltrix load --processes` starts it.");
            var options = JsonSerializer.Deserialize<LoadOptions>(line, CrowdJson.Options)!;
            // Not awaited: it ends with the input, or with the process.
            _ = Task.Run(async () =>
            {
                while (await input.ReadLineAsync(CancellationToken.None) is not null)
                {
                }

                await stop.CancelAsync();
            }, CancellationToken.None);

            long last = 0;
            var progress = new Relay(report =>
            {
                if (Stopwatch.GetElapsedTime(last) < ProgressEvery)
                    return;
                last = Stopwatch.GetTimestamp();
                Write(new WorkerLine { Progress = report });
            });
            Load.PreferFewWakeups();
            var tally = await LoadRun.Run(options, progress, stop.Token);
            Write(new WorkerLine { Tally = tally });
            return 0;
        }
        catch (Exception e) when (e is CrowdException or JsonException)
        {
            Write(new WorkerLine { Fault = e.Message });
            return 1;
        }

        void Write(WorkerLine line)
        {
            lock (writing)
            {
                output.WriteLine(JsonSerializer.Serialize(line, CrowdJson.Options));
                output.Flush();
            }
        }
    }

    /// <summary>Reports on the caller's thread, in order.</summary>
    sealed class Relay(Action<LoadProgress> act) : IProgress<LoadProgress>
    {
        public void Report(LoadProgress value) => act(value);
    }
}

/// <summary>What a worker writes: one of them.</summary>
sealed class WorkerLine
{
    public LoadProgress? Progress { get; set; }

    public LoadTally? Tally { get; set; }

    public string? Fault { get; set; }
}
