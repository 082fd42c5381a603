using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Veltrix.Crowd;

/// <summary>
/// A recorded puzzle hunt in the layout <c>dp2020</c>: <c>challenges.csv</c> (challenge, points, accepted_answers, final), <c>submissions.csv</c> or <c>.csv.gz</c>
/// (t_ms, team, challenge, answer, accepted) in the order in which they were made, <c>standings.csv</c> (rank, team, score). Answers are digests and compare as text.
/// </summary>
/// <remarks>
/// The record's clock shows whole seconds, but its lines are in order, and twice two teams solved the final challenge within the same second. So that the order is not lost,
/// lines of the same second are set one millisecond apart.
/// </remarks>
sealed class Dp2020
{
    /// <summary>2020-09-22T00:00:00Z: what came later did not count.</summary>
    const long ClosesMs = 1_600_732_800_000;

    const int MillisecondsPerMinute = 60_000;

    Dp2020(IReadOnlyList<Challenge> challenges, IReadOnlyList<Guess> guesses, IReadOnlyList<Standing> standings)
    {
        Challenges = challenges;
        Guesses = guesses;
        Standings = standings;
        Teams = [.. standings.Select(s => s.Team).Concat(guesses.Select(g => g.Team)).Distinct(StringComparer.Ordinal)];
        OpensMs = (guesses[0].AtMs - 1) / MillisecondsPerMinute * MillisecondsPerMinute;
    }

    public sealed record Challenge(string Id, int Points, string[] Answers, bool Final);

    public sealed record Guess(long AtMs, string Team, string Challenge, string Answer);

    public sealed record Standing(int Rank, string Team, long Score);

    public IReadOnlyList<Challenge> Challenges { get; }

    /// <summary>In time order, no two at the same time.</summary>
    public IReadOnlyList<Guess> Guesses { get; }

    /// <summary>As published. Teams without a point stand at the end in no order: their rank means nothing.</summary>
    public IReadOnlyList<Standing> Standings { get; }

    /// <summary>All that played, also those that only tried after the end and so are in no standings.</summary>
    public IReadOnlyList<string> Teams { get; }

    /// <summary>The full minute before the first guess: when everybody joins.</summary>
    public long OpensMs { get; }

    public static Dp2020 Read(string folder)
    {
        var challenges = Rows(folder, "challenges.csv", 4, c => new Challenge(c[0], Number(c[1]), c[2].Split('|'), c[3] == "1"));
        long last = 0;
        var guesses = Rows(folder, "submissions.csv", 5, c =>
        {
            long at = long.Parse(c[0], CultureInfo.InvariantCulture);
            if (at / 1000 < last / 1000)
                throw new FormatException($"the time {at} is before that of the line above: the lines must be in order");
            last = Math.Max(at, last + 1);
            return new Guess(last, c[1], c[2], c[3]);
        });
        var standings = Rows(folder, "standings.csv", 3, c => new Standing(Number(c[0]), c[1], Number(c[2])));
        return new Dp2020(challenges, guesses, standings);
    }

    /// <summary>The hunt as a definition: every team a solo hunter.</summary>
    public string Definition(string id)
    {
        var yaml = new StringBuilder();
        yaml.Append(CultureInfo.InvariantCulture, $"hunt: {id}\ntitle: A recorded puzzle hunt\nopens: {Iso(OpensMs)}\ncloses: {Iso(ClosesMs)}\n");
        yaml.Append("team_size: 1\nranking: finish-first\nchallenges:\n");
        foreach (var challenge in Challenges)
        {
            // Quoted: a digest may look like a number.
            string answers = string.Join(", ", challenge.Answers.Select(a => $"\"{a}\""));
            yaml.Append(CultureInfo.InvariantCulture, $"  - id: {challenge.Id}\n    name: {challenge.Id}\n    points: {challenge.Points}\n    answers: [{answers}]\n    normalise: []\n");
            if (challenge.Final)
                yaml.Append("    final: true\n");
        }

        return yaml.ToString();
    }

    static string Iso(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    static List<T> Rows<T>(string folder, string name, int columns, Func<string[], T> read)
    {
        string path = Path.Combine(folder, name);
        bool zipped = !File.Exists(path) && File.Exists(path + ".gz");
        path = zipped ? path + ".gz" : path;
        int number = 1;
        try
        {
            using var file = File.OpenRead(path);
            using Stream plain = zipped ? new GZipStream(file, CompressionMode.Decompress) : file;
            using var reader = new StreamReader(plain);
            var rows = new List<T>();
            reader.ReadLine(); // the heading
            for (number = 2; reader.ReadLine() is { } line; number++)
            {
                if (line.Length == 0)
                    continue;
                var cells = line.Split(',');
                if (cells.Length != columns)
                    throw new FormatException($"{cells.Length} columns, not {columns}");
                rows.Add(read(cells));
            }

            return rows.Count > 0 ? rows : throw new FormatException("there is nothing below the heading");
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            throw new CrowdException($"{path}:{number}: {e.Message}. The layout dp2020 is described at `veltrix hunt replay --help`.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new CrowdException($"{path}: cannot be read: {e.Message}", e);
        }
    }
}
