using System.Diagnostics.Metrics;
using CsCheck;
using Microsoft.Extensions.Time.Testing;

namespace Veltrix.Hosting.Tests.Configuration;

/// <summary>Five layers, the highest that speaks counts, and everybody can see which.</summary>
public sealed class SettingsTests
{
    static readonly DateTimeOffset Noon = new(2026, 12, 1, 12, 0, 0, TimeSpan.Zero);

    readonly FakeTimeProvider clock = new(Noon);

    [Fact]
    public void Without_layers_the_defaults_hold()
    {
        Assert.Equal(50_000, Settings.Defaults.Get(Keys.MaxConcurrentHunters));
        Assert.Equal(50_000, Settings.Defaults.Get(Keys.MaxConcurrentHunters, "any"));
        Assert.Null(Settings.Defaults.Get(Keys.PinLimit, "any"));
        Assert.IsType<Origin.BuiltIn>(Settings.Defaults.Explain(Keys.Policy).Origin);
    }

    [Fact]
    public void Nobody_changes_the_built_in_defaults()
    {
        Assert.Throws<InvalidOperationException>(() => Settings.Defaults.Load(ConfigFile.Read("x", "join.pace: 1")));
        Assert.Throws<InvalidOperationException>(() => Settings.Defaults.SetOverrides("h", []));
        Assert.Throws<InvalidOperationException>(() => Settings.Defaults.SetDefinition("h", []));
    }

    [Fact]
    public void What_the_cluster_sets_lies_above_the_definition_and_below_a_person_and_is_replaced_whole()
    {
        using var settings = new Settings(clock);
        settings.SetDefinition("walk", [new Written("join.pace", "4", 9, 3), new Written("room_weight", "2", 10, 3)]);
        settings.SetCluster("walk", [new ClusterSetting("join.pace", "6", "spec.overrides of Hunt walk"), new ClusterSetting("room_weight", "much", "the map"), new ClusterSetting("governor.tick", "1s", "the map")]);

        Assert.Equal((6, 2), (settings.Get(Keys.JoinPace, "walk"), settings.Get(Keys.RoomWeight, "walk")));
        var told = settings.Explain(Keys.JoinPace, "walk");
        Assert.Equal(("cluster", "spec.overrides of Hunt walk"), (told.Origin.Layer, told.Origin.ToString()));

        settings.SetOverrides("walk", [new SettingOverride("join.pace", "5", "anna", "a rush", Noon, null)]);
        Assert.Equal(5, settings.Get(Keys.JoinPace, "walk"));
        settings.SetOverrides("walk", []);
        Assert.Empty(settings.ClusterMarks);
        settings.SetCluster("walk", [new ClusterSetting("room_weight", "3", "the map")], new ClusterMark("3f2a", 4));
        Assert.Equal((4, 3), (settings.Get(Keys.JoinPace, "walk"), settings.Get(Keys.RoomWeight, "walk")));
        Assert.Equal(new ClusterMark("3f2a", 4), settings.ClusterMarks["walk"]);
    }

    [Fact]
    public void Each_layer_covers_those_below_and_all_of_them_can_be_seen()
    {
        using var settings = new Settings(clock);
        settings.Load(ConfigFile.Read("conf.yml", "# ours\njoin.pace: 2\nhunts: { walk: { join.pace: 3 } }\n"));
        settings.SetDefinition("walk", [new Written("join.pace", "4", 9, 3)]);
        settings.SetOverrides("walk", [new SettingOverride("join.pace", "5", "anna", "a rush", Noon, Noon.AddHours(1))]);

        Assert.Equal((5, 2, 2), (settings.Get(Keys.JoinPace, "walk"), settings.Get(Keys.JoinPace, "other"), settings.Get(Keys.JoinPace)));
        var told = settings.Explain(Keys.JoinPace, "walk");
        Assert.Equal("5", told.Value);
        Assert.Equal(
            [
                "5 override: anna, since 2026-12-01 12:00:00Z, until 2026-12-01 13:00:00Z: a rush",
                "4 definition: the definition of walk, line 9",
                "3 file: conf.yml:3, for the hunt walk",
                "2 file: conf.yml:2",
                "120 default: built-in default",
            ],
            told.Voices.Select(voice => $"{voice.Value} {voice.Origin.Layer}: {voice.Origin}"));
    }

    /// <summary>A timer fires a little before the time, which comes while values are made: looked at before it, they have the override, and after it nothing is left to wait for.</summary>
    [Fact]
    public void An_override_ends_also_when_its_time_comes_between_two_looks_at_the_clock()
    {
        for (var microseconds = 0; microseconds < 3_000; microseconds += 100)
        {
            var running = new FakeTimeProvider(Noon);
            using var settings = new Settings(running);
            settings.SetOverrides("walk", [Over("pin_limit", "700", TimeSpan.FromSeconds(10) + TimeSpan.FromMicroseconds(microseconds))]);
            running.Advance(TimeSpan.FromSeconds(9));
            // Each look takes a while from here on.
            running.AutoAdvanceAmount = TimeSpan.FromMilliseconds(0.7);
            for (var i = 0; i < 40; i++) running.Advance(TimeSpan.FromMilliseconds(100));
            Assert.True(settings.Get(Keys.PinLimit, "walk") is null, $"pinned for ever, {microseconds} µs");
        }
    }

    [Fact]
    public void An_override_ends_by_the_clock_and_whoever_listens_is_told()
    {
        using var settings = new Settings(clock);
        var told = 0;
        settings.Changed += () => told++;
        settings.SetOverrides("walk", [Over("pin_limit", "700", TimeSpan.FromMinutes(30)), Over("join.pace", "5", TimeSpan.FromMinutes(40)), Over("brownout", "off", null)]);
        Assert.Equal((1, 700), (told, settings.Get(Keys.PinLimit, "walk")));

        clock.Advance(TimeSpan.FromMinutes(30) - TimeSpan.FromSeconds(1));
        Assert.Equal((1, 700), (told, settings.Get(Keys.PinLimit, "walk")));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((2, null, 5), (told, settings.Get(Keys.PinLimit, "walk"), settings.Get(Keys.JoinPace, "walk")));
        clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal((3, 120, false), (told, settings.Get(Keys.JoinPace, "walk"), settings.Get(Keys.Brownout, "walk")));
        clock.Advance(TimeSpan.FromDays(3_000));
        Assert.Equal((3, false), (told, settings.Get(Keys.Brownout, "walk")));
    }

    [Fact]
    public void An_override_that_has_ended_before_it_was_heard_of_never_counts()
    {
        using var settings = new Settings(clock);
        settings.SetOverrides("walk", [Over("join.pace", "5", TimeSpan.FromSeconds(-1))]);
        Assert.Equal(120, settings.Get(Keys.JoinPace, "walk"));
        Assert.Single(settings.Explain(Keys.JoinPace, "walk").Voices);
    }

    [Fact]
    public void None_is_a_value_that_covers_a_number_below()
    {
        using var settings = new Settings(clock);
        settings.SetDefinition("walk", [new Written("pin_limit", "700", 1, 1)]);
        Assert.Equal(700, settings.Get(Keys.PinLimit, "walk"));
        settings.SetOverrides("walk", [Over("pin_limit", "none", null)]);
        Assert.Null(settings.Get(Keys.PinLimit, "walk"));
        Assert.Equal("none", settings.Explain(Keys.PinLimit, "walk").Value);
    }

    [Fact]
    public void Those_who_listen_are_told_only_when_a_value_changed()
    {
        using var settings = new Settings(clock);
        var told = 0;
        settings.Changed += () => told++;
        settings.SetOverrides("walk", []);
        settings.SetDefinition("walk", []);
        settings.SetOverrides("walk", [Over("join.pace", "120", null)]);
        settings.Load(ConfigFile.Read("x", "# nothing"));
        Assert.Equal(0, told);
        settings.Load(ConfigFile.Read("x", "join.pace: 7"));
        Assert.Equal((1, 120), (told, settings.Get(Keys.JoinPace, "walk")));
        settings.SetOverrides("walk", []);
        Assert.Equal((2, 7), (told, settings.Get(Keys.JoinPace, "walk")));
    }

    [Fact]
    public void A_key_of_the_process_does_not_listen_to_hunts()
    {
        using var settings = Settings.Of("governor.tick: 2s");
        settings.SetOverrides("walk", [Over("governor.tick", "9s", null)]);
        Assert.Single(settings.SetDefinition("walk", [new Written("governor.tick", "8s", 1, 1)]));
        Assert.Equal(TimeSpan.FromSeconds(2), settings.Get(Keys.Tick, "walk"));
        Assert.Contains("the whole process", settings.CheckOverride("walk", "governor.tick", "9s")!.Message);
        Assert.Null(settings.Explain(Keys.Tick, "walk").Hunt);
    }

    [Fact]
    public void Faulty_settings_of_a_file_leave_the_old_ones_and_the_verdict_says_why()
    {
        using var settings = new Settings(clock);
        settings.Load(ConfigFile.Read("conf.yml", "join.pace: 7"));
        clock.Advance(TimeSpan.FromMinutes(1));
        var verdict = settings.Load(ConfigFile.Read("conf.yml", "join.pace: none\nno_such: 1"));

        Assert.Equal(7, settings.Get(Keys.JoinPace));
        Assert.Same(verdict, settings.LastReload);
        Assert.Equal((false, Noon.AddMinutes(1), "conf.yml", 2), (verdict.Ok, verdict.At, verdict.File, verdict.Faults.Count));
    }

    [Fact]
    public void A_rule_is_judged_over_what_counts_whichever_layers_say_it()
    {
        using var settings = Settings.Of("governor.redis_memory.critical: 0.85");

        Assert.Null(settings.CheckOverride("walk", "governor.redis_memory.soft", "0.84"));
        Assert.Equal(
            "governor.redis_memory.soft must be below governor.redis_memory.critical: they would be 0.85 and 0.85 (settings:1).",
            settings.CheckOverride("walk", "governor.redis_memory.soft", "0.85")!.Message);
        var fault = Assert.Single(settings.CheckDefinition("walk", [new Written("governor.redis_memory.soft", "0.9", 4, 3)]));
        Assert.Equal((4, 3), (fault.Line, fault.Column));
        Assert.Empty(settings.CheckDefinition("walk", [new Written("governor.redis_memory.soft", "0.9", 4, 3), new Written("governor.redis_memory.critical", "0.95", 5, 3)]));

        settings.SetOverrides("walk", [Over("governor.redis_memory.critical", "0.95", null)]);
        Assert.Null(settings.CheckOverride("walk", "governor.redis_memory.soft", "0.9"));
        Assert.NotNull(settings.CheckOverride("other", "governor.redis_memory.soft", "0.9"));
    }

    [Fact]
    public void A_file_that_breaks_a_rule_together_with_an_override_is_not_taken()
    {
        using var settings = new Settings(clock);
        settings.SetOverrides("walk", [Over("governor.redis_memory.soft", "0.88", null)]);
        var verdict = settings.Load(ConfigFile.Read("conf.yml", "governor.redis_memory: { soft: 0.7, critical: 0.85 }"));

        Assert.False(verdict.Ok);
        Assert.Contains("in the hunt walk", verdict.Faults[0].Message);
        Assert.Contains("anna", verdict.Faults[0].Message);
        Assert.Equal(0.9, settings.Get(Keys.RedisMemoryCritical));
    }

    [Fact]
    public void An_override_that_its_partner_still_needs_is_not_taken_back_first()
    {
        using var settings = new Settings(clock);
        settings.SetOverrides("walk", [Over("governor.redis_memory.critical", "0.97", null), Over("governor.redis_memory.soft", "0.95", null)]);
        Assert.Contains("must be below", settings.CheckRestore("walk", "governor.redis_memory.critical")!.Message);
        Assert.Null(settings.CheckRestore("walk", "governor.redis_memory.soft"));
        Assert.Contains("is no key", settings.CheckRestore("walk", "no_such")!.Message);
    }

    [Fact]
    public void What_a_file_changed_is_told_for_all_and_for_hunts()
    {
        using var settings = Settings.Of("join.pace: 7");
        settings.SetOverrides("walk", [Over("brownout", "off", null)]);
        var verdict = settings.Load(ConfigFile.Read("x", "join.pace: 8\nbrownout: off\nhunts: { run: { pin_limit: 5, join.pace: 8 } }"));
        Assert.Equal(["brownout on → off", "join.pace 7 → 8", "run: pin_limit none → 5"], verdict.Changes);
    }

    [Fact]
    public void A_limit_that_somebody_meets_says_its_value_who_set_it_and_where_it_is_explained()
    {
        using var settings = Settings.Of("max_concurrent_hunters: 2000");
        Assert.Equal("max_concurrent_hunters is 2000 (settings:1); docs/reference/config.md explains it", settings.Explain(Keys.MaxConcurrentHunters, "walk").ToString());
    }

    [Fact]
    public void The_metrics_say_whether_the_file_is_what_runs()
    {
        using var settings = new Settings(clock);
        using var metrics = new ConfigMetrics(settings);
        Assert.Equal((1, Noon.ToUnixTimeSeconds()), Measured());
        clock.Advance(TimeSpan.FromHours(1));
        settings.Load(ConfigFile.Read("x", "no_such: 1"));
        Assert.Equal((0, Noon.ToUnixTimeSeconds()), Measured());
        settings.Load(ConfigFile.Read("x", "join.pace: 1"));
        Assert.Equal((1, Noon.AddHours(1).ToUnixTimeSeconds()), Measured());

        (double Ok, double At) Measured()
        {
            var seen = new Dictionary<string, double>();
            using var listener = new MeterListener { InstrumentPublished = (instrument, listener) => { if (instrument.Meter.Name == ConfigMetrics.MeterName) listener.EnableMeasurementEvents(instrument); } };
            listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => seen[instrument.Name] = value);
            listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => seen[instrument.Name] = value);
            listener.Start();
            listener.RecordObservableInstruments();
            return (seen["veltrix.config.last_reload_successful"], seen["veltrix.config.last_reload_success_timestamp"]);
        }
    }

    /// <summary>Against the simplest code that could be right: ask the layers from the top.</summary>
    [Fact]
    public void The_highest_layer_that_speaks_counts_and_no_rule_is_ever_broken()
    {
        Key[] keys = [Keys.JoinPace, Keys.RedisMemorySoft, Keys.RedisMemoryCritical, Keys.BoardCadence, Keys.BoardCadenceMax];
        string[][] values = [["1", "2", "3"], ["0.5", "0.8", "0.95"], ["0.6", "0.9", "0.97"], ["1s", "2s", "9s"], ["1s", "3s", "20s"]];
        // Index of a value per key; 3: this layer says nothing.
        var layer = Gen.Int[0, 3].Array[keys.Length];
        Gen.Select(layer, layer, layer, Gen.Int[0, 2].Array[keys.Length]).Sample((file, definition, first, lasts) =>
        {
            using var settings = new Settings(clock);
            var taken = settings.Load(ConfigFile.Read("x", "gate.audit: on\n" + string.Join('\n', keys.Index().Where(k => file[k.Index] < 3).Select(k => $"{k.Item.Name}: {values[k.Index][file[k.Index]]}")))).Ok;
            settings.SetDefinition("walk", [.. keys.Index().Where(k => definition[k.Index] < 3).Select(k => new Written(k.Item.Name, values[k.Index][definition[k.Index]], 1, 1))]);
            settings.SetOverrides("walk", [.. keys.Index().Where(k => first[k.Index] < 3).Select(k => Over(k.Item.Name, values[k.Index][first[k.Index]], lasts[k.Index] == 0 ? TimeSpan.FromSeconds(-1) : null))]);

            foreach (var (i, key) in keys.Index())
            {
                var said = (int[])[lasts[i] == 0 ? 3 : first[i], definition[i], taken ? file[i] : 3];
                var highest = said.FirstOrDefault(index => index < 3, 3) is < 3 and var index ? values[i][index] : key.DefaultText;
                var told = settings.Explain(key, "walk");
                Assert.Equal(highest, told.Voices[0].Value);
                if (told.Voices[0].SetAside is null) Assert.Equal(highest, told.Value);
            }

            Assert.True(settings.Get(Keys.RedisMemorySoft, "walk") < settings.Get(Keys.RedisMemoryCritical, "walk"));
            Assert.True(settings.Get(Keys.BoardCadence, "walk") <= settings.Get(Keys.BoardCadenceMax, "walk"));
            Assert.Equal(settings.Explain(Keys.RedisMemorySoft, "walk").Value, Keys.RedisMemorySoft.Write(settings.Get(Keys.RedisMemorySoft, "walk")));
            Assert.Equal(settings.Explain(Keys.BoardCadence, "walk").Value, Keys.BoardCadence.Write(settings.Get(Keys.BoardCadence, "walk")));
        }, iter: 500);
    }

    /// <summary>Nobody can be asked when an override ends: both of the pair come from below, and that can be seen.</summary>
    [Fact]
    public void A_pair_that_an_ending_override_would_leave_broken_is_taken_from_below()
    {
        using var settings = new Settings(clock);
        settings.SetOverrides("walk", [Over("governor.redis_memory.critical", "0.97", TimeSpan.FromMinutes(1)), Over("governor.redis_memory.soft", "0.95", null)]);
        Assert.Equal(0.95, settings.Get(Keys.RedisMemorySoft, "walk"));

        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((0.80, 0.90), (settings.Get(Keys.RedisMemorySoft, "walk"), settings.Get(Keys.RedisMemoryCritical, "walk")));
        var told = settings.Explain(Keys.RedisMemorySoft, "walk");
        Assert.Equal(("0.8", "0.95"), (told.Value, told.Voices[0].Value));
        Assert.Contains("must be below", told.Voices[0].SetAside);
    }

    [Fact]
    public async Task Readers_on_other_threads_see_values_that_were_set_and_no_others()
    {
        using var settings = new Settings();
        using var stop = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            var seen = new HashSet<double>();
            while (!stop.IsCancellationRequested) seen.Add(settings.Get(Keys.RedisMemorySoft, "walk"));
            return seen;
        })).ToArray();
        for (var i = 0; i < 300; i++) settings.SetOverrides("walk", [Over("governor.redis_memory.soft", i % 2 == 0 ? "0.5" : "0.6", null)]);
        await stop.CancelAsync();

        foreach (var seen in await Task.WhenAll(readers)) Assert.Subset(new HashSet<double> { 0.5, 0.6, 0.8 }, seen);
        Assert.Equal(0.6, settings.Get(Keys.RedisMemorySoft, "walk"));
    }

    [Fact]
    public void Every_key_can_be_set_by_the_file_and_goes_back_when_it_is_taken_out()
    {
        foreach (var key in Keys.All)
        {
            using var settings = new Settings(clock);
            var other = Another(key);
            Assert.True(settings.Load(ConfigFile.Read("conf.yml", $"{key.Name}: {other}")) is { Ok: true }, $"{key.Name}: {other}");
            Assert.Equal((other, "file"), (settings.Explain(key, "walk").Value, settings.Explain(key, "walk").Origin.Layer));
            settings.Load(ConfigFile.Read("conf.yml", "# nothing"));
            Assert.Equal(key.DefaultText, settings.Explain(key, "walk").Value);
        }
    }

    /// <summary>A value that differs from the default and keeps the rules.</summary>
    static string Another(Key key)
    {
        if (key.Form is FreeText form) return form.Example;
        string[] tries = ["on", "off", "none", "linear", "personal", "30s", "2s", "1m10s", "11m", "ssl", "SCRAM-SHA-512", "0.7", "0.03", "0.95", "0.99", "3", "2.5", "13", "600", "1100", "5500", "21000", "192.0.2.0/24", "Host=127.0.0.1;Port=1;Database=control", "/run/secrets/control"];
        return tries.First(text => key.TryRead(text, out var value, out _) && !Equals(value, key.DefaultValue)
            && Rule.All.All(rule => (rule.Lower != key || rule.Holds(value, rule.Upper.DefaultValue)) && (rule.Upper != key || rule.Holds(rule.Lower.DefaultValue, value))));
    }

    SettingOverride Over(string key, string value, TimeSpan? lasts) => new(key, value, "anna", "a rush", clock.GetUtcNow(), clock.GetUtcNow() + lasts);
}
