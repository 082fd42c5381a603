using System.Collections.Concurrent;
using System.Data.Common;
using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.Logging;
using Veltrix.Hosting;

namespace Veltrix.Control.Tests;

/// <summary>What control data promise, whichever database holds them.</summary>
public abstract class ControlContract : IAsyncLifetime
{
    /// <summary>A revocation is heard of within this by every server.</summary>
    protected static readonly TimeSpan HeardWithin = TimeSpan.FromSeconds(5);

    readonly List<IAsyncDisposable> opened = [];

    protected string Folder { get; } = Directory.CreateTempSubdirectory("veltrix-control-").FullName;

    protected Said Log { get; } = new();

    /// <summary>What the settings say about where it is.</summary>
    protected abstract string Config { get; }

    /// <summary>The database past what is tested.</summary>
    protected abstract DbConnection Direct();

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public virtual ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public virtual async ValueTask DisposeAsync()
    {
        foreach (var store in opened) await store.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>As a server does it: opens, and renews in the background.</summary>
    /// <param name="folder">Its data folder; null: the one of the test.</param>
    protected async Task<ControlStore> Open(string? folder = null, TimeProvider? clock = null)
    {
        var store = await ControlStore.Open(folder ?? Folder, SettingsOf(Config), clock ?? TimeProvider.System, Log, Cancel);
        var stop = new CancellationTokenSource();
        var running = Task.Run(() => store.Run(stop.Token), CancellationToken.None);
        var ending = new Ending(async () =>
        {
            await stop.CancelAsync();
            await running;
            await store.DisposeAsync();
        });
        // Some tests open several at once.
        lock (opened) opened.Insert(0, ending);
        return store;
    }

    protected static Settings SettingsOf(string config)
    {
        var settings = new Settings();
        Assert.True(settings.Load(ConfigFile.Read("hunt-config.yml", config)).Ok, config);
        return settings;
    }

    /// <returns>How long it took.</returns>
    protected static async Task<TimeSpan> Until(Func<bool> holds, TimeSpan patience)
    {
        var since = Stopwatch.StartNew();
        while (!holds())
        {
            Assert.True(since.Elapsed < patience, $"not within {patience}");
            await Task.Delay(20, Cancel);
        }

        return since.Elapsed;
    }

    protected static Task<AccessKey> Issue(ControlStore store, string name = "anna") => store.Issue(2, "quiz", name, null, "admin", "runs the evening", Cancel);

    protected async Task Execute(string sql)
    {
        await using var connection = Direct();
        await connection.OpenAsync(Cancel);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(Cancel);
    }

    [Fact]
    public async Task A_key_that_was_given_out_has_what_was_said_of_it_and_holds()
    {
        var store = await Open();
        var until = DateTimeOffset.UtcNow.AddDays(2);
        var key = await store.Issue(6, "*", "Ünïcödé 'quoted' \"name\"", until, "admin", "why; DROP TABLE access_keys", Cancel);

        Assert.Equal(key, store.Now.Access[key.Id]);
        Assert.Equal((6, "*", "Ünïcödé 'quoted' \"name\"", until.ToUnixTimeMilliseconds(), "admin", "why; DROP TABLE access_keys"), (key.Scopes, key.Hunt, key.Name, key.UntilMs, key.IssuedBy, key.Why));
        Assert.Equal(store.Now.Signs.Id, key.SignedBy);
        Assert.Equal([key], (await store.List(Cancel)).Access);
    }

    [Fact]
    public async Task Keys_are_there_after_a_restart()
    {
        var store = await Open();
        var kept = await Issue(store, "kept");
        var ended = await Issue(store, "ended");
        await store.Revoke(ended.Id, "admin", "over", Cancel);

        var again = await Open();
        Assert.Equal([kept.Id], again.Now.Access.Keys);
        Assert.Equal(store.Now.Signs.Id, again.Now.Signs.Id);
        Assert.Equal(2, (await again.List(Cancel)).Access.Count);
    }

    [Fact]
    public async Task What_is_taken_back_is_gone_at_once_here_and_within_seconds_everywhere_and_who_and_why_are_kept()
    {
        var (here, there) = (await Open(), await Open());
        var key = await Issue(here);
        await Until(() => there.Now.Access.ContainsKey(key.Id), HeardWithin);

        var revoked = await here.Revoke(key.Id, "bea", "the evening is over", Cancel);
        Assert.Empty(here.Now.Access);
        await Until(() => there.Now.Access.Count == 0, HeardWithin);
        Assert.Equal(("bea", "the evening is over"), (revoked.RevokedBy, revoked.RevokedWhy));

        // The first reason stays.
        Assert.Equal(revoked, await there.Revoke(key.Id, "carl", "again", Cancel));
    }

    [Fact]
    public async Task A_key_that_never_was_cannot_be_taken_back()
    {
        var store = await Open();
        await Issue(store);
        Assert.Equal(ControlFault.KeyUnknown, (await Assert.ThrowsAsync<ControlException>(() => store.Revoke("0000", "admin", "why", Cancel))).Fault);
        Assert.Equal(ControlFault.KeyUnknown, (await Assert.ThrowsAsync<ControlException>(() => store.Retire("0000", "admin", "why", Cancel))).Fault);
    }

    [Fact]
    public async Task A_new_signing_key_signs_once_every_server_knows_it_and_the_old_one_verifies_until_it_is_retired()
    {
        var (here, there) = (await Open(), await Open());
        var old = here.Now.Signs;
        var access = await Issue(here);
        var made = await here.Rotate("admin", "spring", Cancel);

        Assert.Equal([made.Id, old.Id], here.Now.Verify.Select(key => key.Id));
        Assert.Equal(old.Id, here.Now.Signs.Id);
        // It is the one that still signs.
        Assert.Equal(ControlFault.KeyInUse, (await Assert.ThrowsAsync<ControlException>(() => here.Retire(old.Id, "admin", "early", Cancel))).Fault);
        await Until(() => there.Now.Verify.Length == 2, HeardWithin);
        Assert.Equal(old.Id, there.Now.Signs.Id);
        await Until(() => here.Now.Signs.Id == made.Id && there.Now.Signs.Id == made.Id, ControlKeys.SignsAfter + HeardWithin);

        Assert.Equal(ControlFault.KeyInUse, (await Assert.ThrowsAsync<ControlException>(() => here.Retire(made.Id, "admin", "wrong", Cancel))).Fault);
        await here.Retire(old.Id, "bea", "a backup was lost", Cancel);
        await Until(() => there.Now.Verify.Length == 1, HeardWithin);
        // What it signed ends with it.
        Assert.Empty(there.Now.Access);
        Assert.Contains(access.Id, (await there.List(Cancel)).Access.Select(key => key.Id));
        Assert.Equal(("bea", "a backup was lost"), (await there.List(Cancel)).Signing.Select(key => (key.RetiredBy, key.RetiredWhy)).First());
    }

    [Fact]
    public async Task There_are_at_most_so_many_signing_keys_also_when_all_rotate_at_once()
    {
        var stores = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Open()));
        var came = await Task.WhenAll(stores.Select(async (store, i) =>
        {
            try
            {
                return (await store.Rotate($"server {i}", "all at once", Cancel)).Number;
            }
            catch (ControlException error) when (error.Fault == ControlFault.KeysFull)
            {
                return 0;
            }
        }));

        Assert.Equal([0, 2, 3, 4], came.Order());
        await Until(() => stores.All(store => store.Now.Verify.Length == ControlStore.SigningKeysMax), HeardWithin);
    }

    [Fact]
    public async Task Those_who_change_something_at_once_all_get_it_done()
    {
        var (here, there) = (await Open(), await Open());
        var keys = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Issue(i % 2 == 0 ? here : there, $"{i}")));
        await Task.WhenAll(keys.Where((_, i) => i % 4 == 0).Select((key, i) => (i % 2 == 0 ? there : here).Revoke(key.Id, "admin", "half", Cancel)));

        await Until(() => here.Now.Access.Count == 30 && there.Now.Access.Count == 30, HeardWithin);
        Assert.Equal(40, (await here.List(Cancel)).Access.Count);
    }

    [Fact]
    public async Task The_key_in_the_data_folder_is_the_first_one_so_tokens_given_out_before_stay_valid()
    {
        var secret = ControlKeys.OfFolder(Folder).Signs.Secret;
        var store = await Open();
        await Issue(store);
        Assert.Equal(secret, store.Now.Signs.Secret);
        Assert.Equal(secret, (await Open()).Now.Signs.Secret);
    }

    [Fact]
    public async Task A_database_of_the_oldest_form_is_brought_up_to_date_with_what_is_in_it()
    {
        await using (var context = Context())
        {
            await context.GetService<IMigrator>().MigrateAsync("00000000000001_signing_keys", Cancel);
            context.Add(SigningKey.Of([.. Enumerable.Range(0, 32).Select(i => (byte)i)], 1, DateTimeOffset.UnixEpoch, "a server of old", "the first key"));
            await context.SaveChangesAsync(Cancel);
            await Assert.ThrowsAnyAsync<Exception>(() => context.AccessKeys.ToListAsync(Cancel));
        }

        var store = await Open();
        Assert.Equal("a server of old", Assert.Single(store.Now.Verify).MadeBy);
        Assert.Equal(store.Now.Signs.Id, (await Issue(store)).SignedBy);
    }

    [Fact]
    public async Task A_database_that_a_newer_program_has_used_is_refused_with_what_to_do_and_left_as_it_is()
    {
        await Issue(await Open());
        await Execute("""INSERT INTO "__EFMigrationsHistory" VALUES ('00000000000099_of_the_future', '12.0.0')""");

        var refused = await Assert.ThrowsAsync<ControlException>(() => Open());
        Assert.Equal(ControlFault.ControlNewer, refused.Fault);
        Assert.Contains("00000000000099_of_the_future", refused.Message);
        Assert.Contains("newer version", refused.Remedy);
    }

    [Fact]
    public async Task The_tables_are_what_the_program_takes_them_for()
    {
        await Issue(await Open());
        await using var context = Context();
        // Every column is there, under its name.
        foreach (var table in context.Model.GetEntityTypes())
        {
            var columns = table.GetProperties().Select(property => property.GetColumnName()).ToList();
            await Execute($"SELECT {string.Join(", ", columns)} FROM {table.GetTableName()}");
            Assert.Equal(columns.Order(), (await Columns(table.GetTableName()!)).Order());
        }
    }

    [Fact]
    public async Task Servers_that_start_at_once_agree_on_one_key()
    {
        var servers = Enumerable.Range(0, 6).Select(_ => Start()).ToList();
        try
        {
            foreach (var server in servers) Assert.Equal("ready", await server.StandardOutput.ReadLineAsync(Cancel));
            foreach (var server in servers) await server.StandardInput.WriteLineAsync();
            var keys = new List<string>();
            foreach (var server in servers) keys.Add(await server.StandardOutput.ReadLineAsync(Cancel) ?? await server.StandardError.ReadToEndAsync(Cancel));
            Assert.True(keys.Distinct().Count() == 1 && keys[0].Length == 8, string.Join('\n', keys));
        }
        finally
        {
            foreach (var server in servers)
            {
                if (!server.HasExited) server.Kill();
                server.Dispose();
            }
        }
    }

    /// <summary>The folder of one of several servers that start at once.</summary>
    protected abstract string FolderOfServer();

    internal ControlContext Context() => Database.Of(SettingsOf(Config).Get(Keys.ControlDatabase), SettingsOf(Config).Get(Keys.ControlPasswordFile), Folder).Open();

    async Task<List<string>> Columns(string table)
    {
        await using var connection = Direct();
        await connection.OpenAsync(Cancel);
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT * FROM {table}";
        await using var reader = await command.ExecuteReaderAsync(Cancel);
        return [.. Enumerable.Range(0, reader.FieldCount).Select(reader.GetName)];
    }

    Process Start()
    {
        var (connection, password) = (SettingsOf(Config).Get(Keys.ControlDatabase), SettingsOf(Config).Get(Keys.ControlPasswordFile));
        string[] arguments = ["keys", FolderOfServer(), connection, password.Length == 0 ? "none" : password];
        var dll = typeof(ControlContract).Assembly.Location;
        return Process.Start(new ProcessStartInfo(Environment.ProcessPath!, Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet" ? [dll, .. arguments] : arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
    }

    sealed class Ending(Func<Task> end) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await end();
    }

    /// <summary>What was logged.</summary>
    protected sealed class Said : ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Enqueue(formatter(state, exception));
    }
}
