using System.Globalization;
using System.IO.Compression;

namespace Veltrix.Governor.Simulation;

/// <summary>
/// A crowd that comes as a recorded series of counts did: two columns, with or without a heading, plain or gzipped: the beginning of a period (seconds, or a date and time) and
/// how many came in it. Within a period they come evenly; the last period is as long as the one before.
/// </summary>
public sealed class RecordedArrivals
{
    public const int LongestSeconds = 6 * 3600;

    /// <summary>How long a hunt goes on after the last arrival.</summary>
    public const int AfterSeconds = 600;

    readonly double[] starts;
    readonly double[] counts;

    RecordedArrivals(double[] starts, double[] counts) => (this.starts, this.counts) = (starts, counts);

    double Span => starts[^1];

    double Hunters => counts.Sum();

    /// <exception cref="SimulationException">The file is no such series; the message says where and why.</exception>
    public static RecordedArrivals Read(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            using Stream plain = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file;
            using var reader = new StreamReader(plain);
            return Read(reader, path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new SimulationException($"{path}: cannot be read as arrivals: {error.Message}", error);
        }
    }

    internal static RecordedArrivals Read(TextReader reader, string source)
    {
        var (starts, counts) = (new List<double>(), new List<double>());
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            if (line.Trim() is "" or ['#', ..]) continue;
            var cells = line.Split(',');
            if (cells.Length == 2 && TryTime(cells[0].Trim(), out var start)
                && double.TryParse(cells[1], NumberStyles.Float, CultureInfo.InvariantCulture, out var count) && double.IsFinite(count) && count >= 0)
            {
                if (starts.Count > 0 && start <= starts[^1]) throw new SimulationException($"{source}:{number}: the period begins at '{cells[0]}', not after the one before it. Sort the file by time.");
                starts.Add(start);
                counts.Add(count);
            }
            else if (number > 1) throw new SimulationException($"{source}:{number}: '{line}' is not a time (seconds, or 2026-01-31 18:00:00) and a count of at least 0, with a comma between.");
        }
        if (counts.Sum() <= 0) throw new SimulationException($"{source}: nobody arrives: every count is 0, or there is none.");
        starts.Add(starts[^1] + (starts.Count > 1 ? starts[^1] - starts[^2] : 1));
        return new([.. starts.Select(start => start - starts[0])], [.. counts]);
    }

    /// <summary>The scenario with these arrivals in place of its own.</summary>
    /// <param name="hunters">How many there are in all; null: as many as were counted.</param>
    /// <param name="ramp">How long they take; null: as long as recorded.</param>
    public Scenario Into(Scenario scenario, double? hunters, TimeSpan? ramp)
    {
        var span = ramp?.TotalSeconds ?? Span;
        if (span + AfterSeconds > LongestSeconds)
            throw new SimulationException(FormattableString.Invariant($"the recorded arrivals take {span:N0} s; at most {LongestSeconds - AfterSeconds:N0} s are simulated. Squeeze them with --ramp 10m."));
        var seconds = new double[(int)Math.Ceiling(span)];
        var (stretch, scale) = (span / Span, (hunters ?? Hunters) / Hunters / scenario.Hunts);
        for (var i = 0; i < counts.Length; i++) Spread(seconds, starts[i] * stretch, starts[i + 1] * stretch, counts[i] * scale);
        return scenario with { Seconds = Math.Max(scenario.Seconds, seconds.Length + AfterSeconds), Arrivals = (_, second) => second < seconds.Length ? seconds[second] : 0 };
    }

    static void Spread(double[] seconds, double from, double to, double count)
    {
        var each = count / (to - from);
        for (var second = (int)from; second < seconds.Length && second < to; second++)
            seconds[second] += each * Math.Max(0, Math.Min(to, second + 1) - Math.Max(from, second));
    }

    static bool TryTime(string text, out double seconds)
    {
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out seconds)) return double.IsFinite(seconds);
        var isTime = DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time);
        seconds = time.ToUnixTimeMilliseconds() / 1000.0;
        return isTime;
    }
}
