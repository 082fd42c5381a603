using System.Diagnostics;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.Serialization;

namespace Veltrix.Kubernetes.Tests.Chart;

/// <summary>What a program said.</summary>
/// <param name="Said">What went to standard error.</param>
public sealed record Outcome(int Code, string Out, string Said);

/// <summary>The real helm, from <c>tests/tools</c>, in a home of its own.</summary>
static class Helm
{
    public static string Root { get; } = Above(AppContext.BaseDirectory);

    public static string Chart { get; } = Path.Combine(Root, "charts/veltrix");

    static readonly string home = Directory.CreateTempSubdirectory("veltrix-helm-").FullName;

    static readonly Lazy<string> withoutSchema = new(() =>
    {
        var copy = Path.Combine(home, "veltrix");
        foreach (var file in Directory.EnumerateFiles(Chart, "*", SearchOption.AllDirectories).Where(file => Path.GetFileName(file) != "values.schema.json"))
        {
            var to = Path.Combine(copy, Path.GetRelativePath(Chart, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }

        return copy;
    });

    static Helm()
    {
        // No cluster, whatever this machine has.
        File.WriteAllText(Path.Combine(home, "kubeconfig"), "apiVersion: v1\nkind: Config\n");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(home, recursive: true);
    }

    /// <summary>The chart as it is to somebody who skips the schema; helm has a switch for that since 3.16.</summary>
    public static string ChartWithoutSchema => withoutSchema.Value;

    public static Outcome Run(string? kubeConfig, params IEnumerable<string> arguments)
    {
        var helm = Path.Combine(Root, "tests/tools/node_modules/.bin/helm");
        Assert.SkipUnless(File.Exists(helm), "needs helm: npm --prefix tests/tools ci");
        return Run(helm, "", [.. kubeConfig is null ? [] : (string[])["--kubeconfig", kubeConfig], .. arguments]);
    }

    public static Outcome Run(string program, string input, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Root };
        foreach (var variable in (string[])["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"]) start.Environment[variable] = home;
        start.Environment["KUBECONFIG"] = Path.Combine(home, "kubeconfig");
        using var process = Process.Start(start)!;
        var texts = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(2)), $"{program} {string.Join(' ', arguments)} does not end");
        return new Outcome(process.ExitCode, texts.Item1.Result, texts.Item2.Result);
    }

    /// <summary>What is rendered; it must be.</summary>
    public static string Template(params IEnumerable<string> arguments)
    {
        var rendered = Run(null, ["template", "veltrix", Chart, "--namespace", "games", .. arguments]);
        Assert.True(rendered.Code == 0, rendered.Said);
        return rendered.Out;
    }

    /// <summary>The objects in a rendered text, in its order.</summary>
    public static List<JsonObject> Objects(string yaml)
    {
        var read = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build();
        var write = new SerializerBuilder().JsonCompatible().Build();
        var parser = new Parser(new StringReader(yaml));
        parser.Consume<StreamStart>();
        var objects = new List<JsonObject>();
        while (parser.Accept<DocumentStart>(out _))
            if (read.Deserialize(parser) is { } document) objects.Add(JsonNode.Parse(write.Serialize(document))!.AsObject());
        return objects;
    }

    public static JsonObject One(this IEnumerable<JsonObject> objects, string kind, string name) => objects.Single(one => (string?)one["kind"] == kind && (string?)one["metadata"]!["name"] == name);

    static string Above(string folder) => File.Exists(Path.Combine(folder, "Veltrix.slnx")) ? folder : Above(Path.GetDirectoryName(folder)!);
}
