using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using Veltrix.Cli.Stories;
using Veltrix.Crowd;

namespace Veltrix.Cli.Verbs;

static class LoadVerb
{
    const int StoryHunters = 5_000;
    static readonly TimeSpan StoryRamp = TimeSpan.FromSeconds(55);
    static readonly TimeSpan StoryDuration = TimeSpan.FromMinutes(4);

    public static Verb Make(Terminal terminal)
    {
        var remote = new RemoteOptions();
        var hunt = new Option<string?>("--hunt") { Description = "The hunt to play.", HelpName = "HUNT" };
        var answers = new Option<string?>("--answers") { Description = "The hunt's answers. Default: answers/HUNT.json in the data folder, where 'up' writes them.", HelpName = "FILE" };
        var hunters = SharedOptions.Count("--hunters", "How many, each with a WebSocket of its own", 1, 1_000_000, 1000);
        var ramp = SharedOptions.Span("--ramp", "How long they take to arrive. Default: 10s.");
        var duration = SharedOptions.Span("--duration", "How long they play then; only this is timed. Default: 30s.");
        var rate = new Option<double>("--rate") { Description = "Submissions per second of each hunter.", HelpName = "R", DefaultValueFactory = _ => 0.1 };
        var processes = SharedOptions.Count("--processes", "Processes that share the hunters", 1, 64, 1);
        var arrivals = new Option<string?>("--arrivals") { Description = "A recorded series of arrivals to follow in the ramp, as CSV.", HelpName = "CSV" };
        var receipts = new Option<string?>("--receipts") { Description = "Write the id of every acknowledged submission there.", HelpName = "FILE" };
        var story = new Option<string?>("--story")
        {
            Description = $"Play the incident instead, on a Redis and a server of its own: {string.Join(" without a governor, ", Story.Plans.Keys)} with one.",
            HelpName = "STORY",
        };
        story.AcceptOnlyFromAmong([.. Story.Plans.Keys]);
        var trace = new Option<string?>("--trace") { Description = "Of a story: write a line for every second, as 'simulate --fit' reads it.", HelpName = "FILE" };
        var more = new Option<Uri[]>("--more-url")
        {
            Description = "Another server of the same hunt: hunters spread over all, and go to the next when theirs is gone. May be given several times.",
            HelpName = "URL",
            DefaultValueFactory = _ => [],
            CustomParser = result => [.. result.Tokens.Select(token => new Uri(token.Value, UriKind.RelativeOrAbsolute))],
        };
        var json = SharedOptions.Json();
        var verb = new Verb("load", "Load a server with hunters, and check that it lost nothing. The last line is the report as JSON; exit code 1 if it failed.",
            "veltrix load --hunt capitals --hunters 1000 --rate 0.2 --duration 30s",
            "veltrix load --story hunt-002 --hunters 5000 --duration 4m",
            "veltrix load --url http://10.0.0.5:8080 --hunt capitals --answers capitals.json --hunters 15000 --ramp 60s --duration 2m --processes 2 --receipts receipts.txt --json")
        { hunt, answers, hunters, ramp, duration, rate, processes, arrivals, receipts, story, trace, more, json };
        verb.Validators.Add(result =>
        {
            if ((result.GetValue(story) is null) == (result.GetValue(hunt) is null)) result.AddError("A load needs --hunt HUNT, the hunt to play, or else --story STORY.");
        });
        remote.AddTo(verb, withKey: false);
        verb.SetAction(async (parsed, cancel) =>
        {
            if (parsed.GetValue(story) is { } told)
                return await Tell(terminal, told, parsed.GetResult(hunters) is { Implicit: false } ? parsed.GetValue(hunters) : StoryHunters, parsed.GetValue(ramp) ?? StoryRamp,
                    parsed.GetValue(duration) ?? StoryDuration, parsed.GetValue(trace), parsed.GetValue(json), cancel);
            var id = parsed.GetValue(hunt)!;
            var options = new LoadOptions
            {
                Url = remote.Url(parsed),
                MoreUrls = parsed.GetRequiredValue(more),
                Hunt = id,
                AnswersFile = parsed.GetValue(answers) ?? remote.Folder(parsed).AnswersFile(id),
                Hunters = parsed.GetValue(hunters),
                Ramp = parsed.GetValue(ramp) ?? TimeSpan.FromSeconds(10),
                Duration = parsed.GetValue(duration) ?? TimeSpan.FromSeconds(30),
                Rate = parsed.GetValue(rate),
                Processes = parsed.GetValue(processes),
                ArrivalsFile = parsed.GetValue(arrivals),
                ReceiptsFile = parsed.GetValue(receipts),
                WorkerCommand = ThisProgram.Command("load-worker"),
            };
            if (options.Faults().ToList() is { Count: > 0 } faults) throw new CliException(ExitCode.Usage, string.Join(Environment.NewLine, faults));
            var report = await terminal.Progress<LoadReport>("joining", progress => Load.Run(options, new Phases(progress), cancel));
            if (!parsed.GetValue(json)) Show(terminal, report);
            terminal.Out.WriteLine(report.ToJson());
            return report.Passed ? ExitCode.Done : ExitCode.Failed;
        });
        return verb;
    }

    static async Task<int> Tell(Terminal terminal, string name, int hunters, TimeSpan ramp, TimeSpan duration, string? trace, bool json, CancellationToken cancel)
    {
        var report = await Story.Play(name, hunters, ramp, duration, ThisProgram.Command("load-worker"), terminal, cancel);
        if (trace is not null) await File.WriteAllLinesAsync(trace, report.Samples.Select(sample => sample.ToLine()), cancel);
        if (json) terminal.Json(report.ToJson());
        else report.Write(terminal);
        if (report.Broken() is not { } broken) return ExitCode.Done;
        terminal.Say($"veltrix: {broken}.");
        return ExitCode.Failed;
    }

    /// <summary>What <see cref="Load"/> starts when there are several processes. Not for people.</summary>
    public static Command MakeWorker(Terminal terminal)
    {
        var worker = new Command("load-worker", "A process of a load run.") { Hidden = true };
        worker.SetAction((_, cancel) => LoadWorker.Run(terminal.In, terminal.Out, cancel));
        return worker;
    }

    static void Show(Terminal terminal, LoadReport report)
    {
        var table = new Table { Border = TableBorder.None, ShowHeaders = false }.AddColumn("").AddColumn(new TableColumn("").RightAligned());
        Row("hunters connected", $"{report.Connected:N0} of {report.Hunters:N0}");
        Row("submitted", $"{report.Submitted:N0}");
        Row("acknowledged", $"{report.Acknowledged:N0}");
        Row("decided", $"{report.Decided:N0}");
        Row("right", $"{report.Right:N0}");
        Row("lost, doubled", $"{report.Lost:N0}, {report.Doubled:N0}");
        Row("stalls", $"{report.Stalls:N0}");
        Row("outcome p50, p95", $"{report.P50Ms:0.0} ms, {report.P95Ms:0.0} ms");
        Row("outcome p99, most", $"{report.P99Ms:0.0} ms, {report.MaxMs:0.0} ms");
        Row("seen by others p95", $"{report.SeenP95Ms:0.0} ms");
        Row("timed part", $"{report.Seconds:0.0} s");
        Row("bytes in, out", $"{report.BytesIn:N0}, {report.BytesOut:N0}");
        terminal.Rich.Write(table);
        terminal.Out.WriteLine(report.Verdict);

        void Row(string name, FormattableString value) => table.AddRow(name, value.ToString(CultureInfo.InvariantCulture));
    }

    sealed class Phases(IProgress<Step> steps) : IProgress<LoadProgress>
    {
        public void Report(LoadProgress load) =>
            steps.Report(new Step(string.Create(CultureInfo.InvariantCulture, $"{load.Phase}: {load.Connected:N0} connected, {load.Decided:N0} decided"), load.Share));
    }
}
