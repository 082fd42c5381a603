using System.Collections.Immutable;
using Veltrix.Gate;
using Veltrix.Wire.Governor;

namespace Veltrix.Governor.Orchestration;

/// <summary>What a governor answered in time, or that it did not.</summary>
/// <param name="Endpoint">Where it was asked: its identity, so that no governor can vote in another's name.</param>
/// <param name="Response">Null: no answer in time.</param>
public sealed record GovernorAnswer(string Endpoint, VoteResponse? Response);

/// <summary>All that a round decides on.</summary>
/// <param name="Gates">The hunts whose gates could be read.</param>
/// <param name="MemoryRatio">How full the shared store is, measured from here; null: not known, or it names no limit.</param>
/// <param name="Audit">Whether the gates are to write down every grant.</param>
/// <param name="AtMs">Wall clock, for people to read: nothing is decided by it.</param>
public sealed record RoundInputs(
    IReadOnlyList<GovernorAnswer> Answers, IReadOnlyDictionary<string, GateCounts> Gates, double? MemoryRatio, bool Audit, long AtMs);

/// <summary>What a round made of it.</summary>
/// <param name="Rulings">One for each hunt that has a limit, by name.</param>
/// <param name="Plan">Servers for all hunts together.</param>
/// <param name="Shares">Hunters that each server that answered must expect.</param>
/// <param name="MemoryRatio">How full the shared store was taken to be; null: not known.</param>
public sealed record RoundOutcome(
    RoundState State, ImmutableArray<HuntRuling> Rulings, CapacityPlan Plan, ImmutableArray<(string Endpoint, long Hunters)> Shares, double? MemoryRatio);

/// <summary>One hunt's ruling.</summary>
/// <param name="Limits">To publish.</param>
/// <param name="Reopen">The gate has lost its keys and may open again.</param>
public sealed record HuntRuling(
    string Hunt, GateLimits Limits, Tally Tally, ImmutableArray<Vote> Votes, CapacityPlan Plan, double Seated, double Waiting, bool Reopen);

/// <summary>What the orchestrator remembers from round to round. Immutable; all times in seconds of its monotonic clock.</summary>
public sealed record RoundState
{
    public static readonly RoundState New = new();

    public ImmutableSortedDictionary<string, HuntMemory> Hunts { get; init; } = ImmutableSortedDictionary.Create<string, HuntMemory>(StringComparer.Ordinal);

    /// <summary>The number of the newest vote of each governor on each hunt, and when it was first heard.</summary>
    public ImmutableDictionary<(string Endpoint, string Hunt), (long Seq, double At)> Heard { get; init; } = ImmutableDictionary<(string, string), (long, double)>.Empty;

    /// <summary>When the last round was; null: none yet.</summary>
    public double? At { get; init; }

    /// <summary>Whether a gate had lost its keys, or had never had any, when it was last looked at: it opens in one of the next rounds.</summary>
    public bool IsRebuilding => Hunts.Values.Any(hunt => hunt.RebuildingSince is not null);

    /// <summary>Until then hunts share the store's room.</summary>
    public double SharedUntil { get; init; } = double.NegativeInfinity;

    /// <summary>The same after a jump of the clock: everything is as long ago as it was before.</summary>
    public RoundState Shifted(double by) => this with
    {
        Hunts = Hunts.ToImmutableSortedDictionary(hunt => hunt.Key, hunt => hunt.Value.Shifted(by), StringComparer.Ordinal),
        Heard = Heard.ToImmutableDictionary(heard => heard.Key, heard => (heard.Value.Seq, heard.Value.At + by)),
        SharedUntil = SharedUntil + by,
    };
}

/// <summary>One hunt as the orchestrator remembers it.</summary>
public sealed record HuntMemory
{
    public required Standing Standing { get; init; }

    /// <summary>As this orchestrator last published it, or would have.</summary>
    public GateLimits? Published { get; init; }

    /// <summary>What it was opened with, for the reason of its first limit; null: it was governed before.</summary>
    public string? Opened { get; init; }

    /// <summary>When a governor last spoke of it.</summary>
    public required double SeenAt { get; init; }

    /// <summary>Since when its gate has been rebuilding; null: it is not.</summary>
    public double? RebuildingSince { get; init; }

    /// <summary>Servers that had a lease when the gate was last whole.</summary>
    public ImmutableHashSet<string> Servers { get; init; } = [];

    public double Seated { get; init; }

    public double Waiting { get; init; }

    public Trend? Trend { get; init; }

    /// <summary>Servers wanted lately, for <see cref="CapacityPlan.FewerAfter"/>.</summary>
    public ImmutableList<(double At, int Servers)> Wanted { get; init; } = [];

    public HuntMemory Shifted(double by) => this with
    {
        Standing = Standing with { QuorumAt = Standing.QuorumAt + by },
        SeenAt = SeenAt + by,
        RebuildingSince = RebuildingSince + by,
        Trend = Trend is { } trend ? trend with { At = trend.At + by } : null,
        Wanted = [.. Wanted.Select(wanted => (wanted.At + by, wanted.Servers))],
    };
}
