using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Veltrix.Cli.Verbs;

static class HuntList
{
    public static Verb Make(Terminal terminal)
    {
        var json = SharedOptions.Json();
        var remote = new RemoteOptions();
        var verb = new Verb("list", "Show the hunts of a server.",
            "veltrix hunt list",
            "veltrix hunt list --url https://hunts.example.org --json")
        { json };
        remote.AddTo(verb, withKey: false);
        verb.SetAction(async (parsed, cancel) =>
        {
            using var server = remote.Open(parsed);
            var answer = await server.Get("v1/hunts", cancel);
            if (parsed.GetValue(json)) terminal.Json(answer);
            else Show(terminal, answer["hunts"]!.AsArray());
            return ExitCode.Done;
        });
        return verb;
    }

    static void Show(Terminal terminal, JsonArray hunts)
    {
        if (hunts.Count == 0)
        {
            terminal.Say("No hunts yet. 'veltrix hunt new' writes one, 'veltrix hunt publish' puts it here.");
            return;
        }
        var table = new Table { Border = terminal.OutIsTerminal ? TableBorder.Rounded : TableBorder.None, UseSafeBorder = true };
        foreach (var column in new[] { "hunt", "title", "phase", "opens", "closes", "teams" }) table.AddColumn(column);
        table.Columns[5].RightAligned();
        foreach (var hunt in hunts)
            table.AddRow(new[]
            {
                (string)hunt!["id"]!,
                (string?)hunt["title"] ?? "",
                (string?)hunt["phase"] ?? "",
                Moment((long?)hunt["opens"]),
                Moment((long?)hunt["closes"]),
                ((long?)hunt["teams"] ?? 0).ToString("N0", CultureInfo.InvariantCulture),
            }.Select(Markup.Escape).ToArray());
        terminal.Rich.Write(table);
    }

    static string Moment(long? milliseconds) =>
        milliseconds is { } time ? DateTimeOffset.FromUnixTimeMilliseconds(time).ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture) : "by hand";
}
