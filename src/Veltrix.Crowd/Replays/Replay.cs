using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Veltrix.Crowd;

/// <summary>What to replay, and where.</summary>
public sealed record ReplayOptions
{
    /// <summary>The server, as <c>http://host:port</c>.</summary>
    public required Uri Url { get; init; }

    /// <summary>A key of scope <c>replay</c>: it may publish, speak for many, and set the time.</summary>
    public required string Key { get; init; }

    /// <summary>The record's layout; see <see cref="Replay.Formats"/>.</summary>
    public string Format { get; init; } = "dp2020";

    /// <summary>The folder with the record.</summary>
    public required string Folder { get; init; }

    /// <summary>The id under which the hunt is published. It must be new to the server.</summary>
    public string Hunt { get; init; } = "dp2020";

    /// <summary>Where the final standings are written as CSV (rank, team, score); null = nowhere.</summary>
    public string? StandingsFile { get; init; }
}

/// <summary>Where a replay stands.</summary>
public sealed record ReplayProgress(long Done, long Total);

/// <summary>How a replay compares with what was published at the time.</summary>
public sealed record ReplayReport
{
    /// <summary>Submissions of the record, all of them sent and decided.</summary>
    public long Events { get; init; }

    /// <summary>Published scores.</summary>
    public int Scores { get; init; }

    public int ScoresEqual { get; init; }

    /// <summary>Published ranks that mean something: of teams with a point.</summary>
    public int Ranks { get; init; }

    public int RanksEqual { get; init; }

    public double Seconds { get; init; }

    /// <summary>The first teams that differ, each in a sentence.</summary>
    public IReadOnlyList<string> Differences { get; init; } = [];

    public bool Equal => Scores == ScoresEqual && Ranks == RanksEqual;

    /// <summary>One line of JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, CrowdJson.Options);
}

/// <summary>Sends a recorded hunt the way hunters would, with the times of the record, and compares where everybody ends up.</summary>
public static class Replay
{
    const string Instance = "replay";
    const int PageRows = 1000;
    const int DifferencesShown = 20;

    /// <summary>The layouts that can be read.</summary>
    public static IReadOnlyList<string> Formats { get; } = ["dp2020"];

    /// <summary>
    /// Publishes the hunt, relays every join and submission in order, waits for the outcomes, and reads the final board.
    /// </summary>
    /// <exception cref="CrowdException">The record cannot be read, or the server refused something.</exception>
    public static async Task<ReplayReport> Run(ReplayOptions options, IProgress<ReplayProgress>? progress, CancellationToken cancel)
    {
        if (!Formats.Contains(options.Format))
            throw new CrowdException($"--format {options.Format}: not known. Known: {string.Join(", ", Formats)}.");
        var record = Dp2020.Read(options.Folder);
        long began = Stopwatch.GetTimestamp();
        using var http = new HuntHttp([options.Url], connections: 1);
        try
        {
            await http.PublishRecorded(record.Definition(options.Hunt), options.Key, cancel);
            await Send(record, options, progress, cancel);
            var board = await ReadBoard(http, options.Hunt, cancel);
            if (options.StandingsFile is { } file)
                WriteStandings(file, board);
            return Compare(record, board) with { Seconds = Math.Round(Stopwatch.GetElapsedTime(began).TotalSeconds, 3) };
        }
        catch (Exception e) when (e is HttpRefusedException or HttpRequestException or IOException)
        {
            throw new CrowdException($"{options.Url}: the replay of {options.Folder} as hunt '{options.Hunt}' failed: {e.Message}", e);
        }
    }

    static async Task Send(Dp2020 record, ReplayOptions options, IProgress<ReplayProgress>? progress, CancellationToken cancel)
    {
        var address = await LiveAddress.Resolve(options.Url, options.Hunt, cancel);
        await using var relay = await Relay.Open(address, options.Key, cancel);
        var lastSeq = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string team in record.Teams)
        {
            lastSeq[team] = 1;
            await relay.Join(team, Instance, 1, team, record.OpensMs, cancel);
        }

        for (int i = 0; i < record.Guesses.Count; i++)
        {
            var guess = record.Guesses[i];
            int seq = ++lastSeq[guess.Team];
            await relay.Submit(guess.Team, Instance, seq, guess.Challenge, guess.Answer, guess.AtMs, cancel);
            if (i % 100 == 0)
                progress?.Report(new ReplayProgress(i, record.Guesses.Count));
        }

        await relay.Drain(cancel);
        progress?.Report(new ReplayProgress(record.Guesses.Count, record.Guesses.Count));
    }

    static async Task<List<HuntHttp.BoardRow>> ReadBoard(HuntHttp http, string hunt, CancellationToken cancel)
    {
        var rows = new List<HuntHttp.BoardRow>();
        while (true)
        {
            var page = await http.Board(hunt, rows.Count, PageRows, cancel);
            rows.AddRange(page.Rows);
            if (page.Rows.Length == 0 || rows.Count >= page.Teams)
                return rows;
        }
    }

    static void WriteStandings(string file, List<HuntHttp.BoardRow> board)
    {
        var csv = new StringBuilder("rank,team,score\n");
        foreach (var row in board)
            csv.Append(CultureInfo.InvariantCulture, $"{row.Rank},{row.Name},{row.Score}\n");
        try
        {
            File.WriteAllText(file, csv.ToString());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CrowdException($"{file}: the standings cannot be written there: {e.Message}", e);
        }
    }

    internal static ReplayReport Compare(Dp2020 record, List<HuntHttp.BoardRow> board)
    {
        var byName = board.ToDictionary(r => r.Name, StringComparer.Ordinal);
        int scoresEqual = 0, ranks = 0, ranksEqual = 0;
        var differences = new List<string>();
        foreach (var published in record.Standings)
        {
            var row = byName.GetValueOrDefault(published.Team);
            bool hasRank = published.Score > 0, sameScore = row?.Score == published.Score, sameRank = row?.Rank == published.Rank;
            scoresEqual += sameScore ? 1 : 0;
            ranks += hasRank ? 1 : 0;
            ranksEqual += hasRank && sameRank ? 1 : 0;
            if ((!sameScore || (hasRank && !sameRank)) && differences.Count < DifferencesShown)
            {
                differences.Add(row is null
                    ? $"{published.Team} is not on the board."
                    : $"{published.Team} has rank {row.Rank} and score {row.Score}; published: rank {published.Rank}, score {published.Score}.");
            }
        }

        return new ReplayReport
        {
            Events = record.Guesses.Count,
            Scores = record.Standings.Count,
            ScoresEqual = scoresEqual,
            Ranks = ranks,
            RanksEqual = ranksEqual,
            Differences = differences,
        };
    }
}
