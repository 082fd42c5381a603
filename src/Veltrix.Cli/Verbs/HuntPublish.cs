using System.CommandLine;
using System.Text.Json.Nodes;

namespace Veltrix.Cli.Verbs;

static class HuntPublish
{
    public static Verb Make(Terminal terminal)
    {
        var file = new Argument<string>("file") { Description = "The hunt file; - is standard input.", HelpName = "FILE" };
        var open = new Option<bool>("--open") { Description = "Open it at once." };
        var json = SharedOptions.Json();
        var remote = new RemoteOptions();
        var verb = new Verb("publish", "Put a hunt on a running server.",
            "veltrix hunt publish riddles.yml --open",
            "veltrix hunt publish riddles.yml --url https://hunts.example.org --key-file organiser.key")
        { file, open, json };
        remote.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            var hunt = HuntText.Read(parsed.GetRequiredValue(file), terminal);
            if (hunt.Result.Definition is not { } definition)
            {
                hunt.WriteFaults(terminal.Error);
                return ExitCode.Failed;
            }
            using var server = remote.OpenWithKey(parsed);
            try
            {
                await Publish(server, hunt.Yaml, parsed.GetValue(open), cancel);
            }
            catch (HuntFaultyException error)
            {
                // A server of another version may know other rules.
                HuntText.WriteFaults(hunt.File, error.Faults, terminal.Error);
                return error.Code;
            }
            var url = Remote.PlayUrl(server.Url, definition.Id);
            if (parsed.GetValue(json)) terminal.Json(new JsonObject { ["id"] = definition.Id, ["url"] = url });
            else terminal.Out.WriteLine(url);
            if (!parsed.GetValue(open) && definition.OpensMs is null) terminal.Say($"{definition.Id} is not open yet: veltrix hunt open {definition.Id}");
            return ExitCode.Done;
        });
        return verb;
    }

    public static Task<JsonNode> Publish(Remote server, string yaml, bool open, CancellationToken cancel) =>
        server.PostYaml(open ? "v1/hunts?open=true" : "v1/hunts", yaml, cancel);
}
