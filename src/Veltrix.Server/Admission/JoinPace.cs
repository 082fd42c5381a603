using System.Collections.Concurrent;
using System.Net;

namespace Veltrix.Server.Admission;

/// <summary>The part of an address that one household or company shares: a /24, or a /48 of IPv6.</summary>
public static class AddressRange
{
    public static string Of(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        return length == 4 ? $"{bytes[0]}.{bytes[1]}.{bytes[2]}.0/24" : $"{Convert.ToHexStringLower(bytes[..6])}/48";
    }
}

/// <summary>
/// How fast one address range may join while the gate is guarded: a bucket that holds a quarter of a minute's joins (at least one) and fills evenly. Thread-safe.
/// </summary>
public sealed class JoinPace(TimeProvider clock)
{
    const int RangesKept = 100_000;

    readonly ConcurrentDictionary<string, Bucket> buckets = new();

    /// <summary>Takes one; where there is none, says when there will be.</summary>
    /// <param name="perMinute">What is allowed now.</param>
    /// <param name="left">Joins left at once.</param>
    public bool TryTake(string range, long perMinute, out long left, out TimeSpan wait)
    {
        if (buckets.Count >= RangesKept) DropFull(perMinute);
        var bucket = buckets.GetOrAdd(range, static (_, start) => new Bucket { Tokens = Most(start.perMinute), Filled = start.now }, (perMinute, now: clock.GetTimestamp()));
        lock (bucket)
        {
            Fill(bucket, perMinute);
            var taken = bucket.Tokens >= 1;
            if (taken) bucket.Tokens--;
            left = (long)bucket.Tokens;
            wait = bucket.Tokens >= 1 ? TimeSpan.Zero : TimeSpan.FromMinutes((1 - bucket.Tokens) / perMinute);
            return taken;
        }
    }

    void Fill(Bucket bucket, long perMinute)
    {
        var now = clock.GetTimestamp();
        bucket.Tokens = Math.Min(Most(perMinute), bucket.Tokens + clock.GetElapsedTime(bucket.Filled, now).TotalMinutes * perMinute);
        bucket.Filled = now;
    }

    // A full bucket says nothing that a new one would not say.
    void DropFull(long perMinute)
    {
        foreach (var (range, bucket) in buckets)
            lock (bucket)
            {
                Fill(bucket, perMinute);
                if (bucket.Tokens >= Most(perMinute)) buckets.TryRemove(range, out _);
            }
    }

    static double Most(long perMinute) => Math.Max(1, perMinute / 4.0);

    sealed class Bucket
    {
        public double Tokens;
        public long Filled;
    }
}
