using Veltrix.Wire.Governor;

namespace Veltrix.Governor.Signals;

/// <summary>
/// How many hunters one server takes, from its processors, its sockets and what a person set. These are no reason to lower a hunt's limit, since another server may have room: only this server stops taking more.
/// Not thread-safe.
/// </summary>
public sealed class ServerCap
{
    readonly double[] cpu = [0, 0, 0];
    int next;
    long waitingHere;

    /// <summary>The newest report of this server; null before the first.</summary>
    public ServerLoad? Load { get; private set; }

    /// <summary>The median of the last three, so that one busy second does not shut a server.</summary>
    public double Cpu => Math.Max(Math.Min(cpu[0], cpu[1]), Math.Min(Math.Max(cpu[0], cpu[1]), cpu[2]));

    /// <param name="waiting">Hunters of all hunts that wait on a socket of this server: it becomes their seat's when they are let in, so it counts as free.</param>
    public void Take(ServerLoad load, long waiting)
    {
        Load = load;
        waitingHere = Math.Max(0, waiting);
        cpu[next++ % cpu.Length] = double.IsFinite(load.CpuRatio) ? Math.Clamp(load.CpuRatio, 0, 1) : 1;
    }

    /// <summary>Seats of a hunt there may be on this server; null: no cap of its own.</summary>
    /// <param name="seatedHere">Of this hunt: they stay, whatever the cap.</param>
    /// <param name="set">By a person; 0: nobody did.</param>
    public long? Of(long seatedHere, double cpuSoft, long set = 0)
    {
        long? cap = set > 0 ? set : null;
        if (Cpu > cpuSoft) cap = Math.Min(cap ?? long.MaxValue, seatedHere);
        if (Load is { SocketsMax: > 0 } load) cap = Math.Min(cap ?? long.MaxValue, seatedHere + Math.Max(0, load.SocketsMax - load.Sockets + waitingHere));
        return cap;
    }
}
