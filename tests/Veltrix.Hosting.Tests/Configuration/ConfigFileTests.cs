using System.Globalization;
using System.Text;
using CsCheck;

namespace Veltrix.Hosting.Tests.Configuration;

/// <summary>Each <c>Golden/*.yml</c> is read, and the settings or the faults must be what <c>*.expected</c> beside it says.</summary>
public sealed class ConfigFileTests
{
    const string Golden = "tests/Veltrix.Hosting.Tests/Golden";

    public static TheoryData<string> Files => [.. Directory.GetFiles(Repository.Path(Golden), "*.yml").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Files))]
    public void A_settings_file_reads_as_expected(string name)
    {
        var file = ConfigFile.Read($"{name}.yml", File.ReadAllBytes(Repository.Path($"{Golden}/{name}.yml")));

        Assert.Equal(name.StartsWith("good-", StringComparison.Ordinal), file.Faults.IsEmpty);
        Repository.IsWhatIsIn($"{Golden}/{name}.expected", Dump(file));
    }

    [Fact]
    public void There_are_many_bad_files_and_nothing_is_expected_of_none()
    {
        Assert.True(Files.Count(row => row.Data.StartsWith("fault-", StringComparison.Ordinal)) >= 25);
        Assert.DoesNotContain(Directory.GetFiles(Repository.Path(Golden), "*.expected"), path => !File.Exists(Path.ChangeExtension(path, ".yml")));
    }

    [Fact]
    public void Every_fault_says_where_it_is_and_what_to_do()
    {
        foreach (var name in Files.Select(row => row.Data))
            foreach (var fault in ConfigFile.Read(name, File.ReadAllBytes(Repository.Path($"{Golden}/{name}.yml"))).Faults)
            {
                Assert.True(fault.Line >= 1 && fault.Column >= 1, name);
                Assert.EndsWith(".", fault.Message);
                Assert.NotEmpty(fault.Remedy);
            }
    }

    [Fact]
    public void A_file_of_more_than_a_million_bytes_is_refused_unread()
    {
        var fault = Assert.Single(ConfigFile.Read("big.yml", new string('#', ConfigFile.BytesMax + 1)).Faults);

        Assert.Contains("more than 1,000,000 bytes", fault.Message);
        Assert.Empty(ConfigFile.Read("big.yml", "board_cadence: 2s\n".PadRight(ConfigFile.BytesMax, '#')).Faults);
    }

    [Fact]
    public void A_byte_order_mark_and_windows_line_ends_are_harmless()
    {
        var settings = new Settings();
        Assert.True(settings.Load(ConfigFile.Read("x.yml", "\uFEFFboard_cadence: 2s\r\njoin.pace: 7\r\n")).Ok);
        Assert.Equal((TimeSpan.FromSeconds(2), 7), (settings.Get(Keys.BoardCadence), settings.Get(Keys.JoinPace)));
    }

    [Fact]
    public void Whatever_the_bytes_reading_never_throws()
    {
        var seeds = Files.Select(row => File.ReadAllBytes(Repository.Path($"{Golden}/{row.Data}.yml"))).Where(bytes => bytes.Length > 0).ToArray();
        Check.Sample(
            Gen.Select(Gen.Int[0, seeds.Length - 1], Gen.Select(Gen.Int[0, 400], Draw.Any("[", "}", ":", "\t", "- ", "&a ", "*a", "!", "\n", "'", "\"", "|", "?", "\0", "{", "#", "%", "é")).Array[1, 4]),
            (seed, edits) =>
            {
                var text = new StringBuilder(Encoding.Latin1.GetString(seeds[seed]));
                foreach (var (at, what) in edits) text.Insert(at % (text.Length + 1), what);
                var file = ConfigFile.Read("x.yml", text.ToString());
                return file.Faults.Length <= 101;
            },
            iter: 1_000);
    }

    static string Dump(ConfigFile file)
    {
        var text = new StringBuilder();
        foreach (var fault in file.Faults)
            text.Append(CultureInfo.InvariantCulture, $"{fault.Line}:{fault.Column} {Shown(fault.Key)}{(fault.Value.Length > 0 ? $" = {Shown(fault.Value)}" : "")}\n    {fault.Message}\n    {fault.Remedy}\n");
        if (file.Faults.Length > 0) return text.ToString();

        var settings = new Settings();
        settings.Load(file);
        foreach (var hunt in settings.Hunts.Prepend(null).Order(StringComparer.Ordinal))
        {
            text.Append(hunt is null ? "for all\n" : $"for {hunt}\n");
            foreach (var key in Keys.All.Where(key => hunt is null || key.Reach == Reach.Hunt))
                if (settings.Explain(key, hunt) is { Origin: Origin.File } said) text.Append(CultureInfo.InvariantCulture, $"    {key.Name} = {said.Value} ({said.Origin})\n");
        }

        return text.ToString();
    }

    static string Shown(string text) => text.Length > 60 ? text[..60] + "…" : text.ReplaceLineEndings("\\n");
}
