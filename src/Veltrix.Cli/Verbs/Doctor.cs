using System.Text.Json.Nodes;
using Spectre.Console;

namespace Veltrix.Cli.Verbs;

static class Doctor
{
    public static Verb Make(Terminal terminal)
    {
        var data = SharedOptions.Data();
        var port = SharedOptions.Port(8080);
        var json = SharedOptions.Json();
        var verb = new Verb("doctor", "Look at this machine: what is missing, what is small, and what to do.",
            "veltrix doctor",
            "veltrix doctor --data /var/lib/veltrix --port 80 --json")
        { data, port, json };
        verb.SetAction(parsed =>
        {
            var findings = Machine.Examine(new DataHome(parsed.GetRequiredValue(data)), parsed.GetValue(port));
            var isFine = findings.All(finding => finding.Severity != Severity.Broken);
            if (parsed.GetValue(json))
                terminal.Json(new JsonObject { ["ok"] = isFine, ["findings"] = new JsonArray([.. findings.Select(Json)]) });
            else
                foreach (var finding in findings) Show(terminal.Rich, finding);
            return isFine ? ExitCode.Done : ExitCode.Failed;
        });
        return verb;
    }

    static JsonObject Json(Finding finding) => new()
    {
        ["subject"] = finding.Subject,
        ["severity"] = finding.Severity.ToString().ToLowerInvariant(),
        ["text"] = finding.Text,
        ["remedy"] = finding.Remedy.Length == 0 ? null : finding.Remedy,
    };

    static void Show(IAnsiConsole console, Finding finding)
    {
        var (mark, colour) = finding.Severity switch { Severity.Fine => ("✓", "green"), Severity.Warning => ("!", "yellow"), _ => ("✗", "red") };
        console.MarkupLineInterpolated($"[{colour}]{mark}[/] {finding.Subject,-12} {finding.Text}");
        if (finding.Remedy.Length > 0) console.MarkupLineInterpolated($"  {"",-12} → {finding.Remedy}");
    }
}
