using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Veltrix.Governor.Orchestration;
using Veltrix.Governor.Sidecar;
using Veltrix.Wire.Governor;

namespace Veltrix.Cli.Verbs;

/// <summary>What was decided, and why. Asks the governor; where none runs, reads what it has written.</summary>
static class GovernorLog
{
    static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    public static Verb Make(Terminal terminal)
    {
        var hunt = Hunt();
        var last = SharedOptions.Count("--last", "How many decisions to show.", 1, 10_000, 20);
        var all = new Option<bool>("--all") { Description = "Also decisions that changed nothing, and those of policies in shadow." };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on as decisions come." };
        var json = SharedOptions.Json();
        var remote = new GovernorRemote();
        var verb = new Verb("log", "Show the decisions of a hunt, oldest first.",
            "veltrix governor log --hunt riddles",
            "veltrix governor log --hunt riddles --last 100 --all --json",
            "veltrix governor log --hunt riddles --follow")
        { hunt, last, all, follow, json };
        remote.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            var (id, asJson) = (parsed.GetRequiredValue(hunt), parsed.GetValue(json));
            var shown = new HashSet<(long, string, string)>();
            var show = await Read(remote, parsed, id, parsed.GetValue(last), parsed.GetValue(all), cancel);
            while (true)
            {
                foreach (var entry in show)
                    if (shown.Add((entry.AtMs, entry.Policy, entry.Text))) Write(terminal, entry, asJson);
                if (!parsed.GetValue(follow)) return ExitCode.Done;
                await Task.Delay(LookAgain, cancel);
                show = await Read(remote, parsed, id, 100, parsed.GetValue(all), cancel);
            }
        });
        return verb;
    }

    internal static Option<string> Hunt() => new("--hunt") { Description = "The hunt's id.", HelpName = "HUNT", Required = true };

    internal static async Task<IReadOnlyList<DecisionRecord>> Read(GovernorRemote remote, ParseResult parsed, string hunt, int last, bool all, CancellationToken cancel)
    {
        var file = DecisionLog.PathOf(remote.Folder(parsed), hunt);
        if (remote.Find(parsed) is null && File.Exists(file)) return Written(file, last, all);
        var answer = await remote.Call(parsed, false, (client, options) => client.ExplainAsync(new ExplainRequest { Hunt = hunt, Last = last, ChangesOnly = !all }, options), cancel);
        return answer.Decisions;
    }

    static List<DecisionRecord> Written(string file, int last, bool all) => DecisionLog.Parts(file).SelectMany(File.ReadLines).Select(Replay.Read).OfType<DecisionLine>()
        .SelectMany(line => line.Applied is { } applied ? [applied] : line.Tick!.Lanes.Select(lane => DecisionEntry.Of(line.Tick, lane)))
        .Where(entry => all || (entry.IsChange && !entry.Shadow)).TakeLast(last)
        .Select(entry => new DecisionRecord
        {
            AtMs = entry.AtMs, Hunt = entry.Hunt, Policy = entry.Policy, Shadow = entry.Shadow, FromLimit = entry.From, ToLimit = entry.To, Pause = entry.Pause, Mode = entry.Mode, Cause = entry.Cause,
            JoinsPerSecond = Vote.PaceOnWire(entry.JoinsPerSecond), Text = entry.Text, Seated = entry.Seated, Waiting = entry.Waiting,
        }).ToList();

    internal static void Write(Terminal terminal, DecisionRecord entry, bool asJson)
    {
        if (asJson) terminal.Json(Json(entry));
        else terminal.Out.WriteLine($"{Moment(entry.AtMs)}  {entry.Mode,-8} {entry.Text}  [{entry.Policy}{(entry.Shadow ? ", in shadow" : "")}{(entry.Pause ? ", nobody is let in" : "")}]");
    }

    internal static JsonObject Json(DecisionRecord entry) => new()
    {
        ["at_ms"] = entry.AtMs,
        ["hunt"] = entry.Hunt,
        ["policy"] = entry.Policy,
        ["shadow"] = entry.Shadow,
        ["from_limit"] = entry.FromLimit,
        ["to_limit"] = entry.ToLimit,
        ["joins_per_second"] = entry.JoinsPerSecond > 0 ? entry.JoinsPerSecond : null,
        ["pause"] = entry.Pause,
        ["mode"] = entry.Mode,
        ["cause"] = entry.Cause,
        ["text"] = entry.Text,
        ["seated"] = entry.Seated,
        ["waiting"] = entry.Waiting,
    };

    internal static string Moment(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
