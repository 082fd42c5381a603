using Veltrix.EventLog;
using Veltrix.EventLog.Embedded;
using Veltrix.Server.Scoring;

namespace Veltrix.Server.Tests.Scoring;

/// <summary>Commands go a day after they were decided, and not one of them earlier.</summary>
public sealed class SubmissionsRetentionTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Nothing_goes_before_its_day_and_everything_within_an_hour_after_it()
    {
        var clock = new OffsetClock();
        var retention = new SubmissionsRetention(clock);
        var decided = new List<(long Position, DateTimeOffset At)>();
        long upTo = 0;
        for (var minute = 0; minute < 3 * 24 * 60; minute++)
        {
            if (minute % 7 == 0) decided.Add((decided.Count + 1, clock.GetUtcNow()));
            upTo = retention.Next(decided[^1].Position) ?? upTo;
            foreach (var (position, at) in decided)
            {
                var age = clock.GetUtcNow() - at;
                if (position <= upTo) Assert.True(age >= SubmissionsRetention.KeptFor, $"{position} went after {age}");
                else Assert.True(age < SubmissionsRetention.KeptFor + TimeSpan.FromHours(1) + TimeSpan.FromMinutes(8), $"{position} is there after {age}");
            }

            clock.Advance(TimeSpan.FromMinutes(1));
        }
    }

    [Fact]
    public async Task A_hunt_plays_on_after_its_old_commands_have_gone_also_after_a_restart()
    {
        var folder = Directory.CreateTempSubdirectory("veltrix-retention-");
        var clock = new OffsetClock();
        await using (var logs = EmbeddedLogs.Open(folder.FullName, clock))
        {
            var connection = new SharedLogs(logs);
            await using var server = await TestServer.Start(options => options with { Clock = clock, OpenLogs = (_, _) => connection });
            await server.Publish(TestServer.Quiz);
            var token = (string)(await server.Join("quiz", "Ada"))["token"]!;
            await using (var live = await server.Connect("quiz", token)) Assert.Equal("correct", (string)(await live.Submit(1, "a", "one"))["verdict"]!);
            var submissions = await logs.Open("quiz/submissions", Cancel);
            var before = First(submissions);

            while (First(submissions) == before)
            {
                clock.Advance(TimeSpan.FromHours(1));
                await Task.Delay(50, Cancel);
            }

            await server.Restart();
            await using var again = await server.Connect("quiz", token);
            Assert.Equal("correct", (string)(await again.Submit(2, "b", "two"))["verdict"]!);
            Assert.True((bool)(await server.Post("/v1/hunts/quiz/verify", new { }, server.Server.AdminKey))["equal"]!);
        }

        folder.Delete(recursive: true);
    }

    static long First(IEventLog log)
    {
        using var reader = log.Read(IEventLog.Start);
        return reader.ReadAvailable(1)[0].Position;
    }
}
