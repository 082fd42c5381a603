using System.Globalization;
using System.Text.Json.Nodes;

namespace Veltrix.Cli.Verbs;

static class ConfigStatus
{
    public static Verb Make(Terminal terminal)
    {
        var json = SharedOptions.Json();
        var remote = new RemoteOptions();
        var verb = new Verb("status", "Show whether the last edit of hunt-config.yml is in force, and if not, why.",
            "veltrix config status",
            "veltrix config status --url https://hunts.example.org --key-file organiser.key --json")
        { json };
        remote.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            using var server = remote.OpenWithKey(parsed);
            var status = await server.Get("v1/settings/status", cancel);
            if (parsed.GetValue(json)) terminal.Json(status);
            else Show(terminal.Out, status);
            return (bool)status["ok"]! ? ExitCode.Done : ExitCode.Failed;
        });
        return verb;
    }

    static void Show(TextWriter text, JsonNode status)
    {
        var file = (string?)status["file"];
        var at = DateTimeOffset.FromUnixTimeMilliseconds((long)status["at"]!).ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
        if (file is null) text.WriteLine("There is no hunt-config.yml; the built-in defaults and what hunts set are in force.");
        else if ((bool)status["ok"]!) text.WriteLine($"{file} is in force since {at}.");
        else
        {
            text.WriteLine($"{file} was refused at {at}; the settings before it go on.");
            ConfigValidate.WriteFaults(text, file, status["faults"]!.AsArray().Select(fault => fault!));
        }

        foreach (var (hunt, taken) in status["cluster"]?.AsObject() ?? [])
            text.WriteLine($"{hunt}: the cluster's objects at revision {taken!["revision"]}, {taken["hash"]}, as effectiveConfig in the Hunt's status has it.");
        // A server of an older version tells none.
        foreach (var warning in status["warnings"]?.AsArray() ?? []) text.WriteLine($"! {warning}");
    }
}
