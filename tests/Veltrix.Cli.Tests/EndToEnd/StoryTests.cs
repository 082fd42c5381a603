using Microsoft.Extensions.Time.Testing;
using Veltrix.Cli.Stories;
using Veltrix.EventLog;
using Veltrix.Governor.Simulation;

namespace Veltrix.Cli.Tests.EndToEnd;

/// <summary>The stories, small: that they run on a real Redis and tell what happened. What they prove they prove at their own size, in <c>bench/RESULTS.md</c>.</summary>
public sealed class StoryTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData("hunt-001", false), InlineData("hunt-002", true), Trait("speed", "slow")]
    public async Task A_small_story_runs_on_a_real_Redis_and_says_what_happened(string story, bool governed)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/redis-server"), "needs redis-server");
        using var folder = new TempFolder();
        var trace = folder.File("trace.ndjson");
        using var told = VeltrixProcess.Start("load", "--story", story, "--hunters", "120", "--ramp", "6s", "--duration", "9s", "--trace", trace, "--json");
        var report = await told.NextJson();

        Assert.Equal((story, governed, 120), ((string)report["story"]!, (bool)report["governed"]!, (int)report["hunters"]!));
        Assert.Equal((0, 0), ((int)report["lost"]!, (int)report["doubled"]!));
        Assert.InRange((double)report["peak_memory_ratio"]!, 0.27, 1.1);
        Assert.InRange((int)report["redis_connections"]!, 1, 4);
        Assert.True((long)report["submitted"]! > 0);
        var seconds = TraceSecond.Read(new StringReader(await File.ReadAllTextAsync(trace, Cancel)), trace);
        Assert.InRange(seconds.Count, 10, 240);
        Assert.Equal(!governed, seconds.TrueForAll(second => second.Limit is 0 or 120));
        Assert.True(seconds.Max(second => second.Seated) <= 120);
    }

    [Fact]
    public async Task A_story_and_a_hunt_exclude_each_other_and_one_is_needed()
    {
        Assert.Equal(ExitCode.Usage, (await Shell.Run("load")).Code);
        Assert.Equal(ExitCode.Usage, (await Shell.Run("load", "--hunt", "capitals", "--story", "hunt-001")).Code);
        var unknown = await Shell.Run("load", "--story", "hunt-003");
        Assert.Equal(ExitCode.Usage, unknown.Code);
        Assert.Contains("hunt-002", unknown.Error);
    }

    [Fact]
    public async Task A_slow_ledger_takes_so_many_records_a_second_and_keeps_their_order()
    {
        using var folder = new TempFolder();
        var clock = new FakeTimeProvider();
        await using var logs = new SlowLogs(Server.DataFolder.OpenLogs(folder.Path, TimeProvider.System), recordsPerSecond: 10, clock);
        var (ledger, submissions) = (await logs.Open("quiz/ledger", Cancel), await logs.Open("quiz/submissions", Cancel));

        await submissions.Append([.. Enumerable.Range(0, 100).Select(_ => (ReadOnlyMemory<byte>)new byte[] { 1 })]);
        var first = ledger.Append([.. Enumerable.Range(0, 10).Select(i => (ReadOnlyMemory<byte>)new[] { (byte)i })]);
        var second = ledger.Append(new byte[] { 10 });
        Assert.Equal((false, IEventLog.Start), (first.IsCompleted, ledger.End));
        clock.Advance(TimeSpan.FromSeconds(0.9));
        Assert.False(first.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(0.2));
        await first;
        Assert.False(second.IsCompleted);
        while (!second.IsCompleted) // the second begins to wait when the first is durable
        {
            clock.Advance(TimeSpan.FromSeconds(0.1));
            await Task.Yield();
        }

        using var reader = ledger.Read(IEventLog.Start);
        Assert.Equal(Enumerable.Range(0, 11), reader.ReadAvailable(100).Select(record => (int)record.Payload.Span[0]));
    }
}
