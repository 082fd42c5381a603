using System.Globalization;
using Microsoft.Extensions.Logging;
using Veltrix.Hosting;
using Veltrix.Server.Submissions;

namespace Veltrix.Server;

/// <summary>Says at the start which limits hold and who set them, so that nobody ever meets one that is written nowhere.</summary>
public static partial class LimitsInForce
{
    /// <summary>Keys that keep somebody out, or send him away.</summary>
    static readonly Key[] limits =
        [Keys.MaxConcurrentHunters, Keys.LimitFloorRatio, Keys.PinLimit, Keys.SeatGrace, Keys.WaitingPatience, Keys.PriorityShare, Keys.JoinPace, Keys.JoinGuard, Keys.CpuSoft, Keys.RedisBudget];

    /// <summary>The limits of a server: each that somebody set, what its machine allows, and in one line how many are as they were built and where to read them.</summary>
    public static IEnumerable<string> Of(Settings settings)
    {
        var told = limits.Select(key => settings.Explain(key)).ToList();
        foreach (var set in told.Where(limit => limit.Origin is not Origin.BuiltIn)) yield return Line(set);
        var connections = settings.Explain(Keys.MaxConnectionsPerServer);
        yield return string.Create(CultureInfo.InvariantCulture, $"{Keys.MaxConnectionsPerServer.Name} = {MachineLimits.ConnectionsMax(settings):N0} connections (set to {connections.Value}: {connections.Origin}; this process may have {MachineLimits.OpenFiles:N0} open files)");
        yield return string.Create(CultureInfo.InvariantCulture,
            $"{told.Count(limit => limit.Origin is Origin.BuiltIn)} at their built-in defaults: 'veltrix config list' shows them, {ConfigPage.Path} explains them; and of one hunter {Pace.PerSecond} submissions a second, {Pace.Burst} at once, in frames of {ClientFrame.BytesMax:N0} bytes (fixed)");
    }

    /// <summary>The limits that one hunt has from somebody else than the process has them.</summary>
    public static IEnumerable<string> Of(Settings settings, string hunt) =>
        from key in limits
        where key.Reach == Reach.Hunt
        let told = settings.Explain(key, hunt)
        where told.Origin != settings.Explain(key).Origin
        select $"{Line(told)} in the hunt {hunt}";

    public static void Log(IEnumerable<string> lines, ILogger logger)
    {
        foreach (var line in lines) LogLimit(logger, line);
    }

    static string Line(Explanation told) => $"{told.Key.Name} = {told.Value}{(told.Key.Unit is "time" or "ratio" or "name" ? "" : " " + told.Key.Unit)} ({told.Origin})";

    [LoggerMessage(Level = LogLevel.Information, Message = "limit in force: {Limit}")]
    static partial void LogLimit(ILogger logger, string limit);
}
