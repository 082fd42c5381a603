using Veltrix.Gate;

namespace Veltrix.Governor.Signals;

/// <summary>
/// What of the shared store's memory counts.
/// </summary>
/// <remarks>
/// Normally used over full, which is what a store refuses writes by. While it saves, rewrites or forks, that is not the whole truth: the child shares pages until the parent writes to them, and then
/// each is there twice, in memory that <c>used_memory</c> never shows. A store that is close to full when it forks is what the kernel kills. So during a save the larger of used and resident memory is
/// compared to the critical threshold, and where it is reached <i>that</i> ratio counts: nobody is let in until the save is over or the store is smaller.
/// Below it the ratio stays used over full also during a save: a value that jumped with every save would teach a forecast nothing but noise.
/// </remarks>
public static class StoreMemoryRule
{
    /// <summary>The ratio that counts; null where nothing says what full is.</summary>
    public static double? Effective(StoreMemory memory, double critical)
    {
        if (memory.Ratio is not { } ratio || !memory.Saving || memory.Resident is not { } resident) return memory.Ratio;
        var withCopies = Math.Max(memory.Used, resident) / (double)memory.Max!;
        return withCopies >= critical ? Math.Max(ratio, withCopies) : ratio;
    }
}
