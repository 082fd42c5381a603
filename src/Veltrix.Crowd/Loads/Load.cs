namespace Veltrix.Crowd;

/// <summary>
/// Loads a server with real hunters, one WebSocket each, and says how it stood it: how long outcomes took, what stalled, and whether everything it acknowledged is in the
/// ledger, once.
/// </summary>
public static class Load
{
    /// <summary>Read by the runtime when the first socket of the process waits, so it may be set until then.</summary>
    const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    /// <summary>Runs to the end. Cancelling ends it early, still with a report. One run at a time in a process.</summary>
    /// <exception cref="CrowdException">It could not begin: options, files, limits, or no such hunt.</exception>
    public static async Task<LoadReport> Run(LoadOptions options, IProgress<LoadProgress>? progress, CancellationToken cancel)
    {
        var faults = options.Faults().ToArray();
        if (faults.Length > 0)
            throw new CrowdException(string.Join(Environment.NewLine, faults));
        OpenFiles.Check(options.Hunters, options.Processes, OpenFiles.Limit());
        PreferFewWakeups();
        var tally = options.Processes == 1
            ? await LoadRun.Run(options, progress, cancel)
            : await LoadFleet.Run(options, progress, cancel);
        return LoadReport.Of(tally, options.Processes);
    }

    /// <summary>
    /// Lets frames be handled on the thread that waits for them instead of the pool. Nothing here blocks such a thread, and without the hand-over 15,000 boards a second
    /// take a third of a core, not half of one, which the server on the same machine has use for.
    /// </summary>
    internal static void PreferFewWakeups()
    {
        if (Environment.GetEnvironmentVariable(InlineCompletions) is null)
            Environment.SetEnvironmentVariable(InlineCompletions, "1");
    }
}
