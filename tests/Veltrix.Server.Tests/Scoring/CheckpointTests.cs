using System.Security.Cryptography;
using Veltrix.EventLog;
using Veltrix.Hunts;
using Veltrix.Server.Leaderboards;
using Veltrix.Server.Scoring;
using Proto = Veltrix.Wire.Checkpoint;

namespace Veltrix.Server.Tests.Scoring;

/// <summary>Checkpoints make a start faster and nothing else: with good ones, bad ones or none a hunt is the same.</summary>
public sealed class CheckpointTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("veltrix-test-").FullName;
    readonly Checkpoints checkpoints;

    /// <summary>A fold of the hunt <c>game</c> at position 40.</summary>
    readonly Folded folded = Games.Fold(Games.Ledger(
    [
        (0, Envelope.Of(CommandId.None, new Command.Publish(Definition("game"), false))),
        (1, Envelope.Of(CommandId.None, new Command.Open())),
        (2, Envelope.Of(new CommandId("h", "i", 1), new Command.Join("Ada", new TeamChoice.Alone()))),
    ]));

    public CheckpointTests() => checkpoints = new Checkpoints(folder, "game");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void The_newest_one_is_read_and_two_are_kept()
    {
        foreach (var position in new long[] { 10, 20, 30, 40 }) checkpoints.Write(position, At(position));
        Assert.Equal(40, checkpoints.Newest(100).Position);
        Assert.Equal([40, 30], checkpoints.All().Select(c => c.Position));
        Assert.Equal(2, Directory.GetFiles(folder).Length);
    }

    [Fact]
    public void None_or_no_folder_is_a_fold_of_nothing()
    {
        Assert.Equal(0, checkpoints.Newest(100).Position);
        Assert.Equal(0, new Checkpoints(Path.Combine(folder, "missing"), "game").Newest(100).Position);
        Assert.Empty(new Checkpoints(Path.Combine(folder, "missing"), "game").All());
    }

    public static TheoryData<string, byte[]?> Bad => new()
    {
        { "torn", null },
        { "empty", [] },
        { "shorter than a digest", new byte[20] },
        { "only zeros", new byte[4096] },
        { "no checkpoint, with a right digest", Digested([0xFF, 0xFF, 0xFF]) },
        { "of nothing, with a right digest", Digested([0x08, CheckpointCodec.Version]) },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public void A_bad_one_is_passed_over_for_the_one_before(string what, byte[]? bytes)
    {
        checkpoints.Write(30, At(30));
        checkpoints.Write(40, At(40));
        var path = Path.Combine(folder, 40.ToString("D20") + ".checkpoint");
        File.WriteAllBytes(path, bytes ?? File.ReadAllBytes(path)[..^1]);
        Assert.True(checkpoints.Newest(100).Position == 30, what);
    }

    [Fact]
    public void One_of_another_version_of_another_hunt_or_beyond_the_end_is_passed_over()
    {
        checkpoints.Write(20, At(20));
        var newer = Proto.Checkpoint.Parser.ParseFrom(At(30));
        newer.Version++;
        checkpoints.Write(30, Google.Protobuf.MessageExtensions.ToByteArray(newer));
        Assert.Equal(20, checkpoints.Newest(100).Position);

        var other = Proto.Checkpoint.Parser.ParseFrom(At(40));
        other.Definition = Definition("other");
        checkpoints.Write(40, Google.Protobuf.MessageExtensions.ToByteArray(other));
        checkpoints.Write(20, At(20));
        Assert.Equal(0, checkpoints.Newest(100).Position); // two are kept, and both are of no use here

        Directory.Delete(folder, recursive: true);
        checkpoints.Write(20, At(20));
        checkpoints.Write(50, At(50));
        Assert.Equal(20, checkpoints.Newest(49).Position);
    }

    [Fact]
    public void A_file_of_another_name_is_left_alone()
    {
        checkpoints.Write(40, At(40));
        File.Copy(Path.Combine(folder, 40.ToString("D20") + ".checkpoint"), Path.Combine(folder, "my-copy.checkpoint"));
        File.WriteAllText(Path.Combine(folder, "00000000000000000050.checkpoint.new"), "half of o");
        Assert.Equal(40, checkpoints.Newest(100).Position);
        Assert.Single(checkpoints.All());
        foreach (var position in new long[] { 50, 60, 70 }) checkpoints.Write(position, At(position));
        Assert.True(File.Exists(Path.Combine(folder, "my-copy.checkpoint")));
    }

    [Fact]
    public async Task With_and_without_checkpoints_a_folder_folds_to_the_same_bytes()
    {
        await using var server = await Played();
        await server.Restart(async data =>
        {
            await using var logs = DataFolder.OpenLogs(data, TimeProvider.System);
            var ledger = await logs.Open("quiz/ledger", TestContext.Current.CancellationToken);
            var own = new Checkpoints(Path.Combine(data, "checkpoints", "quiz"), "quiz");
            Assert.NotEqual(0, own.Newest(ledger.End).Position);
            Assert.Equal(Snapshot(ledger, Folded.Nothing), Snapshot(ledger, own.Newest(ledger.End)));
        });
    }

    [Fact]
    public async Task Verification_finds_a_healthy_hunt_equal_and_names_what_was_doctored()
    {
        await using var server = await Played();
        Assert.Equal((true, 0), Read(await server.Post("/v1/hunts/quiz/verify", new { }, server.Server.AdminKey)));
        await server.Restart(async data =>
        {
            var healthy = await Verification.OfFolder(data, "quiz", TimeProvider.System, TestContext.Current.CancellationToken);
            Assert.True(healthy.Equal, string.Join(", ", healthy.Differences));
            Assert.Equal(4, healthy.Records);
            await Assert.ThrowsAsync<KeyNotFoundException>(() => Verification.OfFolder(data, "nowhere", TimeProvider.System, TestContext.Current.CancellationToken));

            var own = new Checkpoints(Path.Combine(data, "checkpoints", "quiz"), "quiz");
            var (position, fold) = own.All().First();
            var doctored = Proto.Checkpoint.Parser.ParseFrom(fold);
            doctored.Teams[0].Score += 100;
            own.Write(position, Google.Protobuf.MessageExtensions.ToByteArray(doctored));
            var found = await Verification.OfFolder(data, "quiz", TimeProvider.System, TestContext.Current.CancellationToken);
            Assert.False(found.Equal);
            Assert.Contains(found.Differences, d => d.StartsWith($"checkpoint {position}: team 0 has score 101", StringComparison.Ordinal));
            Assert.Contains(found.Differences, d => d.StartsWith("live state: team 0 has score 101", StringComparison.Ordinal));

            File.WriteAllBytes(Path.Combine(data, "checkpoints", "quiz", position.ToString("D20") + ".checkpoint"), Digested([0xFF, 0xFF]));
            var unreadable = await Verification.OfFolder(data, "quiz", TimeProvider.System, TestContext.Current.CancellationToken);
            Assert.Contains(unreadable.Differences, d => d.Contains("cannot be read"));

            own.Write(position, fold);
            own.Write(1_000_000_000, fold);
            Assert.Contains((await Verification.OfFolder(data, "quiz", TimeProvider.System, TestContext.Current.CancellationToken)).Differences, d => d.Contains("beyond the ledger's end"));
        });

        static (bool, int) Read(System.Text.Json.Nodes.JsonNode report) => ((bool)report["equal"]!, report["differences"]!.AsArray().Count);
    }

    /// <summary>A server on which Ada has one point.</summary>
    static async Task<TestServer> Played()
    {
        var server = await TestServer.Start();
        await server.Publish(TestServer.Quiz);
        await using var live = await server.Connect("quiz", (string)(await server.Join("quiz", "Ada"))["token"]!);
        await live.Submit(1, "a", "one");
        return server;
    }

    static byte[] Snapshot(IEventLog ledger, Folded start)
    {
        var view = new HuntView("quiz", ledger, start, TimeProvider.System);
        using var reader = ledger.Read(start.Position);
        while (reader.ReadAvailable(100) is { Count: > 0 } batch) view.Fold(batch);
        return view.Snapshot();
    }

    byte[] At(long position) => CheckpointCodec.Encode(folded with { Position = position });

    static byte[] Digested(byte[] fold) => [.. SHA256.HashData(fold), .. fold];

    static string Definition(string id) => $"hunt: {id}\ntitle: T\nchallenges:\n  - {{ id: a, points: 1, answers: [x] }}\n";
}
