using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace Veltrix.Crowd;

/// <summary>Runs a load in several processes, each with its part of the hunters, and adds up what they counted.</summary>
static class LoadFleet
{
    public static async Task<LoadTally> Run(LoadOptions options, IProgress<LoadProgress>? progress, CancellationToken cancel)
    {
        var command = options.WorkerCommand ?? [Environment.ProcessPath!, "load-worker"];
        var parts = Split(options);
        var latest = new LoadProgress?[parts.Length];
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var workers = parts.Select((part, i) => RunWorker(command, part, report =>
        {
            lock (latest)
            {
                latest[i] = report;
                progress?.Report(Sum(latest));
            }
        }, stop.Token)).ToArray();
        try
        {
            await foreach (var worker in Task.WhenEach(workers))
            {
                if (worker.IsFaulted)
                    await stop.CancelAsync(); // without one part the whole says nothing: the others need not go on
            }

            return LoadTally.Merge(await Task.WhenAll(workers));
        }
        finally
        {
            if (options.ReceiptsFile is { } file)
                Gather(file, parts);
        }
    }

    /// <summary>Each part is a whole run of its own, with its share of the hunters, numbered on.</summary>
    internal static LoadOptions[] Split(LoadOptions options) =>
    [
        .. Enumerable.Range(0, options.Processes).Select(i =>
        {
            int from = (int)((long)options.Hunters * i / options.Processes), to = (int)((long)options.Hunters * (i + 1) / options.Processes);
            return options with
            {
                Hunters = to - from,
                FirstHunter = options.FirstHunter + from,
                Processes = 1,
                Seed = options.Seed + i,
                ReceiptsFile = options.ReceiptsFile is { } file ? $"{file}.{i + 1}" : null,
                WorkerCommand = null,
            };
        }),
    ];

    static async Task<LoadTally> RunWorker(IReadOnlyList<string> command, LoadOptions part, Action<LoadProgress> report, CancellationToken stop)
    {
        using var process = Start(command);
        LoadTally? tally = null;
        string? fault = null;
        using (stop.Register(() => CloseInput(process)))
        {
            await Tell(process, JsonSerializer.Serialize(part, CrowdJson.Options));
            while (await process.StandardOutput.ReadLineAsync(CancellationToken.None) is { } line)
            {
                var said = JsonSerializer.Deserialize<WorkerLine>(line, CrowdJson.Options);
                if (said?.Progress is { } progress)
                    report(progress);
                tally = said?.Tally ?? tally;
                fault = said?.Fault ?? fault;
            }

            await process.WaitForExitAsync(CancellationToken.None);
        }

        return tally ?? throw new CrowdException(fault ?? $"A worker for {part.Hunters:N0} hunters ended with exit code {process.ExitCode} and without a result.");
    }

    static Process Start(IReadOnlyList<string> command)
    {
        var info = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardInput = true, RedirectStandardOutput = true };
        // A crowd is always cold: it comes once and within a minute. What the runtime spends on learning how its code is used was a quarter of what 15,000 hunters cost in 40 s (measured).
        info.Environment.TryAdd("DOTNET_TieredPGO", "0");
        try
        {
            return Process.Start(info)!;
        }
        catch (Win32Exception e)
        {
            throw new CrowdException($"{command[0]}: could not be started as a worker: {e.Message}", e);
        }
    }

    static async Task Tell(Process process, string line)
    {
        try
        {
            await process.StandardInput.WriteLineAsync(line);
            await process.StandardInput.FlushAsync(CancellationToken.None);
        }
        catch (IOException)
        {
            // It has ended already; its exit code says more than the broken pipe.
        }
    }

    static void CloseInput(Process process)
    {
        try
        {
            process.StandardInput.Close();
        }
        catch (IOException)
        {
        }
    }

    static LoadProgress Sum(LoadProgress?[] latest)
    {
        var known = latest.OfType<LoadProgress>().ToArray();
        return new LoadProgress(
            known[0].Phase, known.Average(p => p.Share), known.Sum(p => p.Connected), known.Sum(p => p.Submitted), known.Sum(p => p.Decided));
    }

    /// <summary>One file of the parts' receipts. If this process dies before, the parts are there, each under its own name.</summary>
    static void Gather(string file, LoadOptions[] parts)
    {
        using (var whole = File.Create(file))
        {
            foreach (var part in parts.Where(p => File.Exists(p.ReceiptsFile)))
            {
                using var piece = File.OpenRead(part.ReceiptsFile!);
                piece.CopyTo(whole);
            }
        }

        foreach (var part in parts)
            File.Delete(part.ReceiptsFile!);
    }
}
