using System.CommandLine;
using System.Text.Json.Nodes;

namespace Veltrix.Cli.Verbs;

/// <summary>A person's override for one hunt, and the way back. Both are in the hunt's ledger, with who and why.</summary>
static class ConfigSet
{
    public static Verb Make(Terminal terminal)
    {
        var key = KeyArgument();
        var value = new Argument<string>("value") { Description = "The value, as it would stand in hunt-config.yml.", HelpName = "VALUE" };
        var until = SharedOptions.Until("When it ends by itself");
        var verb = Shared(terminal, "set", "Override a setting for one hunt, at once, while it is live.",
        [
            "veltrix config set max_concurrent_hunters 30000 --hunt riddles --why \"the second Redis is there\"",
            "veltrix config set pin_limit 5000 --hunt riddles --why \"a talk with the venue\" --until 30m",
        ], key, (parsed, server, hunt, why, cancel) =>
        {
            var send = new JsonObject { ["key"] = parsed.GetRequiredValue(key), ["value"] = parsed.GetRequiredValue(value), ["why"] = why };
            if (parsed.GetValue(until) is { } end) send["until"] = end.ToUnixTimeMilliseconds();
            return server.Post($"{Remote.HuntPath(hunt)}/settings", send, cancel);
        });
        verb.Add(value);
        verb.Add(until);
        return verb;
    }

    public static Verb MakeUnset(Terminal terminal)
    {
        var key = KeyArgument();
        return Shared(terminal, "unset", "Take an override back: the hunt has again what the layers below say.",
            ["veltrix config unset pin_limit --hunt riddles --why \"the venue is content\""], key,
            (parsed, server, hunt, why, cancel) =>
                server.Delete($"{Remote.HuntPath(hunt)}/settings/{Uri.EscapeDataString(parsed.GetRequiredValue(key))}?why={Uri.EscapeDataString(why)}", cancel));
    }

    static Argument<string> KeyArgument() => new("key") { Description = "The key.", HelpName = "KEY" };

    static Verb Shared(
        Terminal terminal, string name, string description, IReadOnlyList<string> examples, Argument<string> key,
        Func<ParseResult, Remote, string, string, CancellationToken, Task<JsonNode>> send)
    {
        var hunt = new Option<string>("--hunt") { Description = "The hunt's id.", HelpName = "ID", Required = true };
        var why = new Option<string>("--why") { Description = "The reason, for the ledger and for whoever meets the value at night.", HelpName = "TEXT", Required = true };
        var json = SharedOptions.Json();
        var remote = new RemoteOptions();
        var verb = new Verb(name, description, examples) { key, hunt, why, json };
        remote.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            using var server = remote.OpenWithKey(parsed);
            var answer = await send(parsed, server, parsed.GetRequiredValue(hunt), parsed.GetRequiredValue(why), cancel);
            var setting = answer["setting"]!;
            if (parsed.GetValue(json)) terminal.Json(answer);
            else terminal.Say($"{parsed.GetRequiredValue(hunt)}: {setting["key"]} = {setting["value"]} ({setting["origin"]}; position {answer["position"]}).");
            return ExitCode.Done;
        });
        return verb;
    }
}
