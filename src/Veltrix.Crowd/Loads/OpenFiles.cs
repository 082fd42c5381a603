namespace Veltrix.Crowd;

/// <summary>Every connection is an open file, and a machine limits how many a process may have.</summary>
static class OpenFiles
{
    /// <summary>Libraries, logs, the HTTP connections: what a process needs beside its hunters.</summary>
    public const int Spare = 300;

    /// <summary>The limit of this process (the runtime has raised it as far as it may be raised), or null where the system does not say.</summary>
    public static long? Limit()
    {
        const string limits = "/proc/self/limits";
        if (!File.Exists(limits))
            return null;
        var line = File.ReadLines(limits).FirstOrDefault(l => l.StartsWith("Max open files", StringComparison.Ordinal));
        var cells = line?["Max open files".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return cells is [var soft, ..] && long.TryParse(soft, out long limit) ? limit : null;
    }

    /// <exception cref="CrowdException">The hunters of one process do not fit under the limit.</exception>
    public static void Check(int hunters, int processes, long? limit)
    {
        int each = (hunters + processes - 1) / processes;
        long needed = each + Spare;
        if (limit is not { } allowed || needed <= allowed)
            return;
        long enough = allowed > Spare ? (hunters + allowed - Spare - 1) / (allowed - Spare) : 0;
        string split = enough > 0 ? $"Use --processes {enough}, or raise" : "Raise";
        throw new CrowdException(
            $"{each:N0} hunters in one process need {needed:N0} open files, and the limit of this process is {allowed:N0}. {split} the limit with `ulimit -n {needed}` (as root: -H too).");
    }
}
