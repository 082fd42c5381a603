using System.CommandLine;
using System.Net;

namespace Veltrix.Cli;

/// <summary>How a server of this process listens, and on which data.</summary>
sealed class ListenOptions
{
    readonly Option<string> data = SharedOptions.Data();
    readonly Option<int> port = SharedOptions.Port(8080);
    readonly Option<string> host = new("--host")
    {
        Description = "The address to listen on; 0.0.0.0 lets other machines in.",
        HelpName = "ADDRESS",
        DefaultValueFactory = _ => "127.0.0.1",
        CustomParser = result =>
        {
            var address = result.Tokens[0].Value;
            if (address == "localhost") return "127.0.0.1";
            if (!IPAddress.TryParse(address, out _)) result.AddError($"--host {address}: an IP address of this machine is needed, such as 127.0.0.1 or 0.0.0.0.");
            return address;
        },
    };
    readonly Option<string?> config = SharedOptions.Config("The file with the settings. Default: hunt-config.yml in the data folder, if it is there.");
    readonly Option<string?> redis = new("--redis")
    {
        Description = "The shared store of seats and limits: host:port of Redis, Valkey or Dragonfly, redis://user@host:port, or rediss:// for TLS. The password is in a file: redis.password_file. Default: one in this process.",
        HelpName = "HOST:PORT",
    };
    readonly Option<string[]> origins = new("--origin")
    {
        Description = "A web site, besides this server's own, whose pages may play. May be given several times.",
        HelpName = "URL",
        DefaultValueFactory = _ => [],
    };

    public void AddTo(Command verb)
    {
        verb.Add(port);
        verb.Add(host);
        verb.Add(data);
        verb.Add(origins);
        verb.Add(config);
        verb.Add(redis);
    }

    public DataHome Folder(ParseResult parsed) => new(parsed.GetRequiredValue(data));

    /// <summary>As the command line has it; who governs is the verb's affair.</summary>
    public LocalOptions Of(ParseResult parsed) => new()
    {
        Folder = Folder(parsed),
        Host = parsed.GetRequiredValue(host),
        Port = parsed.GetValue(port),
        Origins = parsed.GetRequiredValue(origins),
        Config = parsed.GetValue(config),
        Redis = parsed.GetValue(redis),
    };
}
