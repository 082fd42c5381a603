using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Veltrix.Gate;
using Veltrix.Governor.Policies;
using Veltrix.Governor.Sidecar;
using Veltrix.Wire.Governor;

namespace Veltrix.Governor.Tests.Sidecar;

/// <summary>One hunt as a script: what the store, the gate and the server say is set by hand, time by <see cref="Tick"/>.</summary>
sealed class ScriptedHunt : IDisposable
{
    public const string Id = "capitals";

    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("veltrix-governor-");
    long joins, leaves;

    public ScriptedHunt(string policy = "linear", string shadows = "", string? folderPath = null)
    {
        Settings["governor.policy"] = policy;
        Settings["governor.shadows"] = shadows;
        Settings["max_concurrent_hunters"] = "50000";
        Probe = new StoreProbe(
            _ => StoreIsAway ? throw new GateException(GateFault.Away, "away") : Task.FromResult(Memory),
            (_, _) => GateIsAway ? throw new GateException(GateFault.Away, "away") : Task.FromResult(Counts));
        Sidecar = new GovernorSidecar(Probe, Hosting.Settings.Defaults, Clock, folderPath ?? folder.FullName, NullLogger.Instance);
    }

    public JumpingClock Clock { get; } = new();

    public GovernorSidecar Sidecar { get; }

    public StoreProbe Probe { get; }

    public string Folder => folder.FullName;

    public Dictionary<string, string> Settings { get; } = [];

    public bool StoreIsAway { get; set; }

    public bool GateIsAway { get; set; }

    public bool ServerIsSilent { get; set; }

    public double MemoryRatio { get; set; } = 0.5;

    public double? Lag { get; set; } = 100;

    public double? OutcomeSeconds { get; set; }

    public double? ScorerQueue { get; set; }

    public double? LagSeconds { get; set; }

    public long Seated { get; set; } = 20_000;

    public long Waiting { get; set; }

    public long Epoch { get; set; } = 1;

    public bool Rebuilding { get; set; }

    public GateLimits? Published { get; set; }

    /// <summary>How far the server's wall clock is off ours.</summary>
    public TimeSpan ServerClockIsOff { get; set; }

    /// <summary>Of the hunt, or a failed test.</summary>
    public HuntSnapshot Now => Sidecar.Of(Id).Snapshot;

    public Decision Decision => Now.Decision;

    public StoreMemory Memory => new((long)(MemoryRatio * 1_000_000_000), 1_000_000_000, (long)(MemoryRatio * 1_100_000_000), false, TimeSpan.FromMilliseconds(3), TimeSpan.FromMilliseconds(1), "redis", Clock.GetTimestamp());

    public GateCounts Counts => new(Epoch, Rebuilding, Seated, Waiting, joins, leaves, ["server"], Published, Clock.GetTimestamp());

    public ReportRequest Report()
    {
        var load = new HuntLoad { Hunt = Id, Phase = "open", SeatedHere = Seated, WaitingHere = Waiting };
        if (Lag is { } lag) load.LogLagRecords = lag;
        if (LagSeconds is { } seconds) load.LogLagSeconds = seconds;
        if (OutcomeSeconds is { } outcome) load.OutcomeP99Seconds = outcome;
        if (ScorerQueue is { } queue) load.ScorerQueueRecords = queue;
        foreach (var (key, value) in Settings) load.Settings[key] = value;
        return new ReportRequest
        {
            Server = "server",
            AtMs = (Clock.GetUtcNow() + ServerClockIsOff).ToUnixTimeMilliseconds(),
            Hunts = { load },
            Load = new ServerLoad { CpuRatio = 0.5, Sockets = 1_000, SocketsMax = 30_000 },
        };
    }

    public void Flow(long joined, long left)
    {
        (joins, leaves) = (joins + joined, leaves + left);
        Seated += joined - left;
    }

    /// <summary>Five seconds later: the server reports, the governor ticks.</summary>
    public async Task<Decision> Tick(int times = 1)
    {
        for (var i = 0; i < times; i++)
        {
            Clock.Advance(TimeSpan.FromSeconds(5));
            if (!ServerIsSilent) Sidecar.Take(Report());
            await Sidecar.Tick(TestContext.Current.CancellationToken);
        }

        return Decision;
    }

    /// <summary>What an orchestrator does: takes the vote, applies what it says (or something else), and tells.</summary>
    public void Apply(long? limit = null, long term = 1, bool pause = false)
    {
        var vote = Sidecar.Vote().Votes.Single();
        Sidecar.Apply(term, [new Applied { Hunt = Id, Limit = limit ?? (long)vote.Limit, AtMs = Clock.GetUtcNow().ToUnixTimeMilliseconds(), Pause = pause, Reason = vote.Reason, Cause = vote.Cause }]);
    }

    /// <summary>A governor that was told the limit and has seen three samples.</summary>
    public async Task<ScriptedHunt> Running(long limit = 40_000)
    {
        await Tick();
        Apply(limit);
        await Tick(3);
        return this;
    }

    public void Dispose()
    {
        Sidecar.Dispose();
        folder.Delete(recursive: true);
    }
}

/// <summary>A clock that tests move, whose wall time may jump while its timestamps go on, as a machine's do.</summary>
sealed class JumpingClock() : FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56))
{
    public TimeSpan Jump { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Jump;

    public override long GetTimestamp() => base.GetUtcNow().Ticks;
}
