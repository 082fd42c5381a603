namespace Veltrix.Cli.Tests;

public class HuntFileVerbTests
{
    const string Faulty = """
        hunt: night-walk
        title: A walk at night
        challenges:
          - id: gate
            text: What keeps the gate?
            answers: [a dog]
            pionts: 10
          - id: gate
            text: And what wakes it?
            answers: []
        """;

    [Fact]
    public async Task A_new_hunt_has_no_faults()
    {
        using var folder = new TempFolder();
        var file = folder.File("riddles.yml");

        Assert.Equal(ExitCode.Done, (await Shell.Run("hunt", "new", "riddles", "--title", "It's \"easy\": a hunt", "--output", file)).Code);
        var validated = await Shell.Run("hunt", "validate", file);

        Assert.Equal(ExitCode.Done, validated.Code);
        Assert.Equal($"{file}: no faults; the hunt riddles has 3 challenges.\n", validated.Out);
    }

    [Fact]
    public async Task A_file_that_is_there_is_written_over_only_by_force()
    {
        using var folder = new TempFolder();
        var file = folder.Write("riddles.yml", "mine");

        var refused = await Shell.Run("hunt", "new", "riddles", "-o", file);
        Assert.Equal(ExitCode.Refused, refused.Code);
        Assert.Contains("--force", refused.Error);
        Assert.Equal("mine", File.ReadAllText(file));

        Assert.Equal(ExitCode.Done, (await Shell.Run("hunt", "new", "riddles", "-o", file, "--force")).Code);
        Assert.StartsWith("# A hunt.", File.ReadAllText(file));
    }

    [Fact]
    public async Task A_new_hunt_goes_through_a_pipe()
    {
        var written = await Shell.Run("hunt", "new", "riddles", "--output", "-");
        var validated = await Shell.Run(["hunt", "validate", "-"], written.Out);

        Assert.Equal("stdin: no faults; the hunt riddles has 3 challenges.\n", validated.Out);
    }

    [Fact]
    public async Task An_id_that_is_none_is_refused_before_anything_is_written()
    {
        var ran = await Shell.Run("hunt", "new", "Night Walk", "--output", "-");

        Assert.Equal(ExitCode.Usage, ran.Code);
        Assert.Empty(ran.Out);
        Assert.Contains("Night Walk", ran.Error);
    }

    [Fact]
    public async Task All_faults_are_named_with_file_line_column_and_remedy()
    {
        using var folder = new TempFolder();
        var file = folder.Write("night.yml", Faulty);

        var ran = await Shell.Run("hunt", "validate", file);

        Assert.Equal(ExitCode.Failed, ran.Code);
        var expected = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", "validate-faulty.txt"));
        Assert.Equal(expected, ran.Out.Replace(file, "night.yml"));
    }

    [Fact]
    public async Task Faults_come_as_json_too()
    {
        var ran = await Shell.Run(["hunt", "validate", "-", "--json"], Faulty);

        Assert.Equal(ExitCode.Failed, ran.Code);
        Assert.False((bool)ran.Json["valid"]!);
        Assert.Equal("stdin", (string)ran.Json["file"]!);
        var first = ran.Json["faults"]![0]!;
        Assert.Equal(7, (int)first["line"]!);
        Assert.Equal(5, (int)first["column"]!);
        Assert.NotEmpty((string)first["remedy"]!);
    }

    [Fact]
    public async Task One_faulty_file_among_good_ones_fails_them_together()
    {
        using var folder = new TempFolder();
        var good = folder.Write("good.yml", (await Shell.Run("hunt", "new", "good", "--output", "-")).Out);
        var bad = folder.Write("bad.yml", Faulty);

        var ran = await Shell.Run("hunt", "validate", good, bad, "--json");

        Assert.Equal(ExitCode.Failed, ran.Code);
        Assert.Equal(2, ran.Out.TrimEnd().Split('\n').Length);
    }

    [Theory]
    [InlineData("no-such.yml", ExitCode.NotFound, "There is no file no-such.yml.")]
    [InlineData("/", ExitCode.NotFound, "/ is a folder.")]
    public async Task What_cannot_be_read_is_said(string file, int code, string message)
    {
        var ran = await Shell.Run("hunt", "validate", file);

        Assert.Equal(code, ran.Code);
        Assert.Contains(message, ran.Error);
        Assert.Empty(ran.Out);
    }

    [Fact]
    public async Task Text_that_is_not_utf8_is_said()
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder.File("latin.yml"), [.. "hunt: caf"u8, 0xE9]);

        var ran = await Shell.Run("hunt", "validate", folder.File("latin.yml"));

        Assert.Equal(ExitCode.Failed, ran.Code);
        Assert.Contains("is not UTF-8", ran.Error);
    }

    [Fact]
    public async Task A_faulty_file_never_reaches_a_server()
    {
        using var folder = new TempFolder();

        var published = await Shell.Run("hunt", "publish", folder.Write("night.yml", Faulty), "--url", "http://127.0.0.1:9", "--key-file", folder.Write("k", "k"));
        var up = await Shell.Run("up", "--hunt", folder.File("night.yml"), "--port", "0", "--data", folder.File("data"));

        Assert.Equal(ExitCode.Failed, published.Code);
        Assert.Contains("night.yml:7:5:", published.Error);
        Assert.Equal(ExitCode.Failed, up.Code);
        Assert.Contains("night.yml:7:5:", up.Error);
        Assert.False(Directory.Exists(folder.File("data")));
    }
}
