using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Veltrix.Governor.Orchestration;

/// <summary>What is wrong now. A loop meets the same fault every few seconds: it is logged when it comes, when it becomes another kind, and when it is over. Thread-safe.</summary>
public sealed partial class Faults(ILogger logger)
{
    readonly ConcurrentDictionary<string, (string Kind, string Message)> present = new(StringComparer.Ordinal);

    /// <summary>The newest message of each, by what is concerned.</summary>
    public IReadOnlyDictionary<string, string> Present => present.ToDictionary(fault => fault.Key, fault => fault.Value.Message);

    /// <param name="kind">What stays the same while it lasts: messages carry times and counters.</param>
    public void Seen(string what, string kind, string message, Exception? error = null)
    {
        var changed = !present.TryGetValue(what, out var before) || before.Kind != kind;
        present[what] = (kind, message);
        if (changed) LogSeen(what, message, error);
    }

    public void Gone(string what)
    {
        if (present.TryRemove(what, out _)) LogGone(what);
    }

    /// <summary>What begins so is of nobody's interest any more.</summary>
    public void Forget(string prefix)
    {
        foreach (var what in present.Keys.Where(what => what.StartsWith(prefix, StringComparison.Ordinal))) present.TryRemove(what, out _);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{What}: {Message}")]
    partial void LogSeen(string what, string message, Exception? error);

    [LoggerMessage(Level = LogLevel.Information, Message = "{What}: well again")]
    partial void LogGone(string what);
}
