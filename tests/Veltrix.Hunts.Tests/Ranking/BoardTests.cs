using CsCheck;

namespace Veltrix.Hunts.Tests;

/// <summary>The board against the plainest oracle there is: a sorted list.</summary>
public class BoardTests
{
    [Fact]
    public void It_agrees_with_a_sorted_list_through_any_run_of_places_moves_and_removals()
    {
        // Few distinct keys force ties; runs of thousands on few teams force splits, joins and a shrinking root.
        var step = Gen.Select(Gen.Int[0, 9], Gen.Int[0, 1500], Gen.Int[0, 40], Gen.Int[0, 3]);
        Gen.Select(step.Array[1, 6000], Gen.Bool).Sample((steps, manyKeys) =>
        {
            var board = new Board();
            var oracle = new SortedListOracle();
            foreach (var (kind, team, score, time) in steps)
            {
                var key = RankKey.Of(RankingRule.ScoreThenTime, manyKeys ? score * 1000 + team : score, time, null);
                if (!oracle.Keys.ContainsKey(team)) Both(b => b.Place(team, key), o => o[team] = key);
                else if (kind == 0) Both(b => b.Remove(team), o => o.Remove(team));
                else Both(b => b.Move(team, key), o => o[team] = key);
            }

            Assert.Equal(oracle.Keys.Count, board.Count);
            var expected = oracle.Rows();
            var rows = new BoardRow[expected.Count + 5];
            Assert.Equal(expected, rows[..board.Page(0, rows)]);
            for (var index = 0; index < expected.Count; index += 7)
            {
                var team = expected[index].Team;
                Assert.Equal(expected[index].Rank, board.Rank(team));
                Assert.Equal(index, board.IndexOf(team));
                var page = new BoardRow[5];
                Assert.Equal(expected.Skip(index).Take(5), page[..board.Page(index, page)]);
                var around = new BoardRow[7];
                Assert.Equal(expected.Take(index + 4).Skip(Math.Max(0, index - 3)), around[..board.Around(team, 3, around)]);
            }

            void Both(Action<Board> onBoard, Action<Dictionary<int, RankKey>> onOracle)
            {
                onBoard(board);
                onOracle(oracle.Keys);
            }
        }, iter: 60, seed: "0N0XIzNsQ0O2", threads: 1);
    }

    [Fact]
    public void Equal_keys_share_a_rank_and_list_whoever_joined_first()
    {
        var board = new Board();
        board.Place(2, Score(5));
        board.Place(0, Score(5));
        board.Place(1, Score(9));
        board.Place(3, Score(1));

        var rows = new BoardRow[9];
        Assert.Equal([new(1, 1), new(2, 0), new(2, 2), new(4, 3)], rows[..board.Top(rows)]);
    }

    [Fact]
    public void A_full_board_of_ties_still_knows_every_line()
    {
        var board = new Board();
        for (var team = 0; team < 20_000; team++) board.Place(team, Score(0));
        Assert.Equal(1, board.Rank(19_999));
        Assert.Equal(19_999, board.IndexOf(19_999));
        for (var team = 0; team < 20_000; team++) board.Move(team, Score(1));
        Assert.Equal(1, board.Rank(0));
        Assert.Equal(7, board.IndexOf(7));
        for (var team = 0; team < 20_000; team++) board.Remove(team);
        Assert.Equal(0, board.Count);
        Assert.Equal(0, board.Top(new BoardRow[3]));
    }

    [Fact]
    public void Finishing_comes_before_points_and_points_before_time()
    {
        RankKey[] ordered =
        [
            RankKey.Of(RankingRule.FinishFirst, 1, 100, 100),
            RankKey.Of(RankingRule.FinishFirst, 90, 200, 200),
            RankKey.Of(RankingRule.FinishFirst, 90, 50, null),
            RankKey.Of(RankingRule.FinishFirst, 90, 60, null),
            RankKey.Of(RankingRule.FinishFirst, -3, 10, null),
        ];
        Assert.Equal(ordered, ordered.Order());
    }

    [Fact]
    public void What_is_not_on_the_board_is_named()
    {
        var board = new Board();
        Assert.Contains("team 7", Assert.Throws<ArgumentException>(() => board.Rank(7)).Message);
        board.Place(7, Score(1));
        Assert.Throws<ArgumentException>(() => board.Place(7, Score(2)));
        board.Remove(7);
        Assert.Throws<ArgumentException>(() => board.Move(7, Score(2)));
    }

    static RankKey Score(long score) => RankKey.Of(RankingRule.ScoreThenTime, score, 0, null);

    sealed class SortedListOracle
    {
        public Dictionary<int, RankKey> Keys { get; } = [];

        public List<BoardRow> Rows()
        {
            var sorted = Keys.OrderBy(k => k.Value).ThenBy(k => k.Key).ToList();
            var rows = new List<BoardRow>();
            foreach (var (team, key) in sorted)
            {
                var better = rows.Count > 0 && Keys[rows[^1].Team] == key ? rows[^1].Rank : rows.Count + 1;
                rows.Add(new BoardRow(better, team));
            }

            return rows;
        }
    }
}
