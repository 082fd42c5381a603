namespace Veltrix.Crowd;

/// <summary>
/// Loads a server with real hunters, one WebSocket each, and says how it stood it: how long outcomes took, what stalled, and whether everything it acknowledged is in the
/// ledger, once.
/// </summary>
public static class Load
{
    /// <summary>Runs to the end. Cancelling ends it early, still with a report. One run at a time in a process.</summary>
    /// <exception cref="CrowdException">It could not begin: options, files, limits, or no such hunt.</exception>
    public static async Task<LoadReport> Run(LoadOptions options, IProgress<LoadProgress>? progress, CancellationToken cancel)
    {
        var faults = options.Faults().ToArray();
        if (faults.Length > 0)
            throw new CrowdException(string.Join(Environment.NewLine, faults));
        OpenFiles.Check(options.Hunters, options.Processes, OpenFiles.Limit());
        var tally = options.Processes == 1
            ? await LoadRun.Run(options, progress, cancel)
            : await LoadFleet.Run(options, progress, cancel);
        return LoadReport.Of(tally, options.Processes);
    }
}
