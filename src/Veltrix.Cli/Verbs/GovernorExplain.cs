using System.Text.Json.Nodes;
using Veltrix.Wire.Governor;

namespace Veltrix.Cli.Verbs;

/// <summary>Why the limit is what it is: the newest word of everybody who has one.</summary>
static class GovernorExplain
{
    public static Verb Make(Terminal terminal)
    {
        var hunt = GovernorLog.Hunt();
        var json = SharedOptions.Json();
        var remote = new GovernorRemote();
        var verb = new Verb("explain", "Say why a hunt's limit is what it is: what was applied, what the policy wants, what those in shadow would do.",
            "veltrix governor explain --hunt riddles",
            "veltrix governor explain --hunt riddles --json")
        { hunt, json };
        remote.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            var id = parsed.GetRequiredValue(hunt);
            var newest = (await GovernorLog.Read(remote, parsed, id, 1_000, true, cancel)).GroupBy(entry => entry.Policy).Select(group => group.Last()).ToList();
            // A policy that was at work once and is no more has nothing to say about now.
            var now = newest.Where(entry => entry.Policy is not ("applied" or "person")).Select(entry => entry.AtMs).DefaultIfEmpty(0).Max();
            newest.RemoveAll(entry => entry.Policy is not ("applied" or "person") && entry.AtMs < now);
            newest = [.. newest.OrderBy(Order)];
            if (parsed.GetValue(json)) terminal.Json(new JsonObject { ["hunt"] = id, ["now"] = new JsonArray([.. newest.Select(GovernorLog.Json)]) });
            else foreach (var entry in newest) terminal.Out.WriteLine($"{Name(entry),-24} {entry.Text}  ({entry.Mode}, {GovernorLog.Moment(entry.AtMs)})");
            if (newest.Count == 0) terminal.Say($"Nothing has been decided for {id} yet: a governor that just started abstains until it was told the limit and has three samples.");
            return ExitCode.Done;
        });
        return verb;
    }

    static int Order(DecisionRecord entry) => entry switch { { Policy: "applied" } => 0, { Policy: "person" } => 1, { Shadow: false } => 2, _ => 3 };

    static string Name(DecisionRecord entry) => entry.Shadow ? $"{entry.Policy} (in shadow)" : entry.Policy;
}
