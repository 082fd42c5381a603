using System.CommandLine;
using System.Net;
using System.Text.Json.Nodes;
using k8s.Exceptions;
using Microsoft.AspNetCore.Connections;
using Veltrix.Kubernetes;
using Veltrix.Kubernetes.Operating;

namespace Veltrix.Cli.Verbs;

static class OperatorVerb
{
    public static Verb Make(Terminal terminal)
    {
        var space = new Option<string?>("--namespace") { Description = "Whose Hunts are made true. Default: the namespace that this process is in.", HelpName = "NAMESPACE" };
        var installation = new Option<string>("--installation")
        {
            Description = "The file that says what holds for all hunts here: image, store, secrets, resources. docs/reference/kubernetes-objects.md describes it.",
            HelpName = "FILE",
            Required = true,
        };
        var listen = new Option<IPEndPoint>("--listen")
        {
            Description = "Where metrics and health are to be had; port 0 takes any free one. Default: 127.0.0.1:9361",
            HelpName = "ADDRESS:PORT",
            DefaultValueFactory = _ => new IPEndPoint(IPAddress.Loopback, 9361),
            CustomParser = result =>
            {
                var text = result.Tokens[0].Value;
                if (text.LastIndexOf(':') > 0 && IPEndPoint.TryParse(text, out var end)) return end;
                result.AddError($"--listen {text}: an address of this machine and a port are needed, such as 127.0.0.1:9361 or 0.0.0.0:9361.");
                return new IPEndPoint(IPAddress.Loopback, 0);
            },
        };
        var name = new Option<string>("--name") { Description = "This operator among its standbys.", HelpName = "NAME", DefaultValueFactory = _ => $"{Environment.MachineName}-{Environment.ProcessId}" };
        var json = SharedOptions.Json();
        var verb = new Verb("operator", "Make the Hunts of a Kubernetes namespace true: servers, each with a governor, and all they need. Of several one leads; the others stand by.",
            "veltrix operator --namespace games --installation /etc/veltrix/installation/installation.yml --listen 0.0.0.0:9361",
            "veltrix operator --namespace games --installation installation.yml --json")
        { space, installation, listen, name, json };
        verb.SetAction(async (parsed, cancel) =>
        {
            await using var host = await Start(
                new OperatorOptions
                {
                    Namespace = parsed.GetValue(space), Installation = Read(parsed.GetRequiredValue(installation)), Listen = parsed.GetRequiredValue(listen), Name = parsed.GetRequiredValue(name),
                }, cancel);
            if (parsed.GetValue(json)) terminal.Json(new JsonObject { ["ready"] = true, ["url"] = DataHome.Trimmed(host.Url) });
            else terminal.Say($"Making Hunts true; health and metrics at {DataHome.Trimmed(host.Url)}. Ctrl-C stops it.");
            await Task.Delay(Timeout.InfiniteTimeSpan, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return ExitCode.Done;
        });
        return verb;
    }

    static Installation Read(string file)
    {
        try
        {
            return Installation.Read(file);
        }
        catch (InvalidDataException error)
        {
            throw new CliException(ExitCode.Failed, error.Message, "docs/reference/kubernetes-objects.md describes the file.", error);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CliException(ExitCode.NotFound, $"There is no file {file}.", "The chart writes it; docs/reference/kubernetes-objects.md describes it.", error);
        }
    }

    static async Task<OperatorHost> Start(OperatorOptions options, CancellationToken cancel)
    {
        try
        {
            return await OperatorHost.Start(options, cancel);
        }
        catch (Exception error) when (error is KubeConfigException or FileNotFoundException)
        {
            throw ClusterWork.NoApi(error);
        }
        catch (IOException error) when (error.InnerException is AddressInUseException)
        {
            throw new CliException(ExitCode.Refused, $"Port {options.Listen.Port} on {options.Listen.Address} is in use by another program.", "Choose another with --listen, or let port 0 take any free one.", error);
        }
    }
}
