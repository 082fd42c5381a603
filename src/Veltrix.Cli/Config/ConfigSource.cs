using System.CommandLine;
using System.Text.Json.Nodes;
using Veltrix.Hosting;
using Veltrix.Server.Organising;

namespace Veltrix.Cli;

/// <summary>Where <c>config explain</c> and <c>config list</c> take values from: a file that is named, else the server, else the declaration alone.</summary>
sealed class ConfigSource
{
    readonly RemoteOptions remote = new();
    readonly Option<string?> file = new("--file") { Description = "Ask no server: lay this hunt-config.yml over the defaults.", HelpName = "FILE" };
    readonly Option<string?> hunt = new("--hunt") { Description = "As it is for this hunt. Default: for the process.", HelpName = "ID" };

    public void AddTo(Command verb)
    {
        verb.Add(hunt);
        verb.Add(file);
        remote.AddTo(verb);
    }

    /// <summary>Every key, in the form in which a server writes them (<c>docs/reference/http.md</c>).</summary>
    public async Task<IReadOnlyList<JsonObject>> Cards(ParseResult parsed, Terminal terminal, CancellationToken cancel)
    {
        var of = parsed.GetValue(hunt);
        if (parsed.GetValue(file) is { } path) return Cards(FileSettings(path), of);
        // A server that was named must answer; one that was not need not be there.
        if (!remote.IsUrlGiven(parsed) && of is null && remote.Folder(parsed).ServerUrl() is null) return Declared(terminal, "No server was asked");
        try
        {
            using var server = remote.OpenWithKey(parsed);
            var answer = await server.Get(of is null ? "v1/settings" : $"{Remote.HuntPath(of)}/settings", cancel);
            return [.. answer["settings"]!.AsArray().Select(card => card!.AsObject())];
        }
        catch (ServerSilentException error) when (!remote.IsUrlGiven(parsed) && of is null)
        {
            return Declared(terminal, error.Message.TrimEnd('.'));
        }
    }

    /// <exception cref="CliException">There is no such file, or it has faults.</exception>
    static Settings FileSettings(string path)
    {
        var read = ConfigText.Read(path, TextReader.Null);
        var settings = new Settings();
        if (settings.Load(read) is { Ok: false } bad) throw new CliException(ExitCode.Failed, $"The settings cannot be taken:\n{string.Join('\n', bad.Faults.Select(fault => fault.In(path)))}");
        return settings;
    }

    static IReadOnlyList<JsonObject> Declared(Terminal terminal, string why)
    {
        terminal.Say($"{why}, so these are the built-in defaults; name a server with --url or --data, or a file with --file.");
        return Cards(Settings.Defaults, null);
    }

    static IReadOnlyList<JsonObject> Cards(Settings settings, string? hunt) => [.. Keys.All.Select(key => SettingCard.Of(settings.Explain(key, hunt)).ToJson())];
}
