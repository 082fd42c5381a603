using System.Text;
using System.Text.RegularExpressions;

namespace Veltrix.Kubernetes.Tests.Chart;

/// <summary>Values that must not be installed, each with what helm says, with the schema and without it.</summary>
public sealed partial class RefusalTests
{
    /// <summary>Every way round the governor that begins with values.</summary>
    public static readonly string[][] WithoutGovernor =
    [
        ["--set", "governor.enabled=false"],
        ["--set-string", "governor.enabled=false"],
        ["--set-string", "governor.enabled=true"],
        ["--set", "governor.enabled=null"],
        ["--set", "governor.enabled=0"],
        ["--set", "governor=null"],
        ["--set", "governor=false"],
        ["--set", "governor=off"],
        ["--set", "governor[0]=enabled"],
        ["--set", "image.repository="],
        ["--set", "image.repository=null"],
        ["--set", "image=null"],
        ["--set", "image=none"],
    ];

    static readonly string[][] others =
    [
        ["--set", "bundled.enabled=false"],
        ["--set", "bundled=null"],
        ["--set", "bundled.enabled=false,redis.address=redis:6379"],
        ["--set", "bundled.enabled=false,redis.address=redis:6379,hunt.defaults.kafka.bootstrap_servers=none,hunt.defaults.control.database=sqlite"],
        ["--set", @"redis.address=redis:6379\,password=secret"],
        ["--set", "hunt.defaults.control.database=Host=db;Username=veltrix;Password=secret"],
    ];

    static readonly string[][] bySchemaAlone =
    [
        ["--set", "hunt.defaults.max_concurrent_hunter=5"],
        ["--set", "hunt.defaults.max_concurrent_hunters=0"],
        ["--set", "hunt.defaults.governor.policy=fastest"],
        ["--set", "hunt.defaults.governor.tick=5"],
        ["--set", "govenor.enabled=true"],
        ["--set", "governor.sidecar=false"],
        ["--set", "orchestrator.replicas=0"],
        ["--set", "image.digest=latest"],
        ["--set", "spread=Never"],
        ["--set", @"podLabels.veltrix\.dev/hunt=mine"],
        ["--set", "bundled.images.kafka=apache/kafka"],
    ];

    [Fact]
    public void Each_is_refused_in_the_words_of_the_golden_file()
    {
        var told = new StringBuilder();
        foreach (var values in WithoutGovernor.Concat(others).Concat(bySchemaAlone))
        {
            told.AppendLine($"$ helm template veltrix charts/veltrix --set bundled.enabled=true {string.Join(' ', values)}");
            var refused = Render(Helm.Chart, values);
            Assert.NotEqual(0, refused.Code);
            told.AppendLine(Words(refused));
            if (bySchemaAlone.Contains(values)) continue;
            var again = Render(Helm.ChartWithoutSchema, values);
            Assert.NotEqual(0, again.Code);
            if (Words(again) != Words(refused)) told.AppendLine("(without the schema)").AppendLine(Words(again));
        }

        Golden.Is("chart-refused.txt", told.ToString());
    }

    [Theory, InlineData("operator.yaml"), InlineData("orchestrator.yaml"), InlineData("hunt-defaults.yaml"), InlineData("rbac.yaml")]
    public void Not_even_one_of_its_files_is_to_be_had_without_a_governor(string file)
    {
        var refused = Helm.Run(null, ["template", "veltrix", Helm.ChartWithoutSchema, "--set", "bundled.enabled=true", "--set", "governor.enabled=false", "--show-only", $"templates/{file}"]);

        Assert.NotEqual(0, refused.Code);
        Assert.Contains("governor.enabled is false, and must be true", refused.Said);
    }

    [Fact]
    public void Every_template_that_makes_an_object_names_it_behind_the_guard()
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Helm.Chart, "templates"), "*.yaml", SearchOption.AllDirectories))
            Assert.Matches("include \"veltrix\\.(fullname|controlSecret)\"", File.ReadAllText(file));
    }

    static Outcome Render(string chart, string[] values) => Helm.Run(null, ["template", "veltrix", chart, "--set", "bundled.enabled=true", .. values]);

    /// <summary>Without where in a template it was said, and without helm's hint for authors of charts and its word on files of this machine.</summary>
    static string Words(Outcome refused) => Beside().Replace(refused.Said, "").Trim();

    [GeneratedRegex(@"execution error at \([^)]*\):\s*|Use --debug flag to render out invalid YAML|(?m:^WARNING: Kubernetes configuration file .*\n)")]
    private static partial Regex Beside();
}
