using System.Diagnostics;
using HdrHistogram;
using Veltrix.EventLog;
using Veltrix.EventLog.Embedded;
using Veltrix.EventLog.Kafka;

namespace Veltrix.Bench;

/// <summary>A log alone: durable latency, how many records go in and out, and what many logs take. The same for both kinds.</summary>
public static class LogRun
{
    const int LogsOpen = 20;
    const int ReadersEach = 2;

    public static async Task<int> Embedded()
    {
        var folder = Directory.CreateTempSubdirectory("veltrix-bench-").FullName;
        try
        {
            await using var logs = EmbeddedLogs.Open(folder, TimeProvider.System);
            await Run(logs);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>On a cluster without a password. Leaves topics that begin with <c>bench-</c> behind.</summary>
    public static async Task<int> Kafka(string bootstrapServers, string more)
    {
        var (threads, kilobytes) = Usage();
        await using var logs = KafkaLogs.Open(new KafkaOptions { BootstrapServers = bootstrapServers, TopicPrefix = $"bench-{Guid.NewGuid():N}", MoreOptions = more }, TimeProvider.System);
        await Many(logs, threads, kilobytes);
        await Run(logs);
        return 0;
    }

    static async Task Run(IEventLogs logs)
    {
        var record = new byte[150];
        foreach (var appenders in (int[])[1, 16])
        {
            var log = await logs.Open($"latency-{appenders}", default);
            await log.Append(record);
            var durable = new LongConcurrentHistogram(1, 60_000_000, 3);
            var seen = new LongConcurrentHistogram(1, 60_000_000, 3);
            using var reader = log.Read(log.End);
            await Task.WhenAll(Enumerable.Range(0, appenders).Select(_ => Task.Run(async () =>
            {
                for (var i = 0; i < 3000; i++)
                {
                    var started = Stopwatch.GetTimestamp();
                    await log.Append(record);
                    durable.RecordValue((long)Stopwatch.GetElapsedTime(started).TotalMicroseconds);
                    if (appenders > 1) continue;
                    await reader.Read(10, default);
                    seen.RecordValue((long)Stopwatch.GetElapsedTime(started).TotalMicroseconds);
                }
            })));
            Console.WriteLine($"durable append, {appenders} at once: {Of(durable)}");
            if (appenders == 1) Console.WriteLine($"the same until a waiting reader has it: {Of(seen)}");
        }

        const int Records = 2_000_000;
        const int Batch = 1000;
        const int BatchesUnderWay = 200;
        var bulk = await logs.Open("bulk", default);
        ReadOnlyMemory<byte>[] batch = [.. Enumerable.Repeat<ReadOnlyMemory<byte>>(record, Batch)];
        var watch = Stopwatch.StartNew();
        var tasks = new Queue<Task<long>>();
        for (var i = 0; i < Records / Batch; i++)
        {
            tasks.Enqueue(bulk.Append(batch));
            if (tasks.Count > BatchesUnderWay) await tasks.Dequeue();
        }

        await Task.WhenAll(tasks);
        Console.WriteLine($"batches of {Batch}: {Records / watch.Elapsed.TotalSeconds:N0} records/s durable");

        watch.Restart();
        using var all = bulk.Read(0);
        var read = 0;
        while (all.ReadAvailable(4096) is { Count: > 0 } some) read += some.Count;
        Console.WriteLine($"one reader from the start: {read / watch.Elapsed.TotalSeconds:N0} records/s ({read:N0} read)");
    }

    static async Task Many(IEventLogs logs, int threads, long kilobytes)
    {
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < LogsOpen; i++) await logs.Open($"many/{i}", default);
        Console.WriteLine($"{LogsOpen} logs made and opened: {watch.ElapsedMilliseconds / LogsOpen} ms each");
        var readers = new List<Task>();
        using var stop = new CancellationTokenSource();
        for (var i = 0; i < LogsOpen; i++)
        {
            var log = await logs.Open($"many/{i}", default);
            for (var r = 0; r < ReadersEach; r++)
                readers.Add(Task.Run(async () =>
                {
                    using var reader = log.Read(0);
                    for (var read = 0; read < 100;) read += (await reader.Read(100, stop.Token)).Count;
                }));
            for (var n = 0; n < 100; n++) _ = log.Append(new byte[150]);
        }

        await Task.WhenAll(readers);
        var (threadsNow, kilobytesNow) = Usage();
        Console.WriteLine($"{LogsOpen} logs with {ReadersEach} readers each: {threadsNow - threads} threads and {(kilobytesNow - kilobytes) / 1024.0:F0} MB more than without");
    }

    static (int Threads, long Kilobytes) Usage()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        using var self = Process.GetCurrentProcess();
        return (self.Threads.Count, self.WorkingSet64 / 1024);
    }

    static string Of(LongConcurrentHistogram histogram) =>
        $"p50 {histogram.GetValueAtPercentile(50)} µs, p95 {histogram.GetValueAtPercentile(95)} µs, p99 {histogram.GetValueAtPercentile(99)} µs";
}
