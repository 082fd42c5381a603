using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using Veltrix.Crowd;
using Veltrix.EventLog;
using Veltrix.Hunts;

namespace Veltrix.Cli;

/// <summary>From words to an exit code: parse, run the verb, and turn whatever went wrong into a sentence.</summary>
public static class Entry
{
    public static async Task<int> Run(IReadOnlyList<string> args, Terminal terminal, CancellationToken cancel)
    {
        var debug = new Option<bool>("--debug") { Description = "Show where an error came from.", Recursive = true };
        var plain = new Option<bool>("--no-color") { Description = "No colours. NO_COLOR in the environment does the same.", Recursive = true };
        var root = Verbs.Tree.Make(terminal);
        root.Add(debug);
        root.Add(plain);
        UseOwnHelp(root);

        var parsed = root.Parse(args, new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0 && !parsed.Action!.ClearsParseErrors) return UsageError(parsed, terminal);
        if (parsed.GetValue(plain)) terminal.Colour = false;
        try
        {
            // Signals are the caller's: the library would answer both of them with exit code 1.
            var configuration = new InvocationConfiguration
            {
                Output = terminal.Out,
                Error = terminal.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            };
            return await parsed.InvokeAsync(configuration, cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception error)
        {
            return Explain(error, parsed.GetValue(debug), terminal);
        }
    }

    static void UseOwnHelp(RootCommand root)
    {
        foreach (var option in root.Options.OfType<HelpOption>().ToList()) root.Options.Remove(option);
        root.Options.Insert(0, new HelpOption("--help", "-h") { Action = new HelpWithExamples() });
    }

    static int UsageError(ParseResult parsed, Terminal terminal)
    {
        var command = parsed.CommandResult.Command;
        // A misspelt option may have been taken for an argument, and is more to the point than what was left over because of that.
        var asArgument = parsed.Tokens.FirstOrDefault(token => token.Type == TokenType.Argument && token.Value.StartsWith("--", StringComparison.Ordinal))?.Value;
        // Where a verb was expected, the first word that is none is what was misspelt.
        if (command.Subcommands.Count > 0) asArgument = null;
        if ((asArgument ?? parsed.UnmatchedTokens.FirstOrDefault()) is { } strange)
        {
            var known = command.Subcommands.Select(verb => verb.Name).Concat(command.Options.Concat(parsed.RootCommandResult.Command.Options).Select(option => option.Name)).ToList();
            // An option without its value takes the next one for it.
            var before = parsed.Tokens.TakeWhile(token => token.Value != strange).LastOrDefault();
            if (known.Contains(strange) && before?.Type == TokenType.Option) terminal.Say($"veltrix: {before.Value} needs a value, and the next word is '{strange}'.");
            else terminal.Say($"veltrix: '{strange}' is not known to '{PathOf(parsed)}'.{(Suggestion.For(strange, known) is { } near ? $" Did you mean '{near}'?" : "")}");
        }
        else foreach (var error in parsed.Errors) terminal.Say($"veltrix: {error.Message}");
        terminal.Say($"         '{PathOf(parsed)} --help' shows what is.");
        return ExitCode.Usage;
    }

    static string PathOf(ParseResult parsed)
    {
        var names = new List<string>();
        for (var result = parsed.CommandResult; result is not null; result = result.Parent as CommandResult) names.Insert(0, result.Command.Name);
        names[0] = "veltrix";
        return string.Join(' ', names);
    }

    static int Explain(Exception error, bool debug, Terminal terminal)
    {
        var (code, message, remedy) = error switch
        {
            CliException known => (known.Code, known.Message, known.Remedy),
            CrowdException known => (ExitCode.Failed, known.Message, null),
            EventLogException { Fault: EventLogFault.InUse or EventLogFault.Misconfigured or EventLogFault.Denied } known => (ExitCode.Refused, known.Message, null),
            IOException or UnauthorizedAccessException => (ExitCode.Failed, error.Message, null),
            _ => (ExitCode.Failed, $"Unexpected {error.GetType().Name}: {error.Message}", debug ? null : "With --debug it says where. A report is welcome."),
        };
        terminal.Say($"veltrix: {message}");
        if (remedy is not null) terminal.Say($"         {remedy}");
        if (debug) terminal.Say(error.ToString());
        return code;
    }
}
