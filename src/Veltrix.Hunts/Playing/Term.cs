namespace Veltrix.Hunts;

/// <summary>
/// One scorer's term of office, without its log: from its Took until a newer one. It decides commands in order and builds the records to append.
/// </summary>
/// <remarks>
/// The term runs ahead of the ledger: its state has folded what was decided, not what was read back. If one of its records is dropped or lost, the state is worthless
/// and the term is over; what counts is what readers of the ledger fold.
/// </remarks>
/// <param name="state">The fold up to the term's own Took. The term owns it from now on.</param>
/// <param name="gate">After that Took: its epoch is the term's.</param>
public sealed class Term(HuntState state, LedgerGate gate)
{
    public HuntState State { get; } = state;

    public long Epoch { get; } = gate.Epoch;

    /// <summary>Position of the last command that came to something.</summary>
    public long Decided { get; private set; } = gate.CommandPosition;

    /// <summary>Position of the last command looked at.</summary>
    public long Seen { get; private set; } = gate.CommandPosition;

    /// <summary>Decides the next command of the submissions log.</summary>
    /// <returns>The record to append; null where the command came to nothing.</returns>
    public LedgerRecord.Decided? Decide(long position, long logTimeMs, Envelope envelope)
    {
        if (position <= Seen) return null;
        Seen = position;
        var time = State.GameTime(envelope.AtMs, logTimeMs);
        var facts = Referee.Decide(State, envelope, time);
        if (facts.IsEmpty) return null;
        var record = new LedgerRecord.Decided(Epoch, Decided, position, time, envelope.Id, envelope.Who, envelope.Why, facts);
        State.Fold(0, record);
        Decided = position;
        return record;
    }
}
