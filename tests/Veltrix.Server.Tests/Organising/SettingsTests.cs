using System.Text;
using System.Text.Json.Nodes;
using Veltrix.Hosting;
using Veltrix.Server.Admission;

namespace Veltrix.Server.Tests.Organising;

/// <summary>Nothing is frozen while a hunt is live: every key changes at once, by override and by file, with who and why; and goes back.</summary>
public sealed class SettingsTests(SharedServer shared) : IClassFixture<SharedServer>
{
    TestServer Server => shared.Server;

    Settings Settings => Server.Server.Settings;

    public static IEnumerable<Key> HuntKeys => Keys.All.Where(key => key.Reach == Reach.Hunt);

    [Fact]
    public async Task Every_key_of_a_hunt_changes_under_a_live_hunt_by_override_and_goes_back()
    {
        var hunt = await shared.NewHunt();
        await using var live = await Server.Connect(hunt, await shared.NewHunter(hunt));
        foreach (var key in HuntKeys)
        {
            var other = Another(key);
            Assert.NotEqual(key.DefaultText, other);
            var set = await Set(hunt, key.Name, other);
            Assert.True((int)set["http"]! == 200, set.ToJsonString());
            Assert.Equal((other, "override"), (Settings.Explain(key, hunt).Value, Settings.Explain(key, hunt).Origin.Layer));
            Assert.Equal(key.DefaultText, Settings.Explain(key, "another-hunt").Value);
            Assert.Equal(other, (string)set["setting"]!["value"]!);
            Assert.Equal(200, (int)(await Unset(hunt, key.Name))["http"]!);
            Assert.Equal(key.DefaultText, Settings.Explain(key, hunt).Value);
        }

        // Meanwhile the hunt went on.
        Assert.Equal("correct", (string)(await live.Submit(1, "a", "one"))["verdict"]!);
        var facts = (await Server.Ledger(hunt)).Select(line => (string)line["facts"]![0]!["fact"]!).ToList();
        Assert.Equal((HuntKeys.Count(), HuntKeys.Count()), (facts.Count(fact => fact == "SettingOverridden"), facts.Count(fact => fact == "SettingRestored")));
    }

    [Fact]
    public async Task Every_key_changes_under_a_live_hunt_by_the_file_and_goes_back()
    {
        await using var server = await TestServer.Start();
        await server.Publish(TestServer.Quiz);
        var settings = server.Server.Settings;
        var file = Path.Combine(server.Folder, ConfigFile.DefaultName);

        await Write(string.Concat(Keys.All.Select(key => $"{key.Name}: {Another(key)}\n")));
        foreach (var key in Keys.All) Assert.Equal((Another(key), "file"), (settings.Explain(key, "quiz").Value, settings.Explain(key, "quiz").Origin.Layer));
        Assert.Equal(Another(Keys.JoinPace), settings.Get(Keys.JoinPace, "quiz").ToString(System.Globalization.CultureInfo.InvariantCulture));

        await Write("# nothing");
        foreach (var key in Keys.All) Assert.Equal(key.DefaultText, settings.Explain(key, "quiz").Value);

        async Task Write(string text)
        {
            var changed = new TaskCompletionSource();
            void Changed() => changed.TrySetResult();
            settings.Changed += Changed;
            await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
            await changed.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
            settings.Changed -= Changed;
        }
    }

    [Fact]
    public async Task An_override_is_a_fact_with_who_why_and_until()
    {
        var hunt = await shared.NewHunt();
        var until = shared.Clock.GetUtcNow().AddHours(1).ToUnixTimeMilliseconds();
        var set = await Server.Post($"/v1/hunts/{hunt}/settings", new { key = "pin_limit", value = 700, why = "the venue is full", until }, Server.Token(Scopes.Organiser, hunt, "anna"));

        Assert.Equal(700, Settings.Get(Keys.PinLimit, hunt));
        var said = set["setting"]!["layers"]![0]!;
        Assert.Equal(("override", "700", "anna", "the venue is full", until), ((string)said["layer"]!, (string)said["value"]!, (string)said["who"]!, (string)said["why"]!, (long)said["until"]!));
        var line = (await Server.Ledger(hunt))[^1];
        Assert.Equal(("anna", "the venue is full"), ((string)line["command"]!["who"]!, (string)line["command"]!["why"]!));
        Assert.Equal($$"""{"fact":"SettingOverridden","key":"pin_limit","value":"700","until_ms":{{until}}}""", line["facts"]![0]!.ToJsonString());
        await Set(hunt, "join.pace", "5");
        Assert.Null((await Server.Ledger(hunt))[^1]["facts"]![0]!["until_ms"]);
    }

    [Fact]
    public async Task An_override_ends_by_the_servers_clock()
    {
        var hunt = await shared.NewHunt();
        var until = shared.Clock.GetUtcNow().AddHours(1).ToUnixTimeMilliseconds();
        await Server.Post($"/v1/hunts/{hunt}/settings", new { key = "join.pace", value = 7, why = "a rush", until }, Server.Server.AdminKey);
        Assert.Equal(7, Settings.Get(Keys.JoinPace, hunt));
        var ended = new TaskCompletionSource();
        void Look()
        {
            if (Settings.Get(Keys.JoinPace, hunt) == 120) ended.TrySetResult();
        }
        Settings.Changed += Look;
        shared.Clock.Advance(TimeSpan.FromHours(1));
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Settings.Changed -= Look;
        Assert.Equal("NotOverridden", (string)(await Unset(hunt, "join.pace"))["code"]!);
    }

    [Theory]
    [InlineData("""{"key":"max_concurrent_hunter","value":5,"why":"x"}""", 400, "BadSetting", "is no key")]
    [InlineData("""{"key":"max_concurrent_hunters","value":0,"why":"x"}""", 400, "BadSetting", "1 to 10,000,000 is allowed")]
    [InlineData("""{"key":"governor.tick","value":"2s","why":"x"}""", 400, "BadSetting", "for the whole process")]
    [InlineData("""{"key":"governor.redis_memory.soft","value":0.95,"why":"x"}""", 400, "BadSetting", "must be below governor.redis_memory.critical")]
    [InlineData("""{"key":"join.pace","value":5}""", 400, "WhyNeeded", "why is needed")]
    [InlineData("""{"key":"join.pace","value":5,"why":"  "}""", 400, "WhyNeeded", "why is needed")]
    [InlineData("""{"key":"join.pace","why":"x"}""", 400, "BadMember", "a setting is")]
    [InlineData("""{"key":"join.pace","value":{},"why":"x"}""", 400, "BadMember", "a setting is")]
    [InlineData("""{"key":"join.pace","value":null,"why":"x"}""", 400, "BadMember", "a setting is")]
    [InlineData("""{"value":5,"why":"x"}""", 400, "BadMember", "a setting is")]
    [InlineData("""{"key":"join.pace","value":5,"why":"x","until":1}""", 409, "InThePast", "not in the future")]
    public async Task What_cannot_be_set_is_refused_with_a_reason(string body, int status, string code, string detail)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/hunts/{SharedServer.Hunt}/settings") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        using var response = await Server.SendRaw(request, Server.Server.AdminKey);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;

        Assert.Equal((status, code), ((int)response.StatusCode, (string)answer["code"]!));
        Assert.Contains(detail, (string)answer["detail"]!);
        Assert.Equal("default", Settings.Explain(Keys.JoinPace, SharedServer.Hunt).Origin.Layer);
    }

    [Fact]
    public async Task Only_an_organiser_sees_and_sets_settings()
    {
        var hunt = await shared.NewHunt();
        var hunter = await shared.NewHunter(hunt);
        foreach (var key in new[] { null, hunter, Server.Token(Scopes.Audit, hunt), Server.Token(Scopes.Organiser, "another") })
        {
            Assert.Equal(401, (int)(await Server.Get($"/v1/hunts/{hunt}/settings", key))["http"]!);
            Assert.Equal(401, (int)(await Server.Get("/v1/settings", key))["http"]!);
            Assert.Equal(401, (int)(await Server.Get("/v1/settings/status", key))["http"]!);
            Assert.Equal(401, (int)(await Server.Post($"/v1/hunts/{hunt}/settings", new { key = "join.pace", value = 5, why = "x" }, key))["http"]!);
        }

        Assert.Equal(404, (int)(await Server.Get("/v1/hunts/nowhere/settings", Server.Server.AdminKey))["http"]!);
    }

    [Fact]
    public async Task All_keys_are_listed_for_the_process_and_for_a_hunt()
    {
        var hunt = await shared.NewHunt();
        await Set(hunt, "join.pace", "5");
        foreach (var (path, pace) in new[] { ("/v1/settings", "120"), ($"/v1/hunts/{hunt}/settings", "5") })
        {
            var cards = (await Server.Get(path, Server.Server.AdminKey))["settings"]!.AsArray();
            Assert.Equal(Keys.All.Select(key => key.Name), cards.Select(card => (string)card!["key"]!));
            Assert.Equal(pace, (string)cards.Single(card => (string)card!["key"]! == "join.pace")!["value"]!);
        }
    }

    [Fact]
    public async Task What_was_overridden_is_there_after_a_restart_from_the_checkpoint_and_from_the_ledger()
    {
        await using var server = await TestServer.Start();
        await server.Publish(TestServer.Quiz);
        await server.Post("/v1/hunts/quiz/settings", new { key = "join.pace", value = 5, why = "a rush" }, server.Server.AdminKey);
        await server.Restart();
        Assert.Equal(5, server.Server.Settings.Get(Keys.JoinPace, "quiz"));
        await server.Restart(folder =>
        {
            Directory.Delete(Path.Combine(folder, "checkpoints"), recursive: true);
            return Task.CompletedTask;
        });
        Assert.Contains("a rush", server.Server.Settings.Explain(Keys.JoinPace, "quiz").Origin.ToString());
        Assert.True((bool)(await server.Post("/v1/hunts/quiz/verify", new { }, server.Server.AdminKey))["equal"]!);
    }

    [Fact]
    public async Task A_definition_sets_its_own_layer_and_its_faults_are_those_of_the_definition()
    {
        var hunt = await shared.NewHunt(TestServer.Quiz.Replace("title:", "settings: { max_concurrent_hunters: 30, governor: { redis_memory: { soft: 0.7 } }, governor.shadows: [linear, static] }\ntitle:"));
        Assert.Equal((30, 0.7, "linear, static"), (Settings.Get(Keys.MaxConcurrentHunters, hunt), Settings.Get(Keys.RedisMemorySoft, hunt), Settings.Get(Keys.Shadows, hunt)));
        Assert.Equal($"the definition of {hunt}, line 2", Settings.Explain(Keys.RedisMemorySoft, hunt).Origin.ToString());
        await Set(hunt, "max_concurrent_hunters", "40");
        Assert.Equal(40, Settings.Get(Keys.MaxConcurrentHunters, hunt));
        await Unset(hunt, "max_concurrent_hunters");
        Assert.Equal(30, Settings.Get(Keys.MaxConcurrentHunters, hunt));

        var refused = await Server.Publish(TestServer.Quiz.Replace("hunt: quiz", "hunt: refused").Replace("title:", "settings:\n  max_concurrent_hunters: 0\n  governor.tick: 1s\n  pin: 3\ntitle:"));
        Assert.Equal((422, "BadDefinition"), ((int)refused["http"]!, (string)refused["code"]!));
        Assert.Equal([3, 4, 5], refused["faults"]!.AsArray().Select(fault => (int)fault!["line"]!));
        Assert.Equal(404, (int)(await Server.Get("/v1/hunts/refused"))["http"]!);
    }

    [Fact]
    public async Task A_faulty_file_stops_the_start_and_names_all_faults()
    {
        var folder = Directory.CreateTempSubdirectory("veltrix-test-");
        var file = Path.Combine(folder.FullName, "ours.yml");
        var options = new ServerOptions { DataFolder = Path.Combine(folder.FullName, "data"), Port = 0, ConfigFile = file };
        await Assert.ThrowsAsync<ConfigException>(() => VeltrixServer.Start(options, TestContext.Current.CancellationToken));
        await File.WriteAllTextAsync(file, "join.pace: 0\nno_such: 1\n", TestContext.Current.CancellationToken);
        var error = await Assert.ThrowsAsync<ConfigException>(() => VeltrixServer.Start(options, TestContext.Current.CancellationToken));
        Assert.Equal(2, error.Faults.Count);

        await File.WriteAllTextAsync(file, "join.pace: 9\n", TestContext.Current.CancellationToken);
        await using (var server = await VeltrixServer.Start(options, TestContext.Current.CancellationToken)) Assert.Equal(9, server.Settings.Get(Keys.JoinPace));
        folder.Delete(recursive: true);
    }

    [Fact]
    public void Every_limit_in_force_is_told_with_its_value_and_who_set_it()
    {
        using var settings = Settings.Of("max_concurrent_hunters: 2000\nhunts: { walk: { pin_limit: 5 } }");
        var lines = LimitsInForce.Of(settings).ToList();
        Assert.Contains("max_concurrent_hunters = 2000 hunters (settings:1)", lines);
        Assert.Contains(lines, line => line.StartsWith("9 at their built-in defaults: 'veltrix config list' shows them", StringComparison.Ordinal) && line.Contains("4,096 bytes (fixed)", StringComparison.Ordinal));
        Assert.Equal(3, lines.Count);
        Assert.Contains(lines, line => line.StartsWith($"max_connections_per_server = {MachineLimits.ConnectionsMax(settings):N0} connections (set to 0: built-in default; this process may have {MachineLimits.OpenFiles:N0} open files", StringComparison.Ordinal));
        Assert.Equal(["pin_limit = 5 hunters (settings:2, for the hunt walk) in the hunt walk"], LimitsInForce.Of(settings, "walk"));
        Assert.Equal(MachineLimits.OpenFiles * 9 / 10, MachineLimits.ConnectionsMax(settings));
        using var set = Settings.Of("max_connections_per_server: 77");
        Assert.Equal(77, MachineLimits.ConnectionsMax(set));
    }

    [Fact]
    public async Task An_override_that_its_partner_still_needs_is_not_taken_back_first()
    {
        var hunt = await shared.NewHunt();
        await Set(hunt, "governor.redis_memory.critical", "0.97");
        await Set(hunt, "governor.redis_memory.soft", "0.95");
        var refused = await Unset(hunt, "governor.redis_memory.critical");
        Assert.Equal((400, "BadSetting", "Take the other one back first."), ((int)refused["http"]!, (string)refused["code"]!, (string)refused["remedy"]!));
        Assert.Equal(200, (int)(await Unset(hunt, "governor.redis_memory.soft"))["http"]!);
        Assert.Equal(200, (int)(await Unset(hunt, "governor.redis_memory.critical"))["http"]!);
    }

    [Fact]
    public async Task What_has_no_effect_yet_is_warned_of_and_a_misspelt_hunt_is_guessed()
    {
        await using var server = await TestServer.Start(options =>
        {
            File.WriteAllText(Path.Combine(options.DataFolder, ConfigFile.DefaultName), "kafka.replication_factor: 2\nhunts: { quizz: { pin_limit: 5 }, later-on: { pin_limit: 6 } }");
            return options;
        });
        Assert.Empty((await Status())["warnings"]!.AsArray());
        await server.Publish(TestServer.Quiz);
        var file = Path.Combine(server.Folder, ConfigFile.DefaultName);
        Assert.Equal(
            [$"{file} sets something for the hunt 'later-on', and there is none of that id. It holds as soon as one is published.", $"{file} sets something for the hunt 'quizz', and there is none of that id. Did you mean 'quiz'?"],
            (await Status())["warnings"]!.AsArray().Select(warning => (string)warning!));

        await File.WriteAllTextAsync(file, "kafka.replication_factor: 3\nhunts: { quiz: { pin_limit: 5 } }", TestContext.Current.CancellationToken);
        var expected = $"kafka.replication_factor = 3 ({file}:1) acts at the next start; until then it is 2";
        for (var since = System.Diagnostics.Stopwatch.StartNew(); since.Elapsed < TimeSpan.FromSeconds(30) && (string?)(await Status())["warnings"]!.AsArray().FirstOrDefault() != expected;)
            await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.Equal(expected, (string?)Assert.Single((await Status())["warnings"]!.AsArray()));
        var card = (await server.Get("/v1/settings", server.Server.AdminKey))["settings"]!.AsArray().Single(card => (string)card!["key"]! == "kafka.replication_factor")!;
        Assert.Equal(("3", "2"), ((string)card["value"]!, (string)card["running"]!));

        Task<JsonNode> Status() => server.Get("/v1/settings/status", server.Server.AdminKey);
    }

    [Fact]
    public async Task The_status_says_why_an_edit_is_not_in_force()
    {
        await using var server = await TestServer.Start();
        Assert.True((bool)(await Status())["ok"]!);
        Assert.Null((await Status())["file"]);
        var file = Path.Combine(server.Folder, ConfigFile.DefaultName);
        await File.WriteAllTextAsync(file, "join.pase: 3", TestContext.Current.CancellationToken);
        JsonNode status;
        var patience = System.Diagnostics.Stopwatch.StartNew();
        while ((bool)(status = await Status())["ok"]! && patience.Elapsed < TimeSpan.FromSeconds(30)) await Task.Delay(50, TestContext.Current.CancellationToken);

        Assert.Equal(file, (string)status["file"]!);
        Assert.Equal(("join.pase", "Did you mean 'join.pace'?"), ((string)status["faults"]![0]!["key"]!, (string)status["faults"]![0]!["remedy"]!));

        Task<JsonNode> Status() => server.Get("/v1/settings/status", server.Server.AdminKey);
    }

    Task<JsonNode> Set(string hunt, string key, string value) => Server.Post($"/v1/hunts/{hunt}/settings", new { key, value, why = "a test" }, Server.Server.AdminKey);

    async Task<JsonNode> Unset(string hunt, string key)
    {
        using var response = await Server.SendRaw(new HttpRequestMessage(HttpMethod.Delete, $"/v1/hunts/{hunt}/settings/{key}?why=enough"), Server.Server.AdminKey);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        answer["http"] = (int)response.StatusCode;
        return answer;
    }

    /// <summary>Another value than the default: of a pair the lower one lower, the upper one higher, so that all of them together keep every rule.</summary>
    static string Another(Key key)
    {
        var up = Rule.All.Any(rule => rule.Upper == key);
        return key switch
        {
            Key<long> { Notation: WholeNumber form, Default: var value } => key.Write(value == form.Least || (up && value < form.Most) ? value + 1 : value - 1),
            Key<double> { Notation: Number form, Default: var value } => key.Write(value == form.Least || (up && value < form.Most) ? (value + form.Most) / 2 : (value + form.Least) / 2),
            Key<TimeSpan> { Notation: Span form, Default: var value } => key.Write(value == form.Least || up ? (value + form.Most) / 2 : (value + form.Least) / 2),
            Key<bool> { Default: var value } => key.Write(!value),
            Key<long?> => "7",
            Key<string> { Notation: OneOf form, Default: var value } => form.Names.First(name => name != value),
            Key<string> { Notation: FreeText form } => form.Example,
            Key<string> { Notation: ConnectionText } => "Host=127.0.0.1;Port=1;Database=control",
            Key<string> { Notation: FilePath } => "/run/secrets/control",
            Key<string> => "static, linear",
            Key<Networks> => "10.0.0.0/8, 192.0.2.7/32",
            _ => throw new NotSupportedException($"{key.Name}: no other value for {key.Form}; add one here"),
        };
    }
}
