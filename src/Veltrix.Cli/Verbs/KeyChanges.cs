using System.CommandLine;
using System.Text.Json.Nodes;

namespace Veltrix.Cli.Verbs;

/// <summary>What ends keys, and makes the ones that they are signed with; each with who and why.</summary>
static class KeyChanges
{
    public static Verb Revoke(Terminal terminal)
    {
        var id = Id("The id of the key, as 'veltrix key list' shows it.");
        return Shared(terminal, "revoke", "Take a key back, for good: within seconds no server knows it.", ["veltrix key revoke 5b1c07e9a2d4f680 --why \"the evening is over\""], id,
            (parsed, server, why, cancel) => server.Delete($"v1/keys/{Uri.EscapeDataString(parsed.GetRequiredValue(id))}?why={Uri.EscapeDataString(why)}", cancel),
            key => $"Key {key["id"]} of {key["name"]} is taken back.");
    }

    public static Verb Rotate(Terminal terminal) =>
        Shared(terminal, "rotate", "Make a new signing key. All that the older ones signed still holds, until they are retired.", ["veltrix key rotate --why \"every spring\""], null,
            (_, server, why, cancel) => server.Post("v1/signing-keys", new JsonObject { ["why"] = why }, cancel),
            key => $"Signing key {key["id"]} was made. It signs in a few seconds, when every server knows it.");

    public static Verb Retire(Terminal terminal)
    {
        var id = Id("The id of the signing key, as 'veltrix key list' shows it.");
        return Shared(terminal, "retire", "End everything that a signing key signed: tokens of hunters, tickets, passes and keys. Between hunts nobody notices.",
            ["veltrix key retire 9f86d081 --why \"a backup was lost\""], id,
            (parsed, server, why, cancel) => server.Delete($"v1/signing-keys/{Uri.EscapeDataString(parsed.GetRequiredValue(id))}?why={Uri.EscapeDataString(why)}", cancel),
            key => $"Signing key {key["id"]} is retired, and what it signed has ended.");
    }

    static Argument<string> Id(string description) => new("id") { Description = description, HelpName = "ID" };

    static Verb Shared(
        Terminal terminal, string name, string description, IReadOnlyList<string> examples, Argument<string>? id,
        Func<ParseResult, Remote, string, CancellationToken, Task<JsonNode>> send, Func<JsonNode, string> told)
    {
        var why = new Option<string>("--why") { Description = "The reason; kept with the key.", HelpName = "TEXT", Required = true };
        var json = SharedOptions.Json();
        var remote = new RemoteOptions();
        var verb = new Verb(name, description, examples) { why, json };
        if (id is not null) verb.Add(id);
        remote.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            using var server = remote.OpenWithKey(parsed);
            var answer = await send(parsed, server, parsed.GetRequiredValue(why), cancel);
            if (parsed.GetValue(json)) terminal.Json(answer);
            else terminal.Say(told(answer));
            return ExitCode.Done;
        });
        return verb;
    }
}
