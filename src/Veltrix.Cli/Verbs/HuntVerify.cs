using System.CommandLine;
using System.Text.Json.Nodes;
using Veltrix.Server;
using Veltrix.Server.Scoring;

namespace Veltrix.Cli.Verbs;

static class HuntVerify
{
    public static Verb Make(Terminal terminal)
    {
        var hunt = SharedOptions.Hunt();
        var json = SharedOptions.Json();
        var remote = new RemoteOptions();
        var verb = new Verb("verify", "Fold a hunt's ledger from its beginning and compare with all that is derived from it, running or not.",
            "veltrix hunt verify riddles",
            "veltrix hunt verify riddles --data /var/lib/veltrix --json")
        { hunt, json };
        remote.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            var id = parsed.GetRequiredValue(hunt);
            var report = await terminal.Progress($"verifying {id}", _ => Verify(remote, parsed, id, cancel));
            if (parsed.GetValue(json)) terminal.Json(Json(report));
            else Show(terminal, id, report);
            return report.Equal ? ExitCode.Done : ExitCode.Failed;
        });
        return verb;
    }

    static async Task<VerifyReport> Verify(RemoteOptions remote, ParseResult parsed, string hunt, CancellationToken cancel)
    {
        try
        {
            using var server = remote.OpenWithKey(parsed);
            var answer = await server.Post($"{Remote.HuntPath(hunt)}/verify", new JsonObject(), cancel);
            return new VerifyReport((bool)answer["equal"]!, (long)answer["position"]!, (long)answer["records"]!, [.. answer["differences"]!.AsArray().Select(difference => difference!.ToString())]);
        }
        catch (ServerSilentException) when (!remote.IsUrlGiven(parsed) && Directory.Exists(remote.Folder(parsed).Path))
        {
            return await Offline(remote.Folder(parsed), hunt, cancel);
        }
    }

    static async Task<VerifyReport> Offline(DataHome folder, string hunt, CancellationToken cancel)
    {
        try
        {
            return await Verification.OfFolder(folder.Path, hunt, TimeProvider.System, cancel);
        }
        catch (KeyNotFoundException error)
        {
            throw new CliException(ExitCode.NotFound, error.Message, "'veltrix hunt list' shows what a running server has; --data names another folder.", error);
        }
    }

    static JsonObject Json(VerifyReport report) => new()
    {
        ["equal"] = report.Equal,
        ["position"] = report.Position,
        ["records"] = report.Records,
        ["differences"] = new JsonArray([.. report.Differences.Select(difference => (JsonNode)difference)]),
    };

    static void Show(Terminal terminal, string hunt, VerifyReport report)
    {
        foreach (var difference in report.Differences) terminal.Out.WriteLine(difference);
        terminal.Out.WriteLine(report.Equal
            ? $"{hunt}: {report.Records:N0} records up to position {report.Position}; everything derived from them is equal."
            : $"{hunt}: {report.Records:N0} records up to position {report.Position}; {report.Differences.Count:N0} differences.");
    }
}
