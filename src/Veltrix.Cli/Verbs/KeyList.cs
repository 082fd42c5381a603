using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Veltrix.Cli.Verbs;

/// <summary>Who has which key, and what they are signed with.</summary>
static class KeyList
{
    public static Verb Make(Terminal terminal)
    {
        var json = SharedOptions.Json();
        var remote = new RemoteOptions();
        var verb = new Verb("list", "Show all keys that were given out, and what they are signed with; also those that hold no more, with who ended them and why.",
            "veltrix key list", "veltrix key list --json") { json };
        remote.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            using var server = remote.OpenWithKey(parsed);
            var answer = await server.Get("v1/keys", cancel);
            if (parsed.GetValue(json)) terminal.Json(answer);
            else Write(terminal, answer);
            return ExitCode.Done;
        });
        return verb;
    }

    static void Write(Terminal terminal, JsonNode answer)
    {
        var keys = new Table().AddColumns("id", "state", "scopes", "hunt", "name", "until", "issued", "revoked");
        foreach (var key in answer["keys"]!.AsArray())
            keys.AddRow(Cells(
                key!["id"], key["state"], string.Join(", ", key["scopes"]!.AsArray().Select(scope => (string)scope!)), key["hunt"], key["name"], Moment(key["until"]),
                Deed(key["issued"], key["issued_by"], key["why"]), Deed(key["revoked"], key["revoked_by"], key["revoked_why"])));
        terminal.Rich.Write(keys);
        var signing = new Table().AddColumns("signing key", "state", "made", "retired");
        foreach (var key in answer["signing_keys"]!.AsArray())
            signing.AddRow(Cells(key!["id"], key["state"], Deed(key["made"], key["made_by"], key["why"]), Deed(key["retired"], key["retired_by"], key["retired_why"])));
        terminal.Rich.Write(signing);
        terminal.Say($"Kept in {answer["database"]}.");
        if (answer["trouble"] is { } trouble) terminal.Say($"It does not answer: {trouble} Keys hold as they were at {Moment(answer["at"])}.");
    }

    static string[] Cells(params IEnumerable<JsonNode?> cells) => [.. cells.Select(cell => Markup.Escape(cell?.ToString() ?? ""))];

    static string Deed(JsonNode? at, JsonNode? who, JsonNode? why) => at is null ? "" : $"{Moment(at)} {who}: {why}";

    static string Moment(JsonNode? at) => at is null ? "" : DateTimeOffset.FromUnixTimeMilliseconds((long)at).UtcDateTime.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);
}
