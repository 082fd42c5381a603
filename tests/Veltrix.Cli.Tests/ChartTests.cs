using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.Serialization;

namespace Veltrix.Cli.Tests;

/// <summary>What the chart renders, as its golden files have it, agrees with the command line and the image.</summary>
public class ChartTests
{
    public static TheoryData<string> Files => [.. Directory.EnumerateFiles(Path.Combine(DocumentTests.Root, "tests/Veltrix.Kubernetes.Tests/Golden"), "chart-*.yaml").Select(file => Path.GetFileName(file)).Order()];

    [Theory, MemberData(nameof(Files))]
    public void Every_command_line_is_one_that_the_program_takes_and_every_port_one_of_the_image(string file)
    {
        var exposed = Regex.Match(DocumentTests.Read("src/Veltrix.Cli/Veltrix.Cli.csproj"), "ContainerPort Include=\"([0-9;]+)\"").Groups[1].Value.Split(';');
        var ours = Containers(Documents(File.ReadAllText(Path.Combine(DocumentTests.Root, "tests/Veltrix.Kubernetes.Tests/Golden", file))).ToList()).Where(container => Regex.IsMatch((string)container["image"], "(^|/)veltrix[:@]")).ToList();

        Assert.Equal(4, ours.Count);
        foreach (var container in ours)
        {
            var words = ((List<object>)container["args"]).Cast<string>().ToArray();
            var parsed = Verbs.Tree.Make(new Terminal(TextReader.Null, TextWriter.Null, TextWriter.Null)).Parse(words);
            Assert.True(parsed.Errors.Count == 0 && parsed.CommandResult.Command is Verb, $"{string.Join(' ', words)}: {string.Join("; ", parsed.Errors)}");
            if (container.TryGetValue("ports", out var ports)) Assert.All((List<object>)ports, port => Assert.Contains((string)((Dictionary<object, object>)port)["containerPort"], exposed));
        }
    }

    static IEnumerable<Dictionary<object, object>> Containers(object? node) => node switch
    {
        Dictionary<object, object> map => (map.TryGetValue("containers", out var list) ? ((List<object>)list).Cast<Dictionary<object, object>>() : []).Concat(map.Values.SelectMany(Containers)),
        List<object> list => list.SelectMany(Containers),
        _ => [],
    };

    static IEnumerable<object> Documents(string yaml)
    {
        var read = new DeserializerBuilder().Build();
        var parser = new Parser(new StringReader(yaml));
        parser.Consume<StreamStart>();
        while (parser.Accept<DocumentStart>(out _)) yield return read.Deserialize(parser)!;
    }
}
