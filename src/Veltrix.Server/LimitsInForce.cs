using System.Globalization;
using Microsoft.Extensions.Logging;
using Veltrix.Hosting;
using Veltrix.Server.Submissions;

namespace Veltrix.Server;

/// <summary>Says at the start which limits hold and who set them, one line each, so that nobody ever meets one that is written nowhere.</summary>
static partial class LimitsInForce
{
    static readonly Key[] limits =
        [Keys.MaxConcurrentHunters, Keys.LimitFloorRatio, Keys.PinLimit, Keys.JoinPace, Keys.SeatGrace, Keys.WaitingPatience, Keys.MaxConnectionsPerServer, Keys.RedisBudget];

    public static void Log(Settings settings, ILogger logger)
    {
        foreach (var key in limits)
        {
            var told = settings.Explain(key);
            LogLimit(logger, key.Name, told.Value, key.Unit, told.Origin);
        }

        LogMachine(logger, "connections at once", Text(MachineLimits.ConnectionsMax(settings)), $"open files of this process: {Text(MachineLimits.OpenFiles)}");
        LogMachine(logger, "submissions of one hunter", $"{Pace.PerSecond} a second, {Pace.Burst} at once", "built in");
        LogMachine(logger, "bytes of one frame", Text(ClientFrame.BytesMax), "built in");
    }

    /// <summary>The limits that one hunt has otherwise than the process.</summary>
    public static void Log(Settings settings, string hunt, ILogger logger)
    {
        foreach (var key in limits)
            if (settings.Explain(key, hunt) is { Hunt: not null } told && told.Origin != settings.Explain(key).Origin) LogLimit(logger, $"hunt {hunt}: {key.Name}", told.Value, key.Unit, told.Origin);
    }

    static string Text(long? number) => number?.ToString("N0", CultureInfo.InvariantCulture) ?? "unknown";

    [LoggerMessage(Level = LogLevel.Information, Message = "limit in force: {Limit} = {Value} {Unit} ({Origin})")]
    static partial void LogLimit(ILogger logger, string limit, string value, string unit, Origin origin);

    [LoggerMessage(Level = LogLevel.Information, Message = "limit in force: {Limit} = {Value} ({Origin})")]
    static partial void LogMachine(ILogger logger, string limit, string value, string origin);
}
