using Veltrix.Gate;

namespace Veltrix.Governor.Sidecar;

/// <summary>What the governor reads from the shared store, and nothing else: it never writes there. Both throw <see cref="GateException"/> where the store does not answer.</summary>
/// <param name="Counts">By hunt.</param>
public sealed record StoreProbe(Func<CancellationToken, Task<StoreMemory>> Memory, Func<string, CancellationToken, Task<GateCounts>> Counts)
{
    public static StoreProbe Of(GateStore store) => new(store.Memory, (hunt, cancel) => store.Hunt(hunt).Counts(cancel));
}
