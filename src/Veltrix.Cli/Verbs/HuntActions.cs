using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Veltrix.Cli.Verbs;

/// <summary>What an organiser does to a running hunt. Each becomes a fact in the ledger, with who and why.</summary>
static class HuntActions
{
    public static IEnumerable<Verb> Make(Terminal terminal) =>
    [
        Action(terminal, "open", "Let hunters answer.", ["veltrix hunt open riddles"]),
        Action(terminal, "pause", "Refuse answers for a while; hunters stay.", ["veltrix hunt pause riddles --why \"the bridge is closed\""]),
        Action(terminal, "resume", "Go on after a pause.", ["veltrix hunt resume riddles"]),
        Action(terminal, "close", "End the hunt.", ["veltrix hunt close riddles --why rain"]),
        Extend(terminal),
        Adjust(terminal),
        Ban(terminal),
        Announce(terminal),
    ];

    static Verb Extend(Terminal terminal)
    {
        var closes = new Option<DateTimeOffset?>("--closes")
        {
            Description = "The new end, with an offset: 2026-12-01T20:30:00Z.",
            HelpName = "MOMENT",
            CustomParser = result =>
            {
                if (DateTimeOffset.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment)) return moment;
                result.AddError($"--closes {result.Tokens[0].Value}: a moment is written as 2026-12-01T20:30:00Z.");
                return null;
            },
        };
        var by = SharedOptions.Span("--by", "Or: how much later than now planned.");
        var verb = Action(terminal, "extend", "Move the end of a hunt.", ["veltrix hunt extend riddles --by 15m", "veltrix hunt extend riddles --closes 2026-12-01T20:30:00Z"], [closes, by],
            async (parsed, server, hunt, cancel) => new JsonObject
            {
                ["closes"] = parsed.GetValue(closes)?.ToUnixTimeMilliseconds() ?? await Planned(server, hunt, cancel) + (long)parsed.GetValue(by)!.Value.TotalMilliseconds,
            });
        verb.Validators.Add(result =>
        {
            if (result.GetValue(closes) is null == result.GetValue(by) is null) result.AddError("Give either --closes or --by.");
        });
        return verb;
    }

    static async Task<long> Planned(Remote server, string hunt, CancellationToken cancel) =>
        (long?)(await server.Get(Remote.HuntPath(hunt), cancel))["closes"]
        ?? throw new CliException(ExitCode.Refused, $"{hunt} has no planned end that could be moved.", "Give it one with --closes.");

    static Verb Adjust(Terminal terminal)
    {
        var team = new Option<int>("--team") { Description = "The team's number, as the board shows it.", HelpName = "NUMBER", Required = true };
        var points = new Option<long>("--points") { Description = "Points to give, or with a minus to take.", HelpName = "POINTS", Required = true };
        return Action(terminal, "adjust", "Give or take points by hand.", ["veltrix hunt adjust riddles --team 17 --points -50 --why \"shared answers\""], [team, points],
            (parsed, _, _, _) => Task.FromResult(new JsonObject { ["team"] = parsed.GetValue(team), ["points"] = parsed.GetValue(points) }));
    }

    static Verb Ban(Terminal terminal)
    {
        var hunter = new Option<string>("--hunter") { Description = "The hunter's id, as the ledger shows it.", HelpName = "ID", Required = true };
        return Action(terminal, "ban", "Refuse everything a hunter sends from now on.", ["veltrix hunt ban riddles --hunter 1V4K2M --why \"a bot\""], [hunter],
            (parsed, _, _, _) => Task.FromResult(new JsonObject { ["hunter"] = parsed.GetValue(hunter) }));
    }

    static Verb Announce(Terminal terminal)
    {
        var text = new Argument<string>("text") { Description = "What to say; - reads standard input.", HelpName = "TEXT" };
        return Action(terminal, "announce", "Say something to everybody in a hunt.", ["veltrix hunt announce riddles \"Ten minutes left!\"", "veltrix hunt announce riddles - < news.txt"], [text],
            async (parsed, _, _, cancel) => new JsonObject
            {
                ["text"] = parsed.GetRequiredValue(text) is "-" ? (await terminal.In.ReadToEndAsync(cancel)).Trim() : parsed.GetRequiredValue(text),
            });
    }

    /// <param name="more">Options and arguments of this action only.</param>
    /// <param name="body">What the action needs to be told beyond why.</param>
    static Verb Action(
        Terminal terminal, string name, string description, IReadOnlyList<string> examples,
        IReadOnlyList<Symbol>? more = null, Func<ParseResult, Remote, string, CancellationToken, Task<JsonObject>>? body = null)
    {
        var hunt = SharedOptions.Hunt();
        var why = new Option<string>("--why") { Description = "The reason, for the ledger.", HelpName = "TEXT", DefaultValueFactory = _ => "" };
        var json = SharedOptions.Json();
        var remote = new RemoteOptions();
        var verb = new Verb(name, description, examples) { hunt };
        foreach (var symbol in more ?? [])
        {
            if (symbol is Argument argument) verb.Add(argument);
            else verb.Add((Option)symbol);
        }
        verb.Add(why);
        verb.Add(json);
        remote.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            var id = parsed.GetRequiredValue(hunt);
            using var server = remote.OpenWithKey(parsed);
            var send = body is null ? [] : await body(parsed, server, id, cancel);
            send["why"] = parsed.GetRequiredValue(why);
            var answer = await server.Post($"{Remote.HuntPath(id)}/actions/{name}", send, cancel);
            if (parsed.GetValue(json)) terminal.Json(answer);
            else terminal.Say($"{id}: {string.Join(", ", answer["facts"]!.AsArray().Select(NameOf))} (position {answer["position"]}).");
            return ExitCode.Done;
        });
        return verb;
    }

    static string NameOf(JsonNode? fact) => fact is JsonObject whole ? (string?)whole["fact"] ?? "" : fact?.ToString() ?? "";
}
