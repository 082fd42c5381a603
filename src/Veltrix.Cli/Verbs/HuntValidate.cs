using System.CommandLine;
using System.Text.Json.Nodes;

namespace Veltrix.Cli.Verbs;

static class HuntValidate
{
    public static Verb Make(Terminal terminal)
    {
        var files = new Argument<string[]>("file") { Description = "Hunt files; - is standard input.", HelpName = "FILE", Arity = ArgumentArity.OneOrMore };
        var json = SharedOptions.Json();
        var verb = new Verb("validate", "Name every fault of hunt files, with line, column and remedy.",
            "veltrix hunt validate riddles.yml",
            "veltrix hunt validate hunts/a.yml hunts/b.yml --json",
            "veltrix hunt validate - < riddles.yml")
        { files, json };
        verb.SetAction(parsed => Run(terminal, parsed.GetRequiredValue(files), parsed.GetValue(json)));
        return verb;
    }

    static int Run(Terminal terminal, string[] files, bool json)
    {
        var code = ExitCode.Done;
        foreach (var file in files)
        {
            var hunt = HuntText.Read(file, terminal);
            if (hunt.Result.Definition is not { } definition) code = ExitCode.Failed;
            else if (!json) terminal.Out.WriteLine($"{hunt.File}: no faults; the hunt {definition.Id} has {definition.Challenges.Length:N0} challenges.");
            if (json)
                terminal.Json(new JsonObject
                {
                    ["file"] = hunt.File,
                    ["valid"] = hunt.Faults.IsEmpty,
                    ["hunt"] = hunt.Result.Definition?.Id,
                    ["challenges"] = hunt.Result.Definition?.Challenges.Length,
                    ["faults"] = new JsonArray([.. hunt.FaultsAsJson()]),
                });
            else hunt.WriteFaults(terminal.Out);
        }
        return code;
    }
}
