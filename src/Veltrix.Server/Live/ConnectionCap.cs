using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Veltrix.Hosting;

namespace Veltrix.Server.Live;

/// <summary>
/// Closes connections as they come once so many are open that the files left are needed for logs and stores. A process without a file left does not merely refuse: the runtime takes it for want of memory
/// and dies with all hunters it has, whose return then kills the next.
/// </summary>
/// <remarks>
/// <see cref="Admission.SocketLimit"/> is below it and says goodbye in words; but what is no WebSocket yet, or was given up by its client and not noticed here, it does not count. Thread-safe.
/// </remarks>
sealed partial class ConnectionCap(long files, Func<long> countOpen, TimeProvider clock, ILogger logger)
{
    /// <summary>A twentieth of the files stays free beyond what the process has open besides connections, and never fewer than these.</summary>
    const long FreeLeast = 100;

    static readonly TimeSpan CountEvery = TimeSpan.FromSeconds(5);
    static readonly TimeSpan SayEvery = TimeSpan.FromMinutes(1);

    readonly Lock gate = new();
    long connections; // under the gate, as all that follows
    long most;
    long? countedAt, saidAt;

    /// <summary>Listens with a cap, on Linux; elsewhere the system does not say how many files there may be.</summary>
    public static void Add(IServiceCollection services)
    {
        if (MachineLimits.OpenFiles is not { } files) return;
        services.AddSingleton(made => new ConnectionCap(
            files, () => Directory.EnumerateFileSystemEntries("/proc/self/fd").LongCount(), TimeProvider.System, made.GetRequiredService<ILoggerFactory>().CreateLogger("Veltrix")));
        // Kestrel takes the one that was added last.
        services.AddSingleton<IConnectionListenerFactory>(made =>
            new Factory(ActivatorUtilities.CreateInstance<SocketTransportFactory>(made), made.GetRequiredService<ConnectionCap>()));
    }

    /// <summary>Counts out what <see cref="Add"/> let in.</summary>
    public static void CountOut(ListenOptions listen)
    {
        if (listen.ApplicationServices.GetService<ConnectionCap>() is not { } cap) return;
        listen.Use(next => async connection =>
        {
            try
            {
                await next(connection);
            }
            finally
            {
                cap.Leave();
            }
        });
    }

    /// <summary>Counts a connection in, whose file is open already. False: it is one too many (and counted all the same, until <see cref="Leave"/>).</summary>
    public bool Enter()
    {
        lock (gate)
        {
            connections++;
            var now = clock.GetTimestamp();
            if (IsDue(countedAt, CountEvery, now)) (most, countedAt) = (files - Math.Max(files / 20, FreeLeast) - Others(), now);
            if (connections <= most) return true;
            if (IsDue(saidAt, SayEvery, now))
            {
                saidAt = now;
                LogFull(connections - 1, files);
            }

            return false;
        }
    }

    bool IsDue(long? last, TimeSpan every, long now) => last is not { } then || clock.GetElapsedTime(then, now) >= every;

    /// <summary>Files that are open and no connections.</summary>
    long Others()
    {
        try
        {
            return countOpen() - connections;
        }
        catch (IOException)
        {
            // There is not even one left to count them.
            return files - connections + 1;
        }
    }

    public void Leave()
    {
        lock (gate) connections--;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Connections} connections are open, and more are closed as they come: this process may open {Files} files. Raise its limit (LimitNOFILE, ulimit -n), or take more servers")]
    partial void LogFull(long connections, long files);

    sealed class Factory(SocketTransportFactory sockets, ConnectionCap cap) : IConnectionListenerFactory
    {
        public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) => new Listener(await sockets.BindAsync(endpoint, cancellationToken), cap);
    }

    /// <summary>Refuses where connections are taken, one after the other: what follows runs on threads that a busy machine may not have, while more are taken.</summary>
    sealed class Listener(IConnectionListener sockets, ConnectionCap cap) : IConnectionListener
    {
        public EndPoint EndPoint => sockets.EndPoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (await sockets.AcceptAsync(cancellationToken) is { } connection)
            {
                if (cap.Enter()) return connection;
                connection.Abort();
                await connection.DisposeAsync();
                cap.Leave();
            }

            return null;
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => sockets.UnbindAsync(cancellationToken);

        public ValueTask DisposeAsync() => sockets.DisposeAsync();
    }
}
