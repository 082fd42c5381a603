using Veltrix.EventLog.Tests;

namespace Veltrix.Cli.Tests.EndToEnd;

/// <summary>From a data folder to Kafka, the way a small installation grows up.</summary>
[Trait("speed", "slow")]
public sealed class ImportOverKafkaTests(SharedKafka kafka)
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_hunt_moves_from_a_folder_to_Kafka_and_a_server_that_runs_there_plays_on()
    {
        await kafka.Start();
        using var folder = new TempFolder();
        var (small, data, file) = (folder.File("small"), folder.File("server"), folder.File("capitals.ledger"));
        string board;
        using (var up = VeltrixProcess.Start("up", "--port", "0", "--ops-port", "0", "--data", small, "--bots", "40", "--json"))
        {
            await up.NextJson();
            await Task.Delay(TimeSpan.FromSeconds(4), Cancel);
            up.Signal("TERM");
            await up.End();
        }

        // No server runs: the export reads the folder.
        await Does("ledger", "export", "capitals", "--data", small, "--format", "protobuf", "--output", file);
        using (var up = VeltrixProcess.Start("server", "--port", "0", "--ops-port", "0", "--data", small, "--json"))
        {
            await up.NextJson();
            board = (await Does("hunt", "export", "capitals", "--data", small)).Out;
        }

        var config = folder.Write("hunt-config.yml", $"kafka.bootstrap_servers: {kafka.Plaintext}\nkafka.topic_prefix: import-{Guid.NewGuid():N}\n");
        using var server = VeltrixProcess.Start("server", "--port", "0", "--ops-port", "0", "--data", data, "--config", config, "--json");
        await server.NextJson();

        await Does("ledger", "import", file, "--config", config, "--data", folder.File("import"));

        // It looks for hunts that others published every second, and takes over at once: the import said that it goes.
        for (var patience = DateTime.UtcNow + TimeSpan.FromSeconds(20); !(await Shell.Run("hunt", "list", "--data", data)).Out.Contains("capitals"); await Task.Delay(250, Cancel))
            Assert.True(DateTime.UtcNow < patience, $"the server does not find the hunt: {server.Said}");
        Assert.Equal(board, (await Does("hunt", "export", "capitals", "--data", data)).Out);
        Assert.True(board.Split('\n').Length > 10, board);
        await Does("hunt", "announce", "capitals", "On we go", "--data", data);
        Assert.True((bool)(await Does("hunt", "verify", "capitals", "--data", data, "--json")).Json["equal"]!);
        var again = await Shell.Run("ledger", "import", file, "--config", config, "--data", folder.File("import"));
        Assert.Equal(ExitCode.Refused, again.Code);
    }

    static async Task<Ran> Does(params string[] args)
    {
        var ran = await Shell.Run(args);
        Assert.True(ran.Code == ExitCode.Done, $"veltrix {string.Join(' ', args)}: {ran.Out}{ran.Error}");
        return ran;
    }
}
