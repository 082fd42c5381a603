using System.CommandLine;
using System.Text.Json.Nodes;
using Veltrix.Hosting;

namespace Veltrix.Cli.Verbs;

static class ConfigExplain
{
    public static Verb Make(Terminal terminal)
    {
        var name = new Argument<string>("key") { Description = "The key, or what you remember of it.", HelpName = "KEY" };
        var json = SharedOptions.Json();
        var source = new ConfigSource();
        var verb = new Verb("explain", "Show what a setting does, its value, and who set it.",
            "veltrix config explain max_concurrent_hunters",
            "veltrix config explain max_concurrent_hunters --hunt riddles",
            "veltrix config explain governor.policy --file hunt-config.yml --json")
        { name, json };
        source.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            var key = Find(parsed.GetRequiredValue(name), terminal);
            var card = (await source.Cards(parsed, terminal, cancel)).FirstOrDefault(card => (string?)card["key"] == key.Name)
                ?? throw new CliException(ExitCode.NotFound, $"The server does not know {key.Name}.", "It is of another version.");
            if (parsed.GetValue(json)) terminal.Json(card);
            else Show(terminal.Out, card);
            return ExitCode.Done;
        });
        return verb;
    }

    /// <summary>The key of this name, or the one that is meant, which is then said.</summary>
    static Key Find(string written, Terminal terminal)
    {
        if (Keys.Find(written) is { } key) return key;
        if (KeySearch.Nearest(written) is { } meant)
        {
            terminal.Say($"There is no key '{written}'; this is {meant.Name}.");
            return meant;
        }

        var mentioning = KeySearch.Mentioning(written);
        throw new CliException(ExitCode.NotFound, $"There is no key '{written}'.", mentioning.Count == 0
            ? "'veltrix config list' shows all there are."
            : $"Did you mean {string.Join(", ", mentioning.Take(5).Select(near => $"'{near.Name}'"))}? 'veltrix config list' shows all there are.");
    }

    static void Show(TextWriter text, JsonObject card)
    {
        text.WriteLine($"{card["key"]} = {card["value"]}{ConfigText.Waits(card)}");
        text.WriteLine($"  {card["sentence"]}");
        text.WriteLine();
        text.WriteLine($"  unit     {card["unit"]}");
        text.WriteLine($"  allowed  {card["allowed"]}");
        text.WriteLine($"  for      {((string?)card["for"] == "hunt" ? "each hunt" : "the process")}");
        text.WriteLine($"  acts     {card["acts"]}");
        text.WriteLine();
        var counts = true;
        foreach (var layer in card["layers"]!.AsArray())
        {
            var aside = (string?)layer!["set_aside"];
            text.WriteLine($"  {(counts && aside is null ? "→" : " ")} {layer["layer"],-10} {layer["value"]}  ({layer["origin"]}){(aside is null ? "" : $"; set aside: {aside}")}");
            counts &= aside is not null;
        }
    }
}
