using System.CommandLine;
using System.Globalization;
using Veltrix.Hosting;
using Veltrix.Wire.Governor;

namespace Veltrix.Cli.Verbs;

/// <summary>What a person does to a governor: another policy, a pin. With a name and a reason; both are written down.</summary>
static class GovernorControl
{
    public static IEnumerable<Verb> Make(Terminal terminal) => [Policy(terminal), Pin(terminal)];

    static Verb Policy(Terminal terminal)
    {
        var policy = new Argument<string>("policy") { Description = $"One of {string.Join(", ", Keys.PolicyNames)}.", HelpName = "POLICY" };
        policy.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !Keys.PolicyNames.Contains(token.Value)) result.AddError($"There is no policy '{token.Value}'; there are {string.Join(", ", Keys.PolicyNames)}.");
        });
        var shadow = new Option<string[]>("--shadow") { Description = "A policy to compute beside it, not applied. May be given several times.", HelpName = "POLICY", DefaultValueFactory = _ => [] };
        return Act(terminal, "policy", "Let another policy decide, until this governor restarts or the key governor.policy changes.",
            ["veltrix governor policy riddles linear --why \"comparing with the last hunt\" --shadow forecast"], [policy, shadow],
            async (parsed, remote, hunt, who, why, cancel) =>
            {
                var request = new SetPolicyRequest { Hunt = hunt, Policy = parsed.GetRequiredValue(policy), Shadows = { parsed.GetRequiredValue(shadow) }, Who = who, Why = why };
                await remote.Call(parsed, true, (client, options) => client.SetPolicyAsync(request, options), cancel);
                return $"{hunt}: {request.Policy} decides.";
            });
    }

    static Verb Pin(Terminal terminal)
    {
        var limit = new Argument<string>("limit") { Description = "Hunters, or none to let the governor decide again.", HelpName = "LIMIT" };
        limit.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && token.Value != "none" && !TryLimit(token.Value, out _)) result.AddError($"'{token.Value}' is no limit: a whole number from 0 to 10,000,000, or none.");
        });
        var until = SharedOptions.Until("When the pin ends by itself");
        return Act(terminal, "pin", "Hold the limit at a number, whatever is measured: the vote of this one governor. For all of them: veltrix config set pin_limit.",
            ["veltrix governor pin riddles 12000 --why \"the venue holds no more\" --until 2h", "veltrix governor pin riddles none --why \"the second hall is open\""], [limit, until],
            async (parsed, remote, hunt, who, why, cancel) =>
            {
                var request = new OverrideRequest { Hunt = hunt, Who = who, Why = why, UntilMs = parsed.GetValue(until)?.ToUnixTimeMilliseconds() ?? 0 };
                if (TryLimit(parsed.GetRequiredValue(limit), out var hunters)) request.PinLimit = hunters;
                await remote.Call(parsed, true, (client, options) => client.OverrideAsync(request, options), cancel);
                if (!request.HasPinLimit) return $"{hunt}: the governor decides again.";
                // A governor does not know how many others vote.
                var end = parsed.GetResult(until) is { Tokens: [var token] } ? $" --until {token.Value}" : "";
                return FormattableString.Invariant($"{hunt}: pinned at {request.PinLimit:N0}{(request.UntilMs > 0 ? $" until {GovernorLog.Moment(request.UntilMs)}" : "")}, by this governor: ")
                    + $"of several governors that is one vote, and holds nothing until more than half say the same. What holds for all, survives a restart and is written into the hunt's ledger is the key:\n"
                    + $"  veltrix config set pin_limit {request.PinLimit} --hunt {hunt} --why \"{why}\"{end}";
            });
    }

    static bool TryLimit(string text, out long limit) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit <= 10_000_000;

    static Verb Act(
        Terminal terminal, string name, string description, IReadOnlyList<string> examples, IReadOnlyList<Symbol> more,
        Func<ParseResult, GovernorRemote, string, string, string, CancellationToken, Task<string>> act)
    {
        var hunt = SharedOptions.Hunt();
        var why = new Option<string>("--why") { Description = "The reason, for the log.", HelpName = "TEXT", Required = true };
        var who = new Option<string>("--who") { Description = "Your name, for the log. Default: your account's.", HelpName = "NAME", DefaultValueFactory = _ => Environment.UserName };
        var remote = new GovernorRemote();
        var verb = new Verb(name, description, examples) { hunt };
        foreach (var symbol in more)
        {
            if (symbol is Argument argument) verb.Add(argument);
            else verb.Add((Option)symbol);
        }
        verb.Add(why);
        verb.Add(who);
        remote.AddTo(verb, withToken: true);
        verb.SetAction(async (parsed, cancel) =>
        {
            terminal.Say(await act(parsed, remote, parsed.GetRequiredValue(hunt), parsed.GetRequiredValue(who), parsed.GetRequiredValue(why), cancel));
            return ExitCode.Done;
        });
        return verb;
    }
}
