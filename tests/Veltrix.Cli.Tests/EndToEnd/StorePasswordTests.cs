using Veltrix.Gate.Tests;

namespace Veltrix.Cli.Tests.EndToEnd;

/// <summary>Every role gets into a Redis that wants a password, from the file that its settings name.</summary>
[Trait("speed", "slow")]
public sealed class StorePasswordTests
{
    [Fact]
    public async Task Server_governor_and_orchestrator_read_it_and_say_what_is_wrong_with_the_file()
    {
        using var redis = await RedisServer.Start("--requirepass", "secret");
        if (redis is null) Assert.Skip(RedisServer.Missing(RedisServer.Redis));
        using var folder = new TempFolder();
        var password = folder.Write("password", "secret\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(password, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        var config = folder.Write("hunt-config.yml", $"redis.password_file: {password}\n");
        string[] common = ["--redis", $"redis://{redis.Endpoint}", "--config", config, "--json"];

        using var governor = VeltrixProcess.Start(["governor", "--listen", "127.0.0.1:0", "--http-port", "0", "--data", folder.File("governor"), .. common]);
        var said = await governor.NextJson();
        string[][] roles =
        [
            ["server", "--port", "0", "--ops-port", "0", "--data", folder.File("server"), .. common],
            ["orchestrator", "--governor", (string)said["grpc"]!, "--token-file", (string)said["token_file"]!, "--listen", "127.0.0.1:0", .. common],
        ];
        foreach (var role in roles)
        {
            using var process = VeltrixProcess.Start(role);
            Assert.True((bool)(await process.NextJson())["ready"]!);
            await Fleet.Until("it warns of the open file", () => Task.FromResult(process.Said.Contains("chmod 400", StringComparison.Ordinal)));
        }

        File.Delete(password);
        foreach (var role in roles.Append(["governor", "--listen", "127.0.0.1:0", "--http-port", "0", "--data", folder.File("another"), .. common]))
        {
            using var process = VeltrixProcess.Start(role);
            var ended = await process.End();
            Assert.NotEqual(0, ended.Code);
            Assert.Contains($"redis.password_file ({config}:1) names {password}, which is not there", ended.Error, StringComparison.Ordinal);
        }
    }
}
