using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Veltrix.Hosting;

namespace Veltrix.Kubernetes.Tests.Chart;

/// <summary>What the chart makes of values.</summary>
public sealed partial class RenderedTests
{
    const string Bundled = "bundled.enabled=true";

    /// <summary>Three ages of an API, and what is in each beyond what every one has.</summary>
    static readonly Dictionary<string, string[]> ages = new()
    {
        ["1.20"] = [],
        ["1.29"] = ["--api-versions", "monitoring.coreos.com/v1"],
        ["1.36"] = ["--api-versions", "monitoring.coreos.com/v1", "--api-versions", "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy"],
    };

    public static string[] Age(string version) => ["--kube-version", version, .. ages[version]];

    public static string[] Values(string file) =>
        file == "ha" ? ["--values", Path.Combine(Helm.Chart, "values-ha.yaml"), "--values", Path.Combine(Helm.Chart, "ci/ha-values.yaml")] : ["--values", Path.Combine(Helm.Chart, $"ci/{file}-values.yaml")];

    public static MatrixTheoryData<string, string> Cases => new(
        Directory.EnumerateFiles(Path.Combine(Helm.Chart, "ci")).Select(file => Path.GetFileName(file).Replace("-values.yaml", "", StringComparison.Ordinal)).Order().ToArray(), ages.Keys.ToArray());

    [Theory, MemberData(nameof(Cases))]
    public void The_objects_are_those_of_the_golden_file(string values, string version) =>
        Golden.Is($"chart-{values}-{version}.yaml", Shown(Helm.Template([.. Values(values), .. Age(version)])));

    /// <summary>Without what is random, and without copies of files that have tests of their own.</summary>
    static string Shown(string rendered) => Copied().Replace(Made().Replace(rendered, "$1(made once)"), "$1    (the file)\n");

    [Theory, MemberData(nameof(Cases))]
    public void Nothing_is_allowed_to_all_and_nobody_reads_secrets(string values, string version)
    {
        foreach (var role in Helm.Objects(Helm.Template([.. Values(values), .. Age(version)])).Where(one => one["kind"]!.ToString() is "Role" or "ClusterRole"))
        {
            var text = role["rules"]!.ToJsonString();
            Assert.DoesNotContain("*", text);
            Assert.DoesNotContain("secrets", text);
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Every_pod_is_locked_up(string values, string version)
    {
        var objects = Helm.Objects(Helm.Template([.. Values(values), .. Age(version)]));
        var pods = objects.Where(one => one["kind"]!.ToString() is "Pod").Concat(objects.Where(one => one["spec"]?["template"]?["spec"] is not null).Select(one => one["spec"]!["template"]!.AsObject())).ToList();

        Assert.True(pods.Count >= 3);
        foreach (var pod in pods.Select(pod => pod["spec"]!))
        {
            Assert.True((bool)pod["securityContext"]!["runAsNonRoot"]!);
            Assert.Equal("RuntimeDefault", (string?)pod["securityContext"]!["seccompProfile"]!["type"]);
            Assert.False((bool)pod["enableServiceLinks"]!);
            foreach (var container in pod["containers"]!.AsArray())
            {
                var allowed = container!["securityContext"]!;
                Assert.False((bool)allowed["allowPrivilegeEscalation"]!);
                Assert.Equal("""["ALL"]""", allowed["capabilities"]!["drop"]!.ToJsonString());
                // Kafka's image writes into its own root.
                if ((string?)container["name"] != "kafka") Assert.True((bool)allowed["readOnlyRootFilesystem"]!);
            }
        }
    }

    [Fact]
    public void The_rights_are_those_of_the_reference_and_no_more()
    {
        var objects = Helm.Objects(Helm.Template("--set", Bundled));

        AssertSame("operator, in its namespace", objects.One("Role", "veltrix-operator"));
        AssertSame("operator, in the cluster", objects.One("ClusterRole", "veltrix-operator-games"));
        AssertSame("orchestrator, in its namespace", objects.One("Role", "veltrix-orchestrator"));
        Assert.Equal(3, objects.Count(one => one["kind"]!.ToString() is "Role" or "ClusterRole"));

        static void AssertSame(string who, JsonObject role) => Assert.Equal(Said(Site.Rights(who)), Said(role["rules"]!.AsArray()));

        // One line a right, whatever the rules are cut into.
        static IEnumerable<string> Said(JsonArray rules) =>
            (from rule in rules
             from verb in rule!["verbs"]!.AsArray()
             from resource in rule["resources"]!.AsArray()
             select $"{rule["apiGroups"]![0]}/{resource} {rule["resourceNames"]?[0]}: {verb}").Order();
    }

    [Theory, MemberData(nameof(Cases))]
    public void The_installation_is_one_that_the_operator_reads(string values, string version)
    {
        var objects = Helm.Objects(Helm.Template([.. Values(values), .. Age(version)]));
        var map = objects.Single(one => (string?)one["kind"] == "ConfigMap" && one["data"]?["installation.yml"] is not null);
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, (string)map["data"]!["installation.yml"]!);
            var installation = Installation.Read(file);

            Assert.Contains(objects, one => (string?)one["kind"] == "ConfigMap" && (string?)one["metadata"]!["name"] == installation.Defaults);
            Assert.Contains(objects, one => (string?)one["kind"] == "ServiceAccount" && (string?)one["metadata"]!["name"] == installation.Orchestrator);
            Assert.NotNull(installation.Resources.Server.Requests["memory"]);
            Assert.NotNull(installation.Resources.Governor.Limits["memory"]);
            if (values == "stores")
            {
                Assert.Equal("redis:6380,ssl=true", installation.Redis);
                Assert.Equal(("games-control", "games-redis", "games-postgres", "games-kafka"), (installation.Secrets.Control, installation.Secrets.Redis, installation.Secrets.Postgresql, installation.Secrets.Kafka));
                Assert.StartsWith("registry.example.org:5000/games/veltrix@sha256:", installation.Image);
            }
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void The_settings_have_no_faults_and_say_what_the_values_say(string values, string version)
    {
        var map = Helm.Objects(Helm.Template([.. Values(values), .. Age(version)])).Single(one => one["data"]?["hunt-config.yml"] is not null);

        using var settings = Settings.Of((string)map["data"]!["hunt-config.yml"]!);

        if (values != "stores") return;
        Assert.Equal(1_000_000, settings.Get(Keys.MaxConcurrentHunters));
        Assert.Equal("headroom, linear", settings.Get(Keys.Shadows));
        Assert.Equal(0.75, settings.Get(Keys.RedisMemorySoft));
        Assert.Equal(TimeSpan.FromSeconds(5), settings.Get(Keys.Tick));
        Assert.True(settings.Get(Keys.Brownout));
    }

    [Fact]
    public void What_the_values_show_as_defaults_are_the_built_in_ones()
    {
        var map = Helm.Objects(Helm.Template("--set", Bundled)).One("ConfigMap", "veltrix-hunt-defaults");
        using var settings = Settings.Of((string)map["data"]!["hunt-config.yml"]!);

        string[] ofBundled = ["kafka.bootstrap_servers", "kafka.replication_factor", "control.database", "control.password_file"];
        foreach (var key in Keys.All.Where(key => !ofBundled.Contains(key.Name))) Assert.Equal(key.DefaultText, settings.Explain(key).Value);
    }

    [Fact]
    public void A_fraction_can_be_set_on_the_command_line()
    {
        var map = Helm.Objects(Helm.Template("--set", Bundled, "--set", "hunt.defaults.governor.redis_memory.soft=0.7,hunt.defaults.brownout=off")).One("ConfigMap", "veltrix-hunt-defaults");
        using var settings = Settings.Of((string)map["data"]!["hunt-config.yml"]!);
        Assert.Equal((0.7, false), (settings.Get(Keys.RedisMemorySoft), settings.Get(Keys.Brownout)));
    }

    [Fact]
    public void Every_key_can_be_a_value()
    {
        var values = new JsonObject { ["bundled"] = new JsonObject { ["enabled"] = true }, ["hunt"] = new JsonObject { ["defaults"] = new JsonObject() } };
        foreach (var key in Keys.All.Where(key => key.Name is not ("control.database" or "control.password_file" or "kafka.bootstrap_servers")))
        {
            var at = values["hunt"]!["defaults"]!.AsObject();
            var path = key.Name.Split('.');
            foreach (var group in path[..^1]) at = (at[group] ??= new JsonObject()).AsObject();
            at[path[^1]] = key.DefaultValue switch { long whole => whole, double real => real, bool flag => flag, _ => key.DefaultText };
        }

        var file = Path.GetTempFileName();
        File.WriteAllText(file, values.ToJsonString());
        var map = Helm.Objects(Helm.Template("--values", file)).One("ConfigMap", "veltrix-hunt-defaults");
        File.Delete(file);

        using var settings = Settings.Of((string)map["data"]!["hunt-config.yml"]!);
        foreach (var key in Keys.All.Where(key => key.Name is not ("control.database" or "control.password_file" or "kafka.bootstrap_servers"))) Assert.Equal(key.DefaultText, settings.Explain(key).Value);
    }

    [Fact]
    public void Alerts_and_dashboards_are_those_of_the_deploy_folder()
    {
        // A chart can only have files of its own. To change one: there, and then this test with VELTRIX_REWRITE_GOLDEN=1.
        var from = Directory.EnumerateFiles(Path.Combine(Helm.Root, "deploy/grafana"), "*.json").ToDictionary(file => $"dashboards/{Path.GetFileName(file)}", file => file);
        from["alerts.yml"] = Path.Combine(Helm.Root, "deploy/prometheus/alerts.yml");
        var files = Path.Combine(Helm.Chart, "files");
        if (Environment.GetEnvironmentVariable("VELTRIX_REWRITE_GOLDEN") == "1") foreach (var (name, source) in from) File.Copy(source, Path.Combine(files, name), overwrite: true);

        Assert.Equal(from.Keys.Order(), Directory.EnumerateFiles(files, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(files, file)).Order());
        foreach (var (name, source) in from) Assert.Equal(File.ReadAllText(source), File.ReadAllText(Path.Combine(files, name)));
        var rule = Helm.Objects(Helm.Template(["--set", Bundled, .. Age("1.36")])).One("PrometheusRule", "veltrix");
        Assert.Equal(Helm.Objects(File.ReadAllText(from["alerts.yml"])).Single()["groups"]!.ToJsonString(), rule["spec"]!["groups"]!.ToJsonString());
    }

    [Fact]
    public void The_version_is_that_of_the_program()
    {
        var program = Version().Match(File.ReadAllText(Path.Combine(Helm.Root, "Directory.Build.props"))).Groups[1].Value;
        var chart = Helm.Objects(File.ReadAllText(Path.Combine(Helm.Chart, "Chart.yaml"))).Single();
        Assert.Equal((program, program), ((string)chart["version"]!, (string)chart["appVersion"]!));
        Assert.Null(chart["kubeVersion"]);
    }

    [GeneratedRegex("(?m)^(  (?:token|password): ).*$")]
    private static partial Regex Made();

    [GeneratedRegex(@"(?m)^(  (?:alerts\.yml|[a-z-]+\.json): \|\n|  name: veltrix\n(?:.*\n){1,14}?spec:\n(?=\s*# Alert rules))(?:(?:    .*|  .*|\s*)\n)+?(?=---|\z)")]
    private static partial Regex Copied();

    [GeneratedRegex("<Version>(.*)</Version>")]
    private static partial Regex Version();
}
