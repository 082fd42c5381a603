namespace Veltrix.Crowd.Tests;

public class Dp2020Tests
{
    [Fact]
    public void A_record_is_read_with_its_order_kept_within_a_second()
    {
        using var folder = Record();
        var record = Dp2020.Read(folder.Path);
        Assert.Equal([1600473631000, 1600473639000, 1600473639001, 1600473639002, 1600473640000, 1600732800000], record.Guesses.Select(g => g.AtMs));
        Assert.Equal(["two", "one", "three", "late"], record.Teams);
        Assert.Equal(1600473600000, record.OpensMs);
        Assert.Equal([2, 10], record.Challenges.Select(c => c.Points));
    }

    [Fact]
    public void A_zipped_record_reads_the_same()
    {
        using var folder = Record();
        var plain = Dp2020.Read(folder.Path);
        using (var target = new System.IO.Compression.GZipStream(File.Create(folder.File("submissions.csv.gz")), System.IO.Compression.CompressionMode.Compress))
            target.Write(File.ReadAllBytes(folder.File("submissions.csv")));
        File.Delete(folder.File("submissions.csv"));
        Assert.Equal(plain.Guesses, Dp2020.Read(folder.Path).Guesses);
    }

    [Fact]
    public void The_definition_says_what_the_record_does()
    {
        using var folder = Record();
        Assert.Equal(
            """
            hunt: rerun
            title: A recorded puzzle hunt
            opens: 2020-09-19T00:00:00Z
            closes: 2020-09-22T00:00:00Z
            team_size: 1
            ranking: finish-first
            challenges:
              - id: c01
                name: c01
                points: 2
                answers: ["5e10", "77"]
                normalise: []
              - id: c02
                name: c02
                points: 10
                answers: ["a7"]
                normalise: []
                final: true

            """, Dp2020.Read(folder.Path).Definition("rerun"));
    }

    [Fact]
    public void Scores_of_all_and_ranks_of_those_with_a_point_are_compared()
    {
        using var folder = Record();
        var record = Dp2020.Read(folder.Path);
        HuntHttp.BoardRow[] board = [new(1, "two", 12), new(2, "one", 2), new(3, "three", 0), new(3, "late", 0)];
        var report = Replay.Compare(record, [.. board]);
        Assert.Equal((6L, 3, 3, 2, 2, true), (report.Events, report.Scores, report.ScoresEqual, report.Ranks, report.RanksEqual, report.Equal));

        var wrong = Replay.Compare(record, [new(2, "two", 12), new(1, "one", 4)]);
        Assert.Equal((1, 0, false), (wrong.ScoresEqual, wrong.RanksEqual, wrong.Equal));
        Assert.Equal(
            ["two has rank 2 and score 12; published: rank 1, score 12.", "one has rank 1 and score 4; published: rank 2, score 2.", "three is not on the board."],
            wrong.Differences);
    }

    [Theory]
    [InlineData("submissions.csv", "t_ms,team,challenge,answer,accepted\n5000,a,c01,x,0\n4000,a,c01,y,0\n", "submissions.csv:3: ")]
    [InlineData("submissions.csv", "t_ms,team,challenge,answer,accepted\n5000,a,c01\n", "3 columns, not 5")]
    [InlineData("standings.csv", "rank,team,score\nfirst,a,1\n", "standings.csv:2: ")]
    [InlineData("challenges.csv", "challenge,points,accepted_answers,final\n", "nothing below the heading")]
    public void A_fault_names_file_and_line(string file, string text, string part)
    {
        using var folder = Record();
        folder.Write(file, text);
        Assert.Contains(part, Assert.Throws<CrowdException>(() => Dp2020.Read(folder.Path)).Message);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        using var folder = Record();
        File.Delete(folder.File("standings.csv"));
        Assert.Contains("standings.csv", Assert.Throws<CrowdException>(() => Dp2020.Read(folder.Path)).Message);
    }

    /// <summary>Team two solves the final challenge; one and two answer within the same second; late comes after the end.</summary>
    internal static TemporaryFolder Record()
    {
        var folder = new TemporaryFolder();
        folder.Write("challenges.csv", "challenge,points,accepted_answers,final\nc01,2,5e10|77,0\nc02,10,a7,1\n");
        folder.Write("submissions.csv",
            """
            t_ms,team,challenge,answer,accepted
            1600473631000,one,c01,beef,0
            1600473639000,two,c01,77,1
            1600473639000,one,c01,5e10,1
            1600473639000,two,c02,a7,1
            1600473640000,two,c01,5e10,1
            1600732800000,late,c02,a7,1

            """);
        folder.Write("standings.csv", "rank,team,score\n1,two,12\n2,one,2\n3,three,0\n");
        return folder;
    }
}
