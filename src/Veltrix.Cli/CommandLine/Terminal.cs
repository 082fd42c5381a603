using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;
using Veltrix.Cli.Clusters;

namespace Veltrix.Cli;

/// <summary>
/// Where a verb reads and writes: data to <see cref="Out"/>, everything said to a person to <see cref="Error"/>. Handed in, so that tests read what a shell would.
/// </summary>
public sealed class Terminal(TextReader input, TextWriter output, TextWriter error)
{
    // Text for people and scripts, not for HTML: names in any script and quotes stay readable.
    static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    IAnsiConsole? rich;

    public TextReader In { get; } = input;

    public TextWriter Out { get; } = output;

    public TextWriter Error { get; } = error;

    /// <summary>What is behind <see cref="Out"/>, for data that are no text; null where it takes text only.</summary>
    public Stream? OutBytes { get; init; }

    /// <summary>Ends the process at once; null where it is somebody else's.</summary>
    public Action? Crash { get; init; }

    /// <summary>Somebody looks at <see cref="Out"/>: colours, boxes and moving bars make sense.</summary>
    public bool OutIsTerminal { get; init; }

    public bool ErrorIsTerminal { get; init; }

    /// <summary>Taken back by <c>--no-color</c>, <c>NO_COLOR</c> and <c>TERM=dumb</c>.</summary>
    public bool Colour { get; set; }

    public static Terminal OfProcess() => new(Console.In, Console.Out, Console.Error)
    {
        OutBytes = Console.OpenStandardOutput(),
        Crash = () => ProcessSignal.Send(Environment.ProcessId, ProcessSignal.Kill),
        OutIsTerminal = !Console.IsOutputRedirected,
        ErrorIsTerminal = !Console.IsErrorRedirected,
        Colour = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) && Environment.GetEnvironmentVariable("TERM") is not ("dumb" or null),
    };

    /// <summary>Tables and marks on <see cref="Out"/>.</summary>
    public IAnsiConsole Rich => rich ??= Make(Out, OutIsTerminal);

    /// <summary>A sentence for whoever sits there, on <see cref="Error"/>.</summary>
    public void Say(string sentence) => Error.WriteLine(sentence);

    /// <summary>One object, one line, on <see cref="Out"/>.</summary>
    public void Json(JsonNode node) => Out.WriteLine(node.ToJsonString(Readable));

    /// <summary>Writes a file, whole, on the disk, or not at all; or to standard output where <paramref name="file"/> is <c>-</c>.</summary>
    public async Task Save(Func<Stream, Task> write, string file)
    {
        if (file == "-")
        {
            await Out.FlushAsync();
            if (OutBytes is { } bytes)
            {
                await write(bytes);
                return;
            }

            using var text = new MemoryStream();
            await write(text);
            await Out.WriteAsync(Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length));
            return;
        }
        var aside = $"{file}.{Environment.ProcessId}.new";
        try
        {
            await using (var stream = File.Create(aside))
            {
                await write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(aside, file, overwrite: true);
        }
        finally
        {
            File.Delete(aside);
        }
        Say($"Wrote {file}.");
    }

    /// <summary>Shows a bar on <see cref="Error"/> while <paramref name="work"/> goes on; without a terminal, only works. Until work reports a step, nobody knows how long it takes.</summary>
    public async Task<T> Progress<T>(string what, Func<IProgress<Step>, Task<T>> work)
    {
        if (!ErrorIsTerminal) return await work(new Silent());
        return await Make(Error, true).Progress().AutoClear(true).Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async context => await work(new Bar(context.AddTask(what, maxValue: 1).IsIndeterminate())));
    }

    IAnsiConsole Make(TextWriter writer, bool isTerminal)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = isTerminal && Colour ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = isTerminal && Colour ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Yes : InteractionSupport.No,
        });
        // In a pipe nothing is cut or wrapped: whoever reads it is a program.
        if (!isTerminal) console.Profile.Width = 10_000;
        return console;
    }

    sealed class Silent : IProgress<Step>
    {
        public void Report(Step value)
        {
        }
    }

    sealed class Bar(ProgressTask task) : IProgress<Step>
    {
        public void Report(Step value)
        {
            task.IsIndeterminate = false;
            task.Description = Markup.Escape(value.What);
            task.Value = value.Share;
        }
    }
}

/// <summary>Where long work stands: what it is doing, and how much of that is done, 0 to 1.</summary>
public readonly record struct Step(string What, double Share);
