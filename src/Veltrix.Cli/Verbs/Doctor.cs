using System.CommandLine;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Veltrix.Cli.Verbs;

static class Doctor
{
    public static Verb Make(Terminal terminal)
    {
        var data = SharedOptions.Data();
        var port = SharedOptions.Port(8080);
        var config = SharedOptions.Config("The file with the settings, which name Kafka and the control database. Default: hunt-config.yml in the data folder, if it is there.");
        var redis = new Option<string?>("--redis") { Description = "The shared store that servers are started with.", HelpName = "ADDRESS" };
        var json = SharedOptions.Json();
        var verb = new Verb("doctor", "Look at this machine, and at the stores that the settings name: what is missing, what is small or set wrong, and what to do.",
            "veltrix doctor",
            "veltrix doctor --data /var/lib/veltrix --port 80 --json",
            "veltrix doctor --config /etc/veltrix/hunt-config.yml --redis rediss://veltrix@redis:6379")
        { data, port, config, redis, json };
        verb.SetAction(async (parsed, cancel) =>
        {
            var folder = new DataHome(parsed.GetRequiredValue(data));
            List<Finding> findings = [.. Machine.Examine(folder, parsed.GetValue(port)), .. await Stores.Examine(folder, parsed.GetValue(config), parsed.GetValue(redis), cancel)];
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
