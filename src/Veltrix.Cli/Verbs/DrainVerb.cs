using System.CommandLine;
using Veltrix.Hosting;

namespace Veltrix.Cli.Verbs;

/// <summary>For a pod's preStop hook: its image has no shell that could sleep, and older clusters have no hook that does.</summary>
static class DrainVerb
{
    public static Verb Make(Terminal terminal)
    {
        var time = new Argument<TimeSpan>("time")
        {
            Description = "How long, such as 10s.",
            HelpName = "TIME",
            CustomParser = result =>
            {
                if (Duration.TryParse(result.Tokens[0].Value, out var span) && span <= TimeSpan.FromMinutes(5)) return span;
                result.AddError($"{result.Tokens[0].Value}: a length of time of at most 5m is a number and its unit, such as 10s.");
                return default;
            },
        };
        var verb = new Verb("drain", "Wait before a server is told to stop, while load balancers hear that it goes. The server itself says goodbye to everybody afterwards.", "veltrix drain 10s") { time };
        verb.SetAction(async (parsed, cancel) =>
        {
            await Task.Delay(parsed.GetValue(time), cancel);
            return ExitCode.Done;
        });
        return verb;
    }
}
