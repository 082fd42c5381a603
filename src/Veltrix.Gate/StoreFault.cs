using System.Security.Authentication;
using StackExchange.Redis;

namespace Veltrix.Gate;

/// <summary>What a failure of the client library or an error of the store means to those who use the gate, with the remedy.</summary>
static class StoreFault
{
    /// <summary>What is being done at the start; then nothing is tried again.</summary>
    public const string Connecting = "connecting";

    public static bool IsKnown(Exception failure) => failure is RedisException or RedisTimeoutException or RedisCommandException or TimeoutException or ObjectDisposedException;

    /// <param name="what">What was being done, as the end of "while …".</param>
    public static GateException Of(Exception failure, string endpoint, string what) => failure is RedisServerException ? Answered(failure, endpoint, what)
        : failure is RedisCommandException && failure.Message.Contains("replica", StringComparison.OrdinalIgnoreCase) ? ReadOnly(failure, endpoint, what)
        : Distrusted(failure) is { } why ? new GateException(GateFault.Misconfigured, $"TLS to the store at {endpoint} failed ({FirstLine(why)}). "
            + "Name the authority that signed its certificate in redis.ca_file, and the host as the certificate names it.", failure)
        : failure is RedisConnectionException { FailureType: ConnectionFailureType.AuthenticationFailure } ? Refused(failure, endpoint, what)
        : what == Connecting ? new GateException(GateFault.Away, $"No Redis answers at {endpoint}. See that it runs there and can be reached from here, and speaks TLS if the address asks for it (rediss://), and only then.", failure)
        : new GateException(GateFault.Away, $"The store at {endpoint} did not answer while {what} ({FirstLine(failure)}). "
            + "Joins are closed until it does; it is tried again by itself. See that it runs and can be reached from here.", failure);

    /// <summary>A script in the store fails with the error of the command in it, in the middle of the message or at its start.</summary>
    static GateException Answered(Exception failure, string endpoint, string what)
    {
        var message = failure.Message;
        return Says("OOM") ? new GateException(GateFault.ReadOnly, $"The store at {endpoint} is full and refused a write while {what} ({FirstLine(failure)}). "
                + "Raise its maxmemory, or take Redis 7 or later, whose scripts may go on at the limit.", failure)
            : Says("READONLY") ? ReadOnly(failure, endpoint, what)
            : Says("MISCONF") ? new GateException(GateFault.ReadOnly, $"The store at {endpoint} refuses writes since it could not save to its disk, while {what} ({FirstLine(failure)}). "
                + "Free its disk, or turn its saving off: nothing in it is needed after a restart.", failure)
            : Says("NOAUTH") || Says("WRONGPASS") || Says("NOPERM") ? Refused(failure, endpoint, what)
            : Says("LOADING") || Says("BUSY") || Says("MASTERDOWN") || Says("CLUSTERDOWN") || Says("TRYAGAIN")
                ? new GateException(GateFault.Away, $"The store at {endpoint} is not ready, while {what} ({FirstLine(failure)}). It is tried again by itself.", failure)
            : new GateException(GateFault.Misconfigured, $"The store at {endpoint} answered with an error while {what}: {FirstLine(failure)}. Redis 6.2 or later, Valkey, Dragonfly or Garnet is needed.", failure);

        bool Says(string code) => message.StartsWith(code, StringComparison.Ordinal) || message.Contains($" {code} ", StringComparison.Ordinal) || message.Contains($"-{code} ", StringComparison.Ordinal);
    }

    static GateException ReadOnly(Exception failure, string endpoint, string what) =>
        new(GateFault.ReadOnly, $"The store at {endpoint} is a replica and cannot be written, while {what} ({FirstLine(failure)}). Name the primary, or an address that follows it.", failure);

    static GateException Refused(Exception failure, string endpoint, string what) =>
        new(GateFault.Misconfigured, $"The store at {endpoint} refused us while {what} ({FirstLine(failure)}). Name the file with the password in redis.password_file and the user in the address, as in redis://user@host:port, and let it use what docs/reference/redis.md lists.", failure);

    static AuthenticationException? Distrusted(Exception failure) => failure as AuthenticationException ?? (failure.InnerException is { } inner ? Distrusted(inner) : null);

    static string FirstLine(Exception failure) => failure.Message.AsSpan().TrimEnd('.').ToString().Split('\n', 2)[0];
}
