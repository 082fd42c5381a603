using System.Text.Json.Nodes;

namespace Veltrix.Cli.Verbs;

static class Serve
{
    public static Verb Make(Terminal terminal)
    {
        var listen = new ListenOptions();
        var json = SharedOptions.Json();
        var verb = new Verb("server", "Serve the hunts of a data folder until told to stop. 'up' does this and more, for one machine.",
            "veltrix server --data /var/lib/veltrix",
            "veltrix server --host 0.0.0.0 --port 80 --origin https://hunts.example.org --json")
        { json };
        listen.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            await using var server = await listen.Start(parsed, cancel);
            if (parsed.GetValue(json)) terminal.Json(new JsonObject { ["ready"] = true, ["url"] = DataHome.Trimmed(server.Url) });
            else terminal.Say($"Serving {listen.Folder(parsed).Path} at {DataHome.Trimmed(server.Url)}. Ctrl-C stops it.");
            await Task.Delay(Timeout.InfiniteTimeSpan, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return ExitCode.Done;
        });
        return verb;
    }
}
