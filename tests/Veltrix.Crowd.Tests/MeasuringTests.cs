using System.Runtime.CompilerServices;
using System.Diagnostics;

namespace Veltrix.Crowd.Tests;

/// <summary>What a load run measures, by made-up clocks: timestamps are milliseconds turned into <see cref="Stopwatch"/> ticks.</summary>
public class MeasuringTests
{
    static long At(double ms) => (long)(1_000_000 + ms * Stopwatch.Frequency / 1000);

    [Fact]
    public void Seen_ends_at_the_first_board_of_another_that_is_far_enough()
    {
        var seen = new Latencies();
        var clock = new SeenClock(seen);
        clock.Board(hunter: 2, position: 90, At(0));
        clock.Outcome(hunter: 1, position: 100, At(10));
        clock.Board(2, 99, At(200)); // not far enough
        clock.Board(1, 100, At(300)); // one's own
        Assert.Equal(0, seen.Count);
        clock.Board(3, 100, At(500));
        clock.Board(4, 200, At(900));
        Assert.Equal((1L, 490.0), (seen.Count, Math.Round(seen.PercentileMs(100)!.Value)));
    }

    [Fact]
    public void An_outcome_that_comes_after_the_board_that_covers_it_is_seen_at_that_board()
    {
        var seen = new Latencies();
        var clock = new SeenClock(seen);
        clock.Board(2, 100, At(50));
        clock.Board(3, 100, At(60));
        clock.Board(2, 500, At(1050));
        clock.Outcome(1, 80, At(20));
        Assert.Equal(30, Math.Round(seen.PercentileMs(100)!.Value));
        clock.Outcome(2, 80, At(20)); // hunter 2 was the first to see it: the second counts
        Assert.Equal(40, Math.Round(seen.PercentileMs(100)!.Value));
    }

    [Fact]
    public void Many_boards_later_an_outcome_is_not_timed_by_guess()
    {
        var seen = new Latencies();
        var clock = new SeenClock(seen);
        for (int i = 1; i <= 20_000; i++)
            clock.Board(i % 7, i, At(i));
        clock.Outcome(100, 5, At(0));
        Assert.Equal(0, seen.Count);
        clock.Outcome(100, 19_990, At(0));
        Assert.Equal(1, seen.Count);
    }

    [Fact]
    public void A_frame_is_late_two_seconds_after_it_was_due_while_the_ledger_moves()
    {
        var watch = new FrameWatch();
        watch.Begin(new BoardTick(10, 1000), At(0));
        Assert.False(watch.IsMissing(newest: 11, At(100)));
        Assert.False(watch.IsMissing(12, At(2990)));
        Assert.True(watch.IsMissing(13, At(3010)));
        Assert.False(watch.IsMissing(14, At(9000))); // one frame, one stall
        Assert.False(watch.Arrived(new BoardTick(14, 1000), At(9100))); // it has been counted
        Assert.False(watch.IsMissing(15, At(9200)));
        Assert.True(watch.IsMissing(15, At(12_200)));
    }

    [Fact]
    public void A_frame_that_comes_late_between_two_looks_is_a_stall()
    {
        var watch = new FrameWatch();
        watch.Begin(new BoardTick(10, 1000), At(0));
        Assert.False(watch.IsMissing(11, At(900)));
        Assert.True(watch.Arrived(new BoardTick(11, 1000), At(4000)));
    }

    [Fact]
    public void Silence_is_no_stall_while_nothing_moves()
    {
        var watch = new FrameWatch();
        watch.Begin(new BoardTick(10, 1000), At(0));
        Assert.False(watch.IsMissing(10, At(60_000)));
        // It moves at 60.1 s: a frame is due a tick later, and late two seconds after that.
        Assert.False(watch.IsMissing(11, At(60_100)));
        Assert.False(watch.IsMissing(11, At(63_000)));
        Assert.True(watch.IsMissing(11, At(63_200)));
    }

    [Fact]
    public void Nothing_is_late_on_a_lost_connection()
    {
        var watch = new FrameWatch();
        watch.Begin(new BoardTick(10, 1000), At(0));
        Assert.False(watch.IsMissing(11, At(100)));
        watch.End();
        Assert.False(watch.IsMissing(11, At(60_000)));
        watch.Begin(new BoardTick(11, 1000), At(61_000));
        Assert.False(watch.IsMissing(12, At(61_100)));
    }

    [Fact]
    public void Histograms_of_two_processes_add_up_to_that_of_one()
    {
        Latencies one = new(), two = new(), all = new(), sum = new();
        for (int i = 0; i < 1000; i++)
        {
            (i % 3 == 0 ? one : two).Add(i * 37, 1);
            all.Add(i * 37, 1);
        }

        sum.Import(one.Export());
        sum.Import(two.Export());
        foreach (double p in new[] { 1, 50, 95, 99, 99.9, 100 })
            Assert.Equal(all.PercentileMs(p), sum.PercentileMs(p));
        Assert.Equal(1000, sum.Count);
    }

    [Fact]
    public void Nothing_measured_has_no_percentile() => Assert.Null(new Latencies().PercentileMs(95));

    [Fact]
    public void A_receipt_without_a_record_is_lost_and_a_command_with_two_is_doubled()
    {
        var audit = new LedgerAudit();
        audit.Expect("h1", "load");
        audit.Expect("h2", "load");
        foreach (int seq in (int[])[1, 2, 3, 70, 500])
            audit.Acknowledged("h1", "load", seq);
        audit.Acknowledged("h2", "load", 1);
        foreach (string id in (string[])["h1.load.1", "h1.load.2", "h1.load.2", "h1.load.70", "h2.load.1", "h2.load.9", "h3.load.3", "h1.phone.3", "close"])
            audit.Record($$"""{"position":1,"command":{"position":4,"who":{"id":"x"},"id":"{{id}}"},"facts":[{"id":"h1.load.3"}]}""");
        audit.Record("""{"position":2,"time":1,"epoch":2,"facts":[{"fact":"Took"}]}""");
        audit.Record("""{"position":2,"time":1,"epoch":2,"command":null,"facts":[]}""");
        Assert.Equal((2L, 1L), (audit.Lost, audit.Doubled));
    }

    [Fact]
    public async Task A_ledger_that_breaks_off_is_read_again_from_its_beginning()
    {
        var audit = new LedgerAudit();
        audit.Expect("h1", "load");
        foreach (int seq in (int[])[1, 2, 3])
            audit.Acknowledged("h1", "load", seq);
        int asked = 0;

        await audit.Read(Ledger, TimeSpan.Zero, TestContext.Current.CancellationToken);

        Assert.Equal((2, 1L, 0L), (asked, audit.Lost, audit.Doubled));

        async IAsyncEnumerable<string> Ledger([EnumeratorCancellation] CancellationToken cancel)
        {
            asked++;
            yield return """{"position":1,"command":{"id":"h1.load.1"}}""";
            await Task.Yield();
            // The server went away, and the one after it has what was written and no more: what only the first told is not there.
            if (asked == 1)
            {
                yield return """{"position":2,"command":{"id":"h1.load.2"}}""";
                throw new IOException("connection reset");
            }

            yield return """{"position":3,"command":{"id":"h1.load.3"}}""";
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("""{"position":1,"command":{"id":""")]
    [InlineData("<html>")]
    public void A_torn_ledger_is_no_ledger(string line) => Assert.Throws<WireException>(() => new LedgerAudit().Record(line));

    [Fact]
    public void Receipts_reach_the_file_while_the_run_goes_on()
    {
        using var folder = new TemporaryFolder();
        using var receipts = new Receipts(folder.File("receipts.txt"));
        receipts.Write("h.load.1");
        receipts.Write("h.load.2");
        Assert.True(SpinWait.SpinUntil(() => new FileInfo(folder.File("receipts.txt")).Length > 0, 5000));
        using var reader = new StreamReader(new FileStream(folder.File("receipts.txt"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        Assert.Equal("h.load.1\nh.load.2\n", reader.ReadToEnd());
    }

    [Fact]
    public void Too_few_open_files_are_told_before_the_run_with_a_way_out()
    {
        OpenFiles.Check(15_000, 1, 20_000);
        OpenFiles.Check(50_000, 1, null);
        string message = Assert.Throws<CrowdException>(() => OpenFiles.Check(50_000, 1, 20_000)).Message;
        Assert.Contains("50,300", message);
        Assert.Contains("--processes 3", message);
        OpenFiles.Check(50_000, 3, 20_000);
        Assert.NotNull(OperatingSystem.IsLinux() ? OpenFiles.Limit() : 0);
    }
}
