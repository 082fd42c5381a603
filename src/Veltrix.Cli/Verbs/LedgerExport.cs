using System.CommandLine;

namespace Veltrix.Cli.Verbs;

static class LedgerExport
{
    public static Verb Make(Terminal terminal)
    {
        var hunt = SharedOptions.Hunt();
        var after = new Option<long>("--after") { Description = "Only records after this position.", HelpName = "POSITION" };
        var output = SharedOptions.Output();
        var remote = new RemoteOptions();
        var verb = new Verb("export", "Write a hunt's ledger as NDJSON, one record a line, up to its present end.",
            "veltrix ledger export riddles --output riddles.ndjson",
            "veltrix ledger export riddles --after 81264 | jq .facts")
        { hunt, after, output };
        remote.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            using var server = remote.OpenWithKey(parsed);
            await using var body = await server.Stream($"{Remote.HuntPath(parsed.GetRequiredValue(hunt))}/ledger?after={parsed.GetValue(after)}", cancel);
            await terminal.Save(body, parsed.GetRequiredValue(output), cancel);
            return ExitCode.Done;
        });
        return verb;
    }
}
