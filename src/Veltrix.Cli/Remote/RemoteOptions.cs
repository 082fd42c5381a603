using System.CommandLine;

namespace Veltrix.Cli;

/// <summary>How a verb finds its server and its key: <c>--url</c>, else the server of the data folder; <c>--key-file</c>, else that folder's first key.</summary>
sealed class RemoteOptions
{
    readonly Option<string> data = SharedOptions.Data();
    readonly Option<string?> url = new("--url") { Description = "The server, as http://host:port. Default: the one that runs on the data folder.", HelpName = "URL" };
    readonly Option<string?> keyFile = new("--key-file") { Description = "The file that holds your key. Default: admin.key in the data folder.", HelpName = "FILE" };

    public void AddTo(Command verb, bool withKey = true)
    {
        verb.Add(url);
        if (withKey) verb.Add(keyFile);
        verb.Add(data);
        url.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && !(Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"))
                result.AddError($"--url {result.Tokens[0].Value}: an address begins with http:// or https://, as in http://127.0.0.1:8080.");
        });
    }

    public DataHome Folder(ParseResult parsed) => new(parsed.GetRequiredValue(data));

    public bool IsUrlGiven(ParseResult parsed) => parsed.GetValue(url) is not null;

    public Uri Url(ParseResult parsed) => Find(parsed).Url;

    /// <summary>For what anyone may ask.</summary>
    public Remote Open(ParseResult parsed) => Open(parsed, withKey: false);

    /// <summary>For what only an organiser may do.</summary>
    public Remote OpenWithKey(ParseResult parsed) => Open(parsed, withKey: true);

    // The server first: where there is none, nobody needs a key.
    Remote Open(ParseResult parsed, bool withKey)
    {
        var (server, namedBy) = Find(parsed);
        return new Remote(server, withKey ? Key(parsed) : null, namedBy);
    }

    (Uri Url, string NamedBy) Find(ParseResult parsed)
    {
        if (parsed.GetValue(url) is { } given) return (new Uri(given), "named with --url");
        var folder = Folder(parsed);
        return folder.ServerUrl() is { } known
            ? (known, $"named in {folder.ServerFile}")
            : throw new ServerSilentException($"No server is running on {folder.Path}.", new FileNotFoundException(null, folder.ServerFile));
    }

    string Key(ParseResult parsed)
    {
        var file = parsed.GetValue(keyFile) ?? Folder(parsed).AdminKeyFile;
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CliException(ExitCode.NotFound, $"There is no key in {file}.", "'veltrix up' writes one in its data folder: name that folder with --data, or the key's file with --key-file.", error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new CliException(ExitCode.Refused, $"{file} may not be read.", "It belongs to whoever started the server; name another with --key-file.", error);
        }
    }
}
