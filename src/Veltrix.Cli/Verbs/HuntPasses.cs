using System.Text.Json.Nodes;

namespace Veltrix.Cli.Verbs;

/// <summary>Priority passes: for the press, for helpers, for those who were promised a seat.</summary>
static class HuntPasses
{
    public static Verb Make(Terminal terminal)
    {
        var hunt = SharedOptions.Hunt();
        var count = SharedOptions.Count("--count", "How many passes; each is good for one hunter", 1, 10_000, 1);
        var why = new System.CommandLine.Option<string>("--why") { Description = "Whom they are for; kept in the server's log.", HelpName = "TEXT", Required = true };
        var json = SharedOptions.Json();
        var remote = new RemoteOptions();
        var verb = new Verb("passes", "Make priority passes: their holders get a small share of the seats before those who wait.",
            "veltrix hunt passes riddles --count 20 --why \"the press\"")
        { hunt, count, why, json };
        remote.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            using var server = remote.OpenWithKey(parsed);
            var body = new JsonObject { ["count"] = parsed.GetValue(count), ["why"] = parsed.GetRequiredValue(why) };
            var answer = await server.Post($"{Remote.HuntPath(parsed.GetRequiredValue(hunt))}/passes", body, cancel);
            if (parsed.GetValue(json)) terminal.Json(answer.AsObject());
            else
                foreach (var pass in answer["tokens"]!.AsArray()) terminal.Out.WriteLine((string)pass!);
            return ExitCode.Done;
        });
        return verb;
    }
}
