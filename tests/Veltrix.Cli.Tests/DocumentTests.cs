using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Veltrix.Hosting;

namespace Veltrix.Cli.Tests;

/// <summary>What documents say that a program can check.</summary>
public partial class DocumentTests
{
    internal static readonly string Root = Above(AppContext.BaseDirectory);

    static string Above(string folder) => File.Exists(Path.Combine(folder, "Veltrix.slnx")) ? folder : Above(Path.GetDirectoryName(folder)!);

    internal static string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    public static TheoryData<string> Pages => [.. new[] { "", "docs", "examples", "web" }
        .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Root, folder), "*.md", folder == "docs" ? SearchOption.AllDirectories : SearchOption.TopDirectoryOnly))
        .Select(file => Path.GetRelativePath(Root, file))];

    [Theory, MemberData(nameof(Pages))]
    public void Every_link_to_a_file_leads_to_one(string page)
    {
        foreach (Match link in Link().Matches(Read(page)))
        {
            var target = link.Groups[1].Value.Split('#')[0];
            if (target.Length == 0 || target.Contains("://", StringComparison.Ordinal)) continue;
            var path = Path.Combine(Root, Path.GetDirectoryName(page)!, target);
            Assert.True(Path.Exists(path), $"{page} links to {target}");
        }
    }

    [Theory, InlineData("submission", 15), InlineData("limit", 12)]
    public void The_life_of_a_submission_and_of_a_limit_is_told_in_methods_that_exist(string life, int least)
    {
        var told = Read("ARCHITECTURE.md").Split($"## The life of a {life}")[1].Split("\n## ")[0];
        var types = new[] { typeof(Server.VeltrixServer), typeof(Hunts.HuntDefinition), typeof(EventLog.IEventLog), typeof(Gate.HuntGate), typeof(Governor.Policies.IAdmissionPolicy) }
            .SelectMany(known => known.Assembly.GetTypes()).ToLookup(type => type.Name);

        var names = Member().Matches(told).Select(match => (Type: match.Groups[1].Value, Method: match.Groups[2].Value)).Distinct().ToList();

        Assert.True(names.Count >= least, "the steps have gone");
        foreach (var (type, method) in names)
            Assert.True(
                types[type].Any(known => known.GetMember(method, BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static).Length > 0),
                $"ARCHITECTURE.md names {type}.{method}, which is not there");
    }

    [Theory, MemberData(nameof(UsageTests.Verbs), MemberType = typeof(UsageTests))]
    public void The_reference_names_every_verb_and_option(string path)
    {
        var page = Read("docs/reference/cli.md");
        var verb = UsageTests.Find(path);
        // A row of a table, or a section of its own.
        var row = page.Split('\n').FirstOrDefault(line => line.StartsWith($"| `{path}", StringComparison.Ordinal)) ?? page[page.IndexOf($"`{path} ", StringComparison.Ordinal)..];
        string[] everywhere = ["--url", "--key-file", "--data"];

        foreach (var option in verb.Options.Select(option => option.Name).Except(everywhere)) Assert.Contains($"`{option}", row);
        foreach (var option in everywhere) Assert.Contains($"`{option}", page);
    }

    [Fact]
    public void Projects_reference_only_what_the_architecture_allows()
    {
        var allowed = new Dictionary<string, string[]>
        {
            ["src/Veltrix.Hunts"] = [],
            ["src/Veltrix.EventLog"] = [],
            ["proto"] = [],
            ["src/Veltrix.Hosting"] = [],
            ["src/Veltrix.Control"] = ["Veltrix.Hosting"],
            ["src/Veltrix.Gate"] = [],
            ["src/Veltrix.Governor"] = ["Veltrix.Hosting", "Veltrix.Gate", "Veltrix.Wire"],
            ["src/Veltrix.Server"] = ["Veltrix.Hunts", "Veltrix.EventLog", "Veltrix.Hosting", "Veltrix.Control", "Veltrix.Gate", "Veltrix.Wire"],
            ["src/Veltrix.Kubernetes"] = ["Veltrix.Governor", "Veltrix.Hosting", "Veltrix.Hunts"],
            ["src/Veltrix.Crowd"] = [],
            ["src/Veltrix.Cli"] = ["Veltrix.Server", "Veltrix.Governor", "Veltrix.Kubernetes", "Veltrix.Crowd"],
        };

        var projects = Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories).Concat(Directory.EnumerateFiles(Path.Combine(Root, "proto"), "*.csproj")).ToList();
        Assert.Equal(allowed.Keys.Order(), projects.Select(project => Path.GetRelativePath(Root, Path.GetDirectoryName(project)!)).Order());
        foreach (var project in projects)
        {
            var references = XDocument.Load(project).Descendants("ProjectReference").Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value));
            Assert.Empty(references.Except(allowed[Path.GetRelativePath(Root, Path.GetDirectoryName(project)!)]));
        }
    }

    [Fact]
    public void Every_setting_is_read_by_somebody()
    {
        // Declared here, or only told at the start: that is no effect.
        string[] tellers = ["Keys.cs", "Rule.cs", "LimitsInForce.cs"];
        var code = string.Concat(Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !tellers.Contains(Path.GetFileName(file)) && !file.Contains("/obj/", StringComparison.Ordinal)).Select(File.ReadAllText));
        var fields = typeof(Keys).GetFields(BindingFlags.Public | BindingFlags.Static).Where(field => field.FieldType.IsAssignableTo(typeof(Key))).Select(field => field.Name).ToList();

        Assert.True(fields.Count > 40);
        Assert.All(fields, field => Assert.Matches($@"Keys\.{field}\b", code));
    }

    [Fact]
    public void Every_package_has_its_reason_written_down()
    {
        var reasons = Read("docs/decisions/0001-dependencies.md");
        var packages = XDocument.Parse(Read("Directory.Packages.props")).Descendants("PackageVersion").Select(package => package.Attribute("Include")!.Value);

        foreach (var package in packages) Assert.Contains($"`{package}`", reasons);
    }

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`([A-Z]\w+)\.([A-Z]\w+)`")]
    private static partial Regex Member();
}
