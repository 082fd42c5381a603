using System.Collections.Immutable;

namespace Veltrix.Governor.Policies.Forecasting;

/// <summary>
/// Learns what a hunter costs in the store's memory: <c>m(t) = φ(t − d)·θ</c>, with <c>φ</c> of <see cref="Crowd.Features"/>, once for each delay <c>d</c> that a reading may have. How well each
/// has foretold decides which delays are believed; a limit must be safe under all of them.
/// </summary>
/// <remarks>The prior is the plant of the design note; its doubt is wide. Do not show the coefficients as measurements: on a ramp, hunters and joins cannot be told apart.</remarks>
sealed class MemoryModel
{
    public const int Coefficients = 5;
    static readonly double[] Delays = [0, 2.5, 5, 7.5, 10];
    static readonly double[] Prior = [0.30, 0.45, 0.12, 0.12, 0.30];
    static readonly double[] PriorDeviation = [0.15, 0.25, 0.12, 0.12, 0.15];
    static readonly double[] DriftDeviation = [0.0007, 0.0005, 0.00024, 0.00024, 0.0003];

    const double FirstNoise = 0.005;
    const double NoiseLeast = 0.0003;
    const double NoiseMemory = 60;
    const double NoiseFirstWeight = 10;
    const double ScoreMemory = 0.97;
    const double Surprise = 4;
    /// <summary>Share of the store's memory below which nothing has jumped, however quiet it was before: no failover is that small.</summary>
    const double JumpLeast = 0.01;
    const double StepDoubt = 0.05;

    readonly Belief[] banks;
    readonly double[] scores;
    double noiseVariance;
    double noiseWeight;
    int surprises;
    bool stepped;

    public MemoryModel()
    {
        banks = [.. Delays.Select(_ => new Belief(Prior, PriorDeviation))];
        scores = new double[Delays.Length];
        (noiseVariance, noiseWeight) = (FirstNoise * FirstNoise, NoiseFirstWeight);
    }

    MemoryModel(MemoryModel other)
    {
        banks = Array.ConvertAll(other.banks, bank => bank.Copy());
        scores = [.. other.scores];
        (noiseVariance, noiseWeight, surprises, stepped) = (other.noiseVariance, other.noiseWeight, other.surprises, other.stepped);
    }

    /// <summary>Standard deviation of the measurement, as learnt.</summary>
    public double Noise => Math.Sqrt(noiseVariance);

    /// <summary>
    /// Seconds by which readings are behind the time they are stamped with: the least that is not ruled out. Samples are stamped at their source, so it is 0 unless the stamps themselves are late. Not the
    /// one that foretold best: of a store that hardly fills, all foretell alike, and the lag would be laid to a crowd of ten seconds ago.
    /// </summary>
    public double Delay(double gate) => Delays[Array.IndexOf(Believed(gate), true)];

    public MemoryModel Copy() => new(this);

    /// <summary>The delays not yet ruled out: their score is within <paramref name="gate"/> of the best.</summary>
    public bool[] Believed(double gate)
    {
        var most = scores.Max();
        return Array.ConvertAll(scores, score => score >= most - gate);
    }

    /// <summary>The same plant for a ceiling so many times as high: a share of it is that many more hunters.</summary>
    public MemoryModel Rescaled(double factor)
    {
        var other = Copy();
        foreach (var bank in other.banks)
            for (var i = 1; i < Coefficients; i++) bank.Rescale(i, factor);
        return other;
    }

    /// <summary>Learns from one reading.</summary>
    /// <param name="at">When it was measured.</param>
    /// <returns>How far the best of the delays was off, in deviations, and whether memory jumped up in a way that nothing explains.</returns>
    public (double Surprise, bool Jumped) Learn(ImmutableArray<Crowd> past, double memory, double at)
    {
        Span<double> h = stackalloc double[Coefficients];
        if (stepped)
            // The plant has stepped: its base is doubted, what a hunter costs is not.
            foreach (var bank in banks) bank.Widen(0, StepDoubt);
        stepped = false;
        var best = Best();
        double surprise = 0, square = 0;
        for (var d = 0; d < banks.Length; d++)
        {
            Crowd.Of(past, at - Delays[d]).Features(h);
            banks[d].Drift(DriftDeviation);
            var (residual, spread) = banks[d].Learn(h, memory, noiseVariance);
            for (var pass = 0; pass < 2; pass++)
                for (var i = 1; i < Coefficients; i++) banks[d].Bound(i, 0, banks[d].Most(i));
            var z = residual / Math.Sqrt(spread);
            scores[d] = ScoreMemory * scores[d] - 0.5 * (Math.Min(z * z, 25) + Math.Log(spread));
            if (d != best) continue;
            surprise = residual / Math.Max(Math.Sqrt(spread), JumpLeast / Surprise);
            square = Math.Min(z * z, Surprise * Surprise);
        }

        surprises = Math.Abs(surprise) > Surprise ? surprises + 1 : 0;
        var jumped = false;
        if (surprises >= 2) (stepped, jumped) = (true, surprise > 0);
        if (Math.Abs(surprise) <= Surprise)
        {
            noiseWeight = Math.Min(noiseWeight + 1, NoiseMemory);
            noiseVariance = Math.Max(NoiseLeast * NoiseLeast, noiseVariance + (square - 1) * noiseVariance / noiseWeight);
        }

        return (surprise, jumped);
    }

    /// <summary>Whether so many seated, as a share of the ceiling, would stay under a bound: under every delay that is believed, with a margin for its own doubt.</summary>
    public bool Fits(Crowd now, double seated, double bound, bool[] believed, double doubtMargin)
    {
        Span<double> h = stackalloc double[Coefficients];
        now.FeaturesAt(seated, h);
        for (var d = 0; d < banks.Length; d++)
            if (believed[d] && banks[d].Predict(h) + doubtMargin * Math.Sqrt(banks[d].Doubt(h)) > bound) return false;
        return true;
    }

    int Best()
    {
        var best = 0;
        for (var d = 1; d < scores.Length; d++)
            if (scores[d] > scores[best]) best = d;
        return best;
    }
}
