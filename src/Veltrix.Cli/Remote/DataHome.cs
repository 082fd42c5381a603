using System.Text.Json;
using System.Text.Json.Nodes;

namespace Veltrix.Cli;

/// <summary>A server's data folder as the other verbs see it: the first key, where the server is, answers for bots. The rest is the server's own.</summary>
sealed record DataHome(string Path)
{
    /// <summary><c>$XDG_DATA_HOME/veltrix</c>, or <c>~/.local/share/veltrix</c>.</summary>
    public static string Default => System.IO.Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "veltrix");

    public string AdminKeyFile => System.IO.Path.Combine(Path, "admin.key");

    public string ServerFile => System.IO.Path.Combine(Path, "server.json");

    public string AnswersFile(string hunt) => System.IO.Path.Combine(Path, "answers", $"{hunt}.json");

    /// <summary>The address of the server that runs, or last ran, on this folder; null where none has said.</summary>
    public Uri? ServerUrl()
    {
        try
        {
            return JsonNode.Parse(File.ReadAllText(ServerFile))?["url"]?.GetValue<string>() is { } url ? new Uri(url) : null;
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception error) when (error is JsonException or UriFormatException or InvalidOperationException)
        {
            throw new CliException(ExitCode.Failed, $"{ServerFile} does not hold {{\"url\":…}}.", "Delete it and start the server again, or name the server with --url.", error);
        }
    }

    public static string Trimmed(Uri url) => url.AbsoluteUri.TrimEnd('/');
}
