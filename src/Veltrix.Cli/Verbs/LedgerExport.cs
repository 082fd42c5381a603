using System.CommandLine;
using Veltrix.Server;
using Veltrix.Server.Ledgers;

namespace Veltrix.Cli.Verbs;

static class LedgerExport
{
    public static Verb Make(Terminal terminal)
    {
        var hunt = SharedOptions.Hunt();
        var after = new Option<long>("--after") { Description = "Only records after this position.", HelpName = "POSITION" };
        var format = new Option<string>("--format") { Description = "ndjson: lines for people and tools; protobuf: with a checksum, for backups.", HelpName = "FORMAT", DefaultValueFactory = _ => "ndjson" };
        format.AcceptOnlyFromAmong("ndjson", "protobuf");
        var output = SharedOptions.Output();
        var remote = new RemoteOptions();
        var verb = new Verb("export", "Write a hunt's ledger up to its present end. Without a running server it is read from the data folder, or from the Kafka that its settings name.",
            "veltrix ledger export riddles --format protobuf --output riddles.ledger",
            "veltrix ledger export riddles --output riddles.ndjson",
            "veltrix ledger export riddles --after 81264 | jq .facts")
        { hunt, after, format, output };
        remote.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            var (id, position, form) = (parsed.GetRequiredValue(hunt), parsed.GetValue(after), parsed.GetRequiredValue(format));
            try
            {
                using var server = remote.OpenWithKey(parsed);
                await using var body = await server.Stream($"{Remote.HuntPath(id)}/ledger?after={position}&format={form}", cancel);
                await terminal.Save(stream => body.CopyToAsync(stream, cancel), parsed.GetRequiredValue(output));
            }
            catch (ServerSilentException) when (!remote.IsUrlGiven(parsed) && Directory.Exists(remote.Folder(parsed).Path))
            {
                await terminal.Save(stream => Offline(remote.Folder(parsed).Path, id, Enum.Parse<LedgerForm>(form, ignoreCase: true), position, stream, cancel), parsed.GetRequiredValue(output));
            }

            return ExitCode.Done;
        });
        return verb;
    }

    static async Task Offline(string folder, string hunt, LedgerForm form, long after, Stream output, CancellationToken cancel)
    {
        await using var logs = await DataFolder.OpenLogs(folder, config: null, TimeProvider.System, cancel);
        try
        {
            var ledger = await DataFolder.OpenLedger(logs, folder, hunt, cancel);
            await Server.Ledgers.LedgerExport.Write(ledger, hunt, form, after, Server.Ledgers.LedgerExport.LastDecision(ledger), TimeProvider.System, output, cancel);
        }
        catch (KeyNotFoundException error)
        {
            throw new CliException(ExitCode.NotFound, error.Message, "'veltrix hunt list' shows what a running server has; --data names another folder.", error);
        }
    }
}
