using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Veltrix.Hosting.Tests.Configuration;

/// <summary>The file is edited in all the ways there are, while somebody plays.</summary>
public sealed class ConfigWatchTests : IDisposable
{
    readonly TempFolder folder = new();
    readonly FakeTimeProvider clock = new();
    readonly Heard heard = new();
    readonly Settings settings;

    public ConfigWatchTests() => settings = new Settings(clock);

    string Path => folder.File("hunt-config.yml");

    long Pace => settings.Get(Keys.JoinPace);

    public void Dispose()
    {
        settings.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void What_is_written_acts_at_the_second_look()
    {
        var watch = Begin("join.pace: 1");
        Assert.Equal((1, true), (Pace, settings.LastReload.Ok));
        File.WriteAllText(Path, "join.pace: 2");
        watch.Look();
        Assert.Equal(1, Pace);
        watch.Look();
        Assert.Equal(2, Pace);
        Assert.EndsWith("is in force: join.pace 1 → 2", Assert.Single(heard.Lines));
        for (var i = 0; i < 5; i++) watch.Look();
        Assert.Single(heard.Lines);
    }

    [Fact]
    public void A_file_that_is_being_written_is_not_taken_by_half()
    {
        var watch = Begin("join.pace: 1\nbrownout: off\n");
        foreach (var half in new[] { "", "join.pace: 2\n", "join.pace: 2\nbrown" })
        {
            File.WriteAllText(Path, half);
            watch.Look();
        }

        File.WriteAllText(Path, "join.pace: 2\nbrownout: off\n");
        watch.Look();
        Assert.Equal((1, true), (Pace, settings.LastReload.Ok));
        watch.Look();
        Assert.Equal((2, false), (Pace, settings.Get(Keys.Brownout)));
    }

    [Fact]
    public void A_bad_edit_leaves_the_old_settings_and_says_why_once()
    {
        var watch = Begin("join.pace: 1");
        File.WriteAllText(Path, "join.pase: 2");
        for (var i = 0; i < 5; i++) watch.Look();

        Assert.Equal(1, Pace);
        Assert.False(settings.LastReload.Ok);
        Assert.Contains("Did you mean 'join.pace'?", settings.LastReload.Faults[0].Remedy);
        Assert.Contains($"{Path}:1:1: 'join.pase' is no key.", Assert.Single(heard.Lines));

        File.WriteAllText(Path, "join.pace: 1");
        Twice(watch);
        Assert.True(settings.LastReload.Ok);
    }

    [Fact]
    public void An_editor_that_renames_over_the_file_is_seen()
    {
        var watch = Begin("join.pace: 1");
        var times = File.GetLastWriteTimeUtc(Path);
        File.WriteAllText(Path + "~", "join.pace: 2");
        // Same length and same times: only the content differs.
        File.SetLastWriteTimeUtc(Path + "~", times);
        File.Move(Path + "~", Path, overwrite: true);
        Twice(watch);
        Assert.Equal(2, Pace);
    }

    /// <summary>hunt-config.yml → ..data/hunt-config.yml, and ..data → a folder with a time in its name, which is turned at once.</summary>
    [Fact]
    public void A_ConfigMap_that_Kubernetes_swaps_is_seen()
    {
        foreach (var (version, pace) in new[] { ("..2026_01", 1), ("..2026_02", 2) })
        {
            Directory.CreateDirectory(folder.File(version));
            File.WriteAllText(System.IO.Path.Combine(folder.File(version), "hunt-config.yml"), $"join.pace: {pace}");
        }

        Directory.CreateSymbolicLink(folder.File("..data"), "..2026_01");
        File.CreateSymbolicLink(Path, System.IO.Path.Combine("..data", "hunt-config.yml"));
        var watch = Begin(null);
        Assert.Equal(1, Pace);

        Directory.CreateSymbolicLink(folder.File("..data_tmp"), "..2026_02");
        // As kubelet does: rename(2) replaces the link itself, which neither File.Move nor Directory.Move does.
        Assert.Equal(0, Rename(folder.File("..data_tmp"), folder.File("..data")));
        Directory.Delete(folder.File("..2026_01"), recursive: true);
        Twice(watch);
        Assert.Equal(2, Pace);
    }

    [Fact]
    public void A_file_that_goes_away_goes_on_and_that_is_said_once()
    {
        var watch = Begin("join.pace: 1");
        File.Delete(Path);
        for (var i = 0; i < 5; i++) watch.Look();
        Assert.Equal((1, false), (Pace, settings.LastReload.Ok));
        Assert.Contains("The file is gone", Assert.Single(heard.Lines));

        File.WriteAllText(Path, "join.pace: 1");
        Twice(watch);
        Assert.Equal((1, true, 2), (Pace, settings.LastReload.Ok, heard.Lines.Count));
    }

    [Fact]
    public void A_file_that_comes_later_is_taken()
    {
        var watch = Begin(null);
        watch.Look();
        Assert.Equal((120, true, 0), (Pace, settings.LastReload.Ok, heard.Lines.Count));
        File.WriteAllText(Path, "join.pace: 3");
        Twice(watch);
        Assert.Equal(3, Pace);
    }

    [Fact]
    public void Something_that_cannot_be_read_is_said_once()
    {
        var watch = Begin("join.pace: 1");
        File.Delete(Path);
        Directory.CreateDirectory(Path);
        for (var i = 0; i < 5; i++) watch.Look();
        Assert.Equal((1, false), (Pace, settings.LastReload.Ok));
        Assert.Contains("cannot be read", Assert.Single(heard.Lines));
    }

    [Fact]
    public void At_the_start_a_fault_stops_everything_and_all_faults_are_told()
    {
        File.WriteAllText(Path, "join.pace: 0\nseat.grace: 1s\n");
        var error = Assert.Throws<ConfigException>(() => Begin(null));
        Assert.Equal(2, error.Faults.Count);
        Assert.Equal(2, error.Message.Split('\n').Length);

        File.Delete(Path);
        Assert.Contains("no such file", Assert.Throws<ConfigException>(() => new ConfigWatch(Path, settings, clock, heard).ReadFirst(required: true)).Message);
    }

    [Fact]
    public async Task It_looks_once_a_second_until_it_is_stopped()
    {
        var watch = Begin("join.pace: 1");
        using var stop = new CancellationTokenSource();
        var running = watch.Run(stop.Token);
        File.WriteAllText(Path, "join.pace: 2");
        var changed = new TaskCompletionSource();
        settings.Changed += changed.SetResult;
        // The clock is put forward until both looks were taken; how the loop is scheduled in between is the system's.
        while (!changed.Task.IsCompleted)
        {
            clock.Advance(ConfigWatch.Every);
            await Task.Yield();
        }

        Assert.Equal(2, Pace);
        await stop.CancelAsync();
        await running;
    }

    ConfigWatch Begin(string? text)
    {
        if (text is not null) File.WriteAllText(Path, text);
        var watch = new ConfigWatch(Path, settings, clock, heard);
        watch.ReadFirst(required: false);
        return watch;
    }

    static void Twice(ConfigWatch watch)
    {
        watch.Look();
        watch.Look();
    }

    [System.Runtime.InteropServices.DllImport("libc", EntryPoint = "rename", SetLastError = true)]
    static extern int Rename([System.Runtime.InteropServices.MarshalAs(System.Runtime.InteropServices.UnmanagedType.LPUTF8Str)] string from, [System.Runtime.InteropServices.MarshalAs(System.Runtime.InteropServices.UnmanagedType.LPUTF8Str)] string to);

    sealed class Heard : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel level, EventId id, TState state, Exception? exception, Func<TState, Exception?, string> format) => Lines.Add(format(state, exception));
    }
}
