namespace Veltrix.Governor.Policies.Forecasting;

/// <summary>
/// What is believed of a few unknown coefficients: means and covariances, learnt by a Kalman filter whose state drifts a little each tick (which is recursive least squares that forgets).
/// </summary>
/// <remarks>A measurement is <c>y = h·θ + noise</c>. Not thread-safe; <see cref="Copy"/> before changing one that others may see.</remarks>
public sealed class Belief
{
    readonly double[] prior;
    readonly double[] priorDeviation;
    readonly double[] mean;
    readonly double[] covariance; // row by row

    public Belief(double[] prior, double[] deviation)
    {
        (this.prior, priorDeviation) = ([.. prior], [.. deviation]);
        mean = [.. prior];
        covariance = new double[prior.Length * prior.Length];
        for (var i = 0; i < prior.Length; i++) covariance[i * prior.Length + i] = deviation[i] * deviation[i];
    }

    Belief(Belief other)
    {
        (prior, priorDeviation) = ([.. other.prior], [.. other.priorDeviation]);
        mean = [.. other.mean];
        covariance = [.. other.covariance];
    }

    int Count => mean.Length;

    public Belief Copy() => new(this);

    public double Mean(int i) => mean[i];

    /// <summary>What a coefficient was taken for before anything was learnt.</summary>
    public double Prior(int i) => prior[i];

    public double Predict(ReadOnlySpan<double> h)
    {
        var sum = 0.0;
        for (var i = 0; i < h.Length; i++) sum += mean[i] * h[i];
        return sum;
    }

    /// <summary>The variance of <see cref="Predict"/> that comes of doubt alone.</summary>
    public double Doubt(ReadOnlySpan<double> h)
    {
        var sum = 0.0;
        for (var i = 0; i < h.Length; i++)
        {
            var row = 0.0;
            for (var j = 0; j < h.Length; j++) row += covariance[i * Count + j] * h[j];
            sum += h[i] * row;
        }

        return Math.Max(0, sum);
    }

    /// <summary>Forgets a little: each coefficient may have drifted by so much since the last measurement.</summary>
    public void Drift(ReadOnlySpan<double> deviation)
    {
        for (var i = 0; i < Count; i++) Widen(i, deviation[i]);
    }

    /// <summary>More doubt about one coefficient, by this deviation; never more than before anything was learnt.</summary>
    public void Widen(int i, double deviation)
    {
        covariance[i * Count + i] += deviation * deviation;
        Cap(i);
    }

    /// <summary>Takes a coefficient for more than what was learnt says, with the same doubt.</summary>
    public void Raise(int i, double by) => mean[i] += by;

    /// <summary>Learns that <c>h·θ</c> was measured as <paramref name="y"/>.</summary>
    /// <returns>The surprise: the residual, and its variance.</returns>
    public (double Residual, double Variance) Learn(ReadOnlySpan<double> h, double y, double noiseVariance)
    {
        Span<double> gain = stackalloc double[Count];
        var variance = Doubt(h) + noiseVariance;
        var residual = y - Predict(h);
        Gain(h, variance, gain);
        Shift(gain, residual, variance, 1);
        return (residual, variance);
    }

    /// <summary>
    /// Learns only that <c>h·θ</c> was at most <paramref name="bound"/>: an idle consumer says that it keeps up and not by how much. The belief is that of a normal cut off above the bound.
    /// </summary>
    /// <param name="weight">0 to 1: evidence seen many times over counts less.</param>
    public void LearnAtMost(ReadOnlySpan<double> h, double bound, double noiseVariance, double weight)
    {
        Span<double> gain = stackalloc double[Count];
        var variance = Doubt(h) + noiseVariance;
        var deviation = Math.Sqrt(variance);
        var edge = (bound - Predict(h)) / deviation;
        var ratio = Mills(edge);
        var kept = Math.Clamp(1 - edge * ratio - ratio * ratio, 0.02, 1);
        Gain(h, variance, gain);
        Shift(gain, -deviation * ratio * weight, variance, (1 - kept) * weight);
    }

    /// <summary>Keeps a coefficient within bounds by moving all others along with it, as the covariance says they go together. Plain clipping would leave the prediction wrong.</summary>
    public void Bound(int i, double least, double most)
    {
        var wanted = Math.Clamp(mean[i], least, most);
        var own = covariance[i * Count + i];
        if (wanted == mean[i] || own <= 0) return;
        var by = (wanted - mean[i]) / own;
        for (var j = 0; j < Count; j++) mean[j] += covariance[j * Count + i] * by;
        mean[i] = wanted;
    }

    /// <summary>A coefficient is told in another unit: mean, doubt and prior become so many times as large.</summary>
    public void Rescale(int i, double factor)
    {
        mean[i] *= factor;
        prior[i] *= factor;
        priorDeviation[i] *= factor;
        for (var j = 0; j < Count; j++)
        {
            covariance[i * Count + j] *= factor;
            covariance[j * Count + i] *= factor;
        }
    }

    /// <summary>The most that a coefficient is taken for: its prior and three deviations.</summary>
    public double Most(int i) => prior[i] + 3 * priorDeviation[i];

    void Gain(ReadOnlySpan<double> h, double variance, Span<double> gain)
    {
        for (var i = 0; i < Count; i++)
        {
            var row = 0.0;
            for (var j = 0; j < Count; j++) row += covariance[i * Count + j] * h[j];
            gain[i] = row / variance;
        }
    }

    void Shift(ReadOnlySpan<double> gain, double residual, double variance, double shrink)
    {
        for (var i = 0; i < Count; i++)
        {
            mean[i] += gain[i] * residual;
            for (var j = 0; j < Count; j++) covariance[i * Count + j] -= shrink * variance * gain[i] * gain[j];
        }

        for (var i = 0; i < Count; i++) covariance[i * Count + i] = Math.Max(covariance[i * Count + i], 1e-16);
    }

    void Cap(int i)
    {
        var (own, most) = (covariance[i * Count + i], priorDeviation[i] * priorDeviation[i]);
        if (own <= most) return;
        var scale = Math.Sqrt(most / own);
        for (var j = 0; j < Count; j++)
        {
            covariance[i * Count + j] *= scale;
            covariance[j * Count + i] *= scale;
        }
    }

    // φ(x)/Φ(x), which is what a normal cut off at x deviations is pushed down by. For x far below zero it tends to −x.
    static double Mills(double x)
    {
        if (x > 8) return 0;
        if (x < -8) return -x + 1 / -x;
        var density = Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
        return density / Math.Max(Cumulative(x), 1e-300);
    }

    // Φ(x) by the continued fraction of its tail beyond 3, and by the series of erf within; both to about 1e-12.
    static double Cumulative(double x)
    {
        var z = Math.Abs(x);
        double tail;
        if (z > 3)
        {
            var fraction = z;
            for (var k = 60; k >= 1; k--) fraction = z + k / fraction;
            tail = Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI) / fraction;
        }
        else
        {
            double sum = z, term = z;
            for (var k = 1; k < 60; k++)
            {
                term *= z * z / (2 * k + 1);
                sum += term;
            }

            tail = 0.5 - sum * Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI);
        }

        return x < 0 ? tail : 1 - tail;
    }
}
