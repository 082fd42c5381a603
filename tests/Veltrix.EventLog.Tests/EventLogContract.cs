using System.Buffers.Binary;
using System.Text;

namespace Veltrix.EventLog.Tests;

/// <summary>What every event log promises. A log passes by deriving from this and saying how its logs are opened.</summary>
public abstract class EventLogContract : IAsyncLifetime
{
    /// <summary>No single step of a test takes longer than this, or it hangs.</summary>
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected IEventLogs Logs { get; private set; } = null!;

    /// <summary>Opens the logs of this test. Called again after the earlier ones were disposed, it gives the same logs.</summary>
    protected abstract Task<IEventLogs> OpenLogs();

    public virtual async ValueTask InitializeAsync() => Logs = await OpenLogs();

    public virtual async ValueTask DisposeAsync()
    {
        await Logs.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected async Task<IEventLog> Reopen(string name)
    {
        await Logs.DisposeAsync();
        Logs = await OpenLogs();
        return await Logs.Open(name, Cancel);
    }

    [Fact]
    public async Task A_new_log_is_empty()
    {
        var log = await Logs.Open("hunt/ledger", Cancel);
        Assert.Equal(IEventLog.Start, log.End);
        Assert.Equal(IEventLog.Start, await log.AskEnd(Cancel));
        using var reader = log.Read(IEventLog.Start);
        Assert.Empty(reader.ReadAvailable(10));
    }

    [Fact]
    public async Task A_record_is_read_as_it_was_appended()
    {
        var log = await Logs.Open("hunt/ledger", Cancel);
        var before = DateTimeOffset.UtcNow.AddMinutes(-1).ToUnixTimeMilliseconds();
        var position = await log.Append("a clue"u8.ToArray()).WaitAsync(Patience, Cancel);
        Assert.True(position > IEventLog.Start);
        Assert.Equal(position, log.End);
        Assert.Equal(position, await log.AskEnd(Cancel));
        using var reader = log.Read(IEventLog.Start);
        var record = Assert.Single(reader.ReadAvailable(10));
        Assert.Equal(position, record.Position);
        Assert.Equal("a clue", Encoding.UTF8.GetString(record.Payload.Span));
        Assert.InRange(record.TimeMs, before, before + 120_000);
        Assert.Empty(reader.ReadAvailable(10));
    }

    [Fact]
    public async Task A_record_may_be_empty()
    {
        var log = await Logs.Open("hunt/ledger", Cancel);
        await log.Append(ReadOnlyMemory<byte>.Empty).WaitAsync(Patience, Cancel);
        await log.Append(Numbered(1)).WaitAsync(Patience, Cancel);
        using var reader = log.Read(IEventLog.Start);
        Assert.Equal([0, 8], reader.ReadAvailable(10).Select(record => record.Payload.Length));
    }

    [Fact]
    public async Task A_record_may_be_all_zeros()
    {
        var log = await Logs.Open("hunt/ledger", Cancel);
        for (var length = 0; length < 200; length++) _ = log.Append(new byte[length]);
        await log.Append(Numbered(1)).WaitAsync(Patience, Cancel);
        using var reader = log.Read(IEventLog.Start);
        Assert.Equal([.. Enumerable.Range(0, 200), 8], reader.ReadAvailable(1000).Select(record => record.Payload.Length));
    }

    [Fact]
    public async Task Records_of_one_caller_keep_the_order_of_its_calls_whether_it_awaits_or_not()
    {
        var log = await Logs.Open("hunt/ledger", Cancel);
        var appends = new List<Task<long>>();
        for (var i = 0; i < 2000; i++)
        {
            appends.Add(log.Append(Numbered(i)));
            if (i % 100 == 0) await appends[^1].WaitAsync(Patience, Cancel);
        }

        var positions = await Task.WhenAll(appends).WaitAsync(Patience, Cancel);
        AssertGrows(positions);
        var records = All(log);
        Assert.Equal(positions, records.Select(record => record.Position));
        Assert.Equal(Enumerable.Range(0, 2000).Select(i => (long)i), records.Select(Number));
    }

    [Fact]
    public async Task Records_of_many_callers_are_all_there_each_caller_in_its_order()
    {
        const int Callers = 16;
        const int Each = 500;
        var log = await Logs.Open("hunt/ledger", Cancel);
        var acknowledged = await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(
            async () =>
            {
                var appends = new List<Task<long>>();
                for (var i = 0; i < Each; i++)
                {
                    appends.Add(log.Append(Numbered((caller * Each) + i)));
                    if (caller % 2 == 0) await appends[^1];
                }

                return await Task.WhenAll(appends);
            },
            Cancel))).WaitAsync(Patience, Cancel);

        var records = All(log);
        AssertGrows([.. records.Select(record => record.Position)]);
        Assert.Equal(Callers * Each, records.Count);
        for (var caller = 0; caller < Callers; caller++)
        {
            var own = records.Where(record => Number(record) / Each == caller).ToArray();
            Assert.Equal(acknowledged[caller], own.Select(record => record.Position));
            Assert.Equal(Enumerable.Range(caller * Each, Each).Select(i => (long)i), own.Select(Number));
        }

        Assert.Equal(records[^1].Position, log.End);
    }

    [Fact]
    public async Task A_batch_keeps_its_order_and_gives_the_position_of_its_last()
    {
        var log = await Logs.Open("hunt/ledger", Cancel);
        Assert.Equal(IEventLog.Start, await log.Append([]).WaitAsync(Patience, Cancel));
        var first = await log.Append([Numbered(0), Numbered(1), Numbered(2)]).WaitAsync(Patience, Cancel);
        var second = await log.Append([Numbered(3)]).WaitAsync(Patience, Cancel);
        Assert.Equal(second, await log.Append([]).WaitAsync(Patience, Cancel));
        var records = All(log);
        Assert.Equal([0, 1, 2, 3], records.Select(Number));
        Assert.Equal((first, second), (records[2].Position, records[3].Position));
    }

    [Fact]
    public async Task Reading_starts_behind_any_position_given()
    {
        var log = await Logs.Open("hunt/ledger", Cancel);
        var positions = await Task.WhenAll(Enumerable.Range(0, 300).Select(i => log.Append(Numbered(i)))).WaitAsync(Patience, Cancel);
        for (var i = 0; i < positions.Length; i++)
        {
            using var reader = log.Read(positions[i]);
            var next = reader.ReadAvailable(2);
            Assert.Equal(Enumerable.Range(i + 1, Math.Min(2, positions.Length - i - 1)).Select(number => (long)number), next.Select(Number));
        }
    }

    [Fact]
    public async Task Reading_from_beyond_the_end_or_from_below_zero_is_refused()
    {
        var log = await Logs.Open("hunt/ledger", Cancel);
        var position = await log.Append(Numbered(1)).WaitAsync(Patience, Cancel);
        Assert.Throws<ArgumentOutOfRangeException>(() => log.Read(position + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => log.Read(-1));
    }

    [Fact]
    public async Task No_more_is_read_than_asked_for()
    {
        var log = await Logs.Open("hunt/ledger", Cancel);
        await log.Append([.. Enumerable.Range(0, 10).Select(i => (ReadOnlyMemory<byte>)Numbered(i))]).WaitAsync(Patience, Cancel);
        using var reader = log.Read(IEventLog.Start);
        Assert.Empty(reader.ReadAvailable(0));
        Assert.Empty(await reader.Read(0, Cancel));
        Assert.Equal([0, 1, 2], reader.ReadAvailable(3).Select(Number));
        Assert.Equal([3, 4, 5, 6], (await reader.Read(4, Cancel)).Select(Number));
        Assert.Equal([7, 8, 9], (await reader.Read(4, Cancel)).Select(Number));
        Assert.Empty(reader.ReadAvailable(4));
    }

    [Fact]
    public async Task A_waiting_reader_wakes_soon_after_an_append()
    {
        var log = await Logs.Open("hunt/ledger", Cancel);
        using var reader = log.Read(IEventLog.Start);
        var waits = new List<double>();
        for (var i = 0; i < 50; i++)
        {
            var read = reader.Read(10, Cancel).AsTask();
            await Task.Delay(2, Cancel);
            Assert.False(read.IsCompleted);
            await log.Append(Numbered(i)).WaitAsync(Patience, Cancel);
            var acknowledged = TimeProvider.System.GetTimestamp();
            Assert.Equal(i, Number(Assert.Single(await read.WaitAsync(Patience, Cancel))));
            waits.Add(TimeProvider.System.GetElapsedTime(acknowledged).TotalMilliseconds);
        }

        // The median: one slow wake-up on a busy machine says nothing.
        Assert.InRange(waits.Order().ElementAt(waits.Count / 2), 0, 100);
    }

    [Fact]
    public async Task A_reader_follows_while_others_append()
    {
        const int Records = 5000;
        var log = await Logs.Open("hunt/ledger", Cancel);
        using var reader = log.Read(IEventLog.Start);
        var following = Task.Run(
            async () =>
            {
                var numbers = new List<long>();
                while (numbers.Count < Records) numbers.AddRange((await reader.Read(100, Cancel)).Select(Number));
                return numbers;
            },
            Cancel);
        for (var i = 0; i < Records; i++)
        {
            var append = log.Append(Numbered(i));
            if (i % 50 == 0) await append;
        }

        Assert.Equal(Enumerable.Range(0, Records).Select(i => (long)i), await following.WaitAsync(Patience, Cancel));
    }

    [Fact]
    public async Task Readers_do_not_disturb_each_other()
    {
        var log = await Logs.Open("hunt/ledger", Cancel);
        using var early = log.Read(IEventLog.Start);
        await log.Append([Numbered(0), Numbered(1), Numbered(2)]).WaitAsync(Patience, Cancel);
        using var late = log.Read(IEventLog.Start);
        Assert.Equal([0, 1], early.ReadAvailable(2).Select(Number));
        Assert.Equal([0, 1, 2], late.ReadAvailable(9).Select(Number));
        late.Dispose();
        Assert.Equal([2], early.ReadAvailable(9).Select(Number));
    }

    [Fact]
    public async Task Payloads_are_the_callers_to_keep()
    {
        var log = await Logs.Open("hunt/ledger", Cancel);
        await log.Append([.. Enumerable.Range(0, 100).Select(i => (ReadOnlyMemory<byte>)Numbered(i))]).WaitAsync(Patience, Cancel);
        using var reader = log.Read(IEventLog.Start);
        var kept = new List<LogRecord>();
        for (var i = 0; i < 100; i++) kept.AddRange(reader.ReadAvailable(1));
        Assert.Equal(Enumerable.Range(0, 100).Select(i => (long)i), kept.Select(Number));
    }

    [Fact]
    public async Task The_bytes_appended_may_be_changed_after_the_call()
    {
        var log = await Logs.Open("hunt/ledger", Cancel);
        var buffer = Numbered(7);
        var append = log.Append(buffer);
        Array.Clear(buffer);
        await append.WaitAsync(Patience, Cancel);
        Assert.Equal(7, Number(Assert.Single(All(log))));
    }

    [Fact]
    public async Task Records_up_to_the_limit_are_taken_and_larger_ones_refused_before_anything_is_written()
    {
        var log = await Logs.Open("hunt/ledger", Cancel);
        var random = new Random(5);
        int[] lengths = [log.MaxRecordBytes, 1, log.MaxRecordBytes - 1, log.MaxRecordBytes / 2, log.MaxRecordBytes, 100, log.MaxRecordBytes];
        var payloads = lengths.Select(length =>
        {
            var payload = new byte[length];
            random.NextBytes(payload);
            return payload;
        }).ToArray();
        foreach (var payload in payloads) await log.Append(payload).WaitAsync(Patience, Cancel);

        var tooLarge = new byte[log.MaxRecordBytes + 1];
        var refused = await Assert.ThrowsAsync<EventLogException>(() => log.Append(tooLarge));
        Assert.Equal((EventLogFault.TooLarge, false), (refused.Fault, refused.Uncertain));
        refused = await Assert.ThrowsAsync<EventLogException>(() => log.Append([Numbered(1), tooLarge]));
        Assert.Equal((EventLogFault.TooLarge, false), (refused.Fault, refused.Uncertain));

        var records = All(log);
        Assert.Equal(payloads.Length, records.Count);
        for (var i = 0; i < payloads.Length; i++) Assert.True(payloads[i].AsSpan().SequenceEqual(records[i].Payload.Span), $"record {i} of {lengths[i]} bytes came back changed");
    }

    [Fact]
    public async Task A_cancelled_read_loses_nothing()
    {
        var log = await Logs.Open("hunt/ledger", Cancel);
        using var reader = log.Read(IEventLog.Start);
        using var hasty = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var read = reader.Read(10, hasty.Token).AsTask();
        Assert.False(read.IsCompleted);
        await hasty.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read.WaitAsync(Patience, Cancel));
        await log.Append(Numbered(1)).WaitAsync(Patience, Cancel);
        Assert.Equal(1, Number(Assert.Single(await reader.Read(10, Cancel).AsTask().WaitAsync(Patience, Cancel))));
    }

    [Fact]
    public async Task Closing_wakes_waiting_readers_and_refuses_appends()
    {
        var log = await Logs.Open("hunt/ledger", Cancel);
        await log.Append(Numbered(1)).WaitAsync(Patience, Cancel);
        using var atTheEnd = log.Read(log.End);
        using var another = log.Read(IEventLog.Start);
        Assert.Single(another.ReadAvailable(10));
        Task[] reads = [atTheEnd.Read(10, Cancel).AsTask(), another.Read(10, Cancel).AsTask()];
        await log.DisposeAsync().AsTask().WaitAsync(Patience, Cancel);
        foreach (var read in reads) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read.WaitAsync(Patience, Cancel));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => another.Read(10, Cancel).AsTask().WaitAsync(Patience, Cancel));
        var refused = await Assert.ThrowsAsync<EventLogException>(() => log.Append(Numbered(2)).WaitAsync(Patience, Cancel));
        Assert.Equal((EventLogFault.Closed, false), (refused.Fault, refused.Uncertain));
        await log.DisposeAsync();
    }

    [Fact]
    public async Task Closing_makes_durable_what_was_taken()
    {
        var log = await Logs.Open("hunt/ledger", Cancel);
        var appends = Enumerable.Range(0, 1000).Select(i => log.Append(Numbered(i))).ToArray();
        await log.DisposeAsync().AsTask().WaitAsync(Patience, Cancel);
        var positions = await Task.WhenAll(appends).WaitAsync(Patience, Cancel);
        log = await Reopen("hunt/ledger");
        Assert.Equal(positions, All(log).Select(record => record.Position));
    }

    [Fact]
    public async Task Opening_twice_gives_the_same_log()
    {
        var log = await Logs.Open("hunt/ledger", Cancel);
        Assert.Same(log, await Logs.Open("hunt/ledger", Cancel));
        Assert.NotSame(log, await Logs.Open("hunt/submissions", Cancel));
    }

    [Fact]
    public async Task Logs_are_listed_sorted_by_name()
    {
        Assert.Empty(await Logs.List(Cancel));
        foreach (var name in (string[])["b/ledger", "a/submissions", "a/ledger", "c"]) await (await Logs.Open(name, Cancel)).Append(Numbered(1));
        string[] names = ["a/ledger", "a/submissions", "b/ledger", "c"];
        Assert.Equal(names, await Logs.List(Cancel));
        await Reopen("a/ledger");
        Assert.Equal(names, await Logs.List(Cancel));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/hunt")]
    [InlineData("hunt/")]
    [InlineData("hunt//ledger")]
    [InlineData("..")]
    [InlineData("../hunt")]
    [InlineData("hunt/../ledger")]
    [InlineData("Hunt")]
    [InlineData("hunt ledger")]
    [InlineData("hunt\\ledger")]
    [InlineData("hunt.ledger")]
    [InlineData("hünt")]
    [InlineData("hunt\n")]
    [InlineData("hunt\0")]
    public async Task Names_that_are_no_plain_paths_are_refused(string name) =>
        await Assert.ThrowsAsync<ArgumentException>(() => Logs.Open(name, Cancel));

    [Fact]
    public async Task A_name_has_at_most_200_characters()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Logs.Open(new string('a', 201), Cancel));
        await Logs.Open(new string('a', 200), Cancel);
    }

    [Fact]
    public async Task Closed_logs_open_no_more()
    {
        var log = await Logs.Open("hunt/ledger", Cancel);
        await Logs.DisposeAsync();
        var refused = await Assert.ThrowsAsync<EventLogException>(() => Logs.Open("hunt/ledger", Cancel));
        Assert.Equal(EventLogFault.Closed, refused.Fault);
        refused = await Assert.ThrowsAsync<EventLogException>(() => log.Append(Numbered(1)));
        Assert.Equal(EventLogFault.Closed, refused.Fault);
    }

    [Fact]
    public async Task Reopening_keeps_everything_and_goes_on_behind_it()
    {
        var positions = new List<long>();
        var log = await Logs.Open("hunt/ledger", Cancel);
        for (var round = 0; round < 4; round++)
        {
            for (var i = 0; i < 50; i++) positions.Add(await log.Append(Numbered(positions.Count)).WaitAsync(Patience, Cancel));
            log = await Reopen("hunt/ledger");
            Assert.Equal(positions[^1], log.End);
            Assert.Equal(positions, All(log).Select(record => record.Position));
            foreach (var at in (int[])[0, 25, positions.Count - 2])
            {
                using var reader = log.Read(positions[at]);
                Assert.Equal(at + 1, Number(reader.ReadAvailable(1)[0]));
            }
        }

        AssertGrows(positions);
        Assert.Equal(Enumerable.Range(0, 200).Select(i => (long)i), All(log).Select(Number));
    }

    [Fact]
    public async Task Reopening_an_empty_log_keeps_it_empty_and_usable()
    {
        await Logs.Open("hunt/ledger", Cancel);
        var log = await Reopen("hunt/ledger");
        Assert.Equal(IEventLog.Start, log.End);
        Assert.Empty(All(log));
        await log.Append(Numbered(1)).WaitAsync(Patience, Cancel);
        log = await Reopen("hunt/ledger");
        Assert.Equal([1], All(log).Select(Number));
    }

    [Fact]
    public async Task Truncation_gives_up_what_is_before_and_keeps_the_record_at_the_position()
    {
        var log = await Logs.Open("hunt/ledger", Cancel);
        var positions = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => log.Append(Numbered(i)))).WaitAsync(Patience, Cancel);
        using var halfway = log.Read(IEventLog.Start);
        Assert.Equal(10, halfway.ReadAvailable(10).Count);
        using var ahead = log.Read(positions[70]);

        await log.TruncateBefore(positions[40]).WaitAsync(Patience, Cancel);
        Assert.Equal(positions[40..], All(log).Select(record => record.Position));
        using (var within = log.Read(positions[20])) Assert.Equal(40, Number(within.ReadAvailable(1)[0]));
        Assert.Equal(71, Number(ahead.ReadAvailable(1)[0]));

        // Going back changes nothing.
        await log.TruncateBefore(positions[5]).WaitAsync(Patience, Cancel);
        await log.TruncateBefore(IEventLog.Start).WaitAsync(Patience, Cancel);
        Assert.Equal(positions[40..], All(log).Select(record => record.Position));

        log = await Reopen("hunt/ledger");
        Assert.Equal(positions[40..], All(log).Select(record => record.Position));
        Assert.Equal(Enumerable.Range(40, 60).Select(i => (long)i), All(log).Select(Number));
        Assert.Equal(positions[^1], log.End);
        Assert.True(await log.Append(Numbered(100)).WaitAsync(Patience, Cancel) > positions[^1]);
        Assert.Equal(100, Number(All(log)[^1]));
    }

    [Fact]
    public async Task A_reader_that_was_overtaken_by_truncation_goes_on_with_what_is_left()
    {
        var log = await Logs.Open("hunt/ledger", Cancel);
        var positions = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => log.Append(Numbered(i)))).WaitAsync(Patience, Cancel);
        using var reader = log.Read(IEventLog.Start);
        Assert.Equal(10, reader.ReadAvailable(10).Count);
        await log.TruncateBefore(positions[40]).WaitAsync(Patience, Cancel);
        Assert.Equal(Enumerable.Range(40, 60).Select(i => (long)i), reader.ReadAvailable(1000).Select(Number));
    }

    [Fact]
    public async Task Truncation_up_to_the_last_record_keeps_it()
    {
        var log = await Logs.Open("hunt/ledger", Cancel);
        var positions = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => log.Append(Numbered(i)))).WaitAsync(Patience, Cancel);
        await log.TruncateBefore(log.End).WaitAsync(Patience, Cancel);
        Assert.Equal([9], All(log).Select(Number));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => log.TruncateBefore(log.End + 1));
        log = await Reopen("hunt/ledger");
        Assert.Equal(positions[^1], log.End);
        Assert.Equal([9], All(log).Select(Number));
        await log.Append(Numbered(10)).WaitAsync(Patience, Cancel);
        Assert.Equal([9, 10], All(log).Select(Number));
    }

    [Fact]
    public async Task Truncating_while_others_append_and_read_loses_nothing_behind_the_position()
    {
        const int Records = 3000;
        var log = await Logs.Open("hunt/ledger", Cancel);
        var appending = Task.Run(
            async () =>
            {
                for (var i = 0; i < Records; i++)
                {
                    var append = log.Append(Numbered(i));
                    if (i % 20 == 0) await append;
                }
            },
            Cancel);
        using var reader = log.Read(IEventLog.Start);
        var numbers = new List<long>();
        while (numbers.Count < Records)
        {
            var records = await reader.Read(100, Cancel).AsTask().WaitAsync(Patience, Cancel);
            numbers.AddRange(records.Select(Number));
            await log.TruncateBefore(records[^1].Position).WaitAsync(Patience, Cancel);
        }

        await appending;
        Assert.Equal(Enumerable.Range(0, Records).Select(i => (long)i), numbers);
        Assert.Equal([Records - 1], All(log).Select(Number));
    }

    [Fact]
    public async Task Logs_are_apart()
    {
        var ledger = await Logs.Open("hunt/ledger", Cancel);
        var submissions = await Logs.Open("hunt/submissions", Cancel);
        await ledger.Append(Numbered(1)).WaitAsync(Patience, Cancel);
        await submissions.Append(Numbered(2)).WaitAsync(Patience, Cancel);
        await ledger.DisposeAsync();
        await submissions.Append(Numbered(3)).WaitAsync(Patience, Cancel);
        Assert.Equal([2, 3], All(submissions).Select(Number));
    }

    /// <summary>A record that carries a number.</summary>
    protected static byte[] Numbered(long number)
    {
        var payload = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(payload, number);
        return payload;
    }

    protected static long Number(LogRecord record) => BinaryPrimitives.ReadInt64LittleEndian(record.Payload.Span);

    /// <summary>Everything that is in the log now.</summary>
    protected static List<LogRecord> All(IEventLog log)
    {
        using var reader = log.Read(IEventLog.Start);
        var records = new List<LogRecord>();
        while (reader.ReadAvailable(1000) is { Count: > 0 } some) records.AddRange(some);
        return records;
    }

    static void AssertGrows(IReadOnlyList<long> positions)
    {
        for (var i = 1; i < positions.Count; i++) Assert.True(positions[i] > positions[i - 1], $"position {positions[i]} follows {positions[i - 1]}");
    }
}
