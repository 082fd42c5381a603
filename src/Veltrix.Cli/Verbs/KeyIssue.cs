using System.CommandLine;
using System.Text.Json.Nodes;
using Veltrix.Hosting;

namespace Veltrix.Cli.Verbs;

/// <summary>A key for somebody else, or for a program. It is told once: the server keeps its id, not the key.</summary>
static class KeyIssue
{
    static readonly string[] scopes = ["organiser", "audit", "relay", "replay"];

    public static Verb Make(Terminal terminal)
    {
        var scope = new Option<string[]>("--scope") { Description = "What it allows: organiser, audit (reads ledgers), relay (speaks for many hunters), replay (sets time, too). May be given several times.", HelpName = "SCOPE", Required = true };
        scope.AcceptOnlyFromAmong(scopes);
        var hunt = new Option<string?>("--hunt") { Description = "The only hunt that it is good for. Default: all.", HelpName = "ID" };
        var name = new Option<string>("--name") { Description = "Whose it is: the name that stands in ledgers beside what is done with it.", HelpName = "WHO", Required = true };
        var until = SharedOptions.Until("When it ends by itself");
        var why = new Option<string>("--why") { Description = "What it is for; kept with the key.", HelpName = "TEXT", Required = true };
        var output = SharedOptions.Output();
        var json = SharedOptions.Json();
        var remote = new RemoteOptions();
        var verb = new Verb("issue", "Give out a key that can be taken back. It is shown this once.",
            "veltrix key issue --scope organiser --name anna --why \"runs the evening\" --until 2d --output anna.key",
            "veltrix key issue --scope audit --hunt riddles --name jury --why \"reads the ledger\"",
            "veltrix key issue --scope relay --scope replay --name rehearsal --why \"Tuesday's rehearsal\" --json")
        { scope, hunt, name, until, why, output, json };
        remote.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            using var server = remote.OpenWithKey(parsed);
            var body = new JsonObject
            {
                ["scopes"] = new JsonArray([.. parsed.GetRequiredValue(scope).Distinct().Select(text => (JsonNode)text)]), ["name"] = parsed.GetRequiredValue(name), ["why"] = parsed.GetRequiredValue(why),
            };
            if (parsed.GetValue(hunt) is { } of) body["hunt"] = of;
            if (parsed.GetValue(until) is { } end) body["until"] = end.ToUnixTimeMilliseconds();
            var file = parsed.GetRequiredValue(output);
            // Before the key is made: afterwards it would be lost.
            if (file != "-" && File.Exists(file)) throw new CliException(ExitCode.Refused, $"{file} is there already.", "Name another with --output.");
            var answer = await server.Post("v1/keys", body, cancel);
            if (file != "-") SecretFile.Write(file, (string)answer["token"]!);
            if (parsed.GetValue(json)) terminal.Json(answer);
            else if (file == "-") terminal.Out.WriteLine((string)answer["token"]!);
            terminal.Say($"Key {answer["key"]!["id"]} of {parsed.GetRequiredValue(name)}{(file == "-" ? "" : $" is in {file}")}. Take it back with: veltrix key revoke {answer["key"]!["id"]} --why …");
            return ExitCode.Done;
        });
        return verb;
    }
}
