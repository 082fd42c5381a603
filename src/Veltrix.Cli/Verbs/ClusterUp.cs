using System.CommandLine;
using System.Text.Json.Nodes;
using Veltrix.Cli.Clusters;

namespace Veltrix.Cli.Verbs;

static class ClusterUp
{
    public static Verb Make(Terminal terminal)
    {
        var data = SharedOptions.Data();
        var servers = SharedOptions.Count("--servers", "Servers, each with a governor beside it", 1, 32, 2);
        var orchestrators = SharedOptions.Count("--orchestrators", "Orchestrators: one leads, the others stand by", 1, 8, 2);
        var redis = new Option<string>("--redis") { Description = "The shared store of seats and limits.", HelpName = "HOST:PORT", Required = true };
        var kafka = new Option<string?>("--kafka") { Description = "The brokers that keep the logs. Default: what hunt-config.yml in the folder says.", HelpName = "HOST:PORT" };
        var port = SharedOptions.Port(0);
        var host = new Option<string>("--host") { Description = "The address that servers listen on.", HelpName = "ADDRESS", DefaultValueFactory = _ => "127.0.0.1" };
        var hunts = new Option<string[]>("--hunt") { Description = "A hunt file to publish, unless it is there already. May be given several times.", HelpName = "FILE", DefaultValueFactory = _ => [] };
        var json = SharedOptions.Json();
        var verb = new Verb("up", "Run servers with governors, orchestrator and standby on this machine, around a Kafka and a Redis that are there. Whatever dies is started again.",
            "veltrix cluster up --servers 3 --kafka 127.0.0.1:9092 --redis 127.0.0.1:6379 --data ./cluster",
            "veltrix cluster up --redis 127.0.0.1:6379 --data ./cluster --hunt riddles.yml --port 8080 --json")
        { servers, orchestrators, redis, kafka, port, host, hunts, json, data };
        verb.SetAction(async (parsed, cancel) =>
        {
            var folder = new DataHome(parsed.GetRequiredValue(data));
            var read = parsed.GetRequiredValue(hunts).Select(file => HuntText.Read(file, terminal)).ToList();
            foreach (var hunt in read) hunt.WriteFaults(terminal.Error);
            if (read.Exists(hunt => !hunt.Faults.IsEmpty)) return ExitCode.Failed;
            await using var cluster = await Cluster.Start(
                new ClusterOptions
                {
                    Folder = folder.Path, Servers = parsed.GetValue(servers), Orchestrators = parsed.GetValue(orchestrators), Redis = parsed.GetRequiredValue(redis), Kafka = parsed.GetValue(kafka),
                    Host = parsed.GetRequiredValue(host), Port = parsed.GetValue(port),
                }, cancel);
            foreach (var hunt in read) await cluster.Publish(hunt, cancel);
            if (parsed.GetValue(json)) terminal.Json(new JsonObject { ["ready"] = true, ["urls"] = new JsonArray([.. cluster.Urls.Select(url => (JsonNode)DataHome.Trimmed(url))]) });
            else
            {
                terminal.Say($"Ready: {string.Join("  ", cluster.Urls.Select(DataHome.Trimmed))}");
                terminal.Say($"Settings of all roles: {cluster.Config}. Ctrl-C stops it; 'veltrix cluster status --data {folder.Path}' shows it.");
            }

            await Task.Delay(Timeout.InfiniteTimeSpan, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return ExitCode.Done;
        });
        return verb;
    }
}
