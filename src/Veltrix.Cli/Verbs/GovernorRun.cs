using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Veltrix.Gate;
using Veltrix.Governor;
using Veltrix.Governor.Sidecar;
using Veltrix.Hosting;
using Veltrix.Kubernetes;
using Veltrix.Kubernetes.Live;

namespace Veltrix.Cli.Verbs;

/// <summary><c>veltrix governor</c>: runs one; with a verb behind it, speaks to one.</summary>
static class GovernorRun
{
    const string StandardAddress = "127.0.0.1:9357";

    public static Verb Make(Terminal terminal)
    {
        var data = SharedOptions.Data();
        var redis = new Option<string>("--redis") { Description = "The shared store: host:port of Redis, Valkey or Dragonfly, or what StackExchange.Redis understands.", HelpName = "ENDPOINT", Required = true };
        var listen = new Option<IPEndPoint>("--listen")
        {
            Description = $"Where servers and orchestrators reach it (gRPC); port 0 takes any free one. Default: {StandardAddress}",
            HelpName = "ADDRESS:PORT",
            DefaultValueFactory = _ => IPEndPoint.Parse(StandardAddress),
            CustomParser = result =>
            {
                if (IPEndPoint.TryParse(result.Tokens[0].Value, out var end)) return end;
                result.AddError($"--listen {result.Tokens[0].Value}: an IP address of this machine and a port are needed, such as {StandardAddress}.");
                return null;
            },
        };
        var http = SharedOptions.Count("--http-port", "The port for people and Prometheus, on the same address; 0 takes any free one.", 0, 65_535, 9358);
        var token = new Option<string?>("--token-file") { Description = "The file that holds the control token; made if it is missing. Default: control.token in the data folder.", HelpName = "FILE" };
        var config = SharedOptions.Config("The file with the settings, watched while it runs. Default: hunt-config.yml in the data folder, if it is there.");
        var name = new Option<string>("--name") { Description = "As votes name it.", HelpName = "NAME", DefaultValueFactory = _ => Environment.MachineName };
        var hunt = new Option<string?>("--kubernetes")
        {
            Description = "The Hunt of this pod: what people set there and in its maps of overrides is handed to the server. The API is found by KUBECONFIG, or as a pod.",
            HelpName = "NAMESPACE/HUNT",
            CustomParser = result =>
            {
                if (result.Tokens[0].Value.Split('/') is [{ Length: > 0 }, { Length: > 0 }]) return result.Tokens[0].Value;
                result.AddError($"--kubernetes {result.Tokens[0].Value}: the namespace and the name of a Hunt are needed, such as games/capitals.");
                return null;
            },
        };
        var runtime = new Option<string>("--kubernetes-runtime") { Description = "The ConfigMap with settings for all hunts.", HelpName = "NAME", DefaultValueFactory = _ => new Installation().Runtime };
        var json = SharedOptions.Json();
        var verb = new Verb("governor", "Govern the hunts of the server beside it: measure, vote, and say why. With a verb: ask a governor.",
            "veltrix governor --redis 127.0.0.1:6379 --data /var/lib/veltrix",
            "veltrix governor --redis redis:6379 --listen 0.0.0.0:9357 --token-file /run/secrets/control.token --json")
        { redis, listen, http, token, config, name, hunt, runtime, json, data };
        verb.SetAction(async (parsed, cancel) =>
        {
            var end = parsed.GetRequiredValue(listen);
            using var settings = new Settings();
            var folder = parsed.GetRequiredValue(data);
            var configFile = parsed.GetValue(config) ?? Path.Combine(folder, ConfigFile.DefaultName);
            await using var store = await Open(parsed.GetRequiredValue(redis), configFile, parsed.GetValue(config) is not null, settings, cancel);
            settings.Changed += () => store.MemoryBudget = settings.Get(Keys.RedisBudget);
            await using var host = await Start(new GovernorOptions
            {
                Folder = folder,
                ConfigFile = configFile,
                ConfigIsRequired = parsed.GetValue(config) is not null,
                ConfigIsGood = () => settings.LastReload.Ok,
                Store = StoreProbe.Of(store),
                Settings = settings,
                // What people have set reaches this process with the reports of the server beside it.
                Adopt = (hunt, values) => settings.SetDefinition(hunt, [.. values.Select(set => new Written(set.Key, set.Value, 0, 0))]),
                Name = parsed.GetRequiredValue(name),
                Address = end.Address,
                GrpcPort = end.Port,
                HttpPort = parsed.GetValue(http),
                TokenFile = parsed.GetValue(token),
            }, cancel);
            await using var watch = parsed.GetValue(hunt) is { } named ? ClusterWork.Begin(
                api => new OverridesWatch(api, named.Split('/')[0], named.Split('/')[1], parsed.GetRequiredValue(runtime), host.Sidecar, TimeProvider.System).Run) : null;
            if (parsed.GetValue(json)) terminal.Json(new JsonObject { ["ready"] = true, ["grpc"] = DataHome.Trimmed(host.GrpcUrl), ["http"] = DataHome.Trimmed(host.HttpUrl), ["token_file"] = host.TokenFile });
            else terminal.Say($"Governing. gRPC at {DataHome.Trimmed(host.GrpcUrl)}, page at {DataHome.Trimmed(host.HttpUrl)}/ops, control token in {host.TokenFile}. Ctrl-C stops it.");
            await Task.Delay(Timeout.InfiniteTimeSpan, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return ExitCode.Done;
        });
        foreach (var inner in (Verb[])[GovernorLog.Make(terminal), GovernorExplain.Make(terminal), GovernorReplay.Make(terminal), .. GovernorControl.Make(terminal)]) verb.Add(inner);
        return verb;
    }

    static async Task<GateStore> Open(string endpoint, string config, bool isRequired, Settings settings, CancellationToken cancel)
    {
        try
        {
            // How to get into the store is wanted before the governor reads the settings and watches them.
            new ConfigWatch(config, settings, TimeProvider.System, NullLogger.Instance).ReadFirst(isRequired);
            return await GateStore.Open(new GateStoreOptions { Endpoint = endpoint }.With(settings), cancel);
        }
        catch (ConfigException error)
        {
            throw Unfit(error);
        }
        catch (GateException error)
        {
            throw new CliException(error.Fault is GateFault.Misconfigured ? ExitCode.Refused : ExitCode.Failed, error.Message, error.Fault is GateFault.Away ? "Name the shared store with --redis." : null, error);
        }
    }

    static async Task<GovernorHost> Start(GovernorOptions options, CancellationToken cancel)
    {
        try
        {
            Directory.CreateDirectory(options.Folder);
            return await GovernorHost.Start(options, cancel);
        }
        catch (IOException error) when (error.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            throw new CliException(ExitCode.Refused, $"Port {options.GrpcPort} or {options.HttpPort} on {options.Address} is in use by another program.", "Choose others with --listen and --http-port; 0 takes any free one.", error);
        }
        catch (ConfigException error)
        {
            throw Unfit(error);
        }
        catch (SocketException error)
        {
            throw new CliException(ExitCode.Failed, $"Cannot listen on {options.Address}: {error.Message}.", "Choose an address of this machine with --listen, and ports above 1023.", error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new CliException(ExitCode.Failed, $"The data folder {options.Folder} cannot be written: {error.Message}", "Choose another with --data.", error);
        }
    }

    static CliException Unfit(ConfigException error) =>
        new(ExitCode.Failed, $"The settings cannot be taken:\n{error.Message}", "Repair them and start again; 'veltrix config validate FILE' reads them without a governor.", error);
}
