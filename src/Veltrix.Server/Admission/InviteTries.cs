using System.Collections.Concurrent;
using System.Net;

namespace Veltrix.Server.Admission;

/// <summary>
/// Counts wrong invite codes by address, so that nobody guesses one: 65 bits and <see cref="Most"/> tries a minute leave no hope. Thread-safe.
/// </summary>
public sealed class InviteTries(TimeProvider clock)
{
    public const int Most = 10;
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    const int AddressesKept = 100_000;

    readonly ConcurrentDictionary<IPAddress, (long Since, int Count)> wrong = new();

    /// <summary>Whether this address may try; if not, how long it has to wait.</summary>
    public bool MayTry(IPAddress address, out TimeSpan wait)
    {
        wait = TimeSpan.Zero;
        if (!wrong.TryGetValue(address, out var tries)) return true;
        wait = Window - clock.GetElapsedTime(tries.Since);
        return wait <= TimeSpan.Zero || tries.Count < Most;
    }

    public void CountWrong(IPAddress address)
    {
        if (wrong.Count >= AddressesKept)
            foreach (var (old, tries) in wrong)
                if (clock.GetElapsedTime(tries.Since) > Window) wrong.TryRemove(old, out _);
        wrong.AddOrUpdate(
            address, _ => (clock.GetTimestamp(), 1), (_, tries) => clock.GetElapsedTime(tries.Since) > Window ? (clock.GetTimestamp(), 1) : (tries.Since, tries.Count + 1));
    }
}
