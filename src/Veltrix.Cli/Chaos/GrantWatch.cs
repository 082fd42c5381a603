using Veltrix.Gate;

namespace Veltrix.Cli.Chaos;

/// <summary>Collects what the gate's script wrote down of every seat it gave, often enough that a store which loses its keys takes little of it away.</summary>
sealed class GrantWatch(HuntGate gate)
{
    static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    readonly HashSet<GrantRecord> grants = [];

    /// <summary>Seats seen given.</summary>
    public int Granted => grants.Count;

    /// <summary>Of those, given though the house was full.</summary>
    public int Overshoot => grants.Count(grant => grant.Count >= grant.Limit);

    public async Task Run(CancellationToken over)
    {
        using var timer = new PeriodicTimer(Every);
        try
        {
            while (await timer.WaitForNextTickAsync(over)) await Look(over);
        }
        catch (OperationCanceledException)
        {
        }
    }

    public async Task Look(CancellationToken cancel)
    {
        try
        {
            grants.UnionWith(await gate.Audit(cancel));
        }
        catch (GateException)
        {
            // It is down: part of the plan.
        }
    }
}
