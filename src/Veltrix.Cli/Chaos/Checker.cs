using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Veltrix.Server.Admission;

namespace Veltrix.Cli.Chaos;

/// <summary>Looks at a cluster from outside, once everything should be well.</summary>
sealed partial class Checker(Battlefield field, string hunt) : IDisposable
{
    static readonly TimeSpan Again = TimeSpan.FromMilliseconds(500);

    readonly HttpClient http = new() { Timeout = TimeSpan.FromMinutes(2) };

    /// <summary>Commands not decided, as the governors measure it, once it is none; after <paramref name="patience"/> what it is then. Null: none of them says.</summary>
    public async Task<double?> LagWithin(TimeSpan patience, CancellationToken cancel)
    {
        for (var until = DateTime.UtcNow + patience; ; await Task.Delay(Again, cancel))
        {
            var lags = await Task.WhenAll(field.Cluster.Governors.Select(governor => Lag(new Uri((string)governor.Said!["http"]!), cancel)));
            var most = lags.Max();
            if ((lags.All(lag => lag is not null) && most == 0) || DateTime.UtcNow > until) return most;
        }
    }

    async Task<double?> Lag(Uri governor, CancellationToken cancel)
    {
        try
        {
            var metrics = await http.GetStringAsync(new Uri(governor, "/metrics"), cancel);
            return LagLine().Match(metrics) is { Success: true } line ? double.Parse(line.Groups[1].Value, CultureInfo.InvariantCulture) : null;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <summary>How the servers' boards differ from one another, or one from what the ledger folds to; null: not at all. What is on its way may take until the end of <paramref name="patience"/>.</summary>
    public async Task<string?> BoardsDiffer(TimeSpan patience, CancellationToken cancel)
    {
        for (var until = DateTime.UtcNow + patience; ; await Task.Delay(Again, cancel))
        {
            string? difference;
            try
            {
                difference = await Difference(cancel);
            }
            catch (HttpRequestException error)
            {
                difference = error.Message;
            }

            if (difference is null || DateTime.UtcNow > until) return difference;
        }
    }

    async Task<string?> Difference(CancellationToken cancel)
    {
        var boards = await Task.WhenAll(field.Urls.Select(url => http.GetStringAsync(new Uri(url, $"/v1/hunts/{hunt}/exports/board.csv"), cancel)));
        for (var i = 1; i < boards.Length; i++)
            if (boards[i] != boards[0]) return $"{field.Urls[i]} shows another board than {field.Urls[0]}";
        foreach (var url in field.Urls)
            if (await Verify(url, cancel) is { } fault) return fault;
        return null;
    }

    async Task<string?> Verify(Uri url, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(url, $"/v1/hunts/{hunt}/verify"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", field.Cluster.Keyring.Issue(Scopes.Audit, hunt, "chaos"));
        using var answer = await http.SendAsync(request, cancel);
        var report = JsonNode.Parse(await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync(cancel))!;
        return (bool)report["equal"]! ? null : $"{url} is not what its ledger folds to: {report["differences"]}";
    }

    [GeneratedRegex("""^veltrix_governor_signal_value\{[^}]*signal="log_lag"[^}]*\} (\S+)""", RegexOptions.Multiline)]
    private static partial Regex LagLine();

    public void Dispose() => http.Dispose();
}
