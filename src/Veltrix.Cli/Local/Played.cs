using System.Text.Json;
using System.Text.Json.Nodes;

namespace Veltrix.Cli;

/// <summary>What happened in a hunt since a position: a small fold of its ledger.</summary>
sealed class Played(string hunt)
{
    public string Hunt { get; } = hunt;

    public long Hunters { get; private set; }

    /// <summary>Decided ones: right, wrong and refused.</summary>
    public long Submissions { get; private set; }

    public long Right { get; private set; }

    public static async Task<Played> Since(Remote server, string hunt, long position, CancellationToken cancel)
    {
        var played = new Played(hunt);
        await using var body = await server.Stream($"{Remote.HuntPath(hunt)}/ledger?after={position}", cancel);
        using var lines = new StreamReader(body);
        try
        {
            while (await lines.ReadLineAsync(cancel) is { } line)
                if (line.Length > 0) played.Add(line);
        }
        catch (OperationCanceledException)
        {
            // A long ledger: what was counted so far is better than nothing, and better than waiting.
        }
        return played;
    }

    public JsonObject ToJson() => new() { ["id"] = Hunt, ["hunters"] = Hunters, ["submissions"] = Submissions, ["right"] = Right };

    void Add(string line)
    {
        using var record = JsonDocument.Parse(line);
        if (!record.RootElement.TryGetProperty("facts", out var facts)) return; // A sign of the scorer's life.
        foreach (var fact in facts.EnumerateArray())
            switch (fact.GetProperty("fact").GetString())
            {
                case "TeamJoined":
                    Hunters++;
                    break;
                case "AnswerAccepted":
                    Right++;
                    Submissions++;
                    break;
                case "AnswerRejected" or "SubmissionRefused":
                    Submissions++;
                    break;
            }
    }
}
