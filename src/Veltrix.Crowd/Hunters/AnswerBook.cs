using System.Text.Json;

namespace Veltrix.Crowd;

/// <summary>The answers of a hunt, as the organiser hands them to a crowd: <c>answers/{hunt}.json</c>.</summary>
sealed class AnswerBook
{
    readonly Dictionary<string, int> indexOf;

    AnswerBook(string hunt, string? auditKey, Entry[] challenges)
    {
        Hunt = hunt;
        AuditKey = auditKey;
        Challenges = challenges;
        indexOf = challenges.Select((c, i) => (c.Id, i)).ToDictionary(p => p.Id, p => p.i, StringComparer.Ordinal);
    }

    public string Hunt { get; }

    /// <summary>Reads the ledger of this hunt; null where the file has none.</summary>
    public string? AuditKey { get; }

    /// <summary>In the hunt's order.</summary>
    public IReadOnlyList<Entry> Challenges { get; }

    /// <summary>One challenge.</summary>
    /// <param name="Requires">Indices of those that must be solved first.</param>
    public sealed record Entry(string Id, string Answer, int[] Requires);

    /// <summary>The index of a challenge, or −1 for one that is not in the book.</summary>
    public int IndexOf(string challenge) => indexOf.GetValueOrDefault(challenge, -1);

    public static AnswerBook Read(string path)
    {
        FileJson? file;
        try
        {
            using var stream = File.OpenRead(path);
            file = JsonSerializer.Deserialize<FileJson>(stream, CrowdJson.Options);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new CrowdException($"{path}: cannot be read as an answers file: {e.Message} `veltrix up` writes one for each example hunt.", e);
        }

        if (file is not { Hunt.Length: > 0, Challenges.Length: > 0 })
            throw new CrowdException($"{path}: an answers file needs \"hunt\" and at least one of \"challenges\".");
        return Of(file.Hunt, file.AuditKey, file.Challenges.Select(c => (c.Id, c.Answer, c.Requires ?? [])), path);
    }

    internal static AnswerBook Of(string hunt, string? auditKey, IEnumerable<(string Id, string Answer, string[] Requires)> challenges, string source)
    {
        var all = challenges.ToArray();
        var known = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (id, _, _) in all)
        {
            if (!known.TryAdd(id, known.Count))
                throw new CrowdException($"{source}: challenge '{id}' is there twice.");
        }

        return new AnswerBook(hunt, auditKey, [.. all.Select(c => new Entry(c.Id, c.Answer, [.. c.Requires.Select(r => known.TryGetValue(r, out int i)
            ? i
            : throw new CrowdException($"{source}: challenge '{c.Id}' requires '{r}', which is not in the file."))]))]);
    }

    sealed record FileJson(string Hunt, string? AuditKey, ChallengeJson[] Challenges);

    sealed record ChallengeJson(string Id, string Answer, string[]? Requires);
}
