using System.Text.Json.Nodes;
using Veltrix.Hosting;

namespace Veltrix.Cli;

/// <summary>Settings as people read and write them.</summary>
static class ConfigText
{
    /// <summary>Behind a value that acts at the next start only; empty for any other.</summary>
    public static string Waits(JsonObject card) => (string?)card["running"] is { } running ? $" (at the next start; runs with {running})" : "";

    /// <summary>Reads a <c>hunt-config.yml</c> that somebody names.</summary>
    /// <param name="file">A path, or <c>-</c> for <paramref name="input"/>.</param>
    public static ConfigFile Read(string file, TextReader input)
    {
        if (file == "-") return ConfigFile.Read("stdin", input.ReadToEnd());
        if (Directory.Exists(file)) throw new CliException(ExitCode.NotFound, $"{file} is a folder.", "Name the file in it.");
        try
        {
            return ConfigFile.Read(file, File.ReadAllBytes(file));
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CliException(ExitCode.NotFound, $"There is no file {file}.", "docs/reference/config.md has one to start from.", error);
        }
    }
}
