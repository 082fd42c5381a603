namespace Veltrix.Hunts;

/// <summary>
/// A team's standing as one number: smaller ranks higher, equal keys share a rank. Packing the whole ranking rule into 128 bits lets the
/// <see cref="Board"/> order any rule with two machine comparisons and no knowledge of points or time.
/// </summary>
/// <remarks>
/// <code>
/// score-then-time   inverted score (64 bits) | time of the last scoring solve (64)
/// finish-first      time of the final solve (42, all ones = not finished) | inverted score (43) | time of the last scoring solve (43)
/// </code>
/// Times are milliseconds since 1970 and fit 42 bits until the year 2109; scores lie within ±<see cref="ScoreMax"/>.
/// </remarks>
public readonly record struct RankKey(UInt128 Value) : IComparable<RankKey>
{
    /// <summary>The largest score, up or down, that a team can have.</summary>
    public const long ScoreMax = (1L << 42) - 1;

    const long TimeMax = (1L << 42) - 1;

    /// <param name="score">Points, within ±<see cref="ScoreMax"/>.</param>
    /// <param name="lastSolveMs">Time of the last solve that scored; 0 before the first.</param>
    /// <param name="finishedMs">Time of the final solve, or null.</param>
    public static RankKey Of(RankingRule rule, long score, long lastSolveMs, long? finishedMs)
    {
        var inverted = (ulong)(ScoreMax - score);
        return rule switch
        {
            RankingRule.ScoreThenTime => new(new UInt128(inverted, (ulong)lastSolveMs)),
            RankingRule.FinishFirst => new(((UInt128)(ulong)(finishedMs ?? TimeMax) << 86) | ((UInt128)inverted << 43) | (ulong)lastSolveMs),
            _ => throw new ArgumentOutOfRangeException(nameof(rule), rule, "unknown ranking rule"),
        };
    }

    public int CompareTo(RankKey other) => Value.CompareTo(other.Value);
}
