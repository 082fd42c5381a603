using System.Globalization;
using System.IO.Compression;

namespace Veltrix.Crowd;

/// <summary>
/// The shape in which a crowd arrives: evenly, or as a recorded series of counts did. Kept as the share of the crowd that is there at each share of the time;
/// within a period people come evenly.
/// </summary>
sealed class Arrivals
{
    // Both rise from 0 to 1; a crowd between two points of the series is on the line between them.
    readonly double[] time;
    readonly double[] share;

    Arrivals(double[] time, double[] share) => (this.time, this.share) = (time, share);

    public static Arrivals Even { get; } = new([0, 1], [0, 1]);

    /// <summary>
    /// Reads two columns, with or without a heading, plain or gzipped: the beginning of a period (seconds, or a date and time) and how many came in it. The last period is as
    /// long as the one before.
    /// </summary>
    public static Arrivals Read(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            using Stream plain = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file;
            using var reader = new StreamReader(plain);
            return Read(reader, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new CrowdException($"{path}: cannot be read as arrivals: {e.Message}", e);
        }
    }

    internal static Arrivals Read(TextReader reader, string source)
    {
        var starts = new List<double>();
        var counts = new List<double>();
        for (int number = 1; reader.ReadLine() is { } line; number++)
        {
            if (line.Trim() is "" or ['#', ..])
                continue;
            var cells = line.Split(',');
            if (cells.Length == 2 && TryTime(cells[0].Trim(), out double start)
                && double.TryParse(cells[1], NumberStyles.Float, CultureInfo.InvariantCulture, out double count) && count >= 0)
            {
                if (starts.Count > 0 && start <= starts[^1])
                    throw new CrowdException($"{source}:{number}: the period begins at '{cells[0]}', not after the one before it. Sort the file by time.");
                starts.Add(start);
                counts.Add(count);
            }
            else if (number > 1)
                throw new CrowdException($"{source}:{number}: '{line}' is not a time (seconds, or 2026-01-31 18:00:00) and a count of at least 0, with a comma between.");
        }

        if (counts.Sum() <= 0)
            throw new CrowdException($"{source}: nobody arrives: every count is 0, or there is none.");
        double last = starts.Count > 1 ? starts[^1] - starts[^2] : 1;
        starts.Add(starts[^1] + last);
        double first = starts[0], span = starts[^1] - first, all = counts.Sum(), sum = 0;
        return new Arrivals(
            [.. starts.Select(s => (s - first) / span)],
            [0, .. counts.Select(c => (sum += c) / all)]);
    }

    /// <summary>When the n-th of so many comes, counted from the beginning of the ramp. Rises with <paramref name="n"/>.</summary>
    public TimeSpan At(int n, int hunters, TimeSpan ramp)
    {
        double wanted = (n + 0.5) / hunters;
        int i = Array.BinarySearch(share, wanted);
        i = i >= 0 ? i : ~i; // the first point at or above
        double from = share[i - 1], to = share[i];
        double within = to > from ? (wanted - from) / (to - from) : 0;
        return ramp * (time[i - 1] + (time[i] - time[i - 1]) * within);
    }

    static bool TryTime(string text, out double seconds)
    {
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out seconds))
            return double.IsFinite(seconds);
        bool isTime = DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time);
        seconds = time.ToUnixTimeMilliseconds() / 1000.0;
        return isTime;
    }
}
