using Veltrix.Wire.Governor;

namespace Veltrix.Governor.Signals;

/// <summary>What the servers that report to this governor carry for one hunt; normally there is one, the server beside it. Not thread-safe.</summary>
public sealed class ServerLoads
{
    readonly Dictionary<string, Reported> servers = [];

    /// <summary>When anything came last, by our monotonic clock.</summary>
    public double LastAt { get; private set; } = double.NegativeInfinity;

    /// <param name="at">When it was measured.</param>
    public void Take(string server, HuntLoad load, double at)
    {
        servers[server] = new Reported(load, at);
        LastAt = Math.Max(LastAt, at);
    }

    /// <summary>A server said goodbye, or its connection broke. What it said last is not counted any more; the signal keeps the age of its last value, so that nothing looks fresh because of it.</summary>
    public void Gone(string server) => servers.Remove(server);

    /// <summary>Forgets servers that have been silent for so long that they are gone rather than late.</summary>
    public void Forget(double before)
    {
        foreach (var (server, reported) in servers)
            if (reported.At < before) servers.Remove(server);
    }

    /// <summary>
    /// The worst value over all servers, and the time of the oldest report among them: a server that is silent may be the worst by now. Null where none measured it; NaN where one said so.
    /// </summary>
    public (double Value, double At)? Worst(Func<HuntLoad, double?> read)
    {
        (double Value, double At)? worst = null;
        foreach (var (load, at) in servers.Values)
        {
            if (read(load) is not { } value) continue;
            // Nothing can be said to be worse than no number, or than less than nothing.
            var bad = !double.IsFinite(value) || value < 0;
            worst = worst is not { } known ? (value, at) : (bad || (double.IsFinite(known.Value) && known.Value >= 0 && value > known.Value) ? value : known.Value, Math.Min(at, known.At));
        }

        return worst;
    }

    /// <summary>The furthest that any server has seen the submissions log grow, and when; null where none says.</summary>
    public (long Count, double At)? Submitted
    {
        get
        {
            (long Count, double At)? most = null;
            foreach (var (load, at) in servers.Values)
                if (load.HasSubmittedRecords && load.SubmittedRecords >= (most?.Count ?? 0)) most = (load.SubmittedRecords, at);
            return most;
        }
    }

    public long SeatedHere => servers.Values.Sum(reported => reported.Load.SeatedHere);

    readonly record struct Reported(HuntLoad Load, double At);
}
