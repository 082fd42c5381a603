using Veltrix.Hosting;
using Veltrix.Hunts;
using Veltrix.Wire.Governor;

namespace Veltrix.Server.Admission;

/// <summary>What this server carries, as its governor wants to know it. One reader.</summary>
sealed class LoadGauge
{
    readonly Admissions house;
    readonly Dictionary<string, Dictionary<string, (string Value, string Origin)>> settings = new(StringComparer.Ordinal);
    bool hasChanged;
    long readAt;
    TimeSpan usedBefore = Environment.CpuUsage.TotalTime;

    public LoadGauge(Admissions house)
    {
        this.house = house;
        readAt = house.Clock.GetTimestamp();
        house.Settings.Changed += () => Volatile.Write(ref hasChanged, true);
    }

    public ReportRequest Read(IReadOnlyCollection<LiveHunt> hunts)
    {
        var report = new ReportRequest
        {
            Server = house.Server,
            AtMs = house.Clock.GetUtcNow().ToUnixTimeMilliseconds(),
            Load = new ServerLoad { CpuRatio = Cpu(), Sockets = house.Sockets.Open, SocketsMax = house.Sockets.Most },
        };
        foreach (var hunt in hunts)
            if (hunt.View.Read((state, _) => state.Model is null ? (HuntPhase?)null : state.Phase) is { } phase and not HuntPhase.Closed) report.Hunts.Add(Read(hunt, phase));
        return report;
    }

    HuntLoad Read(LiveHunt hunt, HuntPhase phase)
    {
        var turnstile = house.Of(hunt);
        var (records, oldest, p99) = hunt.Backlog.Look();
        var load = new HuntLoad
        {
            Hunt = hunt.Id,
            Phase = Live.Frames.Name(phase),
            LogLagRecords = records,
            LogLagSeconds = oldest.TotalSeconds,
            // What the scorer has put into the ledger and this server's board has not taken in.
            BoardLagRecords = Math.Max(0, hunt.Scorer.Written - hunt.View.RecordsRead),
            ScorerQueueRecords = hunt.Scorer.Queue,
            SubmittedRecords = hunt.Backlog.Submitted,
            SeatedHere = turnstile.SeatedHere,
            WaitingHere = turnstile.WaitingHere,
        };
        foreach (var (key, set) in SettingsOf(hunt.Id))
        {
            load.Settings[key] = set.Value;
            load.Origins[key] = set.Origin;
        }

        if (p99 is { } time) load.OutcomeP99Seconds = time.TotalSeconds;
        return load;
    }

    // What people have set for a hunt and is not the built-in default. Worked out again only after something changed.
    Dictionary<string, (string Value, string Origin)> SettingsOf(string hunt)
    {
        if (Interlocked.Exchange(ref hasChanged, false)) settings.Clear();
        if (settings.TryGetValue(hunt, out var known)) return known;
        var all = Keys.All.Where(key => key.Reach == Reach.Hunt).Select(key => house.Settings.Explain(key, hunt)).Where(told => told.Origin is not Origin.BuiltIn);
        return settings[hunt] = all.ToDictionary(told => told.Key.Name, told => (told.Value, told.Origin.ToString()), StringComparer.Ordinal);
    }

    double Cpu()
    {
        var (now, used) = (house.Clock.GetTimestamp(), Environment.CpuUsage.TotalTime);
        var time = house.Clock.GetElapsedTime(readAt, now).TotalSeconds * Environment.ProcessorCount;
        var ratio = time > 0 ? (used - usedBefore).TotalSeconds / time : 0;
        (readAt, usedBefore) = (now, used);
        return Math.Clamp(ratio, 0, 1);
    }
}
