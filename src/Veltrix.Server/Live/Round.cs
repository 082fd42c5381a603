namespace Veltrix.Server.Live;

/// <summary>
/// How far the boards of one hunt are in their slots, and what those in each slot were promised: each board says when the next one comes. A cadence that gets slower is told first and kept from the next board
/// on, so that nobody waits for longer than was said; one that gets faster holds at once.
/// </summary>
/// <remarks>Used by the pacer's thread only.</remarks>
sealed class Round(TimeProvider clock)
{
    /// <summary>How much later than promised a board may come: after that it is late, and felt as a stall.</summary>
    public static readonly TimeSpan LateAfter = TimeSpan.FromSeconds(2);

    readonly Promise[] promises = new Promise[Audience.Slots];
    // In slots, from 0 to all of them: the fraction is how much of the time of the one under way is over.
    double progress;

    /// <summary>How long the slot under way takes.</summary>
    public TimeSpan SlotTime(int cadenceMs) => TimeSpan.FromMilliseconds(SlotMs(cadenceMs));

    /// <summary>The slots whose time is over after so much more of it: each once at most, so what was missed for longer is not made up for by a burst.</summary>
    public IEnumerable<int> Pass(TimeSpan time, int cadenceMs)
    {
        var left = time.TotalMilliseconds;
        for (var served = 0; served < Audience.Slots; served++)
        {
            var slot = (int)progress;
            var needed = (slot + 1 - progress) * SlotMs(cadenceMs);
            if (left < needed)
            {
                progress = Math.Min(progress + left / SlotMs(cadenceMs), Math.BitDecrement(slot + 1.0));
                yield break;
            }

            left -= needed;
            progress = (slot + 1) % Audience.Slots;
            yield return slot;
        }
    }

    /// <summary>Whether the board that those in a slot get now comes too late.</summary>
    public bool IsLate(int slot) => promises[slot] is { At: not 0 } promise && clock.GetElapsedTime(promise.At).TotalMilliseconds > promise.NextMs + LateAfter.TotalMilliseconds;

    /// <summary>Those in a slot were looked after.</summary>
    /// <param name="nextMs">What their boards said of the next ones; null: nothing had moved, so nobody was sent any, and what was said before holds.</param>
    public void Served(int slot, int? nextMs)
    {
        ref var promise = ref promises[slot];
        promise = new Promise(clock.GetTimestamp(), nextMs ?? promise.NextMs);
    }

    /// <summary>Nobody is in a slot.</summary>
    public void Forget(int slot) => promises[slot] = default;

    // As fast as the fastest that anybody was promised.
    double SlotMs(int cadenceMs)
    {
        var least = cadenceMs;
        foreach (var promise in promises)
            if (promise.NextMs > 0 && promise.NextMs < least) least = promise.NextMs;
        return least / (double)Audience.Slots;
    }

    /// <summary>What the boards of a slot said of the next ones.</summary>
    /// <param name="At">When they were last looked after; 0: nobody was there.</param>
    /// <param name="NextMs">Their <c>next_ms</c>; 0: none was sent yet.</param>
    readonly record struct Promise(long At, int NextMs);
}
