using System.Diagnostics;
using System.Runtime.CompilerServices;
using Veltrix.EventLog.Embedded;

namespace Veltrix.EventLog.Tests;

/// <summary>What happens to processes and disks, done to the embedded log.</summary>
public sealed class EmbeddedFaultTests : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    readonly string folder = Directory.CreateTempSubdirectory("veltrix-fault-").FullName;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    string LogFolder => Path.Combine(folder, "hunt");

    string Segment => Path.Combine(LogFolder, "segment.0");

    string Ends => Path.Combine(LogFolder, "log.ends");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_second_process_is_refused_with_the_id_of_the_first()
    {
        using var victim = Victim.Start("append", folder, Path.Combine(folder, "receipts.bin"));
        try
        {
            await Until(() => File.Exists(Path.Combine(folder, "receipts.bin")));
            var refused = Assert.Throws<EventLogException>(() => EmbeddedLogs.Open(folder, TimeProvider.System));
            Assert.Equal(EventLogFault.InUse, refused.Fault);
            Assert.Contains($"id {victim.Id}.", refused.Message);
        }
        finally
        {
            victim.Kill();
            await victim.WaitForExitAsync(Cancel);
        }
        await using var logs = EmbeddedLogs.Open(folder, TimeProvider.System);
    }

    [Fact]
    [Trait("speed", "slow")]
    public async Task After_kill_9_everything_acknowledged_is_there_and_nothing_half_written()
    {
        var receipts = Path.Combine(folder, "receipts.bin");
        var random = new Random(7);
        for (var round = 0; round < 12; round++)
        {
            var before = File.Exists(receipts) ? new FileInfo(receipts).Length : 0;
            using (var victim = Victim.Start("append", folder, receipts))
            {
                try
                {
                    await Until(() => File.Exists(receipts) && new FileInfo(receipts).Length > before);
                    await Task.Delay(random.Next(300), Cancel);
                }
                finally
                {
                    victim.Kill();
                    await victim.WaitForExitAsync(Cancel);
                }
            }

            var bytes = await File.ReadAllBytesAsync(receipts, Cancel);
            var acknowledged = BitConverter.ToInt64(bytes, bytes.Length / 8 * 8 - 8) + 1;
            await using var logs = EmbeddedLogs.Open(folder, TimeProvider.System);
            var records = Sample.All(await logs.Open("crash", Cancel));
            Assert.True(records.Count >= acknowledged, $"round {round}: {acknowledged} records were acknowledged, {records.Count} are there");
            Sample.AssertFirst(records);
        }
    }

    [Fact]
    public async Task A_torn_tail_is_cut_off_and_the_log_goes_on()
    {
        await Write(0, 300);
        var whole = await File.ReadAllBytesAsync(Segment, Cancel);
        var random = new Random(3);
        foreach (var torn in (int[])[1, 27, 511, 512, 4096, 3_000_000])
        {
            // Behind the end: the beginning of a record, then rubbish.
            var tail = new byte[torn];
            random.NextBytes(tail);
            BitConverter.TryWriteBytes(tail.AsSpan(0, Math.Min(4, torn)), 100);
            await File.WriteAllBytesAsync(Segment, [.. whole, .. tail], Cancel);
            Assert.Equal(300, (await Read()).Count);
        }
        await Write(300, 10);
        Sample.AssertFirst(await Read());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Acknowledged_records_are_found_without_the_note_of_the_ends_or_with_an_old_one(bool old)
    {
        await Write(0, 500);
        var earlier = await File.ReadAllBytesAsync(Ends, Cancel);
        await Write(500, 500);
        if (old)
            await File.WriteAllBytesAsync(Ends, earlier, Cancel);
        else
            File.Delete(Ends);
        Assert.Equal(1000, (await Read()).Count);
        await Write(1000, 5);
        Assert.Equal(1005, (await Read()).Count);
    }

    [Fact]
    public async Task Lost_acknowledged_bytes_are_named_and_the_remedy_in_the_message_works()
    {
        await Write(0, 250);
        await Write(250, 50);
        var records = await Read();
        var (position, last) = (records[200].Position, records[^1].Position);
        var whole = await File.ReadAllBytesAsync(Segment, Cancel);

        // A file too short.
        await File.WriteAllBytesAsync(Segment, whole[..(int)position], Cancel);
        await AssertCorrupt($"at byte {position} (position {position})");

        // The last record garbled.
        whole[last + 28] ^= 0x40;
        await File.WriteAllBytesAsync(Segment, whole, Cancel);
        await AssertCorrupt($"at byte {last} ");

        // A garbled one in the middle, and no note: the records behind it were written when it was durable.
        whole[last + 28] ^= 0x40;
        whole[position + 30] ^= 1;
        await File.WriteAllBytesAsync(Segment, whole, Cancel);
        File.Delete(Ends);
        var refused = await AssertCorrupt($"at byte {position} (position {position})");
        Assert.Contains($"truncate -s {position} {Segment}", refused.Message);

        // The remedy.
        await using (var file = new FileStream(Segment, FileMode.Open))
            file.SetLength(position);
        File.Delete(Ends);
        records = await Read();
        Assert.Equal(200, records.Count);
        Sample.AssertFirst(records);

        File.Delete(Segment);
        await AssertCorrupt("the file is missing");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_lost_block_of_the_note_of_the_ends_leaves_the_other(int block)
    {
        await Write(0, 250);
        await Write(250, 50);
        var bytes = await File.ReadAllBytesAsync(Ends, Cancel);
        bytes.AsSpan(block * 4096, Math.Min(4096, bytes.Length - block * 4096)).Clear();
        await File.WriteAllBytesAsync(Ends, bytes, Cancel);
        File.Delete(Segment);
        await AssertCorrupt("the file is missing");
    }

    /// <summary>As after a power cut: the note is older than the records, and a sector of those is gone.</summary>
    [Fact]
    public async Task An_old_note_of_the_ends_does_not_hide_the_loss_of_records_acknowledged_since()
    {
        await Write(0, 250);
        var old = await File.ReadAllBytesAsync(Ends, Cancel);
        await Write(250, 25);
        await Write(275, 25);
        var position = (await Read())[260].Position;
        await using (var file = new FileStream(Segment, FileMode.Open))
        {
            file.Position = position;
            file.Write(new byte[28]);
        }
        await File.WriteAllBytesAsync(Ends, old, Cancel);
        await AssertCorrupt($"position {position}");
    }

    [Fact]
    public async Task Damage_in_an_old_part_is_met_by_the_reader_and_said()
    {
        await Write(0, 300);
        var position = (await Read())[100].Position;
        await using (var file = new FileStream(Segment, FileMode.Open))
        {
            file.Position = position + 29;
            var b = file.ReadByte();
            file.Position--;
            file.WriteByte((byte)(b ^ 8));
        }
        await using var logs = EmbeddedLogs.Open(folder, TimeProvider.System);
        var log = await logs.Open("hunt", Cancel);
        using var reader = log.Read(IEventLog.Start);
        var first = reader.ReadAvailable(100);
        Assert.Equal(100, first.Count);
        Sample.AssertFirst(first);
        var corrupt = Assert.Throws<EventLogException>(() => reader.ReadAvailable(100));
        Assert.Equal(EventLogFault.Corrupt, corrupt.Fault);
        Assert.Contains($"{Segment} is damaged at byte {position}", corrupt.Message);
    }

    [Fact]
    public async Task Whole_records_before_damage_are_handed_out_then_the_damage_is_said()
    {
        await Write(0, 300);
        await Garble((await Read())[50].Position + 29);
        await using var logs = EmbeddedLogs.Open(folder, TimeProvider.System);
        using var reader = (await logs.Open("hunt", Cancel)).Read(IEventLog.Start);
        var whole = reader.ReadAvailable(1000);
        Assert.Equal(50, whole.Count);
        Sample.AssertFirst(whole);
        for (var again = 0; again < 2; again++)
            Assert.Equal(EventLogFault.Corrupt, Assert.Throws<EventLogException>(() => reader.ReadAvailable(1000)).Fault);
    }

    [Fact]
    public async Task Damage_at_or_before_a_position_given_is_not_blamed_on_the_caller()
    {
        await Write(0, 300);
        var records = await Read();
        var damaged = records[100].Position;
        await Garble(damaged + 29);
        await using var logs = EmbeddedLogs.Open(folder, TimeProvider.System);
        var log = await logs.Open("hunt", Cancel);
        // The damaged one, and one that cannot be told from never given: the way there leads over the damage.
        foreach (var position in (long[])[damaged, records[150].Position + 4])
        {
            var read = Assert.Throws<EventLogException>(() => log.Read(position));
            var truncate = await Assert.ThrowsAsync<EventLogException>(() => log.TruncateBefore(position));
            foreach (var corrupt in (EventLogException[])[read, truncate])
            {
                Assert.Equal(EventLogFault.Corrupt, corrupt.Fault);
                Assert.Contains($"{Segment} is damaged at byte {damaged}", corrupt.Message);
            }
        }
        // Before the damage the caller is told of its own mistake; behind it, whole records are still found.
        Assert.Throws<ArgumentOutOfRangeException>(() => log.Read(records[50].Position + 4));
        using var behind = log.Read(records[150].Position);
        Assert.Equal(149, behind.ReadAvailable(1000).Count);
    }

    [Fact]
    public async Task A_zeroed_page_is_not_taken_for_an_empty_one()
    {
        await Write(0, 5000);
        var records = await Read();
        var lost = records.First(record => record.Position >= 2 << 20).Position;
        Assert.True(records[^1].Position > 4 << 20, "the log should fill more than two pages");
        await using (var file = new FileStream(Segment, FileMode.Open))
        {
            file.Position = 2 << 20;
            file.Write(new byte[2 << 20]);
        }
        await using var logs = EmbeddedLogs.Open(folder, TimeProvider.System);
        using var reader = (await logs.Open("hunt", Cancel)).Read(IEventLog.Start);
        var corrupt = Assert.Throws<EventLogException>(() =>
        {
            while (reader.ReadAvailable(100) is [.., var last])
                Assert.True(last.Position < lost);
        });
        Assert.Equal(EventLogFault.Corrupt, corrupt.Fault);
    }

    [Fact]
    public async Task Zeros_in_the_last_page_are_not_taken_for_its_end()
    {
        await Write(0, 300);
        var position = (await Read())[100].Position;
        await using (var file = new FileStream(Segment, FileMode.Open))
        {
            file.Position = position;
            file.Write(new byte[500]);
        }
        await using var logs = EmbeddedLogs.Open(folder, TimeProvider.System);
        using var reader = (await logs.Open("hunt", Cancel)).Read(IEventLog.Start);
        Assert.Equal(100, reader.ReadAvailable(100).Count);
        Assert.Equal(EventLogFault.Corrupt, Assert.Throws<EventLogException>(() => reader.ReadAvailable(100)).Fault);
    }

    [Fact]
    public async Task A_record_left_over_from_a_failed_write_does_not_come_back()
    {
        await Write(0, 1);
        var shared = (await File.ReadAllBytesAsync(Segment, Cancel), await File.ReadAllBytesAsync(Ends, Cancel));
        await Write([new byte[100], new byte[100]]);
        var leftOver = await File.ReadAllBytesAsync(Segment, Cancel);
        var positions = (await Read()).Select(record => record.Position).ToArray();

        // The same place written anew after the failure, with a record of the same length; behind it still the old bytes.
        await File.WriteAllBytesAsync(Segment, shared.Item1, Cancel);
        await File.WriteAllBytesAsync(Ends, shared.Item2, Cancel);
        var other = new byte[100];
        other[7] = 1;
        await Write([other]);
        var now = await File.ReadAllBytesAsync(Segment, Cancel);
        await File.WriteAllBytesAsync(Segment, [.. now[..(int)positions[2]], .. leftOver[(int)positions[2]..]], Cancel);

        var records = await Read();
        Assert.Equal(2, records.Count);
        Assert.Equal(1, records[1].Payload.Span[7]);
    }

    [Fact]
    public async Task Truncation_gives_files_back_and_holds_over_a_restart()
    {
        await using (var logs = EmbeddedLogs.Open(folder, TimeProvider.System))
        {
            var log = await logs.Open("hunt", Cancel);
            ReadOnlyMemory<byte>[] batch = [.. Enumerable.Repeat<ReadOnlyMemory<byte>>(new byte[1_000_000], 10)];
            for (var i = 0; i < 8; i++)
                await log.Append(batch).WaitAsync(Patience, Cancel);
            using var slow = log.Read(IEventLog.Start);
            Assert.Single(slow.ReadAvailable(1));
            Assert.Equal(3, Directory.GetFiles(LogFolder, "segment.*").Length);
            var records = Sample.All(log);
            await log.TruncateBefore(records[75].Position).WaitAsync(Patience, Cancel);
            Assert.Equal(["segment.2"], Directory.GetFiles(LogFolder, "segment.*").Select(Path.GetFileName));
            Assert.Equal(records[75].Position, slow.ReadAvailable(1)[0].Position);
        }
        Assert.Equal(5, (await Read()).Count);
        // Nothing but the files known: the first record of the first file is the beginning.
        File.Delete(Ends);
        Assert.InRange((await Read()).Count, 5, 17);
    }

    [Fact]
    public async Task A_position_that_the_log_never_gave_is_refused()
    {
        await Write(0, 100);
        var position = (await Read())[50].Position;
        await using var logs = EmbeddedLogs.Open(folder, TimeProvider.System);
        var log = await logs.Open("hunt", Cancel);
        foreach (var wrong in (long[])[position + 1, position + 4, position - 4, log.End + 4, long.MaxValue])
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => log.Read(wrong));
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => log.TruncateBefore(wrong));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nothing_is_acknowledged_once_the_files_are_deleted(bool segmentOnly)
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("Windows does not delete a folder of open files.");
        await using var logs = EmbeddedLogs.Open(folder, TimeProvider.System);
        var log = await logs.Open("hunt", Cancel);
        await log.Append(Sample.Of(0)).WaitAsync(Patience, Cancel);
        if (segmentOnly)
            File.Delete(Segment);
        else
            Directory.Delete(LogFolder, recursive: true);
        for (var again = 0; again < 3; again++)
        {
            var refused = await Assert.ThrowsAsync<EventLogException>(() => log.Append(Sample.Of(1)).WaitAsync(Patience, Cancel));
            Assert.Equal(EventLogFault.Unavailable, refused.Fault);
            Assert.Contains(LogFolder, refused.Message);
            Assert.Contains("restore it from a backup", refused.Message);
        }
        Assert.False(File.Exists(Segment), "an empty file in its place would hide the loss");
    }

    [Fact]
    public async Task A_folder_moved_away_and_back_takes_appends_again()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("Windows does not move a folder of open files.");
        var aside = Path.Combine(folder, "aside");
        await using (var logs = EmbeddedLogs.Open(folder, TimeProvider.System))
        {
            var log = await logs.Open("hunt", Cancel);
            await log.Append(Sample.Of(0)).WaitAsync(Patience, Cancel);
            Directory.Move(LogFolder, aside);
            // Written, and it would be found if the process ended and the folder came back: nobody can know.
            Assert.True((await Assert.ThrowsAsync<EventLogException>(() => log.Append(Sample.Of(7)).WaitAsync(Patience, Cancel))).Uncertain);
            Assert.False((await Assert.ThrowsAsync<EventLogException>(() => log.Append(Sample.Of(8)).WaitAsync(Patience, Cancel))).Uncertain);
            Directory.Move(aside, LogFolder);
            await log.Append(Sample.Of(1)).WaitAsync(Patience, Cancel);
            Assert.Equal(2, Sample.All(log).Count);
        }
        var records = await Read();
        Assert.Equal(2, records.Count);
        Sample.AssertFirst(records);
    }

    [Fact]
    public async Task A_full_disk_refuses_appends_lets_readers_go_on_and_needs_no_restart()
    {
        if (Environment.GetEnvironmentVariable("VELTRIX_SMALL_DISK") is not { } disk)
        {
            await RunAgainOnASmallDisk();
            return;
        }

        var ballast = Path.Combine(disk, "ballast");
        await File.WriteAllBytesAsync(ballast, new byte[4 << 20], Cancel);
        long kept = 0;
        await using (var logs = EmbeddedLogs.Open(Path.Combine(disk, "data"), TimeProvider.System))
        {
            var log = await logs.Open("hunt", Cancel);
            using var tail = log.Read(IEventLog.Start);
            for (var round = 0; round < 3; round++)
            {
                EventLogException? full = null;
                while (full is null)
                {
                    try
                    {
                        await log.Append(Sample.Of(kept)).WaitAsync(Patience, Cancel);
                        kept++;
                    }
                    catch (EventLogException e)
                    {
                        full = e;
                    }
                }
                Assert.Equal((EventLogFault.DiskFull, false), (full.Fault, full.Uncertain));
                Assert.Contains(Path.Combine(disk, "data", "hunt"), full.Message);
                Assert.Matches("[0-9,]+ bytes are free", full.Message);

                // Many at once fail too, each on its own, and fast.
                foreach (var append in Enumerable.Range(0, 20).Select(_ => log.Append(new byte[1 << 20])).ToArray())
                    Assert.Equal(EventLogFault.DiskFull, (await Assert.ThrowsAsync<EventLogException>(() => append.WaitAsync(Patience, Cancel))).Fault);

                // Readers: all that was acknowledged, nothing else.
                while (tail.ReadAvailable(1000).Count > 0) { }
                Assert.Equal(kept, Sample.All(log).Count);

                if (round == 0)
                    File.Delete(ballast);
                else
                    await log.TruncateBefore(log.End).WaitAsync(Patience, Cancel);
                if (round > 0)
                    break;
                var waiting = tail.Read(10, Cancel).AsTask();
                await log.Append(Sample.Of(kept)).WaitAsync(Patience, Cancel);
                kept++;
                Assert.Single(await waiting.WaitAsync(Patience, Cancel));
                Sample.AssertFirst(Sample.All(log));
            }
        }
        await using var reopened = EmbeddedLogs.Open(Path.Combine(disk, "data"), TimeProvider.System);
        Assert.True(Sample.All(await reopened.Open("hunt", Cancel)) is [var last] && last.Payload.Span.SequenceEqual(Sample.Of(kept - 1)));
    }

    [Fact]
    public async Task A_record_whose_note_could_not_be_written_is_not_in_the_log()
    {
        if (Environment.GetEnvironmentVariable("VELTRIX_SMALL_DISK") is not { } disk)
        {
            await RunAgainOnASmallDisk();
            return;
        }

        var ballast = Path.Combine(disk, "ballast");
        await using (var logs = EmbeddedLogs.Open(Path.Combine(disk, "data"), TimeProvider.System))
        {
            var log = await logs.Open("hunt", Cancel);
            // One block is left: for the segment, not for the second block of the note.
            Leave(4096, ballast);
            var full = await Assert.ThrowsAsync<EventLogException>(() => log.Append(Sample.Of(9)).WaitAsync(Patience, Cancel));
            Assert.Equal((EventLogFault.DiskFull, false), (full.Fault, full.Uncertain));
            Assert.True(File.Exists(Path.Combine(disk, "data", "hunt", "segment.0")), "the record itself should have found room");
            File.Delete(ballast);
            await log.Append(Sample.Of(0)).WaitAsync(Patience, Cancel);
            Sample.AssertFirst(Sample.All(log));
        }
        await using var reopened = EmbeddedLogs.Open(Path.Combine(disk, "data"), TimeProvider.System);
        var records = Sample.All(await reopened.Open("hunt", Cancel));
        Assert.Single(records);
        Sample.AssertFirst(records);
    }

    [Fact]
    public async Task What_was_appended_before_a_failure_was_known_fails_with_it()
    {
        if (Environment.GetEnvironmentVariable("VELTRIX_SMALL_DISK") is not { } disk)
        {
            await RunAgainOnASmallDisk();
            return;
        }

        await using var logs = EmbeddedLogs.Open(Path.Combine(disk, "data"), TimeProvider.System);
        var log = await logs.Open("hunt", Cancel);
        // No room for the first record, ample for those behind it.
        Leave(1_600_000, Path.Combine(disk, "ballast"));
        Task<long>[] appends = [log.Append(new byte[log.MaxRecordBytes]), .. Enumerable.Range(1, 20).Select(i => log.Append(Sample.Of(i)))];
        foreach (var append in appends)
        {
            var full = await Assert.ThrowsAsync<EventLogException>(() => append.WaitAsync(Patience, Cancel));
            Assert.Equal((EventLogFault.DiskFull, false), (full.Fault, full.Uncertain));
        }
        Assert.Empty(Sample.All(log));
        await log.Append(Sample.Of(0)).WaitAsync(Patience, Cancel);
        var records = Sample.All(log);
        Assert.Single(records);
        Sample.AssertFirst(records);
    }

    /// <summary>Fills a small disk but for so many bytes.</summary>
    static void Leave(long bytes, string ballast)
    {
        using var file = File.OpenHandle(ballast, FileMode.Create, FileAccess.Write);
        var block = new byte[4096];
        long length = 0;
        try
        {
            while (true)
            {
                RandomAccess.Write(file, block, length);
                length += block.Length;
            }
        }
        catch (IOException)
        {
            RandomAccess.SetLength(file, Math.Max(0, length - bytes));
        }
    }

    /// <summary>This test again, in a process that sees a file system of 16 MiB of its own: by right of root, or of a user namespace.</summary>
    static async Task RunAgainOnASmallDisk([CallerMemberName] string test = "")
    {
        if (!OperatingSystem.IsLinux())
            Assert.Skip("A small disk is only to be had on Linux (unshare, tmpfs).");
        var mountPoint = Directory.CreateTempSubdirectory("veltrix-disk-").FullName;
        try
        {
            var script = $"mount -t tmpfs -o size=16m tmpfs {mountPoint} || exit 77; exec dotnet {typeof(EmbeddedFaultTests).Assembly.Location} -method {typeof(EmbeddedFaultTests).FullName}.{test}";
            foreach (var right in (string[])["--mount", "--user --map-root-user --mount"])
            {
                using var process = Process.Start(new ProcessStartInfo("unshare", [.. right.Split(' '), "sh", "-c", script])
                {
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                    Environment = { ["VELTRIX_SMALL_DISK"] = mountPoint, ["CI"] = "true" },
                })!;
                var output = process.StandardOutput.ReadToEndAsync(Cancel);
                var errors = process.StandardError.ReadToEndAsync(Cancel);
                await process.WaitForExitAsync(Cancel).WaitAsync(TimeSpan.FromMinutes(2), Cancel);
                if (process.ExitCode == 0)
                    return;
                if ((await output).Contains("FAIL", StringComparison.Ordinal))
                    Assert.Fail(await output);
                TestContext.Current.TestOutputHelper?.WriteLine($"unshare {right}: exit code {process.ExitCode}, {await errors}");
            }
            Assert.Skip("Neither root nor a user namespace may mount a small disk here.");
        }
        finally
        {
            Directory.Delete(mountPoint);
        }
    }

    [Fact]
    public Task Recovery_from_random_damage_gives_what_was_acknowledged_or_says_that_it_cannot() => DamageAtRandom(seed: 101, runs: 96);

    [Fact]
    [Trait("speed", "slow")]
    public Task Recovery_from_much_random_damage_does_too() => DamageAtRandom(seed: 1, runs: 2000);

    /// <summary>
    /// Logs closed well or not, then damaged at random. Opening and reading gives the first so many records as they were appended, all acknowledged ones
    /// among them; or an <see cref="EventLogException"/> that says Corrupt. Only where note and tail are both lost may the end be missed: nobody can know.
    /// </summary>
    async Task DamageAtRandom(int seed, int runs)
    {
        var originals = new List<(Dictionary<string, byte[]> Files, int Records)>();
        foreach (var count in (int[])[1, 7, 120, 2500])
        {
            Directory.Delete(folder, recursive: true);
            await Write(0, count / 2);
            await using var logs = EmbeddedLogs.Open(folder, TimeProvider.System);
            var log = await logs.Open("hunt", Cancel);
            for (var i = count / 2; i < count; i += 40)
                await log.Append([.. Enumerable.Range(i, Math.Min(40, count - i)).Select(n => (ReadOnlyMemory<byte>)Sample.Of(n))]).WaitAsync(Patience, Cancel);
            // As a killed process leaves it, then as a closed one does.
            originals.Add((Snapshot(), count));
            await logs.DisposeAsync();
            originals.Add((Snapshot(), count));
        }

        var seeds = new Random(seed);
        var (whole, refused) = (0, 0);
        for (var run = 0; run < runs; run++)
        {
            var runSeed = seeds.Next();
            var (files, count) = originals[run % originals.Count];
            try
            {
                if (await Damaged(files, count, new Random(runSeed)))
                    whole++;
                else
                    refused++;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                throw new InvalidOperationException($"seed {runSeed}, {count} records: {e.Message}", e);
            }
        }
        // Both ends of the promise were met.
        Assert.True(whole > 5 && refused > 5, $"{whole} whole, {refused} refused");
    }

    /// <summary>True if all records came back, false if Corrupt was said.</summary>
    async Task<bool> Damaged(Dictionary<string, byte[]> original, int count, Random random)
    {
        var endMayBeMissed = false;
        Directory.Delete(LogFolder, recursive: true);
        Directory.CreateDirectory(LogFolder);
        foreach (var (name, bytes) in original)
        {
            var harmed = bytes.ToArray();
            if (name == "log.ends")
            {
                switch (random.Next(6))
                {
                    case 0:
                        endMayBeMissed = true;
                        continue;
                    case 1:
                        endMayBeMissed = true;
                        // Within a slot: what lies between them is never read.
                        harmed[(random.Next(2) * 4096 + random.Next(48)) % harmed.Length] ^= (byte)(1 << random.Next(8));
                        break;
                    case 2:
                        endMayBeMissed = true;
                        harmed = harmed[..random.Next(harmed.Length)];
                        break;
                }
            }
            else
            {
                switch (random.Next(6))
                {
                    case 0:
                        for (var flips = random.Next(1, 4); flips > 0; flips--)
                            harmed[random.Next(harmed.Length)] ^= (byte)(1 << random.Next(8));
                        break;
                    case 1:
                        harmed = harmed[..random.Next(harmed.Length)];
                        break;
                    case 2:
                        var from = random.Next(harmed.Length);
                        harmed.AsSpan(from, random.Next(harmed.Length - from)).Clear();
                        break;
                    case 3:
                        from = random.Next(harmed.Length);
                        random.NextBytes(harmed.AsSpan(from, Math.Min(harmed.Length - from, random.Next(2000))));
                        break;
                    case 4:
                        var rubbish = new byte[random.Next(5000)];
                        random.NextBytes(rubbish);
                        harmed = [.. harmed, .. rubbish];
                        break;
                }
            }
            await File.WriteAllBytesAsync(Path.Combine(LogFolder, name), harmed, Cancel);
        }

        await using var logs = EmbeddedLogs.Open(folder, TimeProvider.System);
        try
        {
            var log = await logs.Open("hunt", Cancel).WaitAsync(Patience, Cancel);
            var records = new List<LogRecord>();
            using var reader = log.Read(IEventLog.Start);
            try
            {
                while (reader.ReadAvailable(1000) is { Count: > 0 } batch)
                    records.AddRange(batch);
            }
            finally
            {
                Sample.AssertFirst(records);
            }
            Assert.True(endMayBeMissed || records.Count == count, $"{records.Count} of {count} records, and nothing said");

            // What opens can be appended to, and keeps that.
            await log.Append(Sample.Of(records.Count)).WaitAsync(Patience, Cancel);
            Sample.AssertFirst(Sample.All(log));
            return records.Count == count;
        }
        catch (EventLogException e)
        {
            Assert.Equal(EventLogFault.Corrupt, e.Fault);
            return false;
        }
    }

    Dictionary<string, byte[]> Snapshot() => Directory.GetFiles(LogFolder).ToDictionary(path => Path.GetFileName(path)!, path =>
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    });

    Task Write(int from, int count) => Write([.. Enumerable.Range(from, count).Select(i => (ReadOnlyMemory<byte>)Sample.Of(i))]);

    async Task Write(IReadOnlyList<ReadOnlyMemory<byte>> records)
    {
        await using var logs = EmbeddedLogs.Open(folder, TimeProvider.System);
        var log = await logs.Open("hunt", Cancel);
        await Task.WhenAll(records.Select(record => log.Append(record))).WaitAsync(Patience, Cancel);
    }

    async Task<List<LogRecord>> Read()
    {
        await using var logs = EmbeddedLogs.Open(folder, TimeProvider.System);
        return Sample.All(await logs.Open("hunt", Cancel).WaitAsync(Patience, Cancel));
    }

    /// <summary>Turns one bit of the first segment.</summary>
    async Task Garble(long at)
    {
        var bytes = await File.ReadAllBytesAsync(Segment, Cancel);
        bytes[at] ^= 8;
        await File.WriteAllBytesAsync(Segment, bytes, Cancel);
    }

    async Task<EventLogException> AssertCorrupt(string saying)
    {
        var before = Snapshot();
        var refused = await Assert.ThrowsAsync<EventLogException>(Read);
        Assert.Equal(EventLogFault.Corrupt, refused.Fault);
        Assert.All(before, file => Assert.Equal(file.Value, Snapshot()[file.Key]));
        Assert.Contains(saying, refused.Message);
        Assert.Contains("Restore", refused.Message);
        return refused;
    }

    static async Task Until(Func<bool> condition)
    {
        var started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < Patience, "nothing happened");
            await Task.Delay(5, Cancel);
        }
    }
}
