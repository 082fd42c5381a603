using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Veltrix.Hosting;

/// <summary>What every role of Veltrix listens with: Kestrel, routes, a log on standard error, and nothing that is not asked for.</summary>
/// <remarks>
/// ASP.NET's own builders also read <c>appsettings.json</c> and variables of the environment, and watch the whole tree under the folder they were started in: a server that was started
/// above a Kafka's data spent a tenth of its processor time on hearing of files. Settings come from <see cref="Settings"/> alone.
/// </remarks>
public static class RoleHost
{
    /// <param name="logging">Where the log goes; null: to standard error, what is of Veltrix from <paramref name="level"/> on, and warnings of all else.</param>
    /// <param name="stopWithin">How long requests may take once the role stops.</param>
    public static WebApplicationBuilder Builder(ILoggerFactory? logging, LogLevel level, TimeSpan stopWithin)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        if (logging is not null)
        {
            builder.Services.AddSingleton(logging);
        }
        else
        {
            ToStandardError(builder.Logging).SetMinimumLevel(LogLevel.Warning).AddFilter("Veltrix", level)
                // A start that fails is told by whoever started it; a call that is refused is told to whoever made it.
                .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None)
                .AddFilter("Grpc", LogLevel.None);
        }

        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = stopWithin);
        return builder;
    }

    /// <summary>A line each, with its time in UTC. Standard output is for what programs read.</summary>
    public static ILoggingBuilder ToStandardError(ILoggingBuilder logging)
    {
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        return logging.AddSimpleConsole(console => (console.SingleLine, console.UseUtcTimestamp, console.TimestampFormat) = (true, true, "yyyy-MM-dd'T'HH:mm:ss.fff'Z '"));
    }
}
