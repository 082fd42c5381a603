using System.CommandLine;
using System.Text.Json.Nodes;
using Veltrix.Hosting;
using Veltrix.Server;
using Veltrix.Server.Ledgers;

namespace Veltrix.Cli.Verbs;

static class LedgerImport
{
    public static Verb Make(Terminal terminal)
    {
        var file = new Argument<string>("file") { Description = "An exported ledger, in either form. It is read twice, so it cannot be standard input.", HelpName = "FILE" };
        var asHunt = new Option<string?>("--as") { Description = "Another id for the hunt. Tokens that hunters have are for the old one. Default: its own.", HelpName = "HUNT" };
        var config = SharedOptions.Config("The settings, which may name the Kafka that keeps the logs. Default: hunt-config.yml in the data folder, if it is there.");
        var data = SharedOptions.Data();
        var json = SharedOptions.Json();
        var verb = new Verb("import", "Make a hunt from an exported ledger. No server may run on the data folder; what was interrupted goes on when it is called again.",
            "veltrix ledger import riddles.ledger --data /var/lib/veltrix",
            "veltrix ledger import riddles.ledger --as riddles-again",
            "veltrix ledger import riddles.ledger --config hunt-config.yml --data ./import --json")
        { file, asHunt, config, json, data };
        verb.SetAction(async (parsed, cancel) =>
        {
            var (path, folder) = (parsed.GetRequiredValue(file), parsed.GetRequiredValue(data));
            if (!File.Exists(path)) throw new CliException(ExitCode.NotFound, $"There is no file {path}.", "'veltrix ledger export HUNT --output FILE' writes one.");
            Directory.CreateDirectory(folder);
            try
            {
                await using var logs = await DataFolder.OpenLogs(folder, parsed.GetValue(config), TimeProvider.System, cancel);
                var import = await terminal.Progress("checking", steps => Task.Run(() => Server.Ledgers.LedgerImport.Check(logs, path, parsed.GetValue(asHunt), new Share("checking", steps), cancel), cancel));
                var there = await terminal.Progress("importing", steps => import.Run(folder, $"import by {Environment.MachineName}:{Environment.ProcessId}", new Share("importing", steps), cancel));
                if (parsed.GetValue(json)) terminal.Json(new JsonObject { ["hunt"] = import.Hunt, ["records"] = import.Records, ["resumed_at"] = there });
                else terminal.Say(FormattableString.Invariant($"{import.Hunt}: {import.Records:N0} records, read back and equal{(there > 0 ? $"; {there:N0} of them were there already" : "")}. 'veltrix up' or 'veltrix server' serves it."));
                return ExitCode.Done;
            }
            catch (LedgerFileException error)
            {
                throw new CliException(ExitCode.Failed, error.Message, error.Remedy, error);
            }
            catch (ConfigException error)
            {
                throw new CliException(ExitCode.Failed, $"The settings cannot be taken:\n{error.Message}", "Repair them; 'veltrix config validate FILE' reads them.", error);
            }
        });
        return verb;
    }

    sealed class Share(string what, IProgress<Step> steps) : IProgress<double>
    {
        public void Report(double value) => steps.Report(new Step(what, value));
    }
}
