using System.Collections.Immutable;
using Veltrix.Governor.Policies;
using Veltrix.Governor.Signals;

namespace Veltrix.Governor.Sidecar;

/// <summary>What the orchestrator has applied to a hunt, as it told or as it published it.</summary>
/// <param name="JoinsPerSecond">Zero or less: not paced.</param>
public sealed record Told(long Limit, double JoinsPerSecond, bool Pause, Brownout Brownout, string Reason, string Cause, long AtMs, bool Pinned, bool Guard);

/// <summary>A person's hold on the limit.</summary>
/// <param name="Until">Null: until it is taken back.</param>
public sealed record Pin(long Limit, string Who, string Why, DateTimeOffset? Until)
{
    public string Origin => $"{Who}: {Why}{(Until is { } until ? FormattableString.Invariant($", until {until.UtcDateTime:yyyy-MM-dd HH:mm} UTC") : "")}";
}

/// <summary>A signal at a tick.</summary>
/// <param name="Value">NaN where nothing was measured yet.</param>
/// <param name="Age">In seconds; infinite where nothing was measured yet.</param>
public readonly record struct SignalView(Signal Signal, double Value, double Soft, double Critical, double Age, bool IsRequired, bool IsFresh, ImmutableArray<long> Faults)
{
    public double Pressure => Value / Soft;

    public long FaultCount(SampleFault fault) => Faults[(int)fault];
}

public readonly record struct ShadowView(string Policy, double Limit, string Text);

/// <summary>A point of the plot: what held at a tick.</summary>
public readonly record struct PlotPoint(long AtMs, double Limit, double Seated, double Waiting, double Ceiling);

/// <summary>One hunt as its governor saw it at its last tick. Immutable: votes, metrics and pages read it without a lock.</summary>
public sealed record HuntSnapshot
{
    public required string Hunt { get; init; }
    public long Seq { get; init; }
    public long Epoch { get; init; }
    public long DecidedAtMs { get; init; }

    /// <summary>When the oldest of what the decision rests on was measured.</summary>
    public long ObservedAtMs { get; init; }

    public required Decision Decision { get; init; }

    /// <summary>What the vote gives as its reason: that of <see cref="Decision"/>, or of the one before it that moved the limit to where this one holds it.</summary>
    public Decision Spoken { get => field ?? Decision; init; }

    public double From { get; init; }
    public string Policy { get; init; } = "";
    public string PolicyHash { get; init; } = "";
    public double Ceiling { get; init; }
    public double Floor { get; init; }
    public long? PinLimit { get; init; }
    public string PinOrigin { get; init; } = "";
    public long RoomWeight { get; init; } = 1;
    public double Seated { get; init; }
    public double Waiting { get; init; }
    public long SeatedHere { get; init; }
    public double CpuSoft { get; init; }

    /// <summary>0: nobody set it.</summary>
    public long HuntersPerServer { get; init; }
    public double FirstWindow { get; init; }
    public bool Guard { get; init; }

    /// <summary><c>gate.audit</c>: the gate is to write down every grant.</summary>
    public bool Audit { get; init; }

    public Told? Told { get; init; }
    public long Reversals { get; init; }
    public ImmutableArray<SignalView> Signals { get; init; } = [];
    public ImmutableArray<ShadowView> Shadows { get; init; } = [];

    /// <summary>By action and reason, as in <c>veltrix_governor_decisions_total</c>.</summary>
    public ImmutableDictionary<(string Action, string Reason), long> Decisions { get; init; } = ImmutableDictionary<(string Action, string Reason), long>.Empty;

    public string Text => Decision.Mode == Mode.Abstain ? Decision.Reason : Words.Move(From, Decision.Limit, Decision.Reason);

    public SignalView Signal(Signal signal)
    {
        foreach (var view in Signals)
            if (view.Signal == signal) return view;
        return default;
    }

    /// <summary>Limit over ceiling as last applied: 1 is open. Null until something was applied.</summary>
    public double? ThrottleRatio => Told is { } told && Ceiling > 0 ? Math.Min(1, told.Limit / Ceiling) : null;
}
