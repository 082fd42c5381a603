using System.CommandLine;
using Veltrix.Cli.Chaos;

namespace Veltrix.Cli.Verbs;

static class ChaosVerb
{
    public static Verb Make(Terminal terminal)
    {
        var servers = SharedOptions.Count("--servers", "Servers, each with a governor", 2, 16, 3);
        var hunters = SharedOptions.Count("--hunters", "How many play meanwhile", 20, 15_000, 3_000);
        var minutes = new Option<double>("--minutes") { Description = "How long, arriving and healing included: at least 2.2 for one of each fault.", HelpName = "M", DefaultValueFactory = _ => 5 };
        minutes.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double>() is not (>= 1 and <= 600)) result.AddError("--minutes: 1 to 600.");
        });
        var seed = SharedOptions.Count("--seed", "Which faults come when, and to whom", 0, int.MaxValue, 1);
        var scripts = new Option<string>("--kafka-scripts")
        {
            Description = "A folder with the scripts 'up' and 'down' of a broker that may be killed; docs/operate/chaos.md says what they do.",
            HelpName = "DIR", Required = true, CustomParser = result => Path.GetFullPath(result.Tokens[0].Value),
        };
        var port = SharedOptions.Count("--kafka-port", "The broker's port", 1_024, 65_000, 29_492);
        var receipts = new Option<string?>("--receipts") { Description = "Write the id of every acknowledged submission there.", HelpName = "FILE" };
        var json = SharedOptions.Json();
        var verb = new Verb("chaos", "Break a cluster under load, and check that nothing was lost, doubled or given away: the last line is the report as JSON; exit code 1 if a promise was broken.",
            "veltrix chaos --kafka-scripts ./kafka --seed 7",
            "veltrix chaos --kafka-scripts ./kafka --servers 3 --hunters 3000 --minutes 5 --seed 1 --receipts receipts.txt --json")
        { servers, hunters, minutes, seed, scripts, port, receipts, json };
        verb.SetAction(async (parsed, cancel) =>
        {
            var options = new ChaosOptions
            {
                Servers = parsed.GetValue(servers), Hunters = parsed.GetValue(hunters), Time = TimeSpan.FromMinutes(parsed.GetValue(minutes)), Seed = parsed.GetValue(seed),
                KafkaScripts = parsed.GetRequiredValue(scripts), KafkaPort = parsed.GetValue(port), ReceiptsFile = parsed.GetValue(receipts),
            };
            var report = await new ChaosRun(options, terminal).Run(cancel);
            foreach (var fault in report.Broken) terminal.Say($"broken: {fault}");
            if (!parsed.GetValue(json))
                terminal.Say(FormattableString.Invariant(
                    $"{(report.Broken.Count == 0 ? "Everything held" : "Not everything held")}: {report.Acknowledged:N0} acknowledged, {report.Faults.Values.Sum()} faults, {report.Stalls:N0} stalls. Again: veltrix chaos --servers {options.Servers} --hunters {options.Hunters} --minutes {options.Time.TotalMinutes} --seed {options.Seed} --kafka-scripts {options.KafkaScripts}"));
            terminal.Json(report.ToJson());
            return report.Broken.Count == 0 ? ExitCode.Done : ExitCode.Failed;
        });
        return verb;
    }
}
