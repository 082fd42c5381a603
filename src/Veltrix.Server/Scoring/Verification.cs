using Veltrix.EventLog;
using Veltrix.Hunts;
using Veltrix.Server.Leaderboards;

namespace Veltrix.Server.Scoring;

/// <summary>
/// Folds a hunt's ledger from zero and compares with everything that claims to be that fold: the live state, the live board, every checkpoint. Names what differs.
/// </summary>
public static class Verification
{
    const int DifferencesMax = 100;

    /// <summary>Verifies a hunt that is being served. It goes on meanwhile: the comparison is made at the position where the live fold stood when it was asked.</summary>
    public static VerifyReport Of(LiveHunt hunt, Checkpoints checkpoints)
    {
        var live = hunt.View.Read((state, board, position) => (Fold: hunt.View.Snapshot(), Board: Rows(board), Position: position));
        return Compare(hunt.Ledger, checkpoints, live.Fold, live.Board);
    }

    /// <summary>Verifies a hunt of a data folder that no server uses: what a server would load and fold now, against a fold from zero.</summary>
    /// <exception cref="EventLogException">The folder is in use, or a log cannot be read.</exception>
    /// <exception cref="KeyNotFoundException">There is no such hunt.</exception>
    public static async Task<VerifyReport> OfFolder(string dataFolder, string hunt, TimeProvider clock, CancellationToken cancel)
    {
        await using var logs = await DataFolder.OpenLogs(dataFolder, config: null, clock, cancel);
        var ledger = await DataFolder.OpenLedger(logs, dataFolder, hunt, cancel);
        var checkpoints = LiveHunt.CheckpointsOf(dataFolder, hunt);
        var view = FoldAll(ledger, checkpoints.Newest(ledger.End), clock);
        return Compare(ledger, checkpoints, view.Snapshot(), view.Read((_, board) => Rows(board)));
    }

    static VerifyReport Compare(IEventLog ledger, Checkpoints checkpoints, byte[] liveFold, BoardRow[] liveBoard)
    {
        var differences = new List<string>();
        var live = CheckpointCodec.Decode(liveFold)!;
        var claims = checkpoints.All().Where(c => c.Position <= ledger.End).ToDictionary(c => c.Position, c => c.Fold);
        foreach (var beyond in checkpoints.All().Where(c => c.Position > ledger.End))
            differences.Add($"checkpoint {beyond.Position} lies beyond the ledger's end {ledger.End}");

        // One pass from zero, a record at a time, stopping where a claim was made.
        var view = new HuntView("verify", ledger, Folded.Nothing, TimeProvider.System);
        using var reader = ledger.Read(IEventLog.Start);
        while (reader.ReadAvailable(1024) is { Count: > 0 } batch)
        {
            foreach (var entry in batch)
            {
                if (entry.Position > live.Position) break;
                view.Fold([entry]);
                if (claims.Remove(entry.Position, out var claim)) CompareCheckpoint($"checkpoint {entry.Position}", claim, view, differences);
            }

            if (batch[^1].Position >= live.Position) break;
        }

        foreach (var position in claims.Keys.Where(p => p <= live.Position)) differences.Add($"checkpoint {position} stands at a position where the ledger has no record");
        CompareFolds("live state", live, view, differences);
        CompareBoards(liveBoard, view, differences);
        var records = view.Read((_, _) => CheckpointCodec.Decode(view.Snapshot())!.Records);
        return new VerifyReport(differences.Count == 0, live.Position, records, differences.Count <= DifferencesMax ? differences : [.. differences.Take(DifferencesMax), "… and more"]);
    }

    static void CompareCheckpoint(string what, byte[] claim, HuntView truth, List<string> differences)
    {
        try
        {
            // One of another version claims nothing.
            if (CheckpointCodec.Decode(claim) is { } folded) CompareFolds(what, folded, truth, differences);
        }
        catch (InvalidDataException e)
        {
            differences.Add($"{what}: its digest is right, and yet it cannot be read: {e.Message}");
        }
    }

    static void CompareFolds(string what, Folded claimed, HuntView truth, List<string> differences)
    {
        var right = CheckpointCodec.Decode(truth.Snapshot())!;
        if (CheckpointCodec.Encode(claimed).AsSpan().SequenceEqual(CheckpointCodec.Encode(right))) return;

        var before = differences.Count;
        if (claimed.Gate.Epoch != right.Gate.Epoch) differences.Add($"{what}: epoch {claimed.Gate.Epoch}, by the ledger {right.Gate.Epoch}");
        if (claimed.Gate.CommandPosition != right.Gate.CommandPosition)
            differences.Add($"{what}: commands up to {claimed.Gate.CommandPosition}, by the ledger {right.Gate.CommandPosition}");
        if (claimed.State.Phase != right.State.Phase) differences.Add($"{what}: phase {claimed.State.Phase}, by the ledger {right.State.Phase}");
        if (claimed.State.Teams.Count != right.State.Teams.Count) differences.Add($"{what}: {claimed.State.Teams.Count} teams, by the ledger {right.State.Teams.Count}");
        if (claimed.State.Hunters.Count != right.State.Hunters.Count)
            differences.Add($"{what}: {claimed.State.Hunters.Count} hunters, by the ledger {right.State.Hunters.Count}");
        foreach (var (is_, should) in claimed.State.Teams.Zip(right.State.Teams))
        {
            if (is_.Score != should.Score) differences.Add($"{what}: team {should.Number} has score {is_.Score}, by the ledger {should.Score}");
            if (is_.LastSolveMs != should.LastSolveMs) differences.Add($"{what}: team {should.Number} solved last at {is_.LastSolveMs}, by the ledger {should.LastSolveMs}");
            if (!is_.SolvedWords.SequenceEqual(should.SolvedWords)) differences.Add($"{what}: team {should.Number} has solved other challenges than by the ledger");
            if (is_.OutcomeCount != should.OutcomeCount) differences.Add($"{what}: team {should.Number} has had {is_.OutcomeCount} outcomes, by the ledger {should.OutcomeCount}");
        }

        if (differences.Count == before) differences.Add($"{what}: differs from the ledger in something smaller than scores, solves and counts");
    }

    // The board of the fold from zero is not trusted either: its order is worked out anew by sorting the keys.
    static void CompareBoards(BoardRow[] claimed, HuntView truth, List<string> differences)
    {
        var (rows, sorted) = truth.Read((state, board) => (Rows(board), Sorted(state)));
        Compare("board folded from zero", rows, sorted, differences);
        Compare("live board", claimed, sorted, differences);

        static void Compare(string what, BoardRow[] is_, BoardRow[] should, List<string> differences)
        {
            if (is_.Length != should.Length) differences.Add($"{what}: {is_.Length} teams, by the ledger {should.Length}");
            foreach (var (has, right) in is_.Zip(should))
                if (has != right)
                {
                    differences.Add($"{what}: team {has.Team} at rank {has.Rank} where the ledger has team {right.Team} at rank {right.Rank}");
                    break;
                }
        }
    }

    static BoardRow[] Sorted(HuntState state)
    {
        if (state.Model is not { } model) return [];
        var keyed = state.Teams.Where(t => t.Ranked).Select(t => (Key: t.KeyUnder(model.Definition.Ranking), t.Number)).Order().ToArray();
        var rows = new BoardRow[keyed.Length];
        for (var i = 0; i < rows.Length; i++) rows[i] = new BoardRow(i > 0 && keyed[i].Key == keyed[i - 1].Key ? rows[i - 1].Rank : i + 1, keyed[i].Number);
        return rows;
    }

    static BoardRow[] Rows(Board board)
    {
        var rows = new BoardRow[board.Count];
        board.Page(0, rows);
        return rows;
    }

    static HuntView FoldAll(IEventLog ledger, Folded start, TimeProvider clock)
    {
        var view = new HuntView("folder", ledger, start, clock);
        using var reader = ledger.Read(start.Position);
        while (reader.ReadAvailable(1024) is { Count: > 0 } batch) view.Fold(batch);
        return view;
    }
}
