using System.Globalization;
using StackExchange.Redis;
using Veltrix.Gate;

namespace Veltrix.Cli.Stories;

/// <summary>
/// What a hunter costs in a store that is not the engine's alone: a session of some kilobytes for everybody who plays, as the rest of a site keeps it. Our own gate takes a few hundred
/// bytes a hunter, and would never fill a store of the size that people have.
/// </summary>
/// <param name="bytes">Of one session.</param>
/// <param name="otherBytes">What else lies in the store, from the beginning on.</param>
sealed class Sessions(GateStore store, IReadOnlyList<string> hunts, int bytes, long otherBytes = 0) : IAsyncDisposable
{
    static readonly TimeSpan Every = TimeSpan.FromMilliseconds(250);
    const int AtOnce = 500;
    const int OtherBytesEach = 64 * 1024;

    /// <summary>What Redis keeps for a value of this kind, over its bytes: key, entry, and above all the size classes of its allocator. Measured on Redis 7.0.</summary>
    public const double Overhead = 1.27;

    readonly CancellationTokenSource stop = new();
    Task running = Task.CompletedTask;
    long refused;

    /// <summary>Sessions that the store did not take because it was full.</summary>
    public long Refused => Interlocked.Read(ref refused);

    public void Begin() => running = Task.Run(() => Run(stop.Token));

    async Task Run(CancellationToken cancel)
    {
        var options = ConfigurationOptions.Parse(store.Endpoint);
        options.ClientName = "sessions";
        await using var connection = await ConnectionMultiplexer.ConnectAsync(options);
        var database = connection.GetDatabase();
        var value = new byte[bytes];
        new Random(1).NextBytes(value);
        for (var i = 0; i < otherBytes / (OtherBytesEach * Overhead); i++) await database.StringSetAsync($"other:{i}", new byte[OtherBytesEach]);
        using var timer = new PeriodicTimer(Every);
        var kept = 0;
        try
        {
            while (await timer.WaitForNextTickAsync(cancel))
                try
                {
                    var wanted = 0;
                    foreach (var hunt in hunts) wanted += (int)(await store.Hunt(hunt).Counts(cancel)).Seated;
                    if (wanted > kept) kept += await Add(database, kept, Math.Min(AtOnce, wanted - kept), value);
                    else if (wanted < kept) kept -= await Remove(database, kept, Math.Min(AtOnce, kept - wanted));
                }
                catch (Exception error) when (error is GateException or RedisException)
                {
                    // The store is away; the sessions of a site would wait too.
                }
        }
        catch (OperationCanceledException)
        {
        }
    }

    async Task<int> Add(IDatabase database, int from, int count, byte[] value)
    {
        var writes = Enumerable.Range(from, count).Select(i => database.StringSetAsync(Key(i), value)).ToArray();
        var taken = 0;
        foreach (var write in writes)
            try
            {
                await write;
                taken++;
            }
            catch (RedisServerException)
            {
                Interlocked.Increment(ref refused);
            }

        return taken;
    }

    static async Task<int> Remove(IDatabase database, int upTo, int count)
    {
        await database.KeyDeleteAsync([.. Enumerable.Range(upTo - count, count).Select(Key)]);
        return count;
    }

    static RedisKey Key(int i) => string.Create(CultureInfo.InvariantCulture, $"session:{i}");

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }
}
