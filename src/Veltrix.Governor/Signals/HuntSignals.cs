using System.Collections.Immutable;
using Veltrix.Gate;
using Veltrix.Governor.Policies;
using Veltrix.Hosting;

namespace Veltrix.Governor.Signals;

/// <summary>The five signals of one hunt, and where each comes from. To add one: a name in <see cref="Signal"/>, its two thresholds in <see cref="Keys"/>, a line here. Not thread-safe.</summary>
public sealed class HuntSignals
{
    public MeasuredSignal Memory { get; } = new(Signal.RedisMemory, required: true, Keys.RedisMemorySoft, Keys.RedisMemoryCritical);

    public MeasuredSignal LogLag { get; } = new(Signal.LogLag, required: true, Keys.LogLagSoft, Keys.LogLagCritical);

    public MeasuredSignal LogLagSeconds { get; } = new(Signal.LogLagSeconds, required: false, Keys.LogLagSecondsSoft, Keys.LogLagSecondsCritical);

    public MeasuredSignal Outcome { get; } = new(Signal.OutcomeSeconds, required: false, Keys.OutcomeSecondsSoft, Keys.OutcomeSecondsCritical);

    public MeasuredSignal ScorerQueue { get; } = new(Signal.ScorerQueue, required: false, Keys.ScorerQueueSoft, Keys.ScorerQueueCritical);

    public ImmutableArray<MeasuredSignal> All { get; }

    public HuntSignals() => All = [Memory, LogLag, LogLagSeconds, Outcome, ScorerQueue];

    /// <summary>The store's memory as just measured; null: it did not answer.</summary>
    /// <param name="at">When it was asked for.</param>
    public void Take(StoreMemory? memory, double at, double critical, double now, double ageMax)
    {
        if (memory is not null && StoreMemoryRule.Effective(memory, critical) is { } ratio) Memory.Offer(ratio, at, now, ageMax);
        else Memory.Count(SampleFault.Missing);
    }

    /// <summary>What the servers say. The lag that counts is the worse of the scorer's and the slowest board's.</summary>
    public void Take(ServerLoads loads, double now, double ageMax)
    {
        Take(LogLag, loads.Worst(load => Worse(load.HasLogLagRecords ? load.LogLagRecords : null, load.HasBoardLagRecords ? load.BoardLagRecords : null)), now, ageMax);
        Take(LogLagSeconds, loads.Worst(load => load.HasLogLagSeconds ? load.LogLagSeconds : null), now, ageMax);
        Take(Outcome, loads.Worst(load => load.HasOutcomeP99Seconds ? load.OutcomeP99Seconds : null), now, ageMax);
        Take(ScorerQueue, loads.Worst(load => load.HasScorerQueueRecords ? load.ScorerQueueRecords : null), now, ageMax);
    }

    /// <summary>Three of each that must be there: less is no trend.</summary>
    public bool HasSeenEnough => Memory.Samples >= 3 && LogLag.Samples >= 3;

    static void Take(MeasuredSignal signal, (double Value, double At)? worst, double now, double ageMax)
    {
        if (worst is { } sample) signal.Offer(sample.Value, sample.At, now, ageMax);
        else if (signal.IsRequired) signal.Count(SampleFault.Missing);
    }

    static double? Worse(double? one, double? other) => (one, other) switch
    {
        (null, _) => other,
        (_, null) => one,
        // A board that is behind is a lag like the scorer's; what is no number must stay visible as such.
        var (a, b) => double.IsNaN(a.Value) || double.IsNaN(b.Value) ? double.NaN : a < 0 || b < 0 ? Math.Min(a.Value, b.Value) : Math.Max(a.Value, b.Value),
    };
}
