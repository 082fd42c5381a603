using Veltrix.Server.Live;

namespace Veltrix.Server.Admission;

/// <summary>
/// One connection of somebody who wants to play: it waits, is let in, leaves. Whichever comes first of leaving and being let in counts, on whatever threads they come.
/// </summary>
/// <param name="order">Its place in the list, should it have to wait.</param>
/// <param name="isJoined">It is part of the hunt already and takes its seat; else it holds a ticket and only learns that there is a seat for it.</param>
/// <param name="letIn">Called once, under this object's lock, when it may play.</param>
public sealed class Visit(string hunter, double order, bool priority, bool drawn, bool isJoined, Outbox outbox, Action letIn)
{
    bool isOver;

    public string Hunter { get; } = hunter;

    public double Order { get; } = order;

    public bool Priority { get; } = priority;

    /// <summary>Came before the opening of a hunt that draws lots.</summary>
    public bool Drawn { get; } = drawn;

    public bool IsJoined { get; } = isJoined;

    public Outbox Outbox { get; } = outbox;

    /// <summary>It counts as a connection of a hunter with a seat.</summary>
    public bool HoldsSeat { get; private set; }

    /// <summary>Was let in. A ticket's visit is over then; a hunter's plays.</summary>
    public bool IsIn { get; private set; }

    /// <summary>When its next frame is due, as a timestamp.</summary>
    internal long NextFrame { get; set; }

    /// <returns>False: it has left meanwhile.</returns>
    internal bool TryLetIn(bool holdsSeat)
    {
        lock (this)
        {
            if (isOver) return false;
            HoldsSeat = holdsSeat;
            IsIn = true;
            letIn();
            return true;
        }
    }

    /// <returns>What it was when it ended; nothing changes any more after it.</returns>
    internal (bool HoldsSeat, bool IsIn) End()
    {
        lock (this)
        {
            isOver = true;
            return (HoldsSeat, IsIn);
        }
    }
}
