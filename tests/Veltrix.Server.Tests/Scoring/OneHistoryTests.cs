using CsCheck;
using Veltrix.Hunts;
using Veltrix.Server.Scoring;

namespace Veltrix.Server.Tests.Scoring;

/// <summary>Whatever scorers, repeats and lost records do: one history, in which every command counts once.</summary>
public class OneHistoryTests
{
    [Fact]
    public void Replay_equals_live_and_a_checkpoint_in_between_changes_nothing() =>
        Gen.Select(Games.Of, Gen.Int[0, 1000]).Sample((commands, cut) =>
        {
            var ledger = Games.Ledger(commands);
            var whole = Games.Fold(ledger);
            var term = new Term(new HuntState(), new LedgerGate(10, 0));
            foreach (var (command, position) in commands.Select((c, i) => (c, i + 1L))) term.Decide(position, command.TimeMs, command.Envelope);
            Assert.Equal(Games.Meaning(whole.State), Games.Meaning(term.State));

            var first = Games.Fold(ledger.Take(cut % ledger.Count + 1));
            var restored = CheckpointCodec.Decode(CheckpointCodec.Encode(first))!;
            var (state, gate, records) = (restored.State, restored.Gate, restored.Records);
            foreach (var (position, record) in ledger.Where(entry => entry.Position > first.Position))
                if (gate.Admits(position, record))
                {
                    state.Fold(position, (LedgerRecord.Decided)record);
                    records++;
                }

            Assert.Equal(CheckpointCodec.Encode(whole), CheckpointCodec.Encode(new Folded(whole.Position, records, gate, state)));
        }, iter: 300, threads: 1);

    [Fact]
    public void Every_command_comes_to_one_record_and_a_repeat_to_none() =>
        Games.Of.Sample(commands =>
        {
            var decided = Games.Ledger(commands).Select(entry => entry.Record).OfType<LedgerRecord.Decided>().ToList();
            var byHunter = decided.Where(d => d.Id.Hunter.Length > 0 && d.Facts[^1] is not (Fact.JoinRefused or Fact.SubmissionRefused { Reason: Refusal.NotJoined })).ToList();
            Assert.Equal(byHunter.Count, byHunter.Select(d => d.Id).Distinct().Count());

            // Sending again what was decided for those who had joined adds nothing.
            var joined = Games.Fold(Games.Ledger(commands)).State;
            var twice = Games.Ledger([.. commands, .. commands.Where(c => joined.IsRepeat(c.Envelope.Id))]);
            Assert.Equal(1 + decided.Count, twice.Count);
        }, iter: 300, threads: 1);

    /// <summary>
    /// Two servers that both believe they are the scorer: they take over from each other, fall asleep, wake up and go on appending, and lose records on the way.
    /// </summary>
    [Fact]
    public void Two_scorers_interleaved_at_random_give_one_history() =>
        Gen.Select(Games.Of, Gen.Select(Gen.Int[0, 1], Gen.Int[0, 9], Gen.Int[1, 6]).Array[1, 80]).Sample((commands, turns) =>
        {
            List<(long Position, LedgerRecord Record)> ledger = [];
            var terms = new Term?[2];
            foreach (var (who, what, count) in turns)
            {
                if (terms[who] is not { } term || what == 0)
                {
                    // Takes over: appends Took, folds up to it, decides from there on, without telling the other.
                    ledger.Add((NextPosition(), new LedgerRecord.Took($"server {who}")));
                    var folded = Games.Fold(ledger);
                    terms[who] = new Term(folded.State, folded.Gate);
                    continue;
                }

                for (var i = 0; i < count; i++)
                {
                    var next = term.Seen + 1;
                    if (next > commands.Length || term.Decide(next, commands[next - 1].TimeMs, commands[next - 1].Envelope) is not { } record) continue;
                    // what == 1: the record is lost on its way, and the scorer does not notice.
                    if (what != 1) ledger.Add((NextPosition(), record));
                }
            }

            var counted = Games.Fold(ledger);
            var undisturbed = Games.Fold(Games.Ledger(commands.Take((int)counted.Gate.CommandPosition)));
            Assert.Equal(Games.Meaning(undisturbed.State), Games.Meaning(counted.State));
            Assert.Equal(undisturbed.Records, counted.Records);

            long NextPosition() => 10 * (ledger.Count + 1);
        }, iter: 2000, threads: 1);

    [Fact]
    public void Records_of_a_stale_epoch_change_nothing() =>
        Gen.Select(Games.Of, Gen.Int[1, 100]).Sample((commands, cut) =>
        {
            var ledger = Games.Ledger(commands);
            var before = ledger.Take(1 + cut % ledger.Count).ToList();
            var after = ledger.Skip(before.Count).Select(entry => entry.Record);
            var newer = before.Append((before[^1].Position + 1, new LedgerRecord.Took("newer")));
            var late = after.Select((record, i) => (before[^1].Position + 2 + i, record));
            Assert.Equal(Games.Meaning(Games.Fold(before).State), Games.Meaning(Games.Fold([.. newer, .. late]).State));
        }, iter: 300, threads: 1);
}
