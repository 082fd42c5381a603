using System.Diagnostics;
using HdrHistogram;
using Veltrix.EventLog.Embedded;

namespace Veltrix.Bench;

/// <summary>The embedded log alone: durable latency, and how many records go in and out.</summary>
public static class LogRun
{
    public static async Task<int> Run()
    {
        var folder = Directory.CreateTempSubdirectory("veltrix-bench-").FullName;
        try
        {
            await using var logs = EmbeddedLogs.Open(folder, TimeProvider.System);
            var record = new byte[150];
            foreach (var appenders in (int[])[1, 16])
            {
                var log = await logs.Open($"latency-{appenders}", default);
                var histogram = new LongConcurrentHistogram(1, 60_000_000, 3);
                await Task.WhenAll(Enumerable.Range(0, appenders).Select(_ => Task.Run(async () =>
                {
                    for (var i = 0; i < 3000; i++)
                    {
                        var started = Stopwatch.GetTimestamp();
                        await log.Append(record);
                        histogram.RecordValue((long)Stopwatch.GetElapsedTime(started).TotalMicroseconds);
                    }
                })));
                Console.WriteLine($"durable append, {appenders} at once: p50 {histogram.GetValueAtPercentile(50)} µs, p99 {histogram.GetValueAtPercentile(99)} µs");
            }

            const int Records = 2_000_000;
            const int Batch = 1000;
            var bulk = await logs.Open("bulk", default);
            ReadOnlyMemory<byte>[] batch = [.. Enumerable.Repeat<ReadOnlyMemory<byte>>(record, Batch)];
            var watch = Stopwatch.StartNew();
            var tasks = new List<Task<long>>();
            for (var i = 0; i < Records / Batch; i++) tasks.Add(bulk.Append(batch));
            await Task.WhenAll(tasks);
            Console.WriteLine($"batches of {Batch}: {Records / watch.Elapsed.TotalSeconds:N0} records/s durable");

            watch.Restart();
            using var reader = bulk.Read(0);
            var read = 0;
            while (reader.ReadAvailable(4096) is { Count: > 0 } some) read += some.Count;
            Console.WriteLine($"one reader from disk: {read / watch.Elapsed.TotalSeconds:N0} records/s ({read:N0} read)");
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
