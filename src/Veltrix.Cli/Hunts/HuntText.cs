using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using Veltrix.Hosting;
using Veltrix.Hunts;
using Veltrix.Server.Organising;

namespace Veltrix.Cli;

/// <summary>A hunt file as it was read: its name for messages, its text to send, and what the reader and the settings' declaration made of it.</summary>
sealed record HuntText(string File, string Yaml, HuntFileResult Result)
{
    public ImmutableArray<Fault> Faults => Result.Faults;

    /// <param name="file">A path, or <c>-</c> for standard input.</param>
    public static HuntText Read(string file, Terminal terminal)
    {
        var name = file == "-" ? "stdin" : file;
        try
        {
            var yaml = file == "-" ? terminal.In.ReadToEnd() : ReadFile(file);
            return new HuntText(name, yaml, WithSettings(HuntFile.Read(yaml)));
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CliException(ExitCode.NotFound, $"There is no file {file}.", "'veltrix hunt new' writes one to start from.", error);
        }
        catch (DecoderFallbackException error)
        {
            throw new CliException(ExitCode.Failed, $"{name} is not UTF-8.", "Save it as UTF-8.", error);
        }
    }

    /// <summary>Says every fault as <c>file:line:column: message (remedy)</c>, which editors turn into links.</summary>
    public void WriteFaults(TextWriter writer) => WriteFaults(File, FaultsAsJson(), writer);

    public static void WriteFaults(string file, IEnumerable<JsonNode> faults, TextWriter writer)
    {
        foreach (var fault in faults) writer.WriteLine($"{file}:{fault["line"]}:{fault["column"]}: {fault["message"]} ({fault["remedy"]})");
    }

    /// <summary>In the form in which the server, too, writes them.</summary>
    public IEnumerable<JsonObject> FaultsAsJson() => Faults.Select(fault => new JsonObject
    {
        ["line"] = fault.Line,
        ["column"] = fault.Column,
        ["message"] = fault.Message,
        ["remedy"] = fault.Remedy,
    });

    // The hunt's rules know no settings; a server that has others than the defaults looks again.
    static HuntFileResult WithSettings(HuntFileResult read)
    {
        if (read.Definition is not { } definition) return read;
        var wrong = Settings.Defaults.CheckDefinition(definition.Id, HuntSettings.Written(definition));
        return wrong.Count == 0 ? read : new HuntFileResult(null, [.. wrong.Select(fault => new Fault(fault.Line, fault.Column, fault.Message, fault.Remedy))]);
    }

    static string ReadFile(string file)
    {
        if (Directory.Exists(file)) throw new CliException(ExitCode.NotFound, $"{file} is a folder.", "Name the hunt file in it.");
        using var reader = new StreamReader(file, new UTF8Encoding(false, throwOnInvalidBytes: true));
        return reader.ReadToEnd();
    }
}
