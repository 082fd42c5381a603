using System.Collections.Immutable;

namespace Veltrix.Governor.Policies;

/// <summary>What one signal has said lately: the samples of the last <see cref="Window"/> seconds, oldest first.</summary>
/// <param name="Last">The newest reading that counted.</param>
public sealed record SignalTrack(Reading Last, ImmutableArray<SignalTrack.Sample> Samples)
{
    public const double Window = 30;

    /// <summary>The median of the last three: one wild value moves nothing.</summary>
    public double Median
    {
        get
        {
            if (Samples.Length < 3) return Last.Value;
            var (a, b, c) = (Samples[^3].Value, Samples[^2].Value, Samples[^1].Value);
            return Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
        }
    }

    /// <summary>Least-squares slope per second; 0 with fewer than three samples.</summary>
    public double Slope
    {
        get
        {
            if (Samples.Length < 3) return 0;
            double n = Samples.Length, t = 0, x = 0, tt = 0, tx = 0;
            foreach (var sample in Samples)
            {
                var at = sample.At - Last.At;
                (t, x, tt, tx) = (t + at, x + sample.Value, tt + at * at, tx + at * sample.Value);
            }

            var spread = n * tt - t * t;
            return spread > 1e-9 ? (n * tx - t * x) / spread : 0;
        }
    }

    public readonly record struct Sample(double At, double Value);
}

/// <summary>
/// The tracks of all signals seen so far. A reading that cannot have been measured, that was seen before, or that is older than the last or from the future is as good as none. If the clock has
/// run back, what was measured before lies in the future now: it is forgotten, else it would pass for fresh and keep out all that is.
/// </summary>
public sealed record SignalHistory(ImmutableDictionary<Signal, SignalTrack> Tracks)
{
    public static readonly SignalHistory Empty = new(ImmutableDictionary<Signal, SignalTrack>.Empty);

    public SignalTrack? this[Signal signal] => Tracks.GetValueOrDefault(signal);

    public SignalHistory With(ImmutableArray<Reading> readings, double now)
    {
        var tracks = Tracks;
        foreach (var reading in readings)
        {
            if (!reading.IsValid || reading.At > now) continue;
            var track = tracks.GetValueOrDefault(reading.Signal) is { } known && known.Last.At <= now ? known : null;
            // Thresholds may change without a new sample.
            if (track is not null && reading.At <= track.Last.At)
            {
                tracks = tracks.SetItem(reading.Signal, track with { Last = track.Last with { Soft = reading.Soft, Critical = reading.Critical, Required = reading.Required } });
                continue;
            }

            var samples = track is null ? [] : track.Samples.RemoveAll(sample => sample.At < reading.At - SignalTrack.Window);
            tracks = tracks.SetItem(reading.Signal, new SignalTrack(reading, samples.Add(new(reading.At, reading.Value))));
        }

        return ReferenceEquals(tracks, Tracks) ? this : new SignalHistory(tracks);
    }

    /// <summary>How old the oldest of the required signals is, in seconds; infinite if one was never seen. Those of a policy that needs none: 0.</summary>
    public double Age(Observation observation, double now, out Signal oldest)
    {
        var age = 0.0;
        oldest = Signal.RedisMemory;
        foreach (var reading in observation.Readings)
            if (reading.Required) Look(reading.Signal, ref oldest);
        // A signal that was required once and is not in the list any more has not become irrelevant.
        foreach (var track in Tracks.Values)
            if (track.Last.Required) Look(track.Last.Signal, ref oldest);
        return age;

        void Look(Signal signal, ref Signal worst)
        {
            var its = Tracks.TryGetValue(signal, out var track) ? now - track.Last.At : double.PositiveInfinity;
            if (its > age) (age, worst) = (its, signal);
        }
    }

    /// <summary>The tracks whose newest reading is no older than <paramref name="ageMax"/>, in the order of <see cref="Signal"/>.</summary>
    public IEnumerable<SignalTrack> Fresh(double now, double ageMax) =>
        Tracks.Values.Where(track => now - track.Last.At <= ageMax).OrderBy(track => track.Last.Signal);
}
