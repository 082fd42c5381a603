using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Connections;
using Veltrix.Gate;
using Veltrix.Governor.Orchestration;
using Veltrix.Hosting;
using Veltrix.Kubernetes.Live;

namespace Veltrix.Cli.Verbs;

static class OrchestratorVerb
{
    public static Verb Make(Terminal terminal)
    {
        var redis = new Option<string>("--redis") { Description = "The shared store: Redis, Valkey or Dragonfly.", HelpName = "HOST:PORT", Required = true };
        var governors = new Option<string[]>("--governor")
        {
            Description = "A governor, as http://host:port, or dns:name:port for one at every address of a name. May be given several times.",
            HelpName = "URL",
            Required = true,
        };
        governors.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
                if (!GovernorAddress.TryParse(token.Value, out _, out var fault)) result.AddError($"--governor {token.Value}: {fault}.");
        });
        var token = new Option<string>("--token-file") { Description = "The file with the control token that the governors want.", HelpName = "FILE", Required = true };
        var listen = new Option<IPEndPoint>("--listen")
        {
            Description = "Where metrics and /v1/hunts are to be had; port 0 takes any free one.",
            HelpName = "ADDRESS:PORT",
            DefaultValueFactory = _ => new IPEndPoint(IPAddress.Loopback, 9359),
            CustomParser = result =>
            {
                var text = result.Tokens[0].Value;
                if (text.LastIndexOf(':') > 0 && IPEndPoint.TryParse(text, out var end)) return end;
                result.AddError($"--listen {text}: an address of this machine and a port are needed, such as 127.0.0.1:9359 or 0.0.0.0:9359.");
                return new IPEndPoint(IPAddress.Loopback, 0);
            },
        };
        var config = SharedOptions.Config("The file with the settings, watched while it runs; of them redis.memory_budget is the orchestrator's. Default: none.");
        var space = new Option<string?>("--kubernetes")
        {
            Description = "Write what holds into the status and the map of overrides of every Hunt in this namespace. The API is found by KUBECONFIG, or as a pod. Default: nowhere.",
            HelpName = "NAMESPACE",
        };
        var json = SharedOptions.Json();
        var verb = new Verb("orchestrator", "Make one limit of all governors' votes, every five seconds, for every hunt. Of several one leads; the others stand by.",
            "veltrix orchestrator --redis 127.0.0.1:6379 --governor http://127.0.0.1:9357 --token-file control.token",
            "veltrix orchestrator --redis redis:6379 --governor dns:veltrix-governors:9357 --token-file /run/secrets/control --listen 0.0.0.0:9359 --json")
        { redis, governors, token, listen, config, space, json };
        verb.SetAction(async (parsed, cancel) =>
        {
            var end = parsed.GetRequiredValue(listen);
            var options = new OrchestratorOptions
            {
                Governors = parsed.GetRequiredValue(governors),
                Store = new GateStoreOptions { Endpoint = parsed.GetRequiredValue(redis) },
                TokenFile = parsed.GetRequiredValue(token),
                ConfigFile = parsed.GetValue(config),
                Host = end.Address.ToString(),
                Port = end.Port,
            };
            await using var host = await Start(options, cancel);
            using var logging = ClusterWork.Logging();
            await using var publishing = parsed.GetValue(space) is { } where ? ClusterWork.Begin(
                api => new LivePublisher(api, where, () => host.Now, TimeProvider.System, logging.CreateLogger("Veltrix.Orchestrator")).Run) : null;
            if (parsed.GetValue(json)) terminal.Json(new JsonObject { ["ready"] = true, ["url"] = DataHome.Trimmed(host.Url) });
            else terminal.Say($"Governing over {string.Join(", ", options.Governors)}; limits and votes at {DataHome.Trimmed(host.Url)}/v1/hunts. Ctrl-C stops it.");
            await Task.Delay(Timeout.InfiniteTimeSpan, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return ExitCode.Done;
        });
        return verb;
    }

    static async Task<OrchestratorHost> Start(OrchestratorOptions options, CancellationToken cancel)
    {
        try
        {
            return await OrchestratorHost.Start(options, cancel);
        }
        catch (IOException error) when (error.InnerException is AddressInUseException)
        {
            throw new CliException(ExitCode.Refused, $"Port {options.Port} on {options.Host} is in use by another program.", "Choose another with --listen, or let port 0 take any free one.", error);
        }
        catch (SocketException error)
        {
            throw new CliException(ExitCode.Failed, $"Cannot listen on {options.Host}:{options.Port}: {error.Message}.", "Choose an address of this machine with --listen, and a port above 1023.", error);
        }
        catch (ConfigException error)
        {
            throw new CliException(ExitCode.Failed, $"The settings cannot be taken:\n{error.Message}", "Repair them and start again; 'veltrix config validate FILE' reads them without an orchestrator.", error);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CliException(ExitCode.NotFound, $"There is no control token in {options.TokenFile}.", "A governor writes one where it starts; name that file with --token-file.", error);
        }
    }
}
