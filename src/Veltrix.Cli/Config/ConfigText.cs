using Veltrix.Hosting;

namespace Veltrix.Cli;

/// <summary>Reads a <c>hunt-config.yml</c> that somebody names.</summary>
static class ConfigText
{
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
