using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Veltrix.Cli;

/// <summary>The library's help, then examples, and at the top the exit codes.</summary>
sealed class HelpWithExamples : SynchronousCommandLineAction
{
    readonly HelpAction plain = new();

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parsed)
    {
        plain.Invoke(parsed);
        var output = parsed.InvocationConfiguration.Output;
        if (parsed.CommandResult.Command is Verb verb)
        {
            output.WriteLine("Examples:");
            foreach (var example in verb.Examples) output.WriteLine($"  {example}");
            output.WriteLine();
        }
        if (parsed.CommandResult.Command is RootCommand)
            output.WriteLine("""
                Examples:
                  veltrix up --bots 200                    a hunt with 200 bots in it; open the address it prints
                  veltrix hunt new riddles                 write a hunt file to start from
                  veltrix up --hunt riddles.yml            play it

                Exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 refused or in conflict, 5 too fast, 129/130/143 ended by a signal.

                """);
        return ExitCode.Done;
    }
}
