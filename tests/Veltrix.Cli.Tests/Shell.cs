using System.Text.Json.Nodes;

namespace Veltrix.Cli.Tests;

/// <summary>Runs the command line in this process, with texts in place of a shell's pipes.</summary>
static class Shell
{
    public static async Task<Ran> Run(string[] args, string input = "")
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await Entry.Run(args, new Terminal(new StringReader(input), output, error), TestContext.Current.CancellationToken);
        return new Ran(code, output.ToString(), error.ToString());
    }

    public static Task<Ran> Run(params string[] args) => Run(args, "");
}

/// <summary>What a shell would have seen.</summary>
sealed record Ran(int Code, string Out, string Error)
{
    public JsonNode Json => JsonNode.Parse(Out)!;
}

/// <summary>A folder that is gone after the test.</summary>
sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("veltrix-cli-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public string Write(string name, string text)
    {
        System.IO.File.WriteAllText(File(name), text);
        return File(name);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
