using System.Buffers.Binary;
using System.Diagnostics;
using Veltrix.EventLog.Embedded;
using Veltrix.EventLog.Kafka;

namespace Veltrix.EventLog.Tests;

/// <summary>A process of its own: it appends until it is killed, or says how much memory logs take.</summary>
static class Victim
{
    /// <summary>Starts this program again. The caller ends it by its id.</summary>
    public static Process Start(params string[] arguments)
    {
        var dll = typeof(Victim).Assembly.Location;
        return Process.Start(new ProcessStartInfo(Environment.ProcessPath!, Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet" ? [dll, .. arguments] : arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        })!;
    }

    /// <summary>Appends numbered records, some hundreds on their way at any time, and writes the number of each acknowledged one to a file.</summary>
    public static async Task<int> Append(string folder, string receipts)
    {
        await using var logs = EmbeddedLogs.Open(folder, TimeProvider.System);
        var log = await logs.Open("crash", default);
        long next = 0;
        using (var reader = log.Read(IEventLog.Start))
        {
            while (reader.ReadAvailable(1000) is { Count: > 0 } batch)
                next += batch.Count;
        }
        // No buffer: what is written has left the process.
        await using var acknowledged = new FileStream(receipts, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        var underway = new Queue<(long Number, Task<long> Task)>();
        var receipt = new byte[8];
        while (true)
        {
            while (underway.Count < 300)
            {
                underway.Enqueue((next, log.Append(Sample.Of(next))));
                next++;
            }
            var (number, task) = underway.Dequeue();
            await task;
            BinaryPrimitives.WriteInt64LittleEndian(receipt, number);
            acknowledged.Write(receipt);
        }
    }

    /// <summary>Opens logs, writes to them, and prints resident kilobytes: of the bare process, with the logs opened, with all their pages used.</summary>
    public static async Task<int> Memory(string folder, int count)
    {
        await using var logs = EmbeddedLogs.Open(folder, TimeProvider.System);
        var warm = await logs.Open("warm", default);
        await warm.Append(new byte[100]);
        await warm.DisposeAsync();
        var bare = Resident();
        var open = new List<IEventLog>();
        for (var i = 0; i < count; i++)
            open.Add(await logs.Open($"log-{i}", default));
        foreach (var log in open)
            await log.Append(new byte[100]);
        var opened = Resident();
        foreach (var log in open)
        {
            for (var i = 0; i < 80; i++)
                await log.Append(new byte[100_000]);
        }
        Console.WriteLine($"{bare} {opened} {Resident()}");
        return 0;
    }

    /// <summary>Appends to a log on Kafka for five seconds, once it is told to, and prints how many seconds of processor time that took.</summary>
    /// <param name="atOnce">Records: with one, one comes each millisecond; with more, so many come in the beginning and nothing after them.</param>
    public static async Task<int> Hammer(string bootstrap, string prefix, int atOnce)
    {
        await using var logs = KafkaLogs.Open(new KafkaOptions { BootstrapServers = bootstrap, TopicPrefix = prefix }, TimeProvider.System);
        var log = await logs.Open("hunt/submissions", default);
        for (var i = 0; i < 100; i++) await log.Append(new byte[100]);
        Console.WriteLine("ready");
        Console.ReadLine();
        var before = Environment.CpuUsage.TotalTime;
        if (atOnce > 1) _ = log.Append([.. Enumerable.Range(0, atOnce).Select(_ => (ReadOnlyMemory<byte>)new byte[100])]);
        for (var since = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(5); Thread.Sleep(1))
            if (atOnce == 1) _ = log.Append(new byte[100]);
        Console.WriteLine((Environment.CpuUsage.TotalTime - before).TotalSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture));
        // Its broker may be stopped still: what was appended is not waited for.
        Environment.Exit(0);
        return 0;
    }

    static long Resident()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        using var self = Process.GetCurrentProcess();
        return self.WorkingSet64 / 1024;
    }
}
