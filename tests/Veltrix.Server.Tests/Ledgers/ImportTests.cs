using Veltrix.EventLog;
using Veltrix.EventLog.Embedded;
using Veltrix.Server.Ledgers;

namespace Veltrix.Server.Tests.Ledgers;

/// <summary>A played hunt moves from one server to another.</summary>
public class ImportTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData(LedgerForm.Ndjson), InlineData(LedgerForm.Protobuf)]
    public async Task An_imported_hunt_has_the_same_board_the_same_tokens_and_goes_on(LedgerForm form)
    {
        await using var here = await TestServer.Start();
        var (token, file) = await Played(here, form);
        var board = await here.GetText("/v1/hunts/quiz/exports/board.csv");
        await using var there = await TestServer.Start();
        var key = await File.ReadAllBytesAsync(Path.Combine(here.Folder, "token.key"), Cancel);

        await there.Restart(async folder =>
        {
            await File.WriteAllBytesAsync(Path.Combine(folder, "token.key"), key, Cancel);
            await Import(folder, file);
        });

        Assert.Equal(board, await there.GetText("/v1/hunts/quiz/exports/board.csv"));
        Assert.True((bool)(await there.Post("/v1/hunts/quiz/verify", new { }, there.Server.AdminKey))["equal"]!);
        await using var client = await there.Connect("quiz", token);
        Assert.Equal("correct", (string)(await client.Submit(2, "b", "two"))["verdict"]!);
        await there.Join("quiz", "Cleo");
        Assert.True((bool)(await there.Post("/v1/hunts/quiz/verify", new { }, there.Server.AdminKey))["equal"]!);
        Assert.Equal(3, (await there.Get("/v1/hunts/quiz/board"))["teams"]!.GetValue<int>());
    }

    [Fact]
    public async Task A_hunt_that_is_there_is_not_imported_over()
    {
        await using var here = await TestServer.Start();
        var (_, file) = await Played(here, LedgerForm.Protobuf);

        await here.Restart(async folder =>
        {
            var refused = await Assert.ThrowsAsync<EventLogException>(() => Import(folder, file));
            Assert.Equal(EventLogFault.InUse, refused.Fault);
            await Import(folder, file, "quiz-again");
        });

        Assert.Equal(["quiz", "quiz-again"], (await here.Get("/v1/hunts"))["hunts"]!.AsArray().Select(hunt => (string)hunt!["id"]!).Order());
        Assert.Equal(await here.GetText("/v1/hunts/quiz/exports/board.csv"), await here.GetText("/v1/hunts/quiz-again/exports/board.csv"));
        Assert.True((bool)(await here.Post("/v1/hunts/quiz-again/verify", new { }, here.Server.AdminKey))["equal"]!);
    }

    /// <summary>The logs fail after so many appends: at the note, at Took, among the commands, at the decisions, at the last sign of life, at the last note. Whichever it is, nobody sees the hunt, and the same again makes it whole.</summary>
    [Theory, InlineData(0), InlineData(1), InlineData(2), InlineData(5), InlineData(9), InlineData(10), InlineData(11)]
    public async Task An_import_that_broke_off_is_hidden_until_the_same_again_completes_it(int appends)
    {
        await using var here = await TestServer.Start();
        var (_, file) = await Played(here, LedgerForm.Protobuf);
        await using var there = await TestServer.Start();
        await there.Restart(async folder =>
        {
            await using var logs = EmbeddedLogs.Open(Path.Combine(folder, "logs"), TimeProvider.System);
            var breaking = new BreakingLogs(logs, appends);
            await Assert.ThrowsAsync<EventLogException>(() => LedgerImport.Check(breaking, file, null, null, Cancel).Run(folder, "test", null, Cancel));
        });

        Assert.Empty((await there.Get("/v1/hunts"))["hunts"]!.AsArray());
        if (appends > 0)
        {
            Assert.Equal(404, (int)(await there.Join("quiz", "Early"))["http"]!);
            Assert.Equal(503, (int)(await there.Publish(TestServer.Quiz))["http"]!);
        }

        await there.Restart(folder => Import(folder, file));
        Assert.Equal(await here.GetText("/v1/hunts/quiz/exports/board.csv"), await there.GetText("/v1/hunts/quiz/exports/board.csv"));
        Assert.True((bool)(await there.Post("/v1/hunts/quiz/verify", new { }, there.Server.AdminKey))["equal"]!);
        Assert.Equal(201, (int)(await there.Join("quiz", "Late"))["http"]!);
    }

    [Fact]
    public async Task An_import_goes_on_only_with_the_ledger_it_was_begun_with()
    {
        await using var here = await TestServer.Start();
        var (_, file) = await Played(here, LedgerForm.Ndjson);
        await using var there = new Installation();
        await Assert.ThrowsAsync<EventLogException>(() => LedgerImport.Check(new BreakingLogs(there.Logs, 9), file, null, null, Cancel).Run(there.Folder, "test", null, Cancel));
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file, Cancel)).Replace("\"nickname\":\"Ann\"", "\"nickname\":\"Zoe\""), Cancel);

        var refused = await Assert.ThrowsAsync<LedgerFileException>(() => there.Import(file));

        Assert.Contains("another ledger", refused.Message);
    }

    [Fact]
    public async Task Checkpoints_of_a_former_hunt_of_that_id_do_not_survive()
    {
        await using var here = await TestServer.Start();
        var (_, file) = await Played(here, LedgerForm.Protobuf);
        await using var there = new Installation();
        var old = Path.Combine(there.Folder, "checkpoints", "quiz", "00000000000000000064.checkpoint");
        Directory.CreateDirectory(Path.GetDirectoryName(old)!);
        await File.WriteAllTextAsync(old, "of another ledger", Cancel);

        await there.Import(file);

        Assert.False(File.Exists(old));
    }

    static async Task<(string Token, string File)> Played(TestServer server, LedgerForm form)
    {
        await server.Publish(TestServer.Quiz);
        var ann = (string)(await server.Join("quiz", "Ann"))["token"]!;
        await server.Join("quiz", "Bob");
        await using (var client = await server.Connect("quiz", ann)) await client.Submit(1, "a", "one");

        await server.Act("quiz", "adjust", new { team = 1, points = 1, why = "a drawing" });
        await server.Act("quiz", "announce", new { text = "Half time", why = "" });
        var path = Path.Combine(server.Folder, $"quiz.{form}");
        using var response = await server.SendRaw(new HttpRequestMessage(HttpMethod.Get, $"/v1/hunts/quiz/ledger?format={form}"), server.Server.AdminKey);
        await File.WriteAllBytesAsync(path, await response.Content.ReadAsByteArrayAsync(Cancel), Cancel);
        return (ann, path);
    }

    static async Task Import(string folder, string file, string? asHunt = null)
    {
        await using var logs = await DataFolder.OpenLogs(folder, config: null, TimeProvider.System, Cancel);
        await LedgerImport.Check(logs, file, asHunt, null, Cancel).Run(folder, "test", null, Cancel);
    }

    /// <summary>Takes so many appends, and then no more: a disk that is full, as a kill leaves it.</summary>
    sealed class BreakingLogs(IEventLogs logs, int appends) : IEventLogs
    {
        int left = appends;

        public bool AreShared => false;

        public async Task<IEventLog> Open(string name, CancellationToken cancel) => new Log(this, await logs.Open(name, cancel));

        public Task<IReadOnlyList<string>> List(CancellationToken cancel) => logs.List(cancel);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        bool IsBroken => Interlocked.Decrement(ref left) < 0;

        sealed class Log(BreakingLogs logs, IEventLog log) : IEventLog
        {
            public int MaxRecordBytes => log.MaxRecordBytes;

            public long End => log.End;

        public Task<long> AskEnd(CancellationToken cancel) => log.AskEnd(cancel);

            public Task<long> Append(ReadOnlyMemory<byte> record) => logs.IsBroken ? Broken() : log.Append(record);

            // The first half of a batch goes in, as a kill in the middle of it may have it.
            public async Task<long> Append(IReadOnlyList<ReadOnlyMemory<byte>> records)
            {
                if (!logs.IsBroken) return await log.Append(records);
                if (records.Count > 1) await log.Append([.. records.Take(records.Count / 2)]);
                return await Broken();
            }

            public IEventLogReader Read(long after) => log.Read(after);

            public Task TruncateBefore(long position) => log.TruncateBefore(position);

            public ValueTask DisposeAsync() => log.DisposeAsync();

            static Task<long> Broken() => Task.FromException<long>(new EventLogException(EventLogFault.DiskFull, "the test's disk is full"));
        }
    }
}
