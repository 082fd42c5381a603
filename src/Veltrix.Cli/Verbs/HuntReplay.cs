using System.CommandLine;
using System.Globalization;
using Veltrix.Crowd;

namespace Veltrix.Cli.Verbs;

static class HuntReplay
{
    public static Verb Make(Terminal terminal)
    {
        var record = new Argument<string>("dir") { Description = "The folder that holds the record.", HelpName = "DIR" };
        var format = new Option<string>("--format") { Description = $"How it is laid out: {string.Join(", ", Replay.Formats)}.", HelpName = "FORMAT", Required = true };
        format.AcceptOnlyFromAmong([.. Replay.Formats]);
        var hunt = new Option<string>("--as") { Description = "The id to publish it under; it must be new to the server.", HelpName = "HUNT", DefaultValueFactory = _ => "dp2020" };
        var standings = new Option<string?>("--standings") { Description = "Write the final standings there, as CSV.", HelpName = "FILE" };
        var data = new Option<string?>("--data") { Description = "Replay into this data folder and keep it. Default: a folder that is deleted afterwards.", HelpName = "DIR" };
        var json = SharedOptions.Json();
        var verb = new Verb("replay", "Send the record of a real hunt through protocol, log, scorer and board, with its own times, and compare with the standings published then.",
            "veltrix hunt replay --format dp2020 records/dp2020",
            "veltrix hunt replay --format dp2020 records/dp2020 --standings final.csv --data ./replayed --json")
        { record, format, hunt, standings, data, json };
        verb.SetAction(async (parsed, cancel) =>
        {
            var kept = parsed.GetValue(data);
            var folder = kept is null ? Directory.CreateTempSubdirectory("veltrix-replay-").FullName : Path.GetFullPath(kept);
            try
            {
                var report = await Run(terminal, new DataHome(folder), parsed.GetRequiredValue(format), parsed.GetRequiredValue(record), parsed.GetRequiredValue(hunt), parsed.GetValue(standings), cancel);
                if (parsed.GetValue(json)) terminal.Out.WriteLine(report.ToJson());
                else Show(terminal, report);
                return report.Equal ? ExitCode.Done : ExitCode.Failed;
            }
            finally
            {
                if (kept is null) Directory.Delete(folder, recursive: true);
            }
        });
        return verb;
    }

    static async Task<ReplayReport> Run(Terminal terminal, DataHome folder, string format, string record, string hunt, string? standings, CancellationToken cancel)
    {
        await using var server = await LocalServer.Start(new LocalOptions { Folder = folder }, cancel);
        var options = new ReplayOptions { Url = server.Url, Key = server.ReplayKey(), Format = format, Folder = record, Hunt = hunt, StandingsFile = standings };
        return await terminal.Progress($"replaying {record}", steps => Replay.Run(options, new Relayed(steps), cancel));
    }

    static void Show(Terminal terminal, ReplayReport report)
    {
        foreach (var difference in report.Differences) terminal.Out.WriteLine(difference);
        terminal.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Events:N0} submissions in {report.Seconds:0.0} s; {report.ScoresEqual:N0} of {report.Scores:N0} scores and {report.RanksEqual:N0} of {report.Ranks:N0} ranks as published."));
    }

    sealed class Relayed(IProgress<Step> steps) : IProgress<ReplayProgress>
    {
        public void Report(ReplayProgress replay) =>
            steps.Report(new Step(string.Create(CultureInfo.InvariantCulture, $"{replay.Done:N0} of {replay.Total:N0} submissions"), (double)replay.Done / Math.Max(1, replay.Total)));
    }
}
