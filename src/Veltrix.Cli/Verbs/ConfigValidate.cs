using System.CommandLine;
using System.Text.Json.Nodes;

namespace Veltrix.Cli.Verbs;

static class ConfigValidate
{
    public static Verb Make(Terminal terminal)
    {
        var file = new Argument<string>("file") { Description = "A hunt-config.yml; - is standard input.", HelpName = "FILE" };
        var json = SharedOptions.Json();
        var verb = new Verb("validate", "Name every fault of a settings file, with line, column and remedy.",
            "veltrix config validate hunt-config.yml",
            "veltrix config validate - --json < hunt-config.yml")
        { file, json };
        verb.SetAction(parsed => Run(terminal, parsed.GetRequiredValue(file), parsed.GetValue(json)));
        return verb;
    }

    /// <summary>As <c>file:line:column: message (remedy)</c>, which editors turn into links.</summary>
    public static void WriteFaults(TextWriter text, string file, IEnumerable<JsonNode> faults)
    {
        foreach (var fault in faults) text.WriteLine($"{file}{((int)fault["line"]! == 0 ? "" : $":{fault["line"]}:{fault["column"]}")}: {fault["message"]} ({fault["remedy"]})");
    }

    static int Run(Terminal terminal, string file, bool json)
    {
        var read = ConfigText.Read(file, terminal.In);
        var faults = read.Faults.Select(fault => new JsonObject
        {
            ["line"] = fault.Line, ["column"] = fault.Column, ["key"] = fault.Key, ["value"] = fault.Value, ["message"] = fault.Message, ["remedy"] = fault.Remedy,
        }).ToList();
        if (json) terminal.Json(new JsonObject { ["file"] = read.Path, ["valid"] = faults.Count == 0, ["faults"] = new JsonArray([.. faults]) });
        else if (faults.Count == 0) terminal.Out.WriteLine($"{read.Path}: no faults.");
        else WriteFaults(terminal.Out, read.Path!, faults);
        return faults.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }
}
