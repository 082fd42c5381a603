using System.CommandLine;
using Veltrix.Hunts;

namespace Veltrix.Cli.Verbs;

static class HuntNew
{
    public static Verb Make(Terminal terminal)
    {
        var id = new Argument<string>("id") { Description = "The hunt's id: 1-48 of a-z, 0-9 and -, beginning with a letter.", HelpName = "ID" };
        var title = new Option<string?>("--title") { Description = "What hunters read. Default: the id.", HelpName = "TEXT" };
        var output = new Option<string?>("--output", "-o") { Description = "The file to write; - is standard output. Default: ID.yml.", HelpName = "FILE" };
        var force = new Option<bool>("--force", "-f") { Description = "Write over a file that is there." };
        var verb = new Verb("new", "Write a hunt file to start from.",
            "veltrix hunt new riddles",
            "veltrix hunt new night-walk --title \"A walk at night\" --output hunts/night-walk.yml",
            "veltrix hunt new riddles --output - | less")
        { id, title, output, force };
        verb.SetAction(parsed => Run(terminal, parsed.GetRequiredValue(id), parsed.GetValue(title), parsed.GetValue(output), parsed.GetValue(force)));
        return verb;
    }

    static int Run(Terminal terminal, string id, string? title, string? output, bool force)
    {
        string text;
        try
        {
            text = HuntFile.Template(id, title ?? id);
        }
        catch (ArgumentException error)
        {
            throw new CliException(ExitCode.Usage, error.Message, inner: error);
        }
        if (output == "-")
        {
            terminal.Out.Write(text);
            return ExitCode.Done;
        }
        var file = output ?? $"{id}.yml";
        try
        {
            using var writer = new StreamWriter(new FileStream(file, force ? FileMode.Create : FileMode.CreateNew));
            writer.Write(text);
        }
        catch (IOException error) when (!force && File.Exists(file))
        {
            throw new CliException(ExitCode.Refused, $"{file} is already there.", "Choose another with --output, or write over it with --force.", error);
        }
        terminal.Say($"Wrote {file}. Edit it, then: veltrix hunt validate {file}; veltrix up --hunt {file}");
        return ExitCode.Done;
    }
}
