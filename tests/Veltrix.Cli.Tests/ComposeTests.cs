using System.CommandLine;
using System.Diagnostics;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Veltrix.Cli.Tests;

/// <summary>What can be known of <c>deploy/compose.yaml</c> without an engine that runs containers: it agrees with the command line, with the settings, with Prometheus, and with itself.</summary>
public partial class ComposeTests
{
    const string Program = "/app/veltrix";

    static readonly Dictionary<object, object> File_ = Yaml("deploy/compose.yaml");

    static readonly Dictionary<string, Dictionary<object, object>> Services = Map(File_["services"]).ToDictionary(service => (string)service.Key, service => Map(service.Value));

    static IEnumerable<KeyValuePair<string, Dictionary<object, object>>> Ours => Services.Where(service => Image(service.Value).StartsWith("veltrix:", StringComparison.Ordinal));

    [Fact]
    public void Every_image_has_a_tag_that_stays_and_ours_is_this_version()
    {
        var version = Regex.Match(DocumentTests.Read("Directory.Build.props"), "<Version>(.*)</Version>").Groups[1].Value;
        Assert.All(Services, service => Assert.Matches(@"^[a-z/-]+:[v0-9][0-9a-z.-]*$", Image(service.Value)));
        Assert.Equal(6, Ours.Count());
        Assert.All(Ours, service => Assert.Equal($"veltrix:{version}", Image(service.Value)));
    }

    [Fact]
    public void Every_command_line_is_one_that_the_program_takes()
    {
        foreach (var (name, service) in Ours)
        {
            AssertParses(name, Words(service["command"]));
            var check = Words(Map(service["healthcheck"])["test"]);
            Assert.Equal(["CMD", Program], check[..2]);
            AssertParses(name, check[2..]);
        }

        static void AssertParses(string service, string[] words)
        {
            var parsed = Verbs.Tree.Make(new Terminal(TextReader.Null, TextWriter.Null, TextWriter.Null)).Parse(words);
            Assert.True(parsed.Errors.Count == 0 && parsed.CommandResult.Command is Verb, $"{service}: {string.Join(' ', words)}: {string.Join("; ", parsed.Errors)}");
        }
    }

    [Fact]
    public async Task Every_setting_is_one_and_every_file_is_there()
    {
        var settings = await Shell.Run("config", "validate", Path.Combine(DocumentTests.Root, "deploy/compose/hunt-config.yml"));
        Assert.True(settings.Code == ExitCode.Done, settings.Out + settings.Error);
        var mounted = Services.Values.SelectMany(service => Texts(service, "volumes")).Where(volume => volume.StartsWith("./", StringComparison.Ordinal)).Select(volume => volume.Split(':')[0])
            .Concat(Map(File_["configs"]).Values.Select(config => (string)Map(config)["file"])).ToList();
        Assert.True(mounted.Count >= 4);
        Assert.All(mounted, path => Assert.True(Path.Exists(Path.Combine(DocumentTests.Root, "deploy", path)), $"deploy/{path} is not there"));
    }

    [Fact]
    public void Every_name_leads_to_something()
    {
        foreach (var (name, service) in Services)
        {
            if (service.TryGetValue("depends_on", out var needs)) Assert.All(Map(needs).Keys, other => Assert.Contains((string)other, Services.Keys));
            if (service.TryGetValue("network_mode", out var mode) && mode is string and not "none") Assert.Contains(((string)mode)["service:".Length..], Services.Keys);
            foreach (var volume in Texts(service, "volumes").Select(volume => volume.Split(':')[0]).Where(volume => !volume.StartsWith('.'))) Assert.Contains(volume, Map(File_["volumes"]).Keys);
            // A secret that a command line, a setting or a variable names is mounted into that service.
            var said = string.Join(' ', Words(service.GetValueOrDefault("command") ?? "")) + (service.ContainsKey("configs") && name.StartsWith("server", StringComparison.Ordinal) ? DocumentTests.Read("deploy/compose/hunt-config.yml") : "")
                + (service.TryGetValue("environment", out var environment) ? string.Join(' ', Map(environment).Values) : "");
            Assert.Equal(Secret().Matches(said).Select(match => match.Groups[1].Value).Distinct().Order(), Texts(service, "secrets").Order());
        }
    }

    [Fact]
    public void Prometheus_scrapes_what_listens_and_orchestrators_ask_governors_that_are_there()
    {
        // What listens beyond its own container, by the name that it is reached by.
        var listening = new HashSet<string>();
        foreach (var (name, service) in Ours)
        {
            var words = Words(service["command"]);
            var host = service.TryGetValue("network_mode", out var mode) ? ((string)mode)["service:".Length..] : name;
            string After(string option) => words[Array.IndexOf(words, option) + 1];
            if (words[0] == "server")
            {
                Assert.Equal(("0.0.0.0", "0.0.0.0"), (After("--host"), After("--ops-host")));
                listening.UnionWith([$"{host}:{After("--port")}", $"{host}:{After("--ops-port")}"]);
            }
            else
            {
                Assert.StartsWith("0.0.0.0:", After("--listen"));
                listening.Add(host + After("--listen")["0.0.0.0".Length..]);
                if (words[0] == "governor") listening.Add($"{host}:{After("--http-port")}");
            }
        }

        var jobs = ((List<object>)Yaml("deploy/prometheus/compose.yml")["scrape_configs"]).Select(job => Map(job)).ToList();
        var targets = jobs.SelectMany(job => (List<object>)Map(((List<object>)job["static_configs"])[0])["targets"]).Cast<string>().ToList();
        Assert.Equal(6, targets.Count);
        Assert.All(targets, target => Assert.Contains(target, listening));
        var asked = Ours.Where(service => service.Key.StartsWith("orchestrator", StringComparison.Ordinal)).SelectMany(service => Words(service.Value["command"])).Where(word => word.StartsWith("http://", StringComparison.Ordinal)).ToList();
        Assert.Equal(4, asked.Count);
        Assert.All(asked, url => Assert.Contains(url["http://".Length..], listening));
        var image = DocumentTests.Read("src/Veltrix.Cli/Veltrix.Cli.csproj");
        var exposed = Regex.Match(image, "ContainerPort Include=\"([0-9;]+)\"").Groups[1].Value.Split(';');
        Assert.All(listening, address => Assert.Contains(address.Split(':')[1], exposed));
    }

    [Fact]
    public async Task Prometheus_example_for_one_machine_asks_where_the_roles_listen_by_themselves()
    {
        var jobs = ((List<object>)Yaml("deploy/prometheus/prometheus.yml")["scrape_configs"]).Select(job => Map(job)).ToList();
        var verbs = jobs.Select(job => ((string)job["job_name"])["veltrix-".Length..]).ToList();
        Assert.Equal(["governor", "server", "orchestrator"], verbs);
        foreach (var (verb, job) in verbs.Zip(jobs))
        {
            var target = (string)Assert.Single((List<object>)Map(Assert.Single((List<object>)job["static_configs"]))["targets"]);
            Assert.StartsWith("127.0.0.1:", target);
            Assert.Contains(target.Split(':')[1], (await Shell.Run(verb, "--help")).Out);
        }

        Assert.Contains("9358", (await Shell.Run("up", "--help")).Out);
    }

    [Fact]
    public void The_secrets_are_made_by_the_script_and_kept_when_they_are_there()
    {
        using var folder = new TempFolder();
        var script = folder.File("make-secrets");
        File.Copy(Path.Combine(DocumentTests.Root, "deploy/compose/make-secrets"), script);

        Run();
        var made = Map(File_["secrets"]).Keys.Cast<string>().ToDictionary(name => name, name => File.ReadAllText(folder.File($"secrets/{name}")));
        Run();

        Assert.All(made, secret => Assert.Matches("^[0-9a-f]{64}$", secret.Value));
        Assert.All(made, secret => Assert.Equal(secret.Value, File.ReadAllText(folder.File($"secrets/{secret.Key}"))));

        void Run()
        {
            using var process = Process.Start("sh", [script]);
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
        }
    }

    static string Image(Dictionary<object, object> service) => (string)service["image"];

    static string[] Words(object command) => command is List<object> list ? [.. list.Cast<string>()] : ((string)command).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    static IEnumerable<string> Texts(Dictionary<object, object> service, string key) => service.TryGetValue(key, out var list) ? ((List<object>)list).Cast<string>() : [];

    static Dictionary<object, object> Map(object node) => (Dictionary<object, object>)node;

    static Dictionary<object, object> Yaml(string file) =>
        new DeserializerBuilder().Build().Deserialize<Dictionary<object, object>>(new MergingParser(new Parser(new StringReader(DocumentTests.Read(file)))));

    [GeneratedRegex("/run/secrets/([a-z-]+)")]
    private static partial Regex Secret();
}
