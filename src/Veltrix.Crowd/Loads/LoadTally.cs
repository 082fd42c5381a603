namespace Veltrix.Crowd;

/// <summary>What one process of a load run counted. Adds up, and travels as JSON.</summary>
sealed class LoadTally
{
    public int Hunters { get; set; }

    public int Connected { get; set; }

    public long Asked { get; set; }

    public long Submitted { get; set; }

    public long Unsent { get; set; }

    public long Acknowledged { get; set; }

    public long Decided { get; set; }

    public long Right { get; set; }

    public long Exhausted { get; set; }

    public long Refused { get; set; }

    /// <summary>Null where the ledger could not be read.</summary>
    public long? Lost { get; set; }

    public long? Doubled { get; set; }

    /// <summary>Why there is no audit.</summary>
    public string? AuditFault { get; set; }

    public long OutcomeStalls { get; set; }

    public long FrameStalls { get; set; }

    public long Reconnects { get; set; }

    public int Waited { get; set; }

    public long Frames { get; set; }

    public long BytesIn { get; set; }

    public long BytesOut { get; set; }

    public double RampSeconds { get; set; }

    public double Seconds { get; set; }

    public double CpuSeconds { get; set; }

    public SortedDictionary<string, long> Errors { get; set; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, long> StalledAt { get; set; } = new(StringComparer.Ordinal);

    public long[][] Latency { get; set; } = [];

    public long[][] Seen { get; set; } = [];

    /// <summary>The whole of what several processes did at the same time: counts add, times are the longest.</summary>
    public static LoadTally Merge(IReadOnlyCollection<LoadTally> parts)
    {
        bool audited = parts.All(p => p.Lost is not null && p.Doubled is not null);
        return new LoadTally
        {
            Hunters = parts.Sum(p => p.Hunters),
            Connected = parts.Sum(p => p.Connected),
            Asked = parts.Sum(p => p.Asked),
            Submitted = parts.Sum(p => p.Submitted),
            Unsent = parts.Sum(p => p.Unsent),
            Acknowledged = parts.Sum(p => p.Acknowledged),
            Decided = parts.Sum(p => p.Decided),
            Right = parts.Sum(p => p.Right),
            Exhausted = parts.Sum(p => p.Exhausted),
            Refused = parts.Sum(p => p.Refused),
            Lost = audited ? parts.Sum(p => p.Lost) : null,
            Doubled = audited ? parts.Sum(p => p.Doubled) : null,
            AuditFault = parts.Select(p => p.AuditFault).FirstOrDefault(f => f is not null),
            OutcomeStalls = parts.Sum(p => p.OutcomeStalls),
            FrameStalls = parts.Sum(p => p.FrameStalls),
            Reconnects = parts.Sum(p => p.Reconnects),
            Waited = parts.Sum(p => p.Waited),
            Frames = parts.Sum(p => p.Frames),
            BytesIn = parts.Sum(p => p.BytesIn),
            BytesOut = parts.Sum(p => p.BytesOut),
            RampSeconds = parts.Max(p => p.RampSeconds),
            Seconds = parts.Max(p => p.Seconds),
            CpuSeconds = parts.Sum(p => p.CpuSeconds),
            Errors = Sum(parts.SelectMany(p => p.Errors)),
            StalledAt = Sum(parts.SelectMany(p => p.StalledAt)),
            Latency = [.. parts.SelectMany(p => p.Latency)],
            Seen = [.. parts.SelectMany(p => p.Seen)],
        };
    }
    static SortedDictionary<string, long> Sum(IEnumerable<KeyValuePair<string, long>> counts)
    {
        var sums = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var (name, count) in counts)
            sums[name] = sums.GetValueOrDefault(name) + count;
        return sums;
    }
}
