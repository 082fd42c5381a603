namespace Veltrix.Hunts;

/// <summary>
/// Which records of a ledger count. Two servers may both believe that they are the scorer and append in turns; every reader drops the same records, so there is one history.
/// </summary>
/// <remarks>
/// A decision counts if its epoch is that of the newest <see cref="LedgerRecord.Took"/> before it, and if it follows the last one that counted: its writer names
/// the command decided before. So a record that an older scorer appends late is dropped, and so is everything a scorer appends after one of its records was lost.
/// An epoch is the position of its Took record, so epochs grow and nobody has to agree on a number. No clock and no lease is involved.
/// </remarks>
public struct LedgerGate
{
    /// <summary>Position of the newest Took record; 0 before the first.</summary>
    public long Epoch { get; private set; }

    /// <summary>Position in the submissions log of the last command that was decided.</summary>
    public long CommandPosition { get; private set; }

    public LedgerGate(long epoch, long commandPosition)
    {
        Epoch = epoch;
        CommandPosition = commandPosition;
    }

    /// <summary>Takes the next record of the ledger, and says whether it is a decision that counts.</summary>
    public bool Admits(long position, LedgerRecord record)
    {
        switch (record)
        {
            case LedgerRecord.Took:
                Epoch = position;
                return false;
            case LedgerRecord.Decided decided 
                when decided.Epoch == Epoch && decided.Previous == CommandPosition && decided.CommandPosition > CommandPosition:
                CommandPosition = decided.CommandPosition;
                return true;
            default:
                return false;
        }
    }
}
