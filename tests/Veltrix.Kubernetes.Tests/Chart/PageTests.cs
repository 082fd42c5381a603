using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Veltrix.Hosting;

namespace Veltrix.Kubernetes.Tests.Chart;

/// <summary>What <c>docs/operate/kubernetes.md</c> and the examples say that can be tried.</summary>
public sealed partial class PageTests
{
    static readonly string page = File.ReadAllText(Path.Combine(Helm.Root, "docs/operate/kubernetes.md"));

    [Fact]
    public void Its_installs_are_taken()
    {
        var installs = Install().Matches(page.Replace("\\\n", "", StringComparison.Ordinal)).Select(match => match.Groups[1].Value).ToList();
        Assert.Equal(2, installs.Count);
        foreach (var install in installs)
        {
            var words = Word().Matches(install.Replace("--create-namespace", "", StringComparison.Ordinal)).Select(match => match.Value.Trim('\'')).ToArray();
            var rendered = Helm.Run(null, ["template", "veltrix", .. words]);
            Assert.True(rendered.Code == 0, $"{install}: {rendered.Said}");
        }
    }

    [Fact]
    public void Its_patches_set_settings_of_a_hunt()
    {
        var patches = Patch().Matches(page).Select(match => JsonNode.Parse(match.Groups[1].Value)!["spec"]!["overrides"]!.AsObject()).ToList();
        Assert.True(patches.Count >= 3);
        foreach (var (key, value) in patches.SelectMany(patch => patch))
        {
            var known = Assert.IsAssignableFrom<Key>(Keys.Find(key));
            Assert.Equal(Reach.Hunt, known.Reach);
            if (value is not null) Assert.True(known.TryRead((string)value!, out _, out var fault), fault);
        }
    }

    [Fact]
    public void What_autoscalers_go_by_is_exported_and_they_scale_a_hunt_that_is_an_example()
    {
        var metrics = File.ReadAllText(Path.Combine(Helm.Root, "docs/reference/metrics.md"));
        var hunt = Helm.Objects(File.ReadAllText(Path.Combine(Helm.Root, "examples/kubernetes/hunt.yaml"))).Single();
        foreach (var file in (string[])["hpa.yaml", "keda.yaml"])
        {
            var text = File.ReadAllText(Path.Combine(Helm.Root, "examples/kubernetes", file));
            var scaler = Helm.Objects(text).Single();
            foreach (Match name in Metric().Matches(text)) Assert.Contains($"| `{name.Value}` |", metrics);
            var target = scaler["spec"]!["scaleTargetRef"]!;
            Assert.Equal(((string)hunt["apiVersion"]!, (string)hunt["kind"]!, (string)hunt["metadata"]!["name"]!), ((string)target["apiVersion"]!, (string)target["kind"]!, (string)target["name"]!));
            Assert.Contains((string)target["name"]!, text.Split("hunt_id")[1]);
        }
    }

    [GeneratedRegex(@"(?m)^helm install veltrix (charts/veltrix .*)$")]
    private static partial Regex Install();

    [GeneratedRegex(@"'[^']*'|\S+")]
    private static partial Regex Word();

    [GeneratedRegex("--patch '([^']+)'")]
    private static partial Regex Patch();

    [GeneratedRegex("veltrix_[a-z_]+")]
    private static partial Regex Metric();
}
