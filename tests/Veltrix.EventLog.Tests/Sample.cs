using System.Buffers.Binary;

namespace Veltrix.EventLog.Tests;

/// <summary>Records that tell from their own bytes whether they are whole: a number, and a length and filling that follow from it.</summary>
static class Sample
{
    public static byte[] Of(long number)
    {
        var random = new Random((int)number);
        // Mostly small, every 50th up to 100 kB, so that pages and groups end in all sorts of places.
        var payload = new byte[8 + random.Next(number % 50 == 49 ? 100_000 : 400)];
        random.NextBytes(payload);
        BinaryPrimitives.WriteInt64LittleEndian(payload, number);
        return payload;
    }

    /// <summary>Fails unless these are records 0, 1, 2 … as they were made.</summary>
    public static void AssertFirst(IReadOnlyList<LogRecord> records)
    {
        for (var i = 0; i < records.Count; i++)
            Assert.True(records[i].Payload.Span.SequenceEqual(Of(i)), $"record {i} at position {records[i].Position} is not what was appended");
    }

    /// <summary>Everything in a log.</summary>
    public static List<LogRecord> All(IEventLog log)
    {
        using var reader = log.Read(IEventLog.Start);
        var records = new List<LogRecord>();
        while (reader.ReadAvailable(1000) is { Count: > 0 } batch)
            records.AddRange(batch);
        return records;
    }
}
