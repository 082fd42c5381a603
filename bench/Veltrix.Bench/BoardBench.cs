using BenchmarkDotNet.Attributes;
using Veltrix.Hunts;

namespace Veltrix.Bench;

/// <summary>A board of a million teams whose scores look like those of a long hunt: many ties low down, a thin top.</summary>
[MemoryDiagnoser]
public class BoardBench
{
    const int Teams = 1_000_000;
    const int Steps = 1 << 16;

    readonly BoardRow[] rows = new BoardRow[100];
    Board board = null!;
    int[] team = null!;
    RankKey[] key = null!;
    int at;

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(42);
        board = Filled(random);
        team = [.. Enumerable.Range(0, Steps).Select(_ => random.Next(Teams))];
        key = [.. team.Select(_ => Key(random))];
    }

    /// <summary>Any team to any place: worse than a hunt, where teams move up by a challenge.</summary>
    [Benchmark]
    public void Move()
    {
        var step = at++;
        // The key of a step is another one on every pass, or the second pass would move nobody.
        board.Move(team[step & (Steps - 1)], key[(step * 31 + (step >> 16)) & (Steps - 1)]);
    }

    [Benchmark]
    public int Rank() => board.Rank(team[at++ & (Steps - 1)]);

    [Benchmark]
    public int Top100() => board.Top(rows);

    [Benchmark]
    public int Around5() => board.Around(team[at++ & (Steps - 1)], 5, rows);

    [Benchmark]
    public int Page100() => board.Page(team[at++ & (Steps - 1)] % (Teams - 100), rows);

    /// <summary>After two million random moves, so that the nodes are as full as they stay.</summary>
    public static double BytesPerTeam()
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var random = new Random(42);
        var board = Filled(random);
        for (var i = 0; i < 2 * Teams; i++) board.Move(random.Next(Teams), Key(random));
        var bytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)Teams;
        GC.KeepAlive(board);
        return bytes;
    }

    static Board Filled(Random random)
    {
        var board = new Board();
        for (var t = 0; t < Teams; t++) board.Place(t, Key(random));
        return board;
    }

    static RankKey Key(Random random)
    {
        var solved = (int)(40 * Math.Pow(random.NextDouble(), 3));
        return RankKey.Of(RankingRule.ScoreThenTime, solved * 10, solved == 0 ? 0 : 1_764_000_000_000 + random.Next(7_200_000), null);
    }
}
