using System.Globalization;
using Veltrix.Hosting;

namespace Veltrix.Server.Admission;

/// <summary>
/// How many WebSockets this server serves: <c>max_connections_per_server</c>, or nine tenths of the files the process may have open. Those who wait get sockets only while a tenth
/// is free for those who play. Thread-safe.
/// </summary>
public sealed class SocketLimit(Settings settings)
{
    /// <summary>What is assumed where the system does not say.</summary>
    const long OpenFilesUnknown = 1024;

    static readonly long OpenFiles = MachineLimits.OpenFiles ?? OpenFilesUnknown;

    long open;

    public long Open => Interlocked.Read(ref open);

    public long Most => MachineLimits.ConnectionsMax(settings) ?? OpenFilesUnknown * 9 / 10;

    /// <summary>Where the limit comes from, in words.</summary>
    public string Origin => settings.Get(Keys.MaxConnectionsPerServer) > 0 ? "set" : string.Create(CultureInfo.InvariantCulture, $"nine tenths of {OpenFiles:N0} open files");

    public bool HasRoomForWaiting => Open < Most * 9 / 10.0;

    /// <summary>Counts a socket in. False: it is one too many (and counted all the same, until <see cref="Leave"/>).</summary>
    public bool Enter() => Interlocked.Increment(ref open) <= Most;

    public void Leave() => Interlocked.Decrement(ref open);
}
