using System.CommandLine;
using System.Net;
using System.Text.Json.Nodes;

namespace Veltrix.Cli.Verbs;

static class Serve
{
    public static Verb Make(Terminal terminal)
    {
        var listen = new ListenOptions();
        var governor = new Option<Uri?>("--governor")
        {
            Description = "The governor beside this server, as http://host:port. Without it nobody moves the limits: they stay at max_concurrent_hunters.",
            HelpName = "URL",
            CustomParser = result =>
            {
                if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https") return uri;
                result.AddError($"--governor {result.Tokens[0].Value}: an address begins with http:// or https://, as in http://127.0.0.1:9357.");
                return null;
            },
        };
        var ops = SharedOptions.OpsPort("metrics and health", 9360);
        var opsHost = new Option<IPAddress>("--ops-host")
        {
            Description = "The address of that second listener; not one that hunters reach. Default: 127.0.0.1.",
            HelpName = "ADDRESS",
            DefaultValueFactory = _ => IPAddress.Loopback,
            CustomParser = result =>
            {
                if (IPAddress.TryParse(result.Tokens[0].Value, out var address)) return address;
                result.AddError($"--ops-host {result.Tokens[0].Value}: an IP address of this machine is needed, such as 127.0.0.1 or 0.0.0.0.");
                return null;
            },
        };
        var hunt = new Option<string?>("--hunt")
        {
            Description = "Serve the hunt of this file and no other, and publish it if it is not: it opens at once, unless the file says when. Default: all hunts that the logs hold.",
            HelpName = "FILE",
        };
        var json = SharedOptions.Json();
        var verb = new Verb("server", "Serve the hunts of a data folder until told to stop. 'up' does this and more, for one machine.",
            "veltrix server --data /var/lib/veltrix",
            "veltrix server --host 0.0.0.0 --port 80 --origin https://hunts.example.org --json",
            "veltrix server --data /var/lib/veltrix --redis redis:6379 --governor http://127.0.0.1:9357")
        { governor, hunt, ops, opsHost, json };
        listen.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            string? text = null;
            if (parsed.GetValue(hunt) is { } file)
            {
                var read = HuntText.Read(file, terminal);
                read.WriteFaults(terminal.Error);
                if (!read.Faults.IsEmpty) return ExitCode.Failed;
                text = read.Yaml;
            }

            LocalServer? serving = null;
            using var lastResort = new LastResort(terminal, () => serving?.Server.StopsAt ?? "its own start", cancel);
            await using var server = serving = await LocalServer.Start(
                listen.Of(parsed) with { Hunt = text, GovernedBy = parsed.GetValue(governor) is { } beside ? new GovernedBy.Sidecar(beside) : GovernedBy.Nobody }, cancel);
            await using var listener = await OpsListener.Start(new IPEndPoint(parsed.GetRequiredValue(opsHost), parsed.GetValue(ops)), cancel);
            if (parsed.GetValue(json)) terminal.Json(new JsonObject { ["ready"] = true, ["url"] = DataHome.Trimmed(server.Url), ["ops"] = DataHome.Trimmed(listener.Url) });
            else terminal.Say($"Serving {listen.Folder(parsed).Path} at {DataHome.Trimmed(server.Url)}. Ctrl-C stops it.");
            await Task.Delay(Timeout.InfiniteTimeSpan, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return ExitCode.Done;
        });
        return verb;
    }
}
