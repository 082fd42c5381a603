using Veltrix.Gate;

namespace Veltrix.Server.Admission;

/// <summary>Calls of the shared store that end in time: nobody who plays or wants in waits for a store that is away.</summary>
sealed class GateCall(TimeProvider clock)
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1.5);

    public long NowMs => clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <exception cref="GateException">The store refused, or gave no answer within <see cref="Patience"/>.</exception>
    public async Task<T> Try<T>(Func<CancellationToken, Task<T>> call)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            return await call(patience.Token).WaitAsync(patience.Token);
        }
        catch (OperationCanceledException e)
        {
            throw new GateException(GateFault.Away, $"the store of seats gave no answer within {Patience.TotalSeconds} s", e);
        }
    }

    /// <inheritdoc cref="Try{T}"/>
    public Task Try(Func<CancellationToken, Task> call) => Try(async cancel =>
    {
        await call(cancel);
        return true;
    });
}
