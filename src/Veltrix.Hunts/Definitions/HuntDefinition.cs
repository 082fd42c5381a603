using System.Collections.Immutable;

namespace Veltrix.Hunts;

/// <summary>A hunt as its author wrote it, checked: immutable, replaced whole. Read from YAML by <see cref="HuntFile"/>.</summary>
public sealed record HuntDefinition
{
    /// <summary>1–48 of <c>a-z 0-9 -</c>, beginning with a letter: part of URLs and folder names.</summary>
    public required string Id { get; init; }

    public required string Title { get; init; }

    public string Description { get; init; } = "";

    /// <summary>When it opens by itself, in milliseconds since 1970; null: an organiser opens it.</summary>
    public long? OpensMs { get; init; }

    /// <summary>When it closes by itself, in milliseconds since 1970; null: an organiser closes it. Submissions stamped at or after it do not count.</summary>
    public long? ClosesMs { get; init; }

    /// <summary>Most hunters in a team; 1 = everybody hunts alone.</summary>
    public int TeamSize { get; init; } = 1;

    public RankingRule Ranking { get; init; } = RankingRule.ScoreThenTime;

    public required ImmutableArray<Challenge> Challenges { get; init; }

    /// <summary>What the author sets for the server that runs the hunt, in the order of the file. Which keys and values there are, the server knows.</summary>
    public ImmutableArray<SettingText> Settings { get; init; } = [];
}

/// <summary>A setting as the author wrote it.</summary>
/// <param name="Key">The whole dotted name, also where it was written as nested maps.</param>
/// <param name="Value">A list has commas between its entries.</param>
/// <param name="Line">Of the key, counted from 1.</param>
public sealed record SettingText(string Key, string Value, int Line, int Column, bool IsList);

/// <summary>How teams are ordered. The wire names are <c>score-then-time</c> and <c>finish-first</c>.</summary>
public enum RankingRule
{
    /// <summary>More points first; then whoever's last scoring solve was earlier.</summary>
    ScoreThenTime,

    /// <summary>Whoever solved the final challenge first; then more points; then the earlier last scoring solve.</summary>
    FinishFirst,
}

/// <summary>One riddle: its text, what answers it, what it is worth, and what opens it.</summary>
public sealed record Challenge
{
    /// <summary>1–48 of <c>a-z 0-9 -</c>, unique in the hunt.</summary>
    public required string Id { get; init; }

    /// <summary>Unique in the hunt (exports name challenges by it).</summary>
    public required string Name { get; init; }

    public string Category { get; init; } = "";

    public string Text { get; init; } = "";

    /// <summary>0–1,000,000.</summary>
    public int Points { get; init; }

    public required AnswerRule Answer { get; init; }

    /// <summary>Wrong answers a team may give; null = as many as it likes.</summary>
    public int? Attempts { get; init; }

    /// <summary>Indices (in <see cref="HuntDefinition.Challenges"/>) of the challenges that must all be solved first.</summary>
    public ImmutableArray<int> Requires { get; init; } = [];

    /// <summary>Solving it finishes the hunt for the team (<see cref="RankingRule.FinishFirst"/>). At most one.</summary>
    public bool Final { get; init; }
}
