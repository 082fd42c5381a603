using System.Globalization;
using System.Text;

namespace Veltrix.Hunts.Tests.Definitions;

/// <summary>
/// Each <c>golden/*.yml</c> is read, and the definition or the faults must be what <c>*.expected</c> beside it says. After a change that is meant, run these
/// tests once with the environment variable <c>VELTRIX_REWRITE_GOLDEN=1</c> and read the difference before it is committed.
/// </summary>
public sealed class GoldenTests
{
    static bool Rewrite => Environment.GetEnvironmentVariable("VELTRIX_REWRITE_GOLDEN") == "1";

    public static TheoryData<string> Files => [.. Directory.GetFiles(Repository.Golden, "*.yml").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Files))]
    public void A_hunt_file_reads_as_expected(string name)
    {
        var read = Dump(HuntFile.Read(File.ReadAllText(Path.Combine(Repository.Golden, name + ".yml"))));
        var expected = Path.Combine(Repository.Golden, name + ".expected");
        if (Rewrite) File.WriteAllText(expected, read);
        Assert.True(File.Exists(expected), $"{expected} is missing; run once with VELTRIX_REWRITE_GOLDEN=1.");
        Assert.Equal(File.ReadAllText(expected), read);
    }

    [Fact]
    public void There_are_golden_files_and_none_expects_without_a_hunt()
    {
        Assert.True(Files.Count >= 25);
        var orphans = Directory.GetFiles(Repository.Golden, "*.expected").Where(path => !File.Exists(Path.ChangeExtension(path, ".yml")));
        Assert.Empty(orphans);
    }

    static string Dump(HuntFileResult result)
    {
        var text = new StringBuilder();
        foreach (var fault in result.Faults) text.Append(CultureInfo.InvariantCulture, $"{fault.Line}:{fault.Column} {fault.Message}\n    {fault.Remedy}\n");
        if (result.Definition is not { } hunt) return text.ToString();

        text.Append(CultureInfo.InvariantCulture, $"hunt {hunt.Id}: {hunt.Title}\n{Indented(hunt.Description)}");
        text.Append(CultureInfo.InvariantCulture, $"opens {Time(hunt.OpensMs)}, closes {Time(hunt.ClosesMs)}, team size {hunt.TeamSize}, {hunt.Ranking}\n");
        foreach (var setting in hunt.Settings) text.Append(CultureInfo.InvariantCulture, $"    {setting.Line}:{setting.Column} {setting.Key} = {setting.Value}{(setting.IsList ? " (a list)" : "")}\n");
        foreach (var challenge in hunt.Challenges)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n{challenge.Id}: {challenge.Name}{(challenge.Category == "" ? "" : $" [{challenge.Category}]")}, {challenge.Points} points");
            text.Append(challenge.Attempts is { } attempts ? $", {attempts} attempts" : "");
            text.Append(challenge.Requires.IsEmpty ? "" : $", after {string.Join(" and ", challenge.Requires.Select(i => hunt.Challenges[i].Id))}");
            text.Append(challenge.Final ? ", final\n" : "\n").Append(Indented(challenge.Text));
            text.Append(CultureInfo.InvariantCulture, $"    = {string.Join(" | ", challenge.Answer.Accepted)} ({challenge.Answer.Normalise})\n");
        }
        return text.ToString();
    }

    static string Indented(string text) => text == "" ? "" : string.Concat(text.Split('\n').Select(line => $"    {line}".TrimEnd() + "\n"));

    static string Time(long? ms) => ms is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) : "by hand";
}
