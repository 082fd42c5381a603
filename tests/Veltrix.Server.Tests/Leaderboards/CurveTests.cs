using CsCheck;
using Veltrix.Hunts;
using Veltrix.Server.Scoring;
using Veltrix.Server.Tests.Scoring;

namespace Veltrix.Server.Tests.Leaderboards;

/// <summary>How a score came about is a fold of the ledger, of bounded size.</summary>
public class CurveTests
{
    [Fact]
    public void A_curve_is_what_the_facts_say() =>
        Games.Of.Sample(commands =>
        {
            var ledger = Games.Ledger(commands);
            var scores = new Dictionary<int, SortedDictionary<long, long>>();
            foreach (var decided in ledger.Select(entry => entry.Record).OfType<LedgerRecord.Decided>())
                foreach (var fact in decided.Facts)
                {
                    var (team, points) = fact switch
                    {
                        Fact.AnswerAccepted accepted => (accepted.Team, accepted.Points),
                        Fact.ScoreAdjusted adjusted => (adjusted.Team, adjusted.Points),
                        _ => (-1, 0L),
                    };
                    if (team < 0) continue;
                    var curve = scores.TryGetValue(team, out var known) ? known : scores[team] = [];
                    curve[decided.TimeMs] = (curve.Count == 0 ? 0 : curve.Values.Last()) + points;
                }

            foreach (var team in Games.Fold(ledger).State.Teams)
                Assert.Equal(scores.GetValueOrDefault(team.Number)?.Select(at => new ScorePoint(at.Key, at.Value)) ?? [], team.Curve.ToArray());
        }, iter: 300, threads: 1);

    [Theory]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(1000)]
    public void A_long_one_is_thinned_out_and_ends_at_the_score(int solves)
    {
        var commands = Games.Begin.Append((1, Envelope.Of(new CommandId("ada", "i", 1), new Command.Join("Ada", new TeamChoice.Found("Owls", "CODE")))))
            .Concat(Enumerable.Range(1, solves).Select(n => (1L + n, new Envelope(CommandId.None, "organiser", "because", null, new Command.Adjust(0, 1)))));
        var folded = Games.Fold(Games.Ledger(commands));
        var curve = folded.State.Teams[0].Curve.ToArray();
        Assert.InRange(curve.Length, Math.Min(solves, Team.CurveMax / 2), Team.CurveMax);
        Assert.Equal(new ScorePoint(1 + solves, solves), curve[^1]);
        Assert.All(curve, point => Assert.Equal(point.TimeMs - 1, point.Score));
        Assert.Equal(curve.OrderBy(point => point.TimeMs), curve);
        Assert.Equal(curve, CheckpointCodec.Decode(CheckpointCodec.Encode(folded))!.State.Teams[0].Curve.ToArray());
    }
}
