using System.Text.Json.Nodes;
using Spectre.Console;

namespace Veltrix.Cli.Verbs;

static class ConfigList
{
    public static Verb Make(Terminal terminal)
    {
        var json = SharedOptions.Json();
        var source = new ConfigSource();
        var verb = new Verb("list", "Show every setting with its value and who set it.",
            "veltrix config list",
            "veltrix config list --hunt riddles --json",
            "veltrix config list --file hunt-config.yml")
        { json };
        source.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            var cards = await source.Cards(parsed, terminal, cancel);
            if (parsed.GetValue(json))
                foreach (var card in cards) terminal.Json(card);
            else Show(terminal, cards);
            return ExitCode.Done;
        });
        return verb;
    }

    static void Show(Terminal terminal, IReadOnlyList<JsonObject> cards)
    {
        var table = new Table { Border = terminal.OutIsTerminal ? TableBorder.Rounded : TableBorder.None, UseSafeBorder = true };
        foreach (var column in new[] { "key", "value", "unit", "set by" }) table.AddColumn(column);
        foreach (var card in cards)
            table.AddRow(new[] { (string)card["key"]!, (string)card["value"]! + ConfigText.Waits(card), (string)card["unit"]!, (string)card["origin"]! }.Select(Markup.Escape).ToArray());
        terminal.Rich.Write(table);
    }
}
