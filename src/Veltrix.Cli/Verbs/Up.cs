using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Veltrix.Cli.Stories;
using Veltrix.Crowd;

namespace Veltrix.Cli.Verbs;

/// <summary>
/// Everything in one process, with hunts in it:
/// <list type="number">
/// <item><see cref="ReadFiles"/>: before anything is started, so that a fault in a file costs nothing.</item>
/// <item>Start the server with its governor and orchestrator (<see cref="LocalServer.Start"/>).</item>
/// <item><see cref="Publish"/> what is not there yet, over HTTP like everybody else, and write the answers for bots.</item>
/// <item><see cref="Announce"/>: it is ready, which is when hunters can get in.</item>
/// <item><see cref="PlayUntil"/> a signal comes, or it was long enough.</item>
/// <item><see cref="Tell"/> what was played, and stop.</item>
/// </list>
/// </summary>
static class Up
{
    static readonly TimeSpan AdmittingWithin = TimeSpan.FromSeconds(10);
    static readonly TimeSpan TellWithin = TimeSpan.FromSeconds(3);

    public static Verb Make(Terminal terminal)
    {
        var listen = new ListenOptions();
        var hunts = new Option<string[]>("--hunt")
        {
            Description = "A hunt file to publish, unless it is there already. May be given several times. Without it, and in an empty data folder: the examples.",
            HelpName = "FILE",
            DefaultValueFactory = _ => [],
        };
        var bots = SharedOptions.Count("--bots", "Bots that play in every open hunt", 0, 10_000, 0);
        var scarce = new Option<bool>("--scarce") { Description = "A store that is too small for the bots, to see the governor at work: who plays, who waits, and why. The settings are written to scarce.yml." };
        var ops = SharedOptions.OpsPort("the page that shows limits and reasons, and for metrics", 9358);
        var exitAfter = SharedOptions.Span("--exit-after", "End by itself so long after it was ready.");
        var json = SharedOptions.Json();
        var verb = new Verb("up", "Run live hunts on this machine: one command, nothing else to install.",
            "veltrix up",
            "veltrix up --bots 200",
            "veltrix up --bots 3000 --scarce",
            "veltrix up --hunt riddles.yml --port 9000 --data ./data",
            "veltrix up --port 0 --bots 50 --exit-after 20s --json")
        { hunts, bots, scarce, ops, exitAfter, json };
        listen.AddTo(verb);
        verb.SetAction((parsed, cancel) => Run(
            terminal, listen.Of(parsed) with { GovernedBy = new GovernedBy.ThisProcess(new IPEndPoint(IPAddress.Loopback, parsed.GetValue(ops))) }, parsed.GetRequiredValue(hunts),
            parsed.GetValue(bots), parsed.GetValue(scarce), parsed.GetValue(exitAfter), parsed.GetValue(json), cancel));
        return verb;
    }

    static async Task<int> Run(
        Terminal terminal, LocalOptions options, string[] files, int bots, bool scarce, TimeSpan? exitAfter, bool json, CancellationToken cancel)
    {
        if (ReadFiles(terminal, files) is not { } given) return ExitCode.Failed;
        var folder = options.Folder;
        if (scarce) options = options with { Config = Scarcity.Write(folder, bots, Math.Max(1, given.Count == 0 ? Examples(terminal).Count : given.Count)) };
        await using var server = await LocalServer.Start(options, cancel);
        using var organiser = server.AsOrganiser();
        await Publish(terminal, server, organiser, folder, given, cancel);
        var hunts = await Present(organiser, folder, cancel);
        await server.UntilAdmitting([.. hunts.Where(hunt => hunt.Phase != "closed").Select(hunt => hunt.Id)], AdmittingWithin, cancel);
        Announce(terminal, server, folder, hunts, bots, json);
        string[] ids = [.. hunts.Select(hunt => hunt.Id)];
        await using var sessions = new Sessions(server.Store, ids, Scarcity.SessionBytes(bots, Math.Max(1, hunts.Count)));
        if (scarce) sessions.Begin();

        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        if (exitAfter is { } span) enough.CancelAfter(span);
        var watching = json ? Task.CompletedTask : LimitWatch.Run(server.Store, ids, terminal.Say, enough.Token);
        await PlayUntil(enough.Token, terminal, server.Url, hunts, bots);
        await watching;
        await Tell(terminal, organiser, hunts, json);
        return ExitCode.Done;
    }

    /// <summary>The given files, or null if one has faults; those are then said already.</summary>
    static IReadOnlyList<HuntText>? ReadFiles(Terminal terminal, string[] files)
    {
        var hunts = files.Select(file => HuntText.Read(file, terminal)).ToList();
        foreach (var hunt in hunts) hunt.WriteFaults(terminal.Error);
        return hunts.Exists(hunt => !hunt.Faults.IsEmpty) ? null : hunts;
    }

    static async Task Publish(Terminal terminal, LocalServer server, Remote organiser, DataHome folder, IReadOnlyList<HuntText> given, CancellationToken cancel)
    {
        var there = (await organiser.Get("v1/hunts", cancel))["hunts"]!.AsArray().Select(hunt => (string)hunt!["id"]!).ToHashSet();
        if (given.Count == 0 && there.Count == 0) given = Examples(terminal);
        foreach (var hunt in given)
        {
            var definition = hunt.Result.Definition!;
            if (there.Contains(definition.Id)) terminal.Say($"{definition.Id} is in the data folder already, and stays as it was published; {hunt.File} was not read into it.");
            else await HuntPublish.Publish(organiser, hunt.Yaml, open: definition.OpensMs is null, cancel);
            AnswersFile.Write(folder, definition, server.AuditKey(definition.Id));
        }
    }

    static List<HuntText> Examples(Terminal terminal)
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "examples");
        if (!Directory.Exists(folder)) return [];
        return [.. Directory.EnumerateFiles(folder, "*.yml", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(file => HuntText.Read(file, terminal))];
    }

    /// <summary>A hunt on the server, as it is when we are ready.</summary>
    /// <param name="Position">How far its ledger went before this run.</param>
    /// <param name="Answers">The answers file, or null where nobody wrote one.</param>
    sealed record PresentHunt(string Id, string Title, string Phase, int Challenges, long Position, string? Answers);

    static async Task<List<PresentHunt>> Present(Remote organiser, DataHome folder, CancellationToken cancel)
    {
        var hunts = new List<PresentHunt>();
        foreach (var listed in (await organiser.Get("v1/hunts", cancel))["hunts"]!.AsArray())
        {
            var id = (string)listed!["id"]!;
            var hunt = await organiser.Get(Remote.HuntPath(id), cancel);
            var answers = folder.AnswersFile(id);
            hunts.Add(new PresentHunt(
                id, (string)hunt["title"]!, (string)hunt["phase"]!, (int)hunt["challenges"]!, (long?)hunt["as_of"]?["position"] ?? 0, File.Exists(answers) ? answers : null));
        }
        return hunts;
    }

    static void Announce(Terminal terminal, LocalServer server, DataHome folder, List<PresentHunt> hunts, int bots, bool json)
    {
        var url = server.Url;
        var readyMs = (long)(DateTimeOffset.Now - Started()).TotalMilliseconds;
        if (json)
        {
            terminal.Json(new JsonObject
            {
                ["ready"] = true,
                ["url"] = DataHome.Trimmed(url),
                ["ops"] = server.OpsUrl?.ToString(),
                ["hunts"] = new JsonArray([.. hunts.Select(hunt => (JsonNode)new JsonObject
                {
                    ["id"] = hunt.Id,
                    ["url"] = Remote.PlayUrl(url, hunt.Id),
                    ["answers"] = hunt.Answers,
                })]),
                ["ready_ms"] = readyMs,
            });
            return;
        }
        var text = terminal.Out;
        text.WriteLine(FormattableString.Invariant($"Veltrix is up after {readyMs / 1000.0:0.0} s."));
        foreach (var hunt in hunts)
        {
            text.WriteLine();
            text.WriteLine($"  {hunt.Title} ({hunt.Challenges} challenges, {hunt.Phase})");
            text.WriteLine($"    play   {Remote.PlayUrl(url, hunt.Id)}");
            text.WriteLine($"    board  {Remote.BoardUrl(url, hunt.Id)}");
        }
        text.WriteLine();
        text.WriteLine($"  ops    {server.OpsUrl}");
        text.WriteLine($"  data   {folder.Path}");
        text.WriteLine($"  key    {folder.AdminKeyFile}");
        text.WriteLine();
        if (LocalServer.WebFolder is null) terminal.Say("The web pages were not built, so the addresses above show nothing; 'veltrix doctor' says what is missing.");
        if (hunts.Count == 0) terminal.Say("There is no hunt yet: veltrix hunt new riddles, then veltrix hunt publish riddles.yml --open");
        else if (bots == 0) terminal.Say("Nobody plays yet; --bots 200 brings company.");
        foreach (var hunt in hunts.Where(hunt => bots > 0 && hunt.Answers is null))
            terminal.Say($"No bots in {hunt.Id}: their answers are written only for hunts that 'veltrix up' publishes itself (--hunt FILE).");
        if (folder.Path != DataHome.Default) terminal.Say($"Other verbs find this server with --data {folder.Path}.");
        terminal.Say("Ctrl-C stops it.");
    }

    // ./veltrix says when it handed over: the process is older than that by whatever had to be built first.
    static DateTimeOffset Started() =>
        long.TryParse(Environment.GetEnvironmentVariable("VELTRIX_STARTED_MS"), CultureInfo.InvariantCulture, out var handedOver)
            ? DateTimeOffset.FromUnixTimeMilliseconds(handedOver)
            : Process.GetCurrentProcess().StartTime;

    static async Task PlayUntil(CancellationToken enough, Terminal terminal, Uri url, List<PresentHunt> hunts, int bots)
    {
        var playable = bots == 0 ? [] : hunts.Where(hunt => hunt.Phase != "closed" && hunt.Answers is not null);
        var crowds = playable.Select(hunt => Crowd(terminal, new BotOptions { Url = url, Hunt = hunt.Id, AnswersFile = hunt.Answers!, Count = bots }, enough)).ToList();
        await Task.Delay(Timeout.InfiniteTimeSpan, enough).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(crowds);
    }

    // Bots are company, not the purpose: without them the server goes on.
    static async Task Crowd(Terminal terminal, BotOptions options, CancellationToken enough)
    {
        try
        {
            await Bots.Run(options, null, enough);
        }
        catch (CrowdException error)
        {
            terminal.Say($"No bots in {options.Hunt}: {error.Message}");
        }
        catch (OperationCanceledException) when (enough.IsCancellationRequested)
        {
            // Ended while they were still arriving.
        }
    }

    static async Task Tell(Terminal terminal, Remote organiser, List<PresentHunt> hunts, bool json)
    {
        using var patience = new CancellationTokenSource(TellWithin);
        var played = new List<Played>();
        foreach (var hunt in hunts) played.Add(await Played.Since(organiser, hunt.Id, hunt.Position, patience.Token));
        if (json)
            terminal.Json(new JsonObject
            {
                ["played"] = true,
                ["hunters"] = played.Sum(hunt => hunt.Hunters),
                ["submissions"] = played.Sum(hunt => hunt.Submissions),
                ["right"] = played.Sum(hunt => hunt.Right),
                ["hunts"] = new JsonArray([.. played.Select(hunt => (JsonNode)hunt.ToJson())]),
            });
        else
            foreach (var hunt in played)
                terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{hunt.Hunt}: {hunt.Hunters:N0} hunters came, {hunt.Submissions:N0} submissions, {hunt.Right:N0} right."));
    }
}
