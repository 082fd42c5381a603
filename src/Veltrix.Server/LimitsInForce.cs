using System.Globalization;
using Microsoft.Extensions.Logging;
using Veltrix.Hosting;
using Veltrix.Server.Submissions;

namespace Veltrix.Server;

/// <summary>Says at the start which limits hold and who set them, one line each, so that nobody ever meets one that is written nowhere.</summary>
public static partial class LimitsInForce
{
    /// <summary>Keys that keep somebody out, or send him away.</summary>
    static readonly Key[] limits =
        [Keys.MaxConcurrentHunters, Keys.LimitFloorRatio, Keys.PinLimit, Keys.SeatGrace, Keys.WaitingPatience, Keys.PriorityShare, Keys.JoinPace, Keys.JoinGuard, Keys.CpuSoft, Keys.RedisBudget];

    /// <summary>The limits of a server, those of its machine and those of the protocol among them.</summary>
    public static IEnumerable<string> Of(Settings settings)
    {
        foreach (var key in limits) yield return Line(settings.Explain(key));
        var connections = settings.Explain(Keys.MaxConnectionsPerServer);
        yield return string.Create(CultureInfo.InvariantCulture, $"{Keys.MaxConnectionsPerServer.Name} = {MachineLimits.ConnectionsMax(settings):N0} connections (set to {connections.Value}: {connections.Origin}; this process may have {MachineLimits.OpenFiles:N0} open files)");
        yield return string.Create(CultureInfo.InvariantCulture, $"submissions of one hunter = {Pace.PerSecond} a second, {Pace.Burst} at once (fixed)");
        yield return string.Create(CultureInfo.InvariantCulture, $"a frame = {ClientFrame.BytesMax:N0} bytes (fixed)");
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
