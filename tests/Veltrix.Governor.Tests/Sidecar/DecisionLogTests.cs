using CsCheck;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Veltrix.Governor.Policies;
using Veltrix.Governor.Sidecar;

namespace Veltrix.Governor.Tests.Sidecar;

public class DecisionLogTests
{
    static IEnumerable<string> Lines(ScriptedHunt hunt) => DecisionLog.Parts(DecisionLog.PathOf(hunt.Folder, ScriptedHunt.Id)).SelectMany(File.ReadLines);

    [Fact]
    public async Task A_recorded_hunt_replayed_gives_the_same_decisions()
    {
        using var hunt = await new ScriptedHunt("linear", "scaled, static").Running();
        for (var i = 0; i < 200; i++)
        {
            hunt.MemoryRatio = 0.7 + 0.2 * Math.Sin(i / 7.0);
            hunt.Lag = 700 + 600 * Math.Sin(i / 11.0);
            await hunt.Tick();
            if (i % 3 == 0) hunt.Apply(i % 9 == 0 ? 30_000 + i : null);
            if (i == 90) hunt.Sidecar.SetPolicy(ScriptedHunt.Id, "aimd", ["linear"], "anna", "a test");
            if (i == 120) hunt.Settings["max_concurrent_hunters"] = "60000";
            if (i == 140) hunt.Sidecar.SetPolicy(ScriptedHunt.Id, "static", ["aimd", "scaled"], "anna", "a test");
        }

        var report = Replay.Run(Lines(hunt));

        Assert.Null(report.Difference);
        Assert.Equal((202, 0), (report.Ticks, report.Skipped));
        Assert.True(report.Decisions > 500);
    }

    [Fact]
    public void Any_recorded_hunt_replayed_gives_the_same_decisions() =>
        Gen.Select(Gen.Double[0, 1.2], Gen.OneOf(Gen.Double[0, 8_000], Gen.Const(double.NaN), Gen.Const(-1.0)), Gen.Int[0, 60_000], Gen.Int[0, 9]).Array[1, 30].Sample(
            steps =>
            {
                using var hunt = new ScriptedHunt("forecast", "headroom,linear,scaled,aimd,stabilizing-aimd,static");
                hunt.Running().GetAwaiter().GetResult();
                foreach (var (memory, lag, seated, what) in steps)
                {
                    (hunt.MemoryRatio, hunt.Lag, hunt.Seated) = (memory, lag, seated);
                    hunt.StoreIsAway = what == 1;
                    if (what == 2) hunt.Apply(seated);
                    if (what == 3) hunt.Apply();
                    if (what == 4) hunt.Sidecar.SetPolicy(ScriptedHunt.Id, seated % 2 == 0 ? "headroom" : "forecast", seated % 3 == 0 ? ["linear"] : [], "anna", "chance");
                    hunt.Tick().GetAwaiter().GetResult();
                }
                var report = Replay.Run(Lines(hunt));
                Assert.Null(report.Difference);
                Assert.Equal(0, report.Skipped);
                Assert.True(report.Decisions >= steps.Length);
            }, iter: 30, threads: 1);

    [Fact]
    public async Task A_decision_that_was_tampered_with_is_found_and_named()
    {
        using var hunt = await new ScriptedHunt().Running(40_000);
        hunt.MemoryRatio = 0.85;
        await hunt.Tick();

        var lines = Lines(hunt).ToList();
        var cut = lines.FindIndex(line => line.Contains("\"limit\":35000", StringComparison.Ordinal));
        lines[cut] = lines[cut].Replace("\"limit\":35000", "\"limit\":35000.000000001", StringComparison.Ordinal);
        var difference = Replay.Run(lines).Difference;

        Assert.NotNull(difference);
        Assert.Equal(cut + 1, difference.Line);
        Assert.Contains("recorded 35000.000000001", difference.ToString());
        Assert.Contains("replayed 35000 ", difference.ToString());
    }

    [Fact]
    public void Numbers_are_written_so_that_they_read_back_to_the_same_bits() =>
        Gen.Double.Sample(number =>
        {
            var tick = new TickRecord("h", 1, 2, number, new Observation { Ceiling = number, Floor = 0, Seated = 1, Waiting = 2, Readings = [new Reading(Signal.LogLag, number, double.NegativeInfinity, 1, 2)] },
                [new LaneRecord("linear", false, "x", null, true, number, new Decision(number, double.PositiveInfinity, true, new Brownout(0.1, number), Mode.Trim, Cause.LogLagSeconds, "a → b \"c\""))]);
            var read = Replay.Read(System.Text.Json.JsonSerializer.Serialize(new DecisionLine(tick), DecisionJson.Options))!.Tick!;

            Assert.Equal(BitConverter.DoubleToInt64Bits(number == 0 || double.IsNaN(number) ? 0 : number), BitConverter.DoubleToInt64Bits(read.Now == 0 || double.IsNaN(read.Now) ? 0 : read.Now));
            Assert.Equal(tick.Lanes[0], read.Lanes[0]);
            Assert.Equal(tick.Observation.Readings[0], read.Observation.Readings[0]);
        });

    [Fact]
    public void A_full_disk_or_a_folder_that_cannot_be_written_is_said_once_and_stops_nothing()
    {
        var folder = Directory.CreateTempSubdirectory("veltrix-log-");
        var said = new Said();
        // A file where the folder should be: what a folder of somebody else looks like to root.
        File.WriteAllText(Path.Combine(folder.FullName, "governor"), "");
        using (var log = new DecisionLog(folder.FullName, "hunt", said))
        {
            for (var i = 0; i < 1_500; i++) log.Add(Entry(i));
            Assert.Equal(DecisionLog.PendingMax, log.Pending);
            Assert.Single(said.Lines);
            Assert.Contains("cannot be written", said.Lines[0]);
            Assert.Equal(1_500, log.Last(10_000, false).Count);

            // It heals: what waited is written, in order.
            File.Delete(Path.Combine(folder.FullName, "governor"));
            log.Add(Entry(1_500));
            Assert.Equal(0, log.Pending);
            Assert.Equal(2, said.Lines.Count);
        }
        var written = File.ReadLines(DecisionLog.PathOf(folder.FullName, "hunt")).Select(line => Replay.Read(line)!.Applied!.AtMs).ToList();
        Assert.Equal(Enumerable.Range(501, 1_000).Select(n => (long)n), written);
        folder.Delete(recursive: true);
    }

    [Fact]
    public void A_device_without_space_is_a_full_disk()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "needs /dev/full");
        var folder = Directory.CreateTempSubdirectory("veltrix-log-");
        Directory.CreateDirectory(Path.Combine(folder.FullName, "governor"));
        File.CreateSymbolicLink(DecisionLog.PathOf(folder.FullName, "hunt"), "/dev/full");
        var said = new Said();

        using (var log = new DecisionLog(folder.FullName, "hunt", said))
        {
            log.Add(Entry(1));
            log.Add(Entry(2));
            Assert.Equal(2, log.Pending);
        }

        Assert.Contains("No space left", Assert.Single(said.Lines));
        folder.Delete(recursive: true);
    }

    [Fact]
    public void Files_are_bounded_in_size_and_number_and_still_replay()
    {
        var folder = Directory.CreateTempSubdirectory("veltrix-log-");
        var path = DecisionLog.PathOf(folder.FullName, "hunt");
        var (policy, seq) = (PolicyCatalog.Create("linear"), 0);
        var state = policy.Begin(40_000);
        using (var log = new DecisionLog(folder.FullName, "hunt", NullLogger.Instance, fileBytes: 4_000))
            while (DecisionLog.Parts(path).Count() < DecisionLog.Files + 1 || seq < 200)
            {
                var observation = new Observation { Ceiling = 50_000, Floor = 2_500, Seated = 1, Waiting = 0, Readings = [new Reading(Signal.RedisMemory, 0.85, seq * 5, 0.8, 0.9)] };
                var (from, begins) = (state.Limit, seq == 0);
                var step = policy.Step(state, observation, seq * 5);
                state = step.State;
                log.Add(new TickRecord("hunt", seq, seq * 5_000, seq++ * 5, observation, [new LaneRecord("linear", false, "hash", PolicyParameters.From(Hosting.Settings.Defaults, "hunt"), begins, from, step.Decision)]));
            }

        Assert.Equal(DecisionLog.Files + 1, Directory.GetFiles(Path.Combine(folder.FullName, "governor")).Length);
        Assert.All(DecisionLog.Parts(path), part => Assert.InRange(new FileInfo(part).Length, 1, 6_000));
        var report = Replay.Run(DecisionLog.Parts(path).SelectMany(File.ReadLines));
        Assert.Null(report.Difference);
        // The beginning has gone, and with it what could be compared.
        Assert.Equal((0, report.Ticks), (report.Decisions, report.Skipped));
        folder.Delete(recursive: true);
    }

    [Fact]
    public void After_a_restart_the_log_goes_on_behind_a_line_that_was_cut_short()
    {
        var folder = Directory.CreateTempSubdirectory("veltrix-log-");
        using (var log = new DecisionLog(folder.FullName, "hunt", NullLogger.Instance)) log.Add(Entry(1));
        File.AppendAllText(DecisionLog.PathOf(folder.FullName, "hunt"), "{\"tick\":{\"hunt\":");

        using (var log = new DecisionLog(folder.FullName, "hunt", NullLogger.Instance))
        {
            log.Add(Entry(2));
            Assert.Equal([1, 2], log.Last(10, false).Select(entry => entry.AtMs));
        }
        using var again = new DecisionLog(folder.FullName, "hunt", NullLogger.Instance);
        Assert.Equal([1, 2], again.Last(10, false).Select(entry => entry.AtMs));
        folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("..")]
    [InlineData("a/b")]
    public void A_hunts_name_never_leads_out_of_the_folder(string hunt) => Assert.Equal(Path.GetFullPath("/data/governor"), Path.GetDirectoryName(Path.GetFullPath(DecisionLog.PathOf("/data", hunt))));

    static DecisionEntry Entry(long at) => new(at, "hunt", "applied", false, 1, 2, 0, false, "applied", "none", "1 → 2: so", 0, 0);

    sealed class Said : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Add(formatter(state, exception));
    }
}
