using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.Logging;
using Veltrix.Hosting;

namespace Veltrix.Control;

/// <summary>How the control database is.</summary>
/// <param name="Database">Where it is, without secrets.</param>
/// <param name="At">When keys were last read.</param>
/// <param name="Trouble">Why they cannot be read now; null: they can.</param>
public sealed record ControlStatus(string Database, DateTimeOffset At, string? Trouble);

/// <summary>A control database as it was found.</summary>
/// <param name="Version">What keeps it, with its version; null: there is none yet, and the first who needs it makes it.</param>
/// <param name="Pending">Changes of its tables that the next server to start makes.</param>
/// <param name="Lacks">Rights that the user needs and has not, each with the statement that gives it.</param>
public sealed record ControlState(string Database, string? Version, IReadOnlyList<string> Pending, IReadOnlyList<string> Lacks);

/// <summary>
/// Control data: the signing keys that all servers of a fleet share, and the access keys that were given out. Kept in <c>control.db</c> of the data folder or in PostgreSQL, as
/// <c>control.database</c> says; changing that while servers run leads them to the other one.
/// </summary>
/// <remarks>
/// <para>Nobody who checks a token asks a database: <see cref="Now"/> is a snapshot that <see cref="Run"/> renews every <see cref="Every"/>, and whoever changes something at once. While the database is
/// away the last snapshot holds.</para>
/// <para>A data folder without <c>control.db</c> has one signing key, the one in <c>token.key</c>, and no access keys. The file is made, with that key as its first, when somebody first issues or
/// rotates. A PostgreSQL without keys takes the first key from the server that comes first.</para>
/// <para>Thread-safe.</para>
/// </remarks>
public sealed partial class ControlStore : IAsyncDisposable
{
    /// <summary>How old the snapshot may become.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    /// <summary>Each token that is no good costs one signature a key.</summary>
    public const int SigningKeysMax = 4;

    readonly string folder;
    readonly Settings settings;
    readonly TimeProvider clock;
    readonly ILogger logger;
    // One reads or changes at a time, so that no older snapshot replaces a newer one.
    readonly SemaphoreSlim turn = new(1);
    Database database;
    (string Connection, string PasswordFile) asSet;
    volatile ControlKeys? now;
    volatile ControlStatus status;

    ControlStore(string folder, Settings settings, TimeProvider clock, ILogger logger)
    {
        (this.folder, this.settings, this.clock, this.logger) = (folder, settings, clock, logger);
        asSet = AsSet();
        database = Of(asSet);
        status = new ControlStatus(database.Name, clock.GetUtcNow(), null);
    }

    /// <summary>The keys as last read.</summary>
    public ControlKeys Now => now!;

    public ControlStatus Status => status;

    /// <summary>There are other keys now. Called on the thread that read them; must not throw.</summary>
    public event Action? Changed;

    /// <summary>Opens the database that is set, brings its tables up to date, makes the first key, and reads all.</summary>
    /// <exception cref="ControlException">It cannot be used; says why and what to do.</exception>
    /// <exception cref="InvalidDataException"><c>token.key</c> is damaged.</exception>
    public static async Task<ControlStore> Open(string dataFolder, Settings settings, TimeProvider clock, ILogger logger, CancellationToken cancel)
    {
        var store = new ControlStore(dataFolder, settings, clock, logger);
        try
        {
            if (store.database.Exists) await store.Use(store.database, cancel);
            else store.Take(ControlKeys.OfFolder(dataFolder));
            return store;
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    /// <summary>Looks at the database that is set and changes nothing.</summary>
    /// <exception cref="ControlException">It cannot be used.</exception>
    public static async Task<ControlState> Examine(string dataFolder, Settings settings, CancellationToken cancel)
    {
        await using var database = Database.Of(settings.Get(Keys.ControlDatabase), settings.Get(Keys.ControlPasswordFile), dataFolder);
        if (!database.Exists) return new ControlState(database.Name, null, [], []);
        try
        {
            await using var context = database.Open();
            await IsUpToDate(context, database, cancel);
            var pending = (await context.Database.GetPendingMigrationsAsync(cancel)).ToList();
            return new ControlState(database.Name, await database.Version(context, cancel), pending, await database.Lacks(context, pending.Count > 0, cancel));
        }
        catch (Exception error) when (error is not (ControlException or OperationCanceledException))
        {
            throw database.Explain(error);
        }
    }

    /// <summary>Renews the snapshot until cancelled.</summary>
    public async Task Run(CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(Every, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(cancel)) await Look(cancel);
        }
        catch (OperationCanceledException)
        {
        }
    }

    /// <summary>Gives out a key. Other servers know it after <see cref="Every"/>.</summary>
    /// <param name="who">Who gives it.</param>
    /// <exception cref="ControlException">It could not be written.</exception>
    public Task<AccessKey> Issue(int scopes, string hunt, string name, DateTimeOffset? until, string who, string why, CancellationToken cancel) => Change(async context =>
    {
        var key = new AccessKey
        {
            Id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)), Scopes = scopes, Hunt = hunt, Name = name, IssuedMs = NowMs, IssuedBy = who, Why = why,
            UntilMs = until?.ToUnixTimeMilliseconds(), SignedBy = Now.Signs.Id,
        };
        context.Add(key);
        await context.SaveChangesAsync(cancel);
        return key;
    }, cancel);

    /// <summary>Takes a key back, for good. A second time changes nothing.</summary>
    /// <exception cref="ControlException">There is no such key, or it could not be written.</exception>
    public Task<AccessKey> Revoke(string id, string who, string why, CancellationToken cancel) => Change(async context =>
    {
        var at = NowMs;
        await context.AccessKeys.Where(key => key.Id == id && key.RevokedMs == null)
            .ExecuteUpdateAsync(row => row.SetProperty(key => key.RevokedMs, at).SetProperty(key => key.RevokedBy, who).SetProperty(key => key.RevokedWhy, why), cancel);
        return await context.AccessKeys.AsNoTracking().SingleOrDefaultAsync(key => key.Id == id, cancel) ?? throw Unknown(id);
    }, cancel);

    /// <summary>Makes a key that signs from now on, or rather <see cref="ControlKeys.SignsAfter"/> later; the older ones still verify.</summary>
    /// <exception cref="ControlException">There are <see cref="SigningKeysMax"/> already, or it could not be written.</exception>
    public Task<SigningKey> Rotate(string who, string why, CancellationToken cancel) => Change(async context =>
    {
        if (await context.SigningKeys.CountAsync(key => key.RetiredMs == null, cancel) >= SigningKeysMax)
            throw new ControlException(ControlFault.KeysFull, $"There are {SigningKeysMax} signing keys, and no more may be at once.", "Retire the oldest; what it signed ends with it.");
        var key = SigningKey.Of(SigningKey.NewSecret(), await context.SigningKeys.MaxAsync(key => key.Number, cancel) + 1, clock.GetUtcNow(), who, why);
        context.Add(key);
        await context.SaveChangesAsync(cancel);
        return key;
    }, cancel);

    /// <summary>Ends everything that a signing key signed. A second time changes nothing.</summary>
    /// <exception cref="ControlException">There is no such key, it is the newest or the one that still signs, or it could not be written.</exception>
    public Task<SigningKey> Retire(string id, string who, string why, CancellationToken cancel) => Change(async context =>
    {
        var all = await context.SigningKeys.AsNoTracking().OrderBy(key => key.Number).ToListAsync(cancel);
        var key = all.Find(key => key.Id == id) ?? throw Unknown(id);
        if (key.RetiredMs is not null) return key;
        if (key == all[^1] || id == new ControlKeys(all.Where(other => other.RetiredMs is null), [], clock.GetUtcNow()).Signs.Id)
            throw new ControlException(
                ControlFault.KeyInUse, $"The signing key {id} is the one that signs.", $"Make another with 'veltrix key rotate'; it signs {ControlKeys.SignsAfter.TotalSeconds:0} s later, and then this one can be retired.");
        key = key with { RetiredMs = NowMs, RetiredBy = who, RetiredWhy = why };
        context.Update(key);
        await context.SaveChangesAsync(cancel);
        return key;
    }, cancel);

    /// <summary>All keys there have ever been, oldest first.</summary>
    /// <exception cref="ControlException">They could not be read.</exception>
    public async Task<(IReadOnlyList<SigningKey> Signing, IReadOnlyList<AccessKey> Access)> List(CancellationToken cancel)
    {
        var from = database;
        if (!from.Exists) return (Now.Verify, []);
        try
        {
            return await ReadAll(from, cancel);
        }
        catch (Exception error) when (error is not (ControlException or OperationCanceledException))
        {
            throw from.Explain(error);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await database.DisposeAsync();
        turn.Dispose();
    }

    long NowMs => clock.GetUtcNow().ToUnixTimeMilliseconds();

    (string, string) AsSet() => (settings.Get(Keys.ControlDatabase), settings.Get(Keys.ControlPasswordFile));

    Database Of((string Connection, string PasswordFile) set) => Database.Of(set.Connection, set.PasswordFile, folder);

    static ControlException Unknown(string id) => new(ControlFault.KeyUnknown, $"There is no key {id}.", "'veltrix key list' shows all.");

    /// <summary>One look. What is wrong is said once, and what was read before goes on.</summary>
    async Task Look(CancellationToken cancel)
    {
        await turn.WaitAsync(cancel);
        try
        {
            if (AsSet() != asSet) await Move(cancel);
            else if (database.Exists) Take(await Read(database, cancel));
        }
        catch (Exception error) when (!cancel.IsCancellationRequested)
        {
            Miss(error as ControlException ?? database.Explain(error));
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Goes to the database that is set now, once that is fit for use.</summary>
    async Task Move(CancellationToken cancel)
    {
        var set = AsSet();
        var next = Of(set);
        try
        {
            if (next.Exists) await Use(next, cancel);
            else Take(ControlKeys.OfFolder(folder));
        }
        catch
        {
            await next.DisposeAsync();
            throw;
        }

        var last = database;
        (database, asSet) = (next, set);
        status = status with { Database = next.Name };
        LogMoved(next.Name);
        await last.DisposeAsync();
    }

    async Task<T> Change<T>(Func<ControlContext, Task<T>> change, CancellationToken cancel)
    {
        await turn.WaitAsync(cancel);
        try
        {
            if (!database.Exists) await Use(database, cancel);
            await using var context = database.Open();
            await using var transaction = await context.Database.BeginTransactionAsync(cancel);
            await database.Lock(context, cancel);
            var result = await change(context);
            await transaction.CommitAsync(cancel);
            Take(await Read(database, cancel));
            return result;
        }
        catch (Exception error) when (error is not (ControlException or OperationCanceledException))
        {
            throw database.Explain(error);
        }
        finally
        {
            turn.Release();
        }
    }

    async Task Use(Database next, CancellationToken cancel)
    {
        try
        {
            await Prepare(next, cancel);
            Take(await Read(next, cancel));
        }
        catch (Exception error) when (error is not (ControlException or OperationCanceledException or InvalidDataException))
        {
            throw next.Explain(error);
        }
    }

    /// <summary>
    /// Brings the tables up to date and makes the first key, all in one transaction and under a lock: of servers that start at once one does it, and the others find it done.
    /// </summary>
    async Task Prepare(Database next, CancellationToken cancel)
    {
        await using var context = next.Open();
        // The usual start: one question, and no lock.
        if (await IsUpToDate(context, next, cancel)) return;
        await using var transaction = await context.Database.BeginTransactionAsync(cancel);
        await next.Lock(context, cancel);
        // A question to a table that is not there would end the transaction in PostgreSQL.
        await context.GetService<IHistoryRepository>().CreateIfNotExistsAsync(cancel);
        if (await IsUpToDate(context, next, cancel)) return;
        await context.Database.MigrateAsync(cancel);
        if (!await context.SigningKeys.AnyAsync(cancel))
        {
            var known = now?.Signs.Secret ?? SigningKey.ReadSecret(folder);
            context.Add(SigningKey.Of(
                known ?? SigningKey.NewSecret(), 1, clock.GetUtcNow(), Environment.MachineName, known is null ? "the first key" : "the first key, the one that tokens of this server were signed with"));
            await context.SaveChangesAsync(cancel);
        }

        await transaction.CommitAsync(cancel);
        LogPrepared(next.Name);
    }

    static async Task<bool> IsUpToDate(ControlContext context, Database next, CancellationToken cancel)
    {
        var known = context.Database.GetMigrations().ToList();
        var applied = (await context.Database.GetAppliedMigrationsAsync(cancel)).ToList();
        if (applied.Except(known).ToList() is [var strange, ..])
            throw new ControlException(
                ControlFault.ControlNewer, $"The control database {next.Name} was used by a newer version of this program: it has {strange}, and this one knows up to {known[^1]}.",
                "Start that newer version, or put back a backup from before it.");
        return applied.Count == known.Count;
    }

    async Task<ControlKeys> Read(Database from, CancellationToken cancel)
    {
        await using var context = from.Open();
        var signing = await context.SigningKeys.AsNoTracking().Where(key => key.RetiredMs == null).ToListAsync(cancel);
        var access = await context.AccessKeys.AsNoTracking().Where(key => key.RevokedMs == null).ToListAsync(cancel);
        return new ControlKeys(signing, access, clock.GetUtcNow());
    }

    static async Task<(IReadOnlyList<SigningKey>, IReadOnlyList<AccessKey>)> ReadAll(Database from, CancellationToken cancel)
    {
        await using var context = from.Open();
        return (await context.SigningKeys.AsNoTracking().OrderBy(key => key.Number).ToListAsync(cancel),
            await context.AccessKeys.AsNoTracking().OrderBy(key => key.IssuedMs).ThenBy(key => key.Id).ToListAsync(cancel));
    }

    void Take(ControlKeys read)
    {
        if (status.Trouble is not null) LogBack(database.Name);
        status = new ControlStatus(database.Name, clock.GetUtcNow(), null);
        var before = now;
        now = read;
        if (before is null || !before.IsSameAs(read)) Changed?.Invoke();
    }

    // Said once, not every two seconds.
    void Miss(ControlException error)
    {
        if (status.Trouble is null) LogAway(error.Message, error.Remedy);
        status = status with { Trouble = error.Message };
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "control database {Name}: its tables are up to date now, and it has a signing key")]
    partial void LogPrepared(string name);

    [LoggerMessage(Level = LogLevel.Information, Message = "control database {Name}: keys are read from there now")]
    partial void LogMoved(string name);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Message} Hunts go on, and keys hold as they were last read; none can be issued or taken back until it answers. {Remedy}")]
    partial void LogAway(string message, string remedy);

    [LoggerMessage(Level = LogLevel.Information, Message = "control database {Name}: it answers again")]
    partial void LogBack(string name);
}
