using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace Veltrix.Cli.Verbs;

static class Version
{
    public static Verb Make(Terminal terminal)
    {
        var json = SharedOptions.Json();
        var verb = new Verb("version", "Say which version this is.", "veltrix version", "veltrix version --json") { json };
        verb.SetAction(parsed =>
        {
            var (version, commit) = Built();
            if (parsed.GetValue(json))
                terminal.Json(new JsonObject { ["version"] = version, ["commit"] = commit, ["runtime"] = RuntimeInformation.FrameworkDescription, ["platform"] = RuntimeInformation.RuntimeIdentifier });
            else
                terminal.Out.WriteLine($"veltrix {version}{(commit is null ? "" : $" ({commit[..Math.Min(12, commit.Length)]})")}, {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}");
            return ExitCode.Done;
        });
        return verb;
    }

    // The SDK writes "0.1.0+commit".
    static (string Version, string? Commit) Built()
    {
        var text = typeof(Version).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        return text.IndexOf('+') is var plus and > 0 ? (text[..plus], text[(plus + 1)..]) : (text, null);
    }
}
