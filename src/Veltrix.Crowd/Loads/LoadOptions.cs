using System.Text.Json.Serialization;

namespace Veltrix.Crowd;

/// <summary>What a load run is to do.</summary>
public sealed record LoadOptions
{
    /// <summary>The server, as <c>http://host:port</c>.</summary>
    public required Uri Url { get; init; }

    /// <summary>Other servers of the same hunts: the crowd spreads over all of them, and whoever finds one gone goes to the next.</summary>
    public IReadOnlyList<Uri> MoreUrls { get; init; } = [];

    public required string Hunt { get; init; }

    /// <summary>The hunt's answers, with the key that reads its ledger: <c>answers/{hunt}.json</c> of <c>veltrix up</c>.</summary>
    public required string AnswersFile { get; init; }

    /// <summary>Instead of the answers file's <c>audit_key</c>.</summary>
    public string? AuditKey { get; init; }

    public int Hunters { get; init; } = 1000;

    /// <summary>How long the hunters take to join and connect. The timed part comes after it.</summary>
    public TimeSpan Ramp { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The timed part.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Whoever is in plays at once, and those who wait to be let in go on waiting: the timed part is ramp and duration together, and only hunters who are in are asked to submit.
    /// For gates that do not let everybody in.
    /// </summary>
    public bool PlayWhileArriving { get; init; }

    /// <summary>How long, after the last submission, outcomes are waited for. Whatever is acknowledged and not decided by then counts as lost.</summary>
    public TimeSpan Settle { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Submissions per second of each hunter.</summary>
    public double Rate { get; init; } = 0.1;

    /// <summary>Share of right answers, while a hunter has something left to solve.</summary>
    public double Right { get; init; } = 0.5;

    /// <summary>Processes that share the hunters: one may open only so many files.</summary>
    public int Processes { get; init; } = 1;

    /// <summary>A recorded series of arrivals to scale to the ramp; null = evenly.</summary>
    public string? ArrivalsFile { get; init; }

    /// <summary>Where every acknowledged command id is written; null = nowhere. While several processes run, each writes to this name with its number behind it.</summary>
    public string? ReceiptsFile { get; init; }

    /// <summary>Told at once of what ought not to happen to a hunter, in a sentence; from any thread, and in this process only.</summary>
    [JsonIgnore]
    public Action<string>? Noticed { get; init; }

    public int Seed { get; init; } = 1;

    /// <summary>The command that starts <see cref="LoadWorker"/> when there are several processes; null = this program with the one argument <c>load-worker</c>.</summary>
    public IReadOnlyList<string>? WorkerCommand { get; init; }

    /// <summary>The number of the first hunter: where others of the same run are in other processes.</summary>
    public int FirstHunter { get; init; }

    /// <summary>All faults of these options, each in a sentence.</summary>
    public IEnumerable<string> Faults()
    {
        foreach (var url in MoreUrls.Prepend(Url).Where(url => !url.IsAbsoluteUri || url.Scheme != Uri.UriSchemeHttp))
            yield return $"--url {url}: a load speaks plain http. Give the server itself, for example http://127.0.0.1:8080.";
        if (Hunters is < 1 or > 1_000_000)
            yield return $"--hunters {Hunters}: 1 to 1,000,000.";
        if (Processes is < 1 or > 64)
            yield return $"--processes {Processes}: 1 to 64.";
        if (Processes > Hunters)
            yield return $"--processes {Processes}: more than there are hunters ({Hunters}).";
        if (!(Rate is >= 0 and <= 100))
            yield return $"--rate {Rate}: 0 to 100 submissions per second and hunter.";
        if (!(Right is >= 0.4 and <= 1))
            yield return $"share of right answers {Right}: 0.4 to 1, so that boards move.";
        if (Ramp < TimeSpan.Zero || Ramp > TimeSpan.FromDays(1))
            yield return $"--ramp {Ramp}: 0 s to 1 day.";
        if (Duration <= TimeSpan.Zero || Duration > TimeSpan.FromDays(1))
            yield return $"--duration {Duration}: above 0 s, to 1 day.";
    }
}

/// <summary>Where a load run stands.</summary>
/// <param name="Phase"><c>joining</c>, <c>playing</c>, <c>settling</c> or <c>auditing</c>.</param>
/// <param name="Share">How much of the phase is done, 0 to 1.</param>
/// <param name="Connected">Hunters on a live connection now.</param>
public sealed record LoadProgress(string Phase, double Share, int Connected, long Submitted, long Decided);
