using System.Globalization;
using System.Text.Json.Nodes;

namespace Veltrix.Cli.Verbs;

/// <summary>What waiting has cost: each team's wait beside where it ended, from the ledger and the board.</summary>
static class HuntWaits
{
    public static Verb Make(Terminal terminal)
    {
        var hunt = SharedOptions.Hunt();
        var json = SharedOptions.Json();
        var remote = new RemoteOptions();
        var verb = new Verb("waits", "Show what each team waited for its seat beside its rank, to see whether waiting cost ranks.",
            "veltrix hunt waits riddles",
            "veltrix hunt waits riddles --json")
        { hunt, json };
        remote.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            using var server = remote.OpenWithKey(parsed);
            var report = new WaitReport(await Waits(server, parsed.GetRequiredValue(hunt), cancel), await Ranks(server, parsed.GetRequiredValue(hunt), cancel));
            if (parsed.GetValue(json)) terminal.Json(report.Json());
            else report.Write(terminal.Out);
            return ExitCode.Done;
        });
        return verb;
    }

    /// <summary>Wait and credit of every team, by number, from the facts.</summary>
    static async Task<List<(long WaitedMs, long CreditMs)>> Waits(Remote server, string hunt, CancellationToken cancel)
    {
        var teams = new List<(long, long)>();
        await using var body = await server.Stream($"{Remote.HuntPath(hunt)}/ledger", cancel);
        using var lines = new StreamReader(body);
        while (await lines.ReadLineAsync(cancel) is { } line)
            foreach (var fact in JsonNode.Parse(line)!["facts"]!.AsArray())
                switch ((string)fact!["fact"]!)
                {
                    case "TeamFounded": teams.Add((0, 0)); break;
                    case "TeamCredited": teams[(int)fact["team"]!] = ((long)fact["waited_ms"]!, (long)fact["credit_ms"]!); break;
                }
        return teams;
    }

    static async Task<List<(int Team, int Rank, string Name)>> Ranks(Remote server, string hunt, CancellationToken cancel)
    {
        const int Page = 1000;
        var ranks = new List<(int, int, string)>();
        while (true)
        {
            var rows = (await server.Get($"{Remote.HuntPath(hunt)}/board?offset={ranks.Count}&limit={Page}", cancel))["rows"]!.AsArray();
            ranks.AddRange(rows.Select(row => ((int)row!["team"]!, (int)row["rank"]!, (string)row["name"]!)));
            if (rows.Count < Page) return ranks;
        }
    }
}

/// <summary>Waits against ranks.</summary>
sealed class WaitReport(IReadOnlyList<(long WaitedMs, long CreditMs)> waits, IReadOnlyList<(int Team, int Rank, string Name)> ranks)
{
    // A team that joined between the two readings is on the board only.
    readonly (int Team, int Rank, string Name, long WaitedMs, long CreditMs)[] lines =
        [.. ranks.Where(rank => rank.Team < waits.Count).Select(rank => (rank.Team, rank.Rank, rank.Name, waits[rank.Team].WaitedMs, waits[rank.Team].CreditMs))];

    /// <summary>Spearman's ρ between wait and rank: 1 = who waited longest ended last, 0 = no connection. Null where there is nothing to compare.</summary>
    public double? Correlation
    {
        get
        {
            if (lines.Length < 2) return null;
            var (wait, rank) = (Middle(line => line.WaitedMs), Middle(line => line.Rank));
            var (meanWait, meanRank) = (wait.Average(), rank.Average());
            var spread = Math.Sqrt(wait.Sum(w => (w - meanWait) * (w - meanWait)) * rank.Sum(r => (r - meanRank) * (r - meanRank)));
            return spread == 0 ? null : wait.Zip(rank).Sum(pair => (pair.First - meanWait) * (pair.Second - meanRank)) / spread;
        }
    }

    public JsonObject Json() => new()
    {
        ["teams"] = lines.Length,
        ["waited"] = lines.Count(line => line.WaitedMs > 0),
        ["correlation"] = Correlation,
        ["rows"] = new JsonArray([.. lines.Select(line => (JsonNode)new JsonObject
        {
            ["rank"] = line.Rank, ["team"] = line.Team, ["name"] = line.Name, ["waited_ms"] = line.WaitedMs, ["credit_ms"] = line.CreditMs,
        })]),
    };

    public void Write(TextWriter text)
    {
        text.WriteLine($"{"rank",6} {"waited",10} {"credited",10}  team");
        foreach (var line in lines) text.WriteLine($"{line.Rank,6} {Time(line.WaitedMs),10} {Time(line.CreditMs),10}  {line.Name}");
        text.WriteLine(Correlation is { } rho
            ? string.Create(CultureInfo.InvariantCulture, $"Between wait and rank: {rho:0.00} (1: who waited longest is last; 0: waiting made no difference).")
            : "All waited the same, or there is nobody to compare.");
    }

    // Ranks of values, equal ones sharing the middle of theirs.
    double[] Middle(Func<(int Team, int Rank, string Name, long WaitedMs, long CreditMs), long> value)
    {
        var sorted = lines.Select(value).Order().ToArray();
        return [.. lines.Select(line =>
        {
            var first = Array.BinarySearch(sorted, value(line));
            var last = first;
            while (first > 0 && sorted[first - 1] == sorted[last]) first--;
            while (last < sorted.Length - 1 && sorted[last + 1] == sorted[first]) last++;
            return (first + last) / 2.0;
        })];
    }

    static string Time(long ms) => TimeSpan.FromMilliseconds(ms).ToString(@"h\:mm\:ss", CultureInfo.InvariantCulture);
}
