using System.Text.Json.Nodes;
using Veltrix.Server;

namespace Veltrix.Cli.Tests;

public class KeyVerbTests
{
    [Fact]
    public async Task A_key_is_issued_used_listed_and_taken_back()
    {
        using var folder = new TempFolder();
        await using var server = await VeltrixServer.Start(new ServerOptions { DataFolder = folder.Path, Port = 0 }, TestContext.Current.CancellationToken);
        string[] at = ["--data", folder.Path];
        var file = folder.File("anna.key");

        var issued = await Shell.Run(["key", "issue", "--scope", "organiser", "--name", "anna [A&B]", "--until", "2d", "--why", "runs the evening", "--output", file, .. at]);
        Assert.Equal((ExitCode.Done, ""), (issued.Code, issued.Out));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal(ExitCode.Refused, (await Shell.Run(["key", "issue", "--scope", "audit", "--name", "b", "--why", "x", "--output", file, .. at])).Code);

        string[] asAnna = ["--key-file", file, .. at];
        var list = await Shell.Run(["key", "list", "--json", .. asAnna]);
        var key = Assert.Single(list.Json["keys"]!.AsArray())!;
        Assert.Equal(("anna [A&B]", "good", "admin"), ((string)key["name"]!, (string)key["state"]!, (string)key["issued_by"]!));
        Assert.Contains("anna [A&B]", (await Shell.Run(["key", "list", .. at])).Out);

        var revoked = await Shell.Run(["key", "revoke", (string)key["id"]!, "--why", "over", .. at]);
        Assert.Equal(ExitCode.Done, revoked.Code);
        Assert.Contains("of anna [A&B] is taken back", revoked.Error);
        Assert.Equal(ExitCode.Refused, (await Shell.Run(["key", "list", .. asAnna])).Code);
    }

    [Fact]
    public async Task Without_a_file_the_key_alone_is_on_standard_output()
    {
        using var folder = new TempFolder();
        await using var server = await VeltrixServer.Start(new ServerOptions { DataFolder = folder.Path, Port = 0 }, TestContext.Current.CancellationToken);

        var issued = await Shell.Run("key", "issue", "--scope", "relay", "--scope", "replay", "--hunt", "riddles", "--name", "rehearsal", "--why", "x", "--data", folder.Path);
        Assert.Matches(@"^v2\.[^\s]+\n$", issued.Out);
        Assert.Contains("veltrix key revoke", issued.Error);
    }

    [Fact]
    public async Task Signing_keys_are_made_and_the_one_that_signs_is_not_retired()
    {
        using var folder = new TempFolder();
        await using var server = await VeltrixServer.Start(new ServerOptions { DataFolder = folder.Path, Port = 0 }, TestContext.Current.CancellationToken);
        string[] at = ["--data", folder.Path];

        Assert.Equal(ExitCode.Done, (await Shell.Run(["key", "rotate", "--why", "spring", .. at])).Code);
        JsonNode[] keys = [.. (await Shell.Run(["key", "list", "--json", .. at])).Json["signing_keys"]!.AsArray().Select(key => key!)];
        Assert.Equal(["signs", "next"], keys.Select(key => (string)key["state"]!));

        var refused = await Shell.Run(["key", "retire", (string)keys[0]["id"]!, "--why", "too early", .. at]);
        Assert.Equal(ExitCode.Refused, refused.Code);
        Assert.Contains("veltrix key rotate", refused.Error);
        var unknown = await Shell.Run(["key", "revoke", "0000", "--why", "x", .. at]);
        Assert.Equal(ExitCode.NotFound, unknown.Code);
        Assert.Contains("veltrix key list", unknown.Error);
    }

    [Fact]
    public async Task A_control_database_that_is_away_stops_the_start_with_what_where_and_what_to_do()
    {
        using var folder = new TempFolder();
        folder.Write("hunt-config.yml", "control.database: Host=127.0.0.1;Port=1;Database=veltrix;Username=veltrix\n");

        var ran = await Shell.Run("server", "--port", "0", "--ops-port", "0", "--data", folder.Path);
        Assert.Equal((ExitCode.Failed, ""), (ran.Code, ran.Out));
        Assert.Contains("veltrix: The control database veltrix at 127.0.0.1:1 cannot be reached", ran.Error);
        Assert.Contains("control.database", ran.Error);
    }

    [Theory]
    [InlineData("key issue --scope hunter --name a --why b", "organiser")]
    [InlineData("key issue --name a --why b", "--scope")]
    [InlineData("key issue --scope audit --why b", "--name")]
    [InlineData("key revoke 00", "--why")]
    [InlineData("key rotate", "--why")]
    public async Task What_is_missing_or_strange_is_named(string line, string named)
    {
        var ran = await Shell.Run(line.Split(' '));
        Assert.Equal(ExitCode.Usage, ran.Code);
        Assert.Contains(named, ran.Error);
    }
}
