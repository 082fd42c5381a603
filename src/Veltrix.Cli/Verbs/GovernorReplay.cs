using System.CommandLine;
using System.Text.Json.Nodes;
using Veltrix.Governor.Sidecar;

namespace Veltrix.Cli.Verbs;

/// <summary>Decides again what was recorded, and compares.</summary>
static class GovernorReplay
{
    public static Verb Make(Terminal terminal)
    {
        var file = new Argument<string>("file") { Description = "The newest file of a log; older parts beside it are read too. - is standard input.", HelpName = "FILE" };
        var json = SharedOptions.Json();
        var verb = new Verb("replay", "Run recorded observations through the policies again and compare every decision, to the last bit.",
            "veltrix governor replay /var/lib/veltrix/governor/riddles.decisions.ndjson",
            "veltrix governor replay riddles.decisions.ndjson --json")
        { file, json };
        verb.SetAction(parsed =>
        {
            var path = parsed.GetRequiredValue(file);
            if (path != "-" && !File.Exists(path)) throw new CliException(ExitCode.NotFound, $"There is no file {path}.", "A governor writes governor/HUNT.decisions.ndjson in its data folder.");
            var report = Replay.Run(path == "-" ? Lines(terminal.In) : DecisionLog.Parts(path).SelectMany(File.ReadLines));
            if (report.Ticks == 0) throw new CliException(ExitCode.Failed, $"{path} holds no tick of a governor.");
            if (parsed.GetValue(json)) terminal.Json(new JsonObject
            {
                ["equal"] = report.Difference is null, ["ticks"] = report.Ticks, ["decisions"] = report.Decisions, ["skipped"] = report.Skipped, ["difference"] = report.Difference?.ToString(),
            });
            else
            {
                if (report.Skipped > 0) terminal.Say($"{report.Skipped:N0} decisions could not be compared: their policy began in a file that has gone.");
                terminal.Out.WriteLine(report.Difference is { } difference ? difference.ToString() : FormattableString.Invariant($"{report.Ticks:N0} ticks, {report.Decisions:N0} decisions: all the same."));
            }
            return report.Difference is null ? ExitCode.Done : ExitCode.Failed;
        });
        return verb;
    }

    static IEnumerable<string> Lines(TextReader reader)
    {
        while (reader.ReadLine() is { } line) yield return line;
    }
}
