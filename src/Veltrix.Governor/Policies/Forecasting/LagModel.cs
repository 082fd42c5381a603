using System.Collections.Immutable;

namespace Veltrix.Governor.Policies.Forecasting;

/// <summary>
/// Learns what the seated and the joining send to the log, and what the scorer can take: <c>slope of the lag = e_A·A·(1 − ½·thinning) + e_J·joins/s − c</c>, records per second.
/// </summary>
/// <remarks>
/// What is sent can be counted where the log says how it grows (<see cref="LearnFlow"/>). What the scorer can take cannot: while there is no lag, the only thing known is that the load was within
/// capacity, learnt as such (<see cref="Belief.LearnAtMost"/>), with full weight when the load is a new record, else only where it is near the edge. All is in records of a hunt whose ceiling is <see cref="Ceiling"/>; lags of others are brought to that size.
/// <para>
/// A lag of a moment (a pause, another scorer, a disk) looks like a scorer that takes no more than that. Doubt alone would never find out, since what is doubted is not tried: so as long as a scorer keeps up
/// at what it is taken for, it is taken for a little more (<see cref="Probe"/>). If it is not, a small lag says so again.
/// </para>
/// </remarks>
sealed class LagModel
{
    /// <summary>Hunters of the hunt that the prior is for.</summary>
    public const double Ceiling = 50_000;

    const int Capacity = 2;
    static readonly double[] Prior = [2_075, 67_500, 2_540];
    static readonly double[] PriorDeviation = [0.40 * 2_075, 0.45 * 67_500, 0.35 * 2_540];
    static readonly double[] DriftDeviation = [0.002 * 0.40 * 2_075, 0.002 * 0.45 * 67_500, 0.002 * 0.35 * 2_540];

    /// <summary>Fewer than this share of the soft threshold is a queue at work.</summary>
    const double Idle = 0.05;
    const double FlowNoiseShare = 0.05;
    /// <summary>A crowd sends in bursts. That it sends more is believed at once, that it sends less only after a while: so many times the noise.</summary>
    const double FlowLessNoise = 2;
    const double NewRecord = 1.03;
    const double NearWeight = 0.4;

    /// <summary>
    /// Share of the capacity, or of the prior's if that is more, by which it is taken for more each second while the load is within two deviations of it. Of 1,200 wide plants 41 have a lag over 2,000 (without probing 38), and 83
    /// when it is twice as fast.
    /// </summary>
    const double Probe = 0.006;
    const double ProbeNear = 2;

    const double NoiseRecords = 30;
    const double NoiseShare = 0.03;
    const double Surprise = 4;
    const double SurpriseWiden = 0.25;
    const double IntervalMin = 0.5;
    const double IntervalMax = 60;

    readonly Belief belief;
    double record;
    double lastLag = double.NaN;
    double lastAt;

    public LagModel() => belief = new(Prior, PriorDeviation);

    LagModel(LagModel other)
    {
        belief = other.belief.Copy();
        (record, lastLag, lastAt) = (other.record, other.lastLag, other.lastAt);
    }

    public LagModel Copy() => new(this);

    /// <summary>
    /// The same scorer for a ceiling so many times as high: what a hunter sends is the same share of a hunt's size, what the scorer takes a smaller one.
    /// </summary>
    public LagModel Rescaled(double factor)
    {
        var other = Copy();
        other.belief.Rescale(Capacity, 1 / factor);
        (other.record, other.lastLag) = (record / factor, lastLag / factor);
        return other;
    }

    /// <summary>Learns from one reading.</summary>
    /// <param name="delay">Of readings behind the truth, in seconds, as the memory model has found.</param>
    public void Learn(ImmutableArray<Crowd> past, double lag, double at, double soft, double delay)
    {
        var (fromLag, fromAt) = (lastLag, lastAt);
        (lastLag, lastAt) = (lag, at);
        var interval = at - fromAt;
        if (double.IsNaN(fromLag) || interval is < IntervalMin or > IntervalMax) return;

        var (begin, end) = (Crowd.Of(past, fromAt - delay), Crowd.Of(past, at - delay));
        Span<double> h = stackalloc double[3];
        Load((begin.Seated + end.Seated) / 2, (end.Joins - begin.Joins) / interval, (begin.Thinning + end.Thinning) / 2, h);
        belief.Drift(DriftDeviation);
        var load = belief.Mean(0) * h[0] + belief.Mean(1) * h[1];
        var noise = NoiseRecords + NoiseShare * load;
        var slope = (lag - fromLag) / interval;
        if (lag > Idle * soft)
        {
            var (residual, variance) = belief.Learn(h, slope, noise * noise);
            if (Math.Abs(residual) > Surprise * Math.Sqrt(variance)) belief.Widen(Capacity, SurpriseWiden * PriorDeviation[Capacity]);
        }
        else
        {
            // Emptied, or never filled: the slope may have been lower still.
            var weight = load > NewRecord * record ? 1 : -belief.Predict(h) < Math.Sqrt(belief.Doubt(h)) ? NearWeight : 0;
            if (weight > 0) belief.LearnAtMost(h, Math.Min(0, slope), noise * noise, weight);
            if (-belief.Predict(h) < ProbeNear * Math.Sqrt(belief.Doubt(h)))
                belief.Raise(Capacity, Probe * interval * Math.Max(belief.Prior(Capacity), belief.Mean(Capacity)));
            record = Math.Max(record, load);
        }

        for (var i = 0; i < 3; i++) belief.Bound(i, 0.02 * belief.Prior(i), 20 * belief.Prior(i));
    }

    /// <summary>Learns what the seated and the joining send from what came to the log.</summary>
    /// <param name="perSecond">Records, between two times at their source.</param>
    public void LearnFlow(ImmutableArray<Crowd> past, double perSecond, double from, double to)
    {
        if (to - from is < IntervalMin or > IntervalMax || !double.IsFinite(perSecond) || perSecond < 0) return;
        var (begin, end) = (Crowd.Of(past, from), Crowd.Of(past, to));
        Span<double> h = stackalloc double[3];
        Load((begin.Seated + end.Seated) / 2, (end.Joins - begin.Joins) / (to - from), (begin.Thinning + end.Thinning) / 2, h);
        // What is sent says nothing of what can be taken.
        h[Capacity] = 0;
        var noise = NoiseRecords + FlowNoiseShare * perSecond;
        if (perSecond < belief.Predict(h)) noise *= FlowLessNoise;
        belief.Learn(h, perSecond, noise * noise);
        for (var i = 0; i < Capacity; i++) belief.Bound(i, 0.02 * belief.Prior(i), 20 * belief.Prior(i));
    }

    /// <summary>How fast the lag grows with so many seated and joining, both as shares of the ceiling, and the deviation of that.</summary>
    public (double Slope, double Deviation) Forecast(double seated, double joinsPerSecond, double thinning)
    {
        Span<double> h = stackalloc double[3];
        Load(seated, joinsPerSecond, thinning, h);
        return (belief.Predict(h), Math.Sqrt(belief.Doubt(h)));
    }

    static void Load(double seated, double joinsPerSecond, double thinning, Span<double> h) => (h[0], h[1], h[2]) = (seated * (1 - thinning / 2), joinsPerSecond, -1);
}
