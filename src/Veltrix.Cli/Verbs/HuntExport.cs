using System.CommandLine;

namespace Veltrix.Cli.Verbs;

static class HuntExport
{
    public static Verb Make(Terminal terminal)
    {
        var hunt = SharedOptions.Hunt();
        var format = new Option<string>("--format") { Description = "csv, or ctftime: the scoreboard feed of ctftime.org.", HelpName = "FORMAT", DefaultValueFactory = _ => "csv" };
        format.AcceptOnlyFromAmong("csv", "ctftime");
        var output = SharedOptions.Output();
        var remote = new RemoteOptions();
        var verb = new Verb("export", "Write the standings.",
            "veltrix hunt export riddles > standings.csv",
            "veltrix hunt export riddles --format ctftime --output scoreboard.json")
        { hunt, format, output };
        remote.AddTo(verb, withKey: false);
        verb.SetAction(async (parsed, cancel) =>
        {
            using var server = remote.Open(parsed);
            var name = parsed.GetValue(format) == "ctftime" ? "ctftime.json" : "board.csv";
            await using var body = await server.Stream($"{Remote.HuntPath(parsed.GetRequiredValue(hunt))}/exports/{name}", cancel);
            await terminal.Save(stream => body.CopyToAsync(stream, cancel), parsed.GetRequiredValue(output));
            return ExitCode.Done;
        });
        return verb;
    }
}
