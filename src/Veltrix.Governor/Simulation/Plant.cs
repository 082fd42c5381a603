namespace Veltrix.Governor.Simulation;

/// <summary>
/// The stores under the crowds of one or more hunts: memory that all share, and a log with a scorer for each hunt. One step a second.
/// </summary>
/// <remarks>
/// <code>
/// mem  = [0.27 + Σ(9.1e-6·A + 5.9e-6·Z + 4.7e-6·J)]·k(t) + b(t) + N(0, 0.004)
/// slow = clamp((mem − 0.85)/0.12)
/// lag += (0.0415·A·(1 − 0.5·b_l) + 1.35·n)·(1 + 0.54·slow) − 2,540·cap(t)·(1 − 0.59·slow)      not below 0
/// </code>
/// A full store slows everything, which makes more events and fewer decisions: the vicious circle of the incident.
/// </remarks>
sealed class Plant
{
    public const int LongestDelay = 60;

    readonly Chance noise;
    // Of the last seconds, for readings that come late.
    readonly double[] memories = new double[LongestDelay + 1];
    readonly double[,] lags;
    readonly double[,] sent;

    public Plant(PlantParameters parameters, int hunts, int seconds, long seed)
    {
        Parameters = parameters;
        noise = new Chance(seed, stream: 1);
        Crowds = [.. Enumerable.Range(0, hunts).Select(_ => new Crowd(parameters, seconds))];
        lags = new double[hunts, LongestDelay + 1];
        sent = new double[hunts, LongestDelay + 1];
        Array.Fill(memories, parameters.BaseMemory);
        Memory = parameters.BaseMemory;
    }

    public PlantParameters Parameters { get; }

    public IReadOnlyList<Crowd> Crowds { get; }

    /// <summary>As measured: noise included.</summary>
    public double Memory { get; private set; }

    public double Lag => Crowds.Max(crowd => crowd.Lag);

    public double Seated => Crowds.Sum(crowd => crowd.Seated);

    /// <summary>After every crowd had its step of this second.</summary>
    public void Settle(int second, in Disturbance disturbance, Func<int, double> lessEvents)
    {
        var sum = Parameters.BaseMemory;
        foreach (var crowd in Crowds) sum += crowd.Memory;
        Memory = Math.Max(0, sum * disturbance.MemoryFactor + disturbance.MemoryOffset + Parameters.MemoryNoise * noise.Normal());
        var slow = Math.Clamp((Memory - Parameters.SlowFrom) / Parameters.SlowWidth, 0, 1);
        var slot = (second + 1) % memories.Length;
        memories[slot] = Memory;
        for (var i = 0; i < Crowds.Count; i++)
        {
            Crowds[i].Log(slow, disturbance.CapacityFactor, lessEvents(i));
            (lags[i, slot], sent[i, slot]) = (Crowds[i].Lag, Crowds[i].Sent);
        }
    }

    /// <summary>Memory as it was so many seconds before the beginning of <paramref name="second"/>; before the hunt, the base.</summary>
    public double MemoryAt(int second, double ago) => memories[Slot(second, ago)];

    public double LagAt(int hunt, int second, double ago) => lags[hunt, Slot(second, ago)];

    public double SentAt(int hunt, int second, double ago) => sent[hunt, Slot(second, ago)];

    int Slot(int second, double ago) => Math.Max(0, second - (int)Math.Round(ago)) % memories.Length;
}
